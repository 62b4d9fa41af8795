"""Observe and Cancel: the observations of one server (LwM2M Core 6.4, RFC 7641 sections 3, 4).

An Object's `changed` has the observations that it concerns evaluated; each has one time at which
it is looked at next. When that is, schedule.py says; what is notified then, notify.py. Samples
for a server that is away are in stored.py.
"""

from micropython import const

from ..management.attributes import in_force, inherited, queried
from .notify import Notifier
from .schedule import note_change
from .weight import weight

_NEVER = const(0xFFFFFFFFFFF)

_RETRY = const(10000)  # after a driver's fault, ms

_OBSERVE = const(6)
_URI_QUERY = const(15)
_ACCEPT = const(17)
_NOT_ACCEPTABLE = const(0x86)

_FORGOTTEN = const(3)  # see recovery
_FIRED = const(2)  # see schedule


class Observation:
    """What a server observes: `path` is a tuple of IDs, of a composite one a tuple of those.

    `token` is None while the server that stored samples are kept for is away.
    """

    def __init__(self, token: bytes, path: tuple, accept, now: int):
        self.token = token
        self.path = path
        self.accept = accept  # -1 without; of a composite one (format, Accept)
        self.notified_at = self.evaluated_at = now
        self.next_look = 0
        # The value notified last, of a composite one a list of them
        self.last = None if isinstance(path[0], int) else [None] * len(path)
        self.state = 0  # see schedule.py


class Reporting(Notifier):
    """All observations of one server, as many as the client's budget has room for.

    A registration drives it: `poll`, `deadline`, `online`, `offline`.
    """

    fixed = True  # in the budget

    def __init__(self, management):
        super().__init__(management)
        self.observe_attributes = {}  # attributes that came with an Observe, by observation
        self.refusals = {}  # by observation: it awaits an Update, see `refused`
        self.ended_unnoticed = False  # has an observation ended without its server's knowing?
        self.deadline = _NEVER
        self.size = 0
        management.budget.users.append(self)
        self.registration.parts.append(self)
        model = management.model
        model.object(1).model = model  # for the default periods
        self.replan()

    # What servers ask for

    def observe(self, message, path: tuple, now: int):
        """Answer a GET with the Observe option (RFC 7641 section 3.1)."""
        management = self.management
        accept = message.uint(_ACCEPT)
        attributes = None
        if message.uint(_OBSERVE):
            self.cancel(message.token)
        elif _URI_QUERY in message.numbers:
            attributes = queried(management.model.object(path[0]), path, message)
        number = management.default(path) if accept < 0 else accept
        management.format(number, _NOT_ACCEPTABLE)
        content = management.collect(path)
        response = management.represent(content, path, number, message)
        if message.uint(_OBSERVE):
            return response
        return self.establish(message.token, path, accept, content, response, attributes, now)

    def establish(self, token, path, accept, content, response, attributes, now: int):
        """Observe what was answered by `response`; or by a Deferred. Returns the answer.

        The answer has no Observe option where there is no room for it: read, not observed.
        """
        observation = self.renewed(token, path, accept, now)
        if observation is None:
            return response
        for name in tuple(attributes or ()):
            if attributes[name] is None:  # without a value: as if it were not set
                del attributes[name]
        if attributes:
            self.observe_attributes[observation] = attributes
        self._plan(observation)
        if isinstance(response, tuple):
            return self.begun(observation, content, response, now)
        from .slow import establish

        return establish(self, observation, content, response, now)

    def begun(self, observation, content: list, response: tuple, now: int) -> tuple:
        """The first answer to an Observe, from which on it holds, unless it was cancelled."""
        if observation not in self.observations:
            return response
        self.remember(observation, content)
        observation.notified_at = now
        self.look(observation)
        return self.numbered(response)

    def renewed(self, token, path: tuple, accept, now: int):
        """The observation of a path and format, as if observed now; None if there is no room.

        What is stored for the path is for it, where it was observed in another format before.
        """
        observation = None
        for known in tuple(self.observations):
            same = known.path == path
            if same and (known.accept == accept or known.token in (None, token)):
                if observation:
                    self.remove(known)
                else:
                    observation = known
            elif known.token == token:
                self.remove(known)
        if observation is None:
            observation = Observation(token, path, accept, now)
            if not self._has_room(_weight(path)):
                return None
            self.observations.append(observation)
        model = self.management.model
        for part in paths(path):
            for oid in part[:1] or model.objects:
                if oid in model.objects:
                    model.objects[oid].model = model
        self.registration.revision += 1
        observation.token = token
        observation.accept = accept
        observation.notified_at = _NEVER  # not before the answer
        observation.evaluated_at = now
        observation.state = 0
        self.observe_attributes.pop(observation, None)
        self.confirmed_at.pop(observation, None)
        self.unanswered.pop(observation, None)
        return observation

    def _has_room(self, size):
        # For one more; that of a server that is away may have to go
        while not self.management.budget.take(self, size):
            away = self.observed(None)
            if not away:
                return False
            self.remove(away)
        return True

    def observed(self, token):
        """The observation of a token, or None."""
        for observation in self.observations:
            if observation.token == token:
                return observation
        return None

    def cancel(self, token: bytes) -> None:
        """End the observation of a token."""
        observation = self.observed(token)
        if observation:
            self.remove(observation)

    def remove(self, observation) -> None:
        """Forget an observation; its samples, too, if nothing else is observed at its path."""
        self.registration.revision += 1
        if observation in self.observations:
            self.observations.remove(observation)
            self.size -= _weight(observation.path)
        for known in (
            self.observe_attributes,
            self.plans,
            self.confirmed_at,
            self.refusals,
            self.unanswered,
        ):
            known.pop(observation, None)
        if self.stored:
            self.stored.leave(observation)

    def refused(self, observation) -> None:
        """A notification was answered by a Reset, which ends its observation.

        Has the server lost its interest, or, as after a restart, all that it knew? An Update finds
        that out; what is stored is kept until then.
        """
        self.refusals[observation] = True
        self.leave(observation)
        self.registration.update(0)

    def leave(self, observation) -> None:
        """Nobody observes it now: what is stored waits for whoever does again."""
        observation.token = None
        if not self.room(observation):
            self.remove(observation)

    def close(self) -> None:
        """End all observations and drop their samples; nothing is sent."""
        for observation in tuple(self.observations):
            self.remove(observation)
        self.deadline = _NEVER
        self.registration.parts.remove(self)
        self.management.budget.users.remove(self)
        if self.stored:
            self.stored.close()

    # When to look

    def on_change(self, oid: int, iid: int, rid: int) -> None:
        """A Resource changed, or with rid -1 an Instance came or went."""
        if oid == 1:
            self.replan()  # the default periods may be others now
        if note_change(self.observations, self.management.model.objects, oid, iid, rid):
            self.attend(0)

    def look(self, observation) -> None:
        """Look at an observation as soon as possible."""
        observation.next_look = 0
        self.attend(0)

    def replan(self) -> None:
        """Attributes are others now: have them in force, and look at every observation."""
        self.storing = self.registration.account.store
        if self.storing and self.stored is None:
            from .stored import StoredSamples

            self.stored = StoredSamples(self)
        self.default = (in_force(self.named((), None)),)
        for observation in self.observations:
            self._plan(observation)
            observation.next_look = 0
        self.attend(0)

    def _plan(self, observation):
        # Have its attributes in force; all observations that have none share those by default
        plan = tuple([in_force(self.named(path, observation)) for path in paths(observation.path)])
        if plan == self.default:
            self.plans.pop(observation, None)
        else:
            self.plans[observation] = plan

    def attend(self, at: int) -> None:
        """Be polled at that time."""
        if at < self.deadline:
            self.deadline = at
            self.registration.attend(at)

    def poll(self, now: int) -> int:
        """Look at what is due. Returns the next deadline."""
        if now >= self.deadline:
            self.deadline = _NEVER
            for observation in self.observations:  # one that is removed is due until then
                if observation.next_look <= now:
                    if self.registration.peer or self.room(observation):
                        self.look_now(observation, now)
                    else:
                        observation.next_look = _NEVER  # until `online`
                if observation.next_look < self.deadline:
                    self.deadline = observation.next_look
            if self.stored:
                try:
                    self.stored.drain(now)
                except Exception as error:  # noqa: BLE001 the heap may be full now
                    self.registration.log(1, "failed", error)
                    self.attend(now + _RETRY)
        return self.deadline

    def named(self, path: tuple, observation) -> dict:
        """The attributes by name that are in force at a path of an observation (Core 5.1.1)."""
        account = self.registration.account
        attributes = {
            "pmin": account.min_period,
            "pmax": account.max_period,
            "con": account.confirm,
        }
        inherited(self.management, path, attributes)
        attributes.update(self.observe_attributes.get(observation, {}))
        return attributes

    # Samples

    def room(self, observation) -> int:
        """How many samples are kept of an observation, 0 where notifications are not stored."""
        if not self.storing:
            return 0
        return self.stored.room(self.plans.get(observation, self.default))

    # What the registration reports

    def online(self, now: int) -> None:
        """The server answered a Register or an Update."""
        if self.ended_unnoticed:  # the server waits for an observation: let it observe anew
            self.ended_unnoticed = False
            self.registration.recover(_FORGOTTEN, now)
            return
        for observation in tuple(self.refusals):  # it knows us: a Reset meant what it said
            if observation.token is None:
                self.remove(observation)
        self.refusals.clear()
        peer = self.registration.peer
        for observation in self.observations:
            if self.unanswered.get(observation, peer) is not peer:  # lost with its transport
                del self.unanswered[observation]
                observation.state |= _FIRED
            self.look(observation)

    def offline(self, gone: bool) -> None:
        """The transport is gone; with the registration all observations, but those that store."""
        if self.stored:
            self.stored.offline()
        if gone:
            self.ended_unnoticed = False
            self.refusals.clear()
            for observation in tuple(self.observations):
                self.leave(observation)


def paths(path: tuple) -> tuple:
    """The paths of an observation: the only one, or those of a composite one."""
    return (path,) if isinstance(path[0], int) else path


def _weight(path):
    # Of an observation: the object, the paths, what is remembered of each
    return 128 + 2 * weight(path)
