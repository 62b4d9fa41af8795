"""Notifications stored while a server is away, loaded where /1/x/6 is true (LwM2M Core 6.4.4).

With it every notification is a sample, with its own time in the formats that can say it, kept
until it is acknowledged and sent in order.
"""

from micropython import const

_LOOK = const(1000)  # ms


def room(reporting, one) -> int:
    """How many samples are kept of an observation: its hqmax. Where one is set, others have 0."""
    most = -1
    for path in one.paths():
        most = max(most, reporting.attributes(one, path).get("hqmax", -1))
    if most < 0:
        most = reporting.stored_limit
        for given in reporting.management.attributes.values():
            if "hqmax" in given:
                most = 0
    return most


def stamp(reporting, now: int):
    """The time of a sample in seconds, None while it is not known.

    No two have the same, so that (path, time) names a sample for ever.
    """
    seconds = reporting.management.model.time()
    if seconds is None:
        return None
    if abs(reporting.epoch + now - seconds * 1000) > 1500:  # the clock was set
        reporting.epoch = seconds * 1000 - now
    ms = reporting.epoch + now
    last = reporting.stamped
    if last - 1000 < ms <= last:  # two within a ms
        ms = last + 1
    reporting.stamped = max(ms, last)
    seconds = ms // 1000
    return seconds if seconds > last // 1000 else (ms, -3)


def add(reporting, limit: int, sample: tuple, now: int) -> None:
    """Keep a sample, (observation, response, confirmable), instead of the oldest where need be."""
    stored = reporting.stored
    waiting = [one for one in stored if one is not reporting.flying]
    mine = [one for one in waiting if one[0] is sample[0]]
    if len(mine) >= limit:
        stored.remove(mine[0])
    elif len(waiting) >= reporting.stored_limit:
        stored.remove(waiting[0])
    stored.append(sample)
    drain(reporting, now)


def drain(reporting, now: int) -> None:
    """Send the oldest sample whose server is there; the next follows its acknowledgement."""
    for sample in tuple(reporting.stored):
        if reporting.flying or not reporting.registration.ready():
            return
        blocks = reporting.registration.peer.blocks
        if blocks and blocks.view:  # of the one before, perhaps: its server fetches the rest
            reporting.due(now + _LOOK)
            return
        one, response, confirmable = sample
        if one.token is not None:
            if confirmable:
                reporting.flying = sample
            else:
                reporting.stored.remove(sample)
            reporting.transmit(one, response, confirmable, sample, now)
