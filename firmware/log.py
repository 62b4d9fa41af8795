"""The log: what the parts of the meter tell, as lines for people and as events to be read later.

A line is the level's letter (E, W, I, D), the time and the text: the time of day, or the seconds
since the start as long as the time of day is not known.
"""

import time

from micropython import const

from coap.clock import Clock

_KNOWN_SINCE = const(2025)  # a clock that shows an earlier year was not set


def logger(level: int | dict, write):
    """A log hook `log(level, *event)` that writes what is at most `level` as one line.

    A dict has the level of each part, by the first word of its events, and `level` of the others.
    """
    clock = Clock()
    parts = level if isinstance(level, dict) else None

    def log(severity, *event):
        if severity <= (_of(parts, event[0]) if parts else level):
            from firmware.texts import text

            write("%s %s %s" % ("EWIDx"[severity - 1], _time(clock), text(event)))

    return log


def _of(parts, words):
    # The level of an event's part
    return parts.get(words.partition(" ")[0], parts["level"])


def _time(clock):
    now = time.localtime()
    if now[0] >= _KNOWN_SINCE:
        return "%02d:%02d:%02d" % (now[3], now[4], now[5])
    return "%d.%03d" % divmod(clock.now(), 1000)
