"""Registration at one server: Register, Update, De-register, retries (LwM2M Core section 6.2).

`Registration` is the I/O-free core of a server account: it has the interface of a coap core
(`input`, `poll`, `deadline`, `outbox`), and where it is `dialing` its owner opens a transport and
calls `connected(peer, now)` or `failed(now)`. A state in which `peer` is None needs no transport.
"""

import os

from micropython import const

from .formats import link

_NEVER = const(0xFFFFFFFFFFF)
_POST = const(2)
_DELETE = const(4)
_CREATED = const(0x41)
_CHANGED = const(0x44)
_PRECONDITION_FAILED = const(0x8C)
_LOCATION_PATH = const(8)
_URI_PATH = const(11)
_CONTENT_FORMAT = const(12)
_URI_QUERY = const(15)

# Resources of Object 1
_LIFETIME = const(1)
_DISABLE = const(4)
_DISABLE_TIMEOUT = const(5)
_BINDING = const(7)

# Those about retries, with the defaults of LwM2M Core 6.2.1.1
_INITIAL_DELAY = const(14)
_RETRY_COUNT = const(17)
_RETRY_TIMER = const(18)
_SEQUENCE_DELAY = const(19)
_FOREVER = const(0xFFFFFFFF)

# What `state` may be
_OFF = const(0)
_WAITING = const(1)
_DIALING = const(2)
_REGISTERING = const(3)
_REGISTERED = const(4)
_UPDATING = const(5)
_LEAVING = const(6)


class Registration:
    """One server's registration. `location` is the list of its path segments, None without one."""

    def __init__(self, model, iid: int, endpoint: str, version: str = "1.1", random=os.urandom):
        """`iid` is the server's Instance of Object 1, `version` the first LwM2M version to try."""
        self.model = model
        model.registrations.append(self)
        self.iid = iid
        self.endpoint = endpoint
        self.version = version
        self.random = random
        self.state = _OFF
        self.peer = None
        self.location = None
        self.outbox = []
        self.deadline = _NEVER
        self._at = _NEVER  # when the state wants to move on
        self._sent_at = 0
        self._attempt = 0
        self._sent = None  # lifetime, binding, listing as the server knows them
        self._sending = None
        self.parts = []  # what works while registered: `poll`, `online`, `offline`, see Reporting
        self._changes = -1
        self._silence = -1  # how long to stay away after leaving, ms

    def log(self, level: int, *event) -> None:
        """The log hook, replaced by the owner: 1 an error, 2 a warning, 3 news, 4 detail."""

    def wake(self) -> None:
        """The deadline came nearer from outside; replaced by the owner, who sleeps till then."""

    # What the owner calls

    def start(self, now: int) -> None:
        """Register as soon as the Initial Registration Delay has passed."""
        self._wait(self.setting(_INITIAL_DELAY, 0) * 1000, now)

    def connected(self, peer, now: int, known: bool = False) -> None:
        """A transport is open, and `peer` speaks CoAP over it.

        Where the server knows it, by its security context, the registration goes on.
        """
        self.peer = peer
        self.outbox = peer.outbox
        if known and self.location:
            self.state = _REGISTERED
            self.update(now)
        else:
            self.register(now)

    def failed(self, now: int) -> None:
        """No transport could be opened, or the server did not answer, or refused."""
        self._drop()
        self._attempt += 1
        delay = max(self.setting(_RETRY_TIMER, 60), 1) * 1000 << min(self._attempt - 1, 16)
        if self._attempt >= self.setting(_RETRY_COUNT, 5):
            self._attempt = 0
            delay = self.setting(_SEQUENCE_DELAY, 86400)
            if delay == _FOREVER:
                self.log(1, "gave up")
                self._wait(_NEVER, 0)  # until `restart`
                return
            # After as many sequences as /1/x/20 says a bootstrap server is asked. Without one, a
            # meter in a pit must not give up for good: it goes on at this slowest pace.
            delay *= 1000
        self._wait(delay + self._jitter(delay >> 2), now)

    def restart(self, now: int) -> None:
        """The address changed or the session was lost: begin anew over a new transport."""
        if self.state not in (_OFF, _LEAVING):
            self.peer = None
            for part in self.parts:
                part.offline(False)
            self._wait(0, now)

    def update(self, now: int) -> None:
        """Send a Registration Update as soon as possible, if there is none under way."""
        if self.state == _REGISTERED:
            self._at = now
            self.deadline = 0

    def stop(self, now: int, silence: int = -1) -> None:
        """De-register; then stay OFF, or be silent for `silence` ms and register again."""
        self._silence = silence
        if self.state in (_REGISTERED, _UPDATING):
            self.state = _LEAVING
            self._at = _NEVER
            self.peer.request(_DELETE, self._path(), b"", self._left, now)
            self.deadline = 0
        else:
            self._left(None, now)

    # The interface of a core

    def input(self, datagram: bytes, now: int) -> None:
        """Take one datagram from the server."""
        peer = self.peer
        if peer:
            before = peer.deadline
            peer.input(datagram, now)
            if peer.deadline != before:  # later, too: nobody wakes for what was acknowledged
                self.deadline = 0

    def poll(self, now: int) -> int:
        """Do what is due. Returns the next deadline."""
        if self.peer:
            self.peer.poll(now)
        state = self.state
        if state == _REGISTERED:
            self._attend(now)
        elif state == _WAITING and now >= self._at:
            self.state = _DIALING
            self._at = _NEVER
        deadline = self._at
        for part in self.parts:
            deadline = min(deadline, part.poll(now))
        if self.peer and self.peer.deadline < deadline:
            deadline = self.peer.deadline
        self.deadline = deadline
        return deadline

    def attend(self, at: int) -> None:
        """A part has something to do at that time."""
        if at < self.deadline:
            self.deadline = at
            self.wake()

    # The states

    def _wait(self, delay, now):
        self.state = _WAITING
        self._at = now + delay
        self.deadline = 0

    def _drop(self):
        # The outbox stays: an acknowledgement may be in it, to go before the transport does.
        self.peer = self.location = self._sent = None
        for part in self.parts:
            part.offline(True)

    def ready(self) -> bool:
        """Is it registered, and is there somebody to talk to?"""
        return bool(self.peer and self.location)

    def setting(self, rid: int, default):
        """A Resource of the server's Instance of Object 1, or a default where it has none."""
        value = self.model.object(1).instances[self.iid].get(rid)
        return default if value is None else value

    def _jitter(self, span):
        r = self.random(2)
        return span * (r[0] << 8 | r[1]) >> 16

    def _wanted(self):
        resources = self.model.object(1).instances[self.iid]
        return resources[_LIFETIME], resources.get(_BINDING, "U"), self.model.listing

    def register(self, now: int) -> None:
        """Register anew over the same transport: what the server observed is forgotten."""
        self.state = _REGISTERING
        self.location = None
        for part in self.parts:
            part.offline(True)
        query = "ep=" + self.endpoint, "lwm2m=" + self.version
        self._tell([(_URI_PATH, "rd")], (None, "U", None), query, self._registered, now)

    def _tell(self, options, known, query, done, now):
        # Send what of lifetime, binding and listing the server does not know yet
        self._at = _NEVER
        self._sent_at = now
        self._sending = lifetime, binding, listing = self._wanted()
        links = b""
        if listing != known[2]:
            options.append((_CONTENT_FORMAT, 40))
            links = link.registration(self.model, self.version)
        if lifetime != known[0]:
            query = query[:1] + ("lt=%d" % lifetime,) + query[1:]
        if binding != known[1]:
            if self.version > "1.0" and binding[1:]:  # queue mode has a flag of its own since 1.1
                query += ("Q",)
                binding = binding[:1]
            query += ("b=" + binding,)
        for part in query:
            options.append((_URI_QUERY, part))
        self.peer.request(_POST, options, links, done, now)
        self.deadline = 0

    def _registered(self, message, now):
        code = message.code if message else 0
        if code == _CREATED and _LOCATION_PATH in message.numbers:
            self.location = message.all(_LOCATION_PATH)
            self._attempt = 0
            self._settle(now)
            self.log(3, "registered", self.version)
        elif code == _PRECONDITION_FAILED and self.version > "1.0":
            self.version = "1.%d" % (int(self.version[2:]) - 1)
            self.register(now)
        else:
            self.log(2, "not registered", code)
            self.failed(now)

    def _settle(self, now):
        self.state = _REGISTERED
        self._silence = -1
        self._sent = self._sending
        lifetime = self._sent[0] * 1000
        self._at = _NEVER
        if lifetime:
            # Ahead of the lifetime by all the time that one exchange may take, and no two meters
            # in step, even if a power cut started all of them together.
            lead = min(lifetime >> 1, self.peer.max_transmit_wait())
            self._at = self._sent_at + lifetime - lead - self._jitter(lifetime >> 4)
        self._changes = -1
        self.deadline = 0
        for part in self.parts:
            part.online(now)

    def _attend(self, now):
        # Registered: is there something that the server must be told?
        if self.model.changes != self._changes:
            self._changes = self.model.changes
            trigger = self.model.object(1).triggers.pop(self.iid, None)
            if trigger == _DISABLE:
                # Not at once: its answer may get lost, and Leshan drops the request of a client
                # that de-registers while the answer is still on its way through Leshan's threads.
                self._silence = self.setting(_DISABLE_TIMEOUT, 86400) * 1000
                self._at = now + self.peer.ack_timeout * 2
            elif trigger is not None or self._wanted() != self._sent:
                self._at = now
        if now >= self._at:
            if self._silence >= 0:
                self.stop(now, self._silence)
                return
            self.state = _UPDATING
            self._tell(self._path(), self._sent, (), self._updated, now)

    def _path(self):
        path = []
        for segment in self.location:
            path.append((_URI_PATH, segment))
        return path

    def _updated(self, message, now):
        if self.state != _UPDATING:
            return
        code = message.code if message else 0
        if code == _CHANGED:
            self._settle(now)
            return
        self.log(2, "update refused", code)
        if code:
            self.register(now)
        else:  # no answer: perhaps it is at a new address
            self.restart(now)

    def _left(self, message, now):
        self.log(3, "de-registered", message.code if message else 0)
        self._drop()
        if self._silence < 0:
            self.state = _OFF
            self._at = _NEVER
            self.deadline = 0
        else:
            self._wait(self._silence, now)
