"""Information Reporting: Observe, Notify, Cancel, stored samples (LwM2M Core 6.4, RFC 7641).

Nothing is polled: an Object's `changed` marks the observations that it concerns, and each has one
time at which it wants to be looked at next. What an observation tells is read when it is told.
"""

from binascii import crc32

from micropython import const

from coap.message import uint_bytes

from .attributes import conditional, fires, inherited, queried
from .model import Lwm2mError

_NEVER = const(0xFFFFFFFFFFF)
_DAY = const(86400000)
_RETRY = const(10000)  # after a driver's fault, ms

_CON = const(0)
_NON = const(1)
_RST = const(3)
_GET = const(1)
_FETCH = const(5)
_OBSERVE = const(6)
_URI_PATH = const(11)
_URI_QUERY = const(15)
_ACCEPT = const(17)
_CONTENT = const(0x45)
_NOT_ACCEPTABLE = const(0x86)
_INTERNAL_ERROR = const(0xA0)
_TIMED = (110, 112)  # formats that carry a time

# Resources of Object 1
_MIN_PERIOD = const(2)
_MAX_PERIOD = const(3)
_STORING = const(6)
_MODE = const(26)

# Of each path of an observation, two bits of its `state`
_CHANGED = const(1)  # something changed since it was looked at
_FIRED = const(2)  # it is to be told as soon as pmin allows

_RECENT = const(32)  # Message IDs of non-confirmable notifications remembered


class Observation:
    """What a server observes: `path` is a tuple of IDs, of a composite one a tuple of those.

    `token` is None while the server that stored samples are kept for is away.
    """

    def __init__(self, token: bytes, path: tuple, form, now: int):
        self.token = token
        self.path = path
        self.form = form  # Accept, -1 without; of a composite one (format, Accept)
        self.sent = self.looked = now
        self.due = 0
        # The value told last, of a composite one a list of them
        self.last = None if isinstance(path[0], int) else [None] * len(path)
        self.state = 0

    def paths(self) -> tuple:
        """The path in a tuple, or all paths of a composite observation."""
        return (self.path,) if isinstance(self.path[0], int) else self.path


def _covers(path, oid, iid, rid):
    # Is a Resource, or with rid -1 an Instance, at, above or below a path? Makes no garbage.
    size = len(path)
    return (
        (size < 1 or path[0] == oid)
        and (size < 2 or path[1] == iid)
        and (size < 3 or rid < 0 or path[2] == rid)
    )


def _pick(content, path):
    # What is at `path` in what was collected; of an Object or Instance a checksum does
    if len(path) < 3:
        part = [one for one in content if one[: len(path)] == path]
        return crc32(str(part).encode()) & 0x3FFFFFFF
    for oid, iid, resources in content:
        for rid, _, value in resources:
            if (oid, iid, rid) == path[:3]:
                if len(path) > 3:
                    return value.get(path[3])
                return dict(value) if isinstance(value, dict) else value
    return None


class Reporting:
    """All observations of one server. `limit` of them at most, and `stored_limit` samples.

    A registration drives it: `poll`, `deadline`, `online`, `offline`.
    """

    limit = 256
    stored_limit = 64

    def __init__(self, management):
        self.management = management
        self.registration = management.registration
        self.observations = []
        self.given = {}  # attributes that came with an Observe, by observation
        self.confirmed = {}  # when a CON was sent last, of observations that send NON
        self.stored = []  # samples: (observation, response), the oldest first
        self.flying = None  # the one that waits for its acknowledgement
        self.lost = False  # has an observation ended without its server's knowing?
        self.epoch = self.stamped = 0
        self.deadline = _NEVER
        self.number = 0  # of the latest notification
        self.mids = [-1] * _RECENT
        self.tokens = [None] * _RECENT
        self.repeated = 0  # samples that may have come twice: no acknowledgement came
        management.model.observers.append(self.mark)
        self.registration.parts.append(self)

    # What servers ask for

    def observe(self, message, path: tuple, now: int):
        """Answer a GET with the Observe option (RFC 7641 section 3.1)."""
        management = self.management
        number = message.uint(_ACCEPT)
        given = None
        if message.uint(_OBSERVE):
            self.cancel(message.token)
        elif _URI_QUERY in message.numbers:
            given = queried(management.model.object(path[0]), path, message)
            for name in tuple(given):
                if given[name] is None:  # without a value: as if it were not set
                    del given[name]
        form = management.default(path) if number < 0 else number
        management.format(form, _NOT_ACCEPTABLE)
        content = management.collect(path)
        response = management.represent(content, path, form, message)
        if message.uint(_OBSERVE):
            return response
        return self.establish(message.token, path, number, content, response, given, now)

    def establish(self, token, path, form, content, response, given, now: int):
        """Observe what was answered by `response`; None: by the latest job. Returns the answer."""
        found = None
        for one in tuple(self.observations):
            if one.path == path and one.form == form:
                found = one
            elif one.token == token:
                self.remove(one)
        if found is None:
            if len(self.observations) >= self.limit:
                for one in self.observations:
                    if one.token is None:
                        self.remove(one)
                        break
                else:
                    return response  # without the Observe option: read, not observed
            found = Observation(token, path, form, now)
            self.observations.append(found)
        self._watch(found.paths())
        found.token = token
        found.sent = _NEVER  # nothing is told before the answer
        found.looked = now
        found.state = 0
        self.given.pop(found, None)
        self.confirmed.pop(found, None)
        if given:
            self.given[found] = given

        def told(response):
            if found not in self.observations:  # cancelled meanwhile
                return response
            self._remember(found, content)
            found.sent = now
            found.due = 0
            self.due(0)
            return self._numbered(response)

        if response is None:
            job = self.management.jobs[-1]
            finish = job[2]
            job[2] = lambda results: told(finish(results))
            job[3] = lambda: self.remove(found)
            return None
        return told(response)

    def _watch(self, paths):
        model = self.management.model
        for path in paths:
            for oid in path[:1] or model.objects:
                if oid in model.objects:
                    model.objects[oid].model = model

    def cancel(self, token: bytes) -> None:
        """End the observation of a token."""
        for one in tuple(self.observations):
            if one.token == token:
                self.remove(one)

    def reset(self, mid: int) -> None:
        """A Reset to a notification that was not confirmable ends its observation."""
        if mid in self.mids:
            self.cancel(self.tokens[self.mids.index(mid)])

    def remove(self, observation) -> None:
        """Forget an observation and its samples."""
        if observation in self.observations:
            self.observations.remove(observation)
        self.given.pop(observation, None)
        self.confirmed.pop(observation, None)
        self._drop(observation)

    def _drop(self, observation):
        self.stored = [sample for sample in self.stored if sample[0] is not observation]
        if self.flying and self.flying[0] is observation:
            self.flying = None

    # When to look

    def mark(self, oid: int, iid: int, rid: int) -> None:
        """A Resource changed, or with rid -1 an Instance came or went."""
        if oid == 1:
            self.replan()  # the default periods may be others now
        for one in self.observations:
            if isinstance(one.path[0], int):
                if _covers(one.path, oid, iid, rid):
                    self._touch(one, _CHANGED)
                continue
            bit = _CHANGED
            for path in one.path:
                if _covers(path, oid, iid, rid):
                    self._touch(one, bit)
                bit <<= 2

    def _touch(self, one, bits):
        one.state |= bits
        one.due = 0
        self.due(0)

    def due(self, at: int) -> None:
        """Be polled at that time."""
        if at < self.deadline:
            self.deadline = at
            self.registration.attend(at)

    def replan(self) -> None:
        """Attributes are others now: look at every observation."""
        for one in self.observations:
            one.due = 0
        self.due(0)

    def poll(self, now: int) -> int:
        """Look at what is due. Returns the next deadline."""
        if now >= self.deadline:
            for one in tuple(self.observations):
                if one.due <= now:
                    self._attend(one, now)
            self.deadline = _NEVER
            for one in self.observations:
                if one.due < self.deadline:
                    self.deadline = one.due
            self._drain(now)  # for a server that observes again
        return self.deadline

    def _attend(self, one, now):
        if not self.registration.peer and not self._stores(one):
            one.due = _NEVER  # until `online`: what is to be told is told then
            return
        while True:
            try:
                tell, look = self._times(one, now)
                if tell > now:
                    one.due = min(tell, look)
                    return
                self._tell(one, now)
            except Exception as error:  # noqa: BLE001 a driver's fault must not end the client
                code = getattr(error, "code", _INTERNAL_ERROR)
                if code < _INTERNAL_ERROR:  # it is no more
                    self.transmit(one, (code, (), b""), True, None, now)
                    self.remove(one)
                else:
                    self.registration.log(1, "failed", one.path, error)
                    one.due = now + _RETRY
                return

    def _times(self, one, now):
        # Look at what is to be looked at; when to tell, and when to look next
        tell = look = _NEVER
        changed = _CHANGED
        looked = one.looked
        for i, path in enumerate(one.paths()):
            given = self.attributes(one, path)
            pmin, pmax, epmin, epmax = [
                given.get(name, 0) * 1000 for name in ("pmin", "pmax", "epmin", "epmax")
            ]
            fired = changed << 1
            at = looked + epmin
            if not one.state & changed:
                at = looked + epmax if epmax > epmin else _NEVER
            if at <= now:
                if self._fires(one, i, path, given, one.state & changed):
                    one.state |= fired
                one.state &= ~changed
                one.looked = now
                at = now + epmax if epmax > epmin else _NEVER
            look = min(look, at)
            if one.state & fired:
                tell = min(tell, one.sent + pmin)
            elif pmax and pmax >= pmin:
                tell = min(tell, one.sent + pmax)
            changed <<= 2
        return tell, look

    def attributes(self, one, path: tuple) -> dict:
        """The attributes in force at one of an observation's paths (LwM2M Core 5.1.1)."""
        setting = self.registration.setting
        found = {"pmin": setting(_MIN_PERIOD, 0), "pmax": setting(_MAX_PERIOD, 0)}
        inherited(self.management, path, found)
        found.update(self.given.get(one, {}))
        return found

    def _fires(self, one, i, path, given, changed):
        # Does what is there now meet the criteria? May be answered later, where it takes time.
        wanted = conditional(given)
        if not path or changed and not wanted and len(path) < 4:
            return changed
        try:
            content = self.management.collect(path)
        except Lwm2mError:
            return True
        given = wanted and given
        values = self.management.settle(content, path, None, lambda: [_pick(content, path)])
        if values:
            return self._judge(one, i, values[0], given)

        def deliver(values, now):
            if not isinstance(values, list) or self._judge(one, i, values[0], given):
                self._touch(one, _FIRED << 2 * i)

        self.management.jobs[-1][0] = deliver
        return False

    def _judge(self, one, i, value, given):
        last = one.last if isinstance(one.last, list) else [one.last]
        old = last[i]
        if isinstance(value, bool):  # an edge is one since the latest look
            last[i] = value
            if one.last is not last:
                one.last = value
        return fires(given, old, value) if given else old != value

    # Telling

    def _tell(self, one, now):
        # Read what is observed, and tell it: now, or when slow handlers have ended
        management = self.management
        confirmable = self._confirmable(one, now)
        path, number = one.path, one.form
        if isinstance(number, int):
            content = management.collect(path)
            if number < 0:
                number = management.default(path)
        else:
            from .composite import gather

            content = gather(management, path)
            path = ()
            number = number[0]
        limit = self._stores(one)
        time = None
        if limit and number in _TIMED:
            from .samples import stamp

            time = stamp(self, now)
        response = management.represent(content, path, number, None, time)
        one.looked = now
        one.state = 0

        def deliver(response, at):
            one.sent = now
            if isinstance(response, int):  # a slow driver's fault
                one.state = _FIRED
                one.due = at + _RETRY
                self.due(one.due)
            elif one in self.observations:
                self._touch(one, 0)
                self._remember(one, content)
                if limit:
                    from .samples import add

                    add(self, limit, (one, response, confirmable), at)
                else:
                    self._drop(one)
                    self.transmit(one, response, confirmable, None, at)

        if response is None:
            one.sent = _NEVER  # nothing newer is told before it
            management.jobs[-1][0] = deliver
        else:
            deliver(response, now)

    def _remember(self, one, content):
        found = [_pick(content, path) for path in one.paths()]
        one.last = found[0] if isinstance(one.path[0], int) else found

    def _confirmable(self, one, now):
        default = self.registration.setting(_MODE, 1)
        for path in one.paths():
            if self.attributes(one, path).get("con", default):
                self.confirmed.pop(one, None)
                return True
        # A server that never answers is not sent to for longer than a day (RFC 7641 section 4.5).
        if now - self.confirmed.setdefault(one, one.sent) < _DAY:
            return False
        self.confirmed[one] = now
        return True

    def _stores(self, one):
        # How many samples are kept of an observation
        if not self.registration.setting(_STORING, False):
            return 0
        from .samples import room

        return room(self, one)

    def _drain(self, now):
        if self.stored:
            from .samples import drain

            drain(self, now)

    def transmit(self, one, response: tuple, confirmable: bool, sample, now: int) -> None:
        """Send a notification, if its server is there; of a sample it is one of `stored`."""
        peer = self.registration.peer
        token = one.token
        if not peer or token is None:
            return
        if response[0] == _CONTENT:
            response = self._numbered(response)
        peer.reset = self.reset
        mid = peer.notify(
            _CON if confirmable else _NON,
            token,
            response,
            lambda: _key(one),
            lambda message, now: self._answered(one, token, sample, message, now),
            now,
        )
        if not confirmable:
            self.mids[mid % _RECENT] = mid
            self.tokens[mid % _RECENT] = token
        self.registration.attend(now)

    def _numbered(self, response):
        self.number = (self.number + 1) & 0xFFFFFF
        return response[0], ((_OBSERVE, self.number),) + tuple(response[1]), response[2]

    def _answered(self, one, token, sample, message, now):
        if sample is self.flying:
            self.flying = None
        if message is None:  # is the server still there, and does it still know us?
            self.registration.log(2, "not acknowledged", one.path)
            if sample:
                self.repeated += 1
            elif one in self.observations:
                self.remove(one)
                self.lost = True
            self.registration.update(now)
            return
        if message.kind != _RST:
            if sample in self.stored:
                self.stored.remove(sample)
        elif one.token == token:  # else it is observed by another one since
            self.remove(one)
        self._drain(now)

    # What the registration tells

    def online(self, now: int) -> None:
        """The server answered a Register or an Update."""
        if self.lost:  # it waits for an observation that ended here: let it observe anew
            self.lost = False
            self.registration.register(now)
        else:
            self.replan()
            self._drain(now)

    def offline(self, gone: bool) -> None:
        """The transport is gone; with the registration all observations, but those that store."""
        self.repeated += self.flying is not None
        self.flying = None
        self.lost = self.lost and not gone
        for one in tuple(self.observations):
            if gone:
                one.token = None
                if not self._stores(one):
                    self.remove(one)


def _key(one):
    # The key of the request for further blocks of a notification, see coap's Message
    accept = one.form
    found = [_GET]
    if isinstance(accept, int):
        for ident in one.path:
            found += [_URI_PATH, b"%d" % ident]
    else:
        found = [_FETCH]
        accept = accept[1]
    if accept >= 0:
        found += [_ACCEPT, uint_bytes(accept)]
    return found
