"""Send: data that no server asked for, sent until the server has it (LwM2M Core 6.4.6)."""

from micropython import const

from ..management.read import awaited
from ..model import Lwm2mError
from .weight import weight

_NEVER = const(0xFFFFFFFFFFF)
_LIMIT = const(8)  # Sends that may wait
_LONGEST_WAIT = const(86400000)  # ms, that a server may have us wait
_PAUSE = const(60000)  # ms, doubled by each answer that says when in no other way
_REFUSALS = const(6)  # times

_READ = const(0x100)
_FORGOTTEN = const(3)  # see recovery
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

# 4.29, 5.00, 5.02, 5.03, 5.04: the server may have it later
_TRY_LATER = (0x9D, 0xA0, 0xA2, 0xA3, 0xA4)

# What has been done about a 4.00 or 4.04
_AFTER_UPDATE = const(1)
_AFTER_REGISTER = const(2)


class Send:
    """Data that waits to be sent. `done(code)` is called at its end, None for nobody."""

    def __init__(self, content: list, path: tuple, number: int, done):
        self.content = content  # what the server does not have yet
        self.path = path
        self.format = number
        self.done = done
        self.size = 0  # how much of the content goes into one message, 0 for all
        self.weight = 64 + weight(content)
        self.repair = 0


class Sender:
    """All Sends to one server, one after the other, each until it is answered.

    A registration drives it, as it does Reporting. `repeated` counts those that may have come
    twice, because no answer came.
    """

    fixed = True  # in the budget

    def __init__(self, management):
        self.management = management
        self.registration = management.registration
        self.waiting = []  # of Send, the oldest first
        self.limit = _LIMIT
        self.requests = 0
        self.refusals = 0  # answers in a row that said: later
        self.in_flight = 0  # the number of the request under way, 0 without one
        self.deadline = _NEVER
        self.location = None  # where it was registered at the latest request
        self.hopeless = False  # the latest Send was refused after a Register, too
        self.repeated = 0
        self.size = 0
        management.budget.users.append(self)
        self.registration.parts.append(self)

    def values(self, paths: list, number: int, done) -> None:
        """Send what is there at the paths, tuples of IDs, now; `done` as for `send`."""
        path = paths[0]
        if len(paths) == 1:
            content = self.management.collect(path)
        else:
            from ..management.composite import gather

            path = ()
            content = gather(self.management, paths)
        if not content:
            raise Lwm2mError(_NOT_FOUND)

        waiting = awaited(content)
        if waiting:
            from .slow import send

            send(self, content, waiting, path, number, done)
        else:
            self.send(content, path, number, done)

    def samples(self, path: tuple, samples: list, number: int, done) -> None:
        """Send values of one Resource, (seconds since 1970, value) each, the oldest first."""
        if number not in _TIMED:
            raise Lwm2mError(_NOT_ACCEPTABLE)
        oid, iid, rid = path
        entry = self.management.object(oid).descriptor(rid)
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
        for a Reset, 0xA3 where the account is closed; a server that is silent, away or muted is
        waited for. Lwm2mError 5.03 where too many wait, 4.06 where there is no such format.
        """
        self.management.format(number, _NOT_ACCEPTABLE)
        send = Send(content, path, number, done)
        if len(self.waiting) >= self.limit or not self.management.budget.take(self, send.weight):
            raise Lwm2mError(_UNAVAILABLE)
        self.waiting.append(send)
        if not self.waiting[1:]:
            self._attend(0)

    def close(self) -> None:
        """End all Sends: each `done` gets 0xA3, 5.03, as whoever sends from now on."""
        self.limit = self.in_flight = 0
        self.deadline = _NEVER
        self.registration.parts.remove(self)
        while self.waiting:
            self._drop(_UNAVAILABLE)
        self.management.budget.users.remove(self)

    def _drop(self, code):
        # End the oldest Send
        send = self.waiting.pop(0)
        self.size -= send.weight
        self.call(send.done, code)

    def call(self, done, code: int) -> None:
        """Say to the application that a Send has ended."""
        if done:
            try:
                done(code)
            except Exception as error:  # noqa: BLE001 the application's fault is not the client's
                self.registration.log(1, "failed", error)

    def _attend(self, at):
        self.deadline = at
        self.registration.attend(at)

    def poll(self, now: int) -> int:
        """Send what waits, if the server will have it. Returns the next deadline."""
        if not self.waiting or self.in_flight or not self.registration.ready():
            return _NEVER
        if now < self.deadline:
            return self.deadline
        # By its Object a missing Resource mutes, too
        if self.registration.account.mute_send:
            return _NEVER
        self._start(now)
        return _NEVER if self.in_flight else self.deadline

    def _start(self, now):
        send = self.waiting[0]
        part = send.content[: send.size or len(send.content)]
        module, options = self.management.format(send.format, _NOT_ACCEPTABLE)
        self.location = self.registration.location
        self.requests += 1
        request = self.requests

        def done(message, now):
            if request == self.in_flight:
                self._answered(message, now)

        try:
            time = part[len(part) // 2][3:]  # in the middle, so that differences are short
            body = module.encode(part, send.path, *time)
            self.in_flight = request
            self.registration.peer.request(_POST, ((_URI_PATH, "dp"),) + options, body, done, now)
        except MemoryError:
            self.in_flight = 0
            self._attend(now + _PAUSE)
        except Exception as error:  # noqa: BLE001 what cannot be said must not end the client
            self.in_flight = 0
            self._end(getattr(error, "code", _INTERNAL_ERROR), now)

    def _answered(self, message, now):
        send = self.waiting[0]
        content = send.content
        size = send.size or len(content)
        self.in_flight = 0
        if message is None:  # perhaps it came, perhaps the server is away
            self.repeated += 1
            self._wait(now)
            return
        code = message.code
        if code >> 5 == 2:
            send.repair = self.refusals = 0
            self.hopeless = False
            del content[:size]
            if content:
                self._attend(now)
            else:
                self._end(code, now)
        elif code in (_BAD_REQUEST, _NOT_FOUND) and not send.repair:
            send.repair = _AFTER_UPDATE
            self._wait(now)
        elif code == _TOO_LARGE and size > 1:
            send.size = (min(size, len(content)) + 1) // 2
            self._attend(now)
        elif code in _TRY_LATER:
            age = message.uint(_MAX_AGE)
            pause = _PAUSE << self.refusals if age < 1 else age * 1000
            self.refusals = min(self.refusals + 1, _REFUSALS)
            self._attend(now + min(pause, _LONGEST_WAIT))
        else:
            self.hopeless = send.repair == _AFTER_REGISTER
            self._end(code, now)

    def _wait(self, now):
        # for `online`
        self.deadline = _NEVER
        self.registration.update(now)

    def _end(self, code, now):
        self._attend(now)
        if code >> 5 != 2:
            self.registration.log(2, "Send refused", code)
        self._drop(code)

    def online(self, now: int) -> None:
        """The server answered a Register or an Update."""
        if self.waiting and self.waiting[0].repair == _AFTER_UPDATE:
            self.waiting[0].repair = _AFTER_REGISTER
            # Not registered anew since, and has that not failed to help another one?
            if self.registration.location is self.location and not self.hopeless:
                self.registration.recover(_FORGOTTEN, now)
                return
        if self.deadline == _NEVER:
            self._attend(now)

    def offline(self, gone: bool) -> None:
        """The transport is gone; what comes of an exchange under way is not waited for."""
        if self.in_flight:
            self.repeated += 1
        self.in_flight = 0
