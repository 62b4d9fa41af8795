"""Notifications stored while a server is away, loaded where /1/x/6 is true (LwM2M Core 6.4.4).

With it every notification is a sample, with its own time in the formats that can say it, kept
until it is acknowledged and sent in order.
"""

from micropython import const

from .weight import weight

_RST = const(3)
_LOOK = const(1000)  # ms
_UNLIMITED = const(0x3FFFFFFF)
_TAKEN = const(4)  # of a sample: bytes
_HQMAX = const(5)  # see attributes.rule


class StoredSamples:
    """The samples of one server's observations, as many as the client's budget has room for.

    A sample is a list [observation, content, time, confirmable, bytes], known by its identity:
    what was collected, so that it can be sent in whatever format its path is observed in by then.
    One is in flight. `repeated` counts those that may have come twice, because no acknowledgement
    came, `evicted` those that went for want of room.
    """

    fixed = False

    def __init__(self, reporting):
        self.reporting = reporting
        self.budget = reporting.management.budget
        self.budget.users.insert(0, self)
        self.size = 0  # in the budget
        self.queue = []  # the oldest first
        self.in_flight = None  # the sample in the queue that waits for its acknowledgement
        self.repeated = self.evicted = 0
        self._logged = 0  # of those evicted
        self._body = None  # of the sample sent last
        self._epoch = 0  # ms since 1970 when `now` was 0
        self._stamped = 0  # the latest time of a sample, ms since 1970

    def room(self, plan: tuple) -> int:
        """How many samples are kept of an observation, by the attributes in force at its paths.

        It is its hqmax. Where any is set, observations without one keep none.
        """
        most = -1
        for rule in plan:
            most = max(most, rule[_HQMAX])
        if most < 0:
            most = _UNLIMITED
            for attached in self.reporting.management.attributes.values():
                if "hqmax" in attached:
                    most = 0
        return most

    def stamp(self, now: int):
        """The time of a sample, seconds or (ms, -3); None while it is not known.

        No two have the same, so that (path, time) names a sample for ever.
        """
        seconds = self.reporting.management.model.time()
        if seconds is None:
            return None
        if abs(self._epoch + now - seconds * 1000) > 1500:  # the clock was set
            self._epoch = seconds * 1000 - now
        ms = self._epoch + now
        last = self._stamped
        if last - 1000 < ms <= last:  # two within a ms
            ms = last + 1
        self._stamped = max(ms, last)
        seconds = ms // 1000
        return seconds if seconds > last // 1000 else (ms, -3)

    def add(self, observation, content: list, confirmable: bool, room: int, now: int) -> None:
        """Keep a sample, in place of the oldest of its observation or of all where need be.

        Where none is to be kept of the observation, or this one alone is too large, it is sent as
        it is.
        """
        reporting = self.reporting
        same = [sample for sample in self.queue if sample[0] is observation]
        if room and self.in_flight in same:
            same.remove(self.in_flight)
        while same and len(same) >= room:
            self._forget(same.pop(0))
        size = 64 + weight(content)
        # Made before it is counted: what fails here must not stay in the budget
        for _, _, resources in content:
            for i in range(len(resources)):
                rid, kind, value = resources[i]
                if isinstance(value, dict):  # the driver's own
                    resources[i] = rid, kind, dict(value)
        sample = [observation, content, self.stamp(now), confirmable, size]
        if room and self.budget.take(self, size):
            self.queue.append(sample)
        elif room and self.queue:
            self.evicted += 1
        else:
            response = reporting.represent(observation, content)
            reporting.transmit(observation, response, confirmable, None, now)

    def evict(self) -> int:
        """Drop the oldest sample that is not in flight; how many bytes that were."""
        for sample in self.queue:
            if sample is not self.in_flight:
                self.evicted += 1
                return self._forget(sample)
        return 0

    def _forget(self, sample):
        if sample is self.in_flight:
            self.in_flight = None
        if sample in self.queue:
            self.queue.remove(sample)
            self.size -= sample[_TAKEN]
        return sample[_TAKEN]

    def leave(self, observation) -> None:
        """The samples of an observation that is no more are for another of its path, if any."""
        heir = None
        for other in self.reporting.observations:
            if other.path == observation.path:
                heir = other
        for sample in tuple(self.queue):
            if sample[0] is observation:
                if heir:
                    sample[0] = heir
                else:
                    self._forget(sample)

    def drain(self, now: int) -> None:
        """Send the oldest sample whose server is there; the next follows its acknowledgement."""
        reporting = self.reporting
        for sample in tuple(self.queue):
            if self.in_flight or not reporting.registration.ready():
                return
            blocks = reporting.registration.peer.blocks
            if blocks and blocks.view and blocks.view[2] is self._body:
                reporting.attend(now + _LOOK)  # its server may fetch the rest of the one before
                return
            if sample[0].token is not None:
                self._send(sample, now)

    def _send(self, sample, now):
        observation, content, time, confirmable, _ = sample
        try:
            response = self.reporting.represent(observation, content, time)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 what the format cannot say holds nobody up
            self.reporting.registration.log(1, "failed", observation.path, error)
            self._forget(sample)
            return
        self._body = response[2]
        self.reporting.transmit(observation, response, confirmable, sample, now)
        if confirmable:
            self.in_flight = sample
        else:
            self._forget(sample)

    def answered(self, sample: list, message) -> None:
        """A sample was acknowledged; it stays where it was not, `message` is None then."""
        if message is None:
            self.repeated += 1
        elif message.kind != _RST:
            self._forget(sample)
            if self.evicted != self._logged:
                self.reporting.registration.log(2, "samples evicted", self.evicted - self._logged)
                self._logged = self.evicted
        if sample is self.in_flight:
            self.in_flight = None

    def offline(self) -> None:
        """The transport is gone: the sample in flight is to be sent again."""
        if self.in_flight:
            self.repeated += 1
        self.in_flight = None

    def close(self) -> None:
        """Nothing is kept any more."""
        self.budget.users.remove(self)
