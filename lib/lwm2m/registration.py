"""Registration at one server: Register, Update, De-register (LwM2M Core section 6.2).

`Registration` is the I/O-free core of a server account: it has the interface of a coap core
(`input`, `poll`, `deadline`, `outbox`), and where it is `connecting` its owner opens a transport
and calls `connected(peer, now)` or `recover`. Where `peer` is None it needs no transport.
"""

import os

from micropython import const

from coap.clock import jitter

from .formats import core_link
from .management.access import visible
from .recovery import Recovery

_NEVER = const(0xFFFFFFFFFFF)
_POST = const(2)
_DELETE = const(4)
_CREATED = const(0x41)
_CHANGED = const(0x44)
_BAD_REQUEST = const(0x80)
_PRECONDITION_FAILED = const(0x8C)
_LOCATION_PATH = const(8)
_URI_PATH = const(11)
_CONTENT_FORMAT = const(12)
_URI_QUERY = const(15)

_DISABLE = const(4)  # of Object 1
_BOOTSTRAP_TRIGGER = const(9)
_DAY_MS = const(86400000)
_LONGEST_ABSENCE = const(2678400000)  # 31 days: how long a server can have us stay away

# Reasons, see recovery
_UNREACHABLE = const(1)
_DISCONNECTED = const(2)
_FORGOTTEN = const(3)

# What `state` may be
_OFF = const(0)
_WAITING = const(1)
_CONNECTING = const(2)
_REGISTERING = const(3)
_REGISTERED = const(4)
_UPDATING = const(5)
_DEREGISTERING = const(6)


def _silent(*event):
    pass


class Registration(Recovery):
    """One server's registration. `location` is the list of its path segments, None without one.

    `update_pause` and `spread`, seconds, are settings; set them on an instance.
    """

    update_pause = 30  # between two Updates at least, whatever lifetime a server writes
    spread = 0  # the first Register is late by a random part: power returns to all at once

    # Its state
    state = _OFF
    peer = None
    location = None
    deadline = _NEVER
    known = None  # lifetime, binding, listing as the server knows them
    at = _NEVER  # when the state wants to move on; of a registration, its next Update
    revision = 0  # counts what a stored state of it lacks
    sent_at = 0  # the latest Register or Update
    _stepped_at = -_DAY_MS  # when a server refused a version
    _unquoted = False
    _changes = -1  # of the model, when it was looked at
    _silence = -1  # how long to stay away after de-registering, ms

    def __init__(
        self, account, endpoint: str, version: str = "1.1", random=os.urandom, log=None, wake=None
    ):
        """`account` is an `Account`, `version` the first LwM2M version to try.

        `log(level, *event)` takes what happens; `wake()` is called when the deadline came nearer
        from outside.
        """
        self.account = account
        self.model = account.model
        self.endpoint = endpoint
        self.version = self.first_version = version
        self.random = random
        self.log = log or _silent
        self.wake = wake or _silent
        self.outbox = []
        self.parts = []  # what works while registered: `poll`, `online`, `offline`, see Reporting

    # What the owner calls

    def start(self, now: int) -> None:
        """Register as soon as the Initial Registration Delay has passed."""
        spread = jitter(self.random, self.spread * 1000)
        self.wait(self.account.initial_delay * 1000 + spread, now)

    def resume(self, version: str, location: list, known: tuple, at: int) -> None:
        """Go on with a registration from before a sleep, whose next Update is due at `at`.

        `known` is what the server knows: lifetime, binding, and `model.listing` or -1.
        """
        self.version = version
        self.location = location
        self.known = known
        self.at = at
        self.state = _CONNECTING
        self.deadline = 0

    def refused_version(self, version: str, now: int) -> None:
        """The server took no higher version than this one: so it is for a day."""
        self.version = version
        self._stepped_at = now

    def connected(self, peer, now: int, known: bool = False) -> None:
        """A transport is open, and `peer` speaks CoAP over it.

        Where the server knows it, by its security context, the registration goes on.
        """
        self.peer = peer
        self.outbox = peer.outbox
        self.since = now
        if not known or not self.location:
            self.register(now)
            return
        self.state = _REGISTERED
        if self.at == _NEVER:
            self.update(now)
        else:
            self._changes = -1
            self._go_on(now)

    def update(self, now: int) -> None:
        """Send a Registration Update as soon as possible, if there is none under way."""
        if self.state == _REGISTERED:
            self.at = now
            self.deadline = 0

    def stop(self, now: int, silence: int = -1) -> None:
        """De-register; then stay OFF, or be silent for `silence` ms and register again."""
        self._silence = silence
        if self.state in (_REGISTERED, _UPDATING) and self.peer:
            self.state = _DEREGISTERING
            self.at = _NEVER
            self.peer.request(_DELETE, self._path(), b"", self._deregistered, now)
            self.deadline = 0
        else:
            self._deregistered(None, now)

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
            self._check(now)
        elif state == _WAITING and now >= self.at:
            self.state = _CONNECTING
            self.at = _NEVER
        elif state > _CONNECTING and not self.peer.asking():  # a full heap ended what it waits for
            if state == _DEREGISTERING:
                self._deregistered(None, now)
            else:
                self.recover(_DISCONNECTED, now)
        deadline = self.at
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

    # What recovery does

    def wait(self, delay: int, now: int) -> None:
        """Be without a transport for `delay` ms, then open one."""
        self.state = _WAITING
        self.at = now + min(delay, _LONGEST_ABSENCE)
        self.deadline = 0

    def disconnect(self, gone: bool) -> None:
        """There is no transport any more; `gone`: no registration either."""
        # The outbox stays: an acknowledgement may be in it, to go before the transport does.
        if self.peer:
            self.peer.close()
        self.peer = None
        if gone:
            self.location = self.known = None
            self.revision += 1
        for part in self.parts:
            part.offline(gone)

    def register(self, now: int) -> None:
        """Register anew over the same transport: what the server observed is forgotten."""
        self.state = _REGISTERING
        self.location = None
        if now - self._stepped_at >= _DAY_MS:  # its server may have been updated
            self.version = self.first_version
        for part in self.parts:
            part.offline(True)
        query = "ep=" + self.endpoint, "lwm2m=" + self.version
        self._send([(_URI_PATH, "rd")], (None, "U", None), query, self._registered, now)

    # The states

    def ready(self) -> bool:
        """Is it registered, and is there somebody to talk to?"""
        return bool(self.peer and self.location)

    def _parameters(self):
        account = self.account
        lifetime = account.lifetime
        if lifetime:
            lifetime = max(lifetime, 2 * self.update_pause)
        return lifetime, account.binding, self.model.listing

    def _send(self, options, known, query, done, now):
        # A Register or an Update, with what of its parameters the server does not know yet
        self.at = _NEVER
        self.sent_at = now
        self._offered = lifetime, binding, listing = self._parameters()
        links = b""
        if listing != known[2]:
            options.append((_CONTENT_FORMAT, 40))
            version = "1.1" if self._unquoted else self.version
            links = core_link.registration(visible(self.model), version)
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
            self._settle(now)
            self.log(3, "registered", self.version, self.account.uri, self.location)
        elif code == _PRECONDITION_FAILED and self.version > "1.0":
            self.refused_version("1.%d" % (int(self.version[2:]) - 1), now)
            self.register(now)
        elif code == _BAD_REQUEST and self.version == "1.0" and not self._unquoted:
            # Leshan 2.0.0-M18 refuses the quotes that LwM2M 1.0 has around versions.
            self._unquoted = True
            self.register(now)
        else:
            self._unquoted = False
            self.log(2, "not registered", code)
            self.recover(_UNREACHABLE, now)

    def _settle(self, now):
        updated = self.state == _UPDATING
        self.settled(updated, now)
        self.state = _REGISTERED
        self._silence = -1
        if not updated or self.known != self._offered:
            self.revision += 1
        self.known = self._offered
        lifetime = self.known[0] * 1000
        self.at = _NEVER
        if lifetime:
            # Ahead of the lifetime by all the time that one exchange may take, and no two meters
            # in step, even if a power cut started all of them together.
            lead = min(lifetime >> 1, self.peer.max_transmit_wait())
            ahead = lead + jitter(self.random, lifetime >> 4)
            self.at = self.sent_at + max(lifetime - ahead, self.update_pause * 1000)
        self._go_on(now)

    def _go_on(self, now):
        self._changes = -1
        self.deadline = 0
        for part in self.parts:
            part.online(now)

    def _check(self, now):
        # Registered: does the server have to hear of something?
        if not self.account.exists():
            return  # the owner is about to de-register
        if self.model.changes != self._changes:
            self._changes = self.model.changes
            executed = self.account.executed()
            if executed == _BOOTSTRAP_TRIGGER and self.overseer:
                self.overseer.requested(now)
                executed = None
            if executed == _DISABLE:
                # Not at once: its answer may get lost, and Leshan drops the request of a client
                # that de-registers while the answer is still on its way through Leshan's threads.
                self._silence = self.account.disable_timeout * 1000
                self.at = now + self.peer.ack_timeout * 2
            elif executed is not None or self._parameters() != self.known:
                self.at = now
        if now >= self.at:
            if self._silence >= 0:
                self.stop(now, self._silence)
                return
            self.state = _UPDATING
            self._send(self._path(), self.known, (), self._updated, now)

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
        # No answer: perhaps the server is at a new address
        self.recover(_FORGOTTEN if code else _DISCONNECTED, now)

    def _deregistered(self, message, now):
        self.log(3, "de-registered", message.code if message else 0)
        self.disconnect(True)
        self.attempts = -1  # what follows is a wait of our own
        if self._silence < 0:
            self.state = _OFF
            self.at = _NEVER
            self.deadline = 0
        else:
            self.wait(self._silence, now)
