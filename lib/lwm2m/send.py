"""Send: what the client tells a server unasked, until the server has it (LwM2M Core 6.4.6)."""

from micropython import const

from .model import Lwm2mError

_NEVER = const(0xFFFFFFFFFFF)
_LIMIT = const(8)  # Sends that may wait
_LONGEST = const(86400)  # s, that a server may have us wait

_READ = const(0x100)
_MUTE = const(23)  # of Object 1
_POST = const(2)
_BAD_REQUEST = const(0x80)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_NOT_ACCEPTABLE = const(0x86)
_TOO_LARGE = const(0x8D)
_INTERNAL_ERROR = const(0xA0)
_UNAVAILABLE = const(0xA3)
_URI_PATH = const(11)
_CONTENT_FORMAT = const(12)
_MAX_AGE = const(14)
_TIMED = (110, 112)  # formats that carry a time

# What has been done about a 4.00 or 4.04
_UPDATED = const(1)
_REGISTERED = const(2)


class Sender:
    """All Sends to one server, one after the other, each until it is answered.

    A registration drives it, as it does Reporting. `repeated` counts those that may have come
    twice, because no answer came.
    """

    def __init__(self, management):
        self.management = management
        self.registration = management.registration
        self.jobs = []  # of (content, path, format, done)
        self.size = 0  # how much of a content goes into one message, 0 for all
        self.turn = 0
        self.busy = 0  # the turn of the request under way
        self.deadline = _NEVER
        self.repair = 0
        self.location = None
        self.repeated = 0
        self.registration.parts.append(self)

    def values(self, paths: list, number: int, done) -> None:
        """Send what is there at the paths, tuples of IDs, now; `done` as for `send`."""
        path = paths[0]
        if len(paths) == 1:
            content = self.management.collect(path)
        else:
            from .composite import gather

            path = ()
            content = gather(self.management, paths)
        if not content:
            raise Lwm2mError(_NOT_FOUND)

        def finish():
            self.send(content, path, number, done)
            return True

        def deliver(response, now):
            if done and response is not True:  # a driver's fault
                done(response)

        if self.management.settle(content, path, None, finish) is None:
            self.management.jobs[-1][0] = deliver

    def samples(self, path: tuple, samples: list, number: int, done) -> None:
        """Send values of one Resource, (seconds since 1970, value) each, the oldest first."""
        if number not in _TIMED:
            raise Lwm2mError(_NOT_ACCEPTABLE)
        oid, iid, rid = path
        entry = self.management.object(oid).entry(rid)
        if not entry & _READ:
            raise Lwm2mError(_NOT_ALLOWED if entry else _NOT_FOUND)
        content = []
        for time, value in samples:
            content.append((oid, iid, [(rid, entry & 255, value)], time))
        self.send(content, path, number, done)

    def send(self, content: list, path: tuple, number: int, done) -> None:
        """Send content as the formats take it in the format `number`.

        Each Instance in it may have a time, seconds since 1970, as its fourth part, the oldest
        first. `done(code)` gets 0x44 once the server has all of it, or the code of its refusal, 0
        for a Reset; a server that is silent, away or muted is waited for. Lwm2mError 5.03 where
        too many wait, 4.06 where there is no such format.
        """
        self.management.format(number, _NOT_ACCEPTABLE)
        if len(self.jobs) >= _LIMIT:
            raise Lwm2mError(_UNAVAILABLE)
        self.jobs.append((content, path, number, done))
        if not self.jobs[1:]:
            self._due(0)

    def _due(self, at):
        self.deadline = at
        self.registration.attend(at)

    def poll(self, now: int) -> int:
        """Send what waits, if the server will have it. Returns the next deadline."""
        if not self.jobs or self.busy or not self.registration.ready():
            return _NEVER
        if now < self.deadline:
            return self.deadline
        # By its Object a missing Resource mutes, too
        if self.registration.setting(_MUTE, True):
            return _NEVER
        self._start(now)
        return _NEVER if self.busy else self.deadline

    def _start(self, now):
        content, path, number, _ = self.jobs[0]
        part = content[: self.size or len(content)]
        module, options = self.management.format(number, _NOT_ACCEPTABLE)
        self.location = self.registration.location
        try:
            time = part[len(part) // 2][3:]  # in the middle, so that differences are short
            body = module.encode(part, path, *time)
        except Exception as error:  # noqa: BLE001 what cannot be said must not end the client
            self._end(getattr(error, "code", _INTERNAL_ERROR), now)
            return
        self.turn += 1
        self.busy = turn = self.turn

        def done(message, now):
            if turn == self.busy:
                self._answered(message, now)

        self.registration.peer.request(_POST, ((_URI_PATH, "dp"),) + options, body, done, now)

    def _answered(self, message, now):
        content = self.jobs[0][0]
        size = self.size or len(content)
        self.busy = 0
        if message is None:  # perhaps it came, perhaps the server is away
            self.repeated += 1
            self._wait(now)
            return
        code = message.code
        if code >> 5 == 2:
            self.repair = 0
            del content[:size]
            if content:
                self._due(now)
            else:
                self._end(code, now)
        elif code in (_BAD_REQUEST, _NOT_FOUND) and not self.repair:
            self.repair = _UPDATED
            self._wait(now)
        elif code == _TOO_LARGE and size > 1:
            self.size = (min(size, len(content)) + 1) // 2
            self._due(now)
        elif code == _UNAVAILABLE:
            age = message.uint(_MAX_AGE)
            self._due(now + min(60 if age < 0 else age, _LONGEST) * 1000)
        else:
            self._end(code, now)

    def _wait(self, now):
        # for `online`
        self.deadline = _NEVER
        self.registration.update(now)

    def _end(self, code, now):
        self.busy = self.repair = self.size = 0
        done = self.jobs.pop(0)[3]
        self._due(now)
        if code >> 5 != 2:
            self.registration.log(2, "Send refused", code)
        if done:
            done(code)

    def online(self, now: int) -> None:
        """The server answered a Register or an Update."""
        if self.repair == _UPDATED:
            self.repair = _REGISTERED
            if self.registration.location is self.location:  # what it refused must be told anew
                self.registration.register(now)
                return
        if self.deadline == _NEVER:
            self._due(now)

    def offline(self, gone: bool) -> None:
        """The transport is gone; what comes of an exchange under way is not waited for."""
        if self.busy:
            self.repeated += 1
        self.busy = 0
