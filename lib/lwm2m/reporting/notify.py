"""Notifications: evaluated, built, sent, and what comes back (LwM2M Core 6.4, RFC 7641 section 4).

What a notification says is read when it is sent.
"""

# Half of a class: `Reporting` has the other methods.
# mypy: disable-error-code="attr-defined"

from micropython import const

from coap.message import uint_bytes

from ..errors import Lwm2mError, NoValue
from ..management.read import awaited
from .schedule import meets, pause, pick

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
_ACCEPT = const(17)
_CONTENT = const(0x45)
_INTERNAL_ERROR = const(0xA0)
_TIMED = (110, 112)  # formats that carry a time

# What is in force at a path, see attributes.in_force
_PMIN = const(0)
_EPMIN = const(2)
_CONFIRMABLE = const(4)
_CONDITIONS = const(6)

_RECENT = const(32)  # Message IDs of non-confirmable notifications remembered


class Notifier:
    """Notifies one server of what it observes: the half of `Reporting` that sends."""

    def __init__(self, management):
        self.management = management
        self.registration = management.registration
        self.observations = []
        self.plans = {}  # by observation: what is in force at its paths, where not `default`
        self.default = ()
        self.storing = False  # are notifications stored, and
        self.stored = None  # StoredSamples, where they ever were
        self.number = 0  # of the latest notification
        self.unanswered = {}  # by observation: the peer that has to acknowledge a notification
        self.confirmed_at = {}  # when a CON was sent last, of observations that send NON
        self._mids = [-1] * _RECENT
        self._tokens = [None] * _RECENT

    # Reading

    def look_now(self, observation, now: int) -> None:
        """Do what is due of an observation, and note when to look at it next."""
        plan = self.plans.get(observation, self.default)
        try:
            self._evaluate(observation, plan, now)
            if observation.notified_at + pause(observation.state >> 1, plan, _PMIN) <= now:
                self._notify(observation, plan, now)
            state = observation.state
            observation.next_look = min(
                _NEVER,  # all that is never is one object
                observation.notified_at + pause(state >> 1, plan, _PMIN),
                observation.evaluated_at + pause(state, plan, _EPMIN),
            )
        except Exception as error:  # noqa: BLE001 a driver's fault must not end the client
            self.failed(observation, error, now)

    def failed(self, observation, error, now: int) -> None:
        """A notification could not be made: the last, if there is nothing any more; or later."""
        code = getattr(error, "code", _INTERNAL_ERROR)
        if code < _INTERNAL_ERROR and not isinstance(error, NoValue):  # it is no more
            try:
                self.transmit(observation, (code, (), b""), True, None, now)
                self.remove(observation)
                return
            except MemoryError as full:
                error = full
        self.registration.log(1, "failed", observation.path, error)
        observation.next_look = now + _RETRY
        self.attend(now + _RETRY)

    def _evaluate(self, observation, plan, now):
        # Read at the paths that are to be evaluated now; note where it is to be notified
        since = now - observation.evaluated_at
        bit = 1
        for i in range(len(plan)):
            rule = plan[i]
            changed = observation.state & bit
            if since >= rule[_EPMIN if changed else _EPMIN + 1]:
                if self._fires(observation, i, changed, rule[_CONDITIONS]):
                    observation.state |= bit << 1
                observation.state &= ~bit
                observation.evaluated_at = now
            bit <<= 2

    def _fires(self, observation, i, changed, conditions):
        # Does what is at the path at position `i` meet the conditions for a notification? Where
        # reading takes time it does not now, and the observation fires later.
        path = observation.path
        if not isinstance(path[0], int):
            path = path[i]
        if not path or changed and not conditions and len(path) < 4:
            return changed
        try:
            content = self.management.collect(path)
        except Lwm2mError:
            return True
        waiting = awaited(content)
        if waiting:
            from .slow import evaluate

            return evaluate(self, observation, i, conditions, path, content, waiting)
        return meets(observation, i, pick(content, path), conditions)

    def remember(self, observation, content: list) -> None:
        """Keep what the server knows now."""
        path = observation.path
        if isinstance(path[0], int):
            observation.last = pick(content, path)
        else:
            observation.last = [pick(content, part) for part in path]

    # Sending

    def _notify(self, observation, plan, now):
        # Read what is observed, and send or store it: now, or when slow handlers have ended
        path = observation.path
        if isinstance(path[0], int):
            content = self.management.collect(path)
        else:
            from ..management.composite import gather

            content = gather(self.management, path)
            path = ()
        confirmable = self._confirmable(observation, plan, now)
        waiting = awaited(content)
        if waiting:
            from .slow import notify

            notify(self, observation, path, content, waiting, confirmable)
        else:
            self.deliver(observation, content, confirmable, now)
        observation.evaluated_at = now
        observation.state = 0

    def deliver(self, observation, content: list, confirmable: bool, now: int) -> None:
        """Send or store a notification of what was collected."""
        if self.stored:
            self.stored.add(observation, content, confirmable, self.room(observation), now)
        else:
            response = self.represent(observation, content)
            self.transmit(observation, response, confirmable, None, now)
        observation.notified_at = now
        self.remember(observation, content)

    def represent(self, observation, content: list, time=None) -> tuple:
        """The response that says what was collected, in the format that the server asked for."""
        path, number = observation.path, observation.accept
        if not isinstance(number, int):
            path = ()
            number = number[0]
        elif number < 0:
            number = self.management.default(path)
        return self.management.encoded(content, path, number, time if number in _TIMED else None)

    def _confirmable(self, observation, plan, now):
        for rule in plan:
            if rule[_CONFIRMABLE]:
                self.confirmed_at.pop(observation, None)
                return True
        # A server that never answers is not sent to for longer than a day (RFC 7641 section 4.5).
        if now - self.confirmed_at.setdefault(observation, observation.notified_at) < _DAY:
            return False
        self.confirmed_at[observation] = now
        return True

    def transmit(self, observation, response: tuple, confirmable: bool, sample, now: int) -> None:
        """Send a notification, if its server is there; `sample` is what is stored of it."""
        peer = self.registration.peer
        token = observation.token
        if confirmable and not sample:
            self.unanswered[observation] = peer
        if not peer or token is None:
            return
        if response[0] == _CONTENT:
            response = self.numbered(response)
        mid = peer.notify(
            _CON if confirmable else _NON,
            token,
            response,
            lambda: _key(observation),
            lambda message, now: self._answered(observation, token, sample, message, now),
            now,
        )
        if not confirmable:
            self._mids[mid % _RECENT] = mid
            self._tokens[mid % _RECENT] = token
        self.registration.attend(now)

    def numbered(self, response: tuple) -> tuple:
        """A response with the Observe option that comes next."""
        self.number = (self.number + 1) & 0xFFFFFF
        return response[0], ((_OBSERVE, self.number),) + tuple(response[1]), response[2]

    # What comes back

    def reset(self, mid: int) -> None:
        """A Reset came to a notification that was not confirmable."""
        if mid in self._mids:
            observation = self.observed(self._tokens[self._mids.index(mid)])
            if observation:
                self.refused(observation)

    def _answered(self, observation, token, sample, message, now):
        # A confirmable notification was acknowledged, reset, or with None not answered
        if sample:
            self.stored.answered(sample, message)
        else:
            self.unanswered.pop(observation, None)
        if message is None:  # is the server still there, and does it still know us?
            self.registration.log(2, "not acknowledged", observation.path)
            if not sample and observation in self.observations:
                self.remove(observation)
                self.ended_unnoticed = True
            self.registration.update(now)
            return
        # With another token it has been observed again since
        if message.kind == _RST and observation.token == token:
            self.refused(observation)
        if self.stored:
            self.attend(now)


def _key(observation):
    # The key of the request for further blocks of a notification, see coap's Message
    accept = observation.accept
    key = [_GET]
    if isinstance(accept, int):
        for ident in observation.path:
            key += [_URI_PATH, b"%d" % ident]
    else:
        key = [_FETCH]
        accept = accept[1]
    if accept >= 0:
        key += [_ACCEPT, uint_bytes(accept)]
    return key
