"""The course of a bootstrap (LwM2M Core 6.1): when it begins, how it ends, when it is tried again.

What the server writes holds from its Finish on; what held before comes back where no server of
the new accounts registers this client. `Session` is the I/O-free core of the bootstrap server's
Link, as a Registration is of another's: where it is `connecting` its owner opens a transport and
calls `connected(peer, now)` or `recover`.
"""

import os

from micropython import const

from coap.clock import jitter

from ..account import Account, accounts
from ..snapshot import replace
from .stage import Stage, swap

_NEVER = const(0xFFFFFFFFFFF)
_POST = const(2)
_CHANGED = const(0x44)
_NOT_ACCEPTABLE = const(0x86)
_UNSUPPORTED_FORMAT = const(0x8F)
_URI_PATH = const(11)
_URI_QUERY = const(15)

_SECURITY_OBJECT = const(0)
_BOOTSTRAP_SERVER = const(1)
_SERVER_OBJECT = const(1)
_BOOTSTRAP_TRIGGER = const(9)
_LAST_BOOTSTRAPPED = const(12)
_FAILURE_BOOTSTRAP = const(16)

_LONGEST_PAUSE = const(86400)  # s
_TRIAL_MS = const(86400000)  # whatever number of attempts the new accounts have
_GOOD_MS = const(3600000)  # how long accounts must have been good for it to be forgotten
_ASKED_AT_ONCE = const(3)

# What `state` may be
_OFF = const(0)
_WAITING = const(1)
_CONNECTING = const(2)
_ASKING = const(3)
_SERVED = const(4)
_ENDED = const(5)  # a lost answer to the Finish is given again


def _silent(*event):
    pass


class BootstrapAccount(Account):
    """The bootstrap server's: it has no Instance of Object 1."""

    server: dict = {}
    short_server_id = -1

    def __init__(self, model):
        """ValueError where no Instance of Object 0 is one of a bootstrap server."""
        self.model = model
        self.find()

    def find(self) -> None:
        """Look for it in Object 0: it moves out of the way of others, or is written anew."""
        instances = self.model.object(_SECURITY_OBJECT).instances
        for iid in instances:
            if instances[iid].get(_BOOTSTRAP_SERVER):
                self.iid = iid
                self.security = instances[iid]
                return
        raise ValueError

    def exists(self) -> bool:
        """Is it still in the model?"""
        return self.model.object(_SECURITY_OBJECT).instances.get(self.iid) is self.security

    def alert(self, code: int) -> None:
        """No Resource is there for it."""


class Session:
    """Bootstraps at one server. `stage` has what it wrote, from the Bootstrap-Request to the end.

    These are settings; set them on an instance. `on_trial(flag)` hears whether the Objects are on
    trial: only others are worth to be stored.
    """

    retry_timer = 60  # from one attempt to the next, doubled each time
    spread = 0  # the first one is late by a random part: power returns to all at once
    preferred = ""  # the content format that is asked for, a number
    keys_allowed = False  # may secret keys be written over what is not encrypted?
    on_trial = None
    before = None  # the Objects as they were, while those that hold are on trial

    state = _OFF
    peer = None
    stage = None
    location = None  # there is no registration
    deadline = _NEVER
    at = _NEVER  # when the state wants to move on
    ends_at = _NEVER  # when the trial ends, or the account that is not needed any more
    attempts = 0  # in succession
    since = 0  # when the latest one ended
    asked = False  # by a server that has registered us: what it has is good
    result = 0  # the answer to the Finish

    def __init__(self, owner, account, wake, random=os.urandom):
        """`account` is a `BootstrapAccount`; `wake()` is called when the deadline came nearer.

        `owner` is a Client that has `renew()`, which is called when the accounts are others.
        """
        self.owner = owner
        self.account = account
        self.model = account.model
        self.endpoint = owner.endpoint
        self.version = owner.version
        self.random = random
        self.log = owner.log or _silent
        self.wake = wake
        self.outbox = []
        for resources in self.model.object(_SERVER_OBJECT).instances.values():
            resources[_BOOTSTRAP_TRIGGER] = None

    # What the owner calls

    def start(self, now: int) -> None:
        """The device has started: bootstrap if there is no server."""
        if not accounts(self.model):
            self.begin(now, jitter(self.random, self.spread * 1000))

    def begin(self, now: int, pause: int = 0, asked: bool = False) -> None:
        """Bootstrap after a pause in ms or what goes before it, unless that is under way."""
        if self.state == _ENDED and self.result == _CHANGED:
            self._rest(now)
        self.asked = self.asked or asked
        if self.state == _OFF:
            pause = max(pause, (self.account.hold_off or 0) * 1000)
            if not asked or self.attempts > _ASKED_AT_ONCE:
                pause = max(pause, self.since + self._pause() - now)
            self._wait(pause, now)
            self.wake()

    # What registrations tell, whose `overseer` it is

    def given_up(self, registration, now: int) -> None:
        """All attempts at a server have failed."""
        account = registration.account
        if not account.exists():  # it is about to close
            return
        if self.before is not None:
            self._back(now)
        elif account.server.get(_FAILURE_BOOTSTRAP) is not False:
            self.begin(now)

    def requested(self, now: int) -> None:
        """A server has executed /1/x/9."""
        self.begin(now, 0, True)

    def settled(self, now: int) -> None:
        """A server has registered us, or answered an Update."""
        if self.state == _WAITING and not self.asked:
            self._off()  # what was to be tried for want of a server
        if self.before is not None:
            self._good()
        if now - self.since >= _GOOD_MS:
            self.attempts = 0
        timeout = self.account.account_timeout or 0
        if timeout > 0 and self.ends_at == _NEVER and self.state in (_OFF, _ENDED):
            self.ends_at = now + timeout * 1000
            self.deadline = 0
            self.wake()

    def connected(self, peer, now: int, known: bool = False) -> None:
        """A transport is open, and `peer` speaks CoAP over it."""
        self.peer = peer
        self.outbox = peer.outbox
        self.state = _ASKING
        self.at = _NEVER
        if self.version > "1.1" and self.preferred not in ("", "11542"):
            try:
                from .pack import request
            except ImportError:  # not installed here
                self.ask(now)
                return
            self.stage = Stage(self.model, self.account.iid)
            request(self, now)
            self.deadline = 0
        else:
            self.ask(now)

    def ask(self, now: int) -> None:
        """Send a Bootstrap-Request."""
        self.stage = Stage(self.model, self.account.iid)
        self.deadline = 0
        options = [(_URI_PATH, "bs"), (_URI_QUERY, "ep=" + self.endpoint)]
        if self.preferred:
            options.append((_URI_QUERY, "pct=" + self.preferred))
        self.peer.request(_POST, options, b"", self._answered, now)

    def stop(self, now: int) -> None:
        """Be OFF, for good."""
        self.disconnect()
        self._off()

    def recover(self, reason: int, now: int) -> None:
        """There is no way to the server; or the device's address changed, while one is awaited."""
        if self.state == _WAITING:
            if self.attempts:  # else it is hold-off and spread
                at = max(self.since + self.retry_timer * 1000, now)
                self._wait(min(self.at, at) - now, now)
        elif self.state == _ENDED:
            self._rest(now)
        elif self.state:
            self._failed(now)

    # The interface of a core

    def input(self, datagram: bytes, now: int) -> None:
        """Take one datagram from the server."""
        if self.peer:
            self.peer.input(datagram, now)
            self.deadline = 0

    def poll(self, now: int) -> int:
        """Do what is due. Returns the next deadline."""
        if self.peer:
            self.peer.poll(now)
        if now >= self.ends_at:
            self.ends_at = _NEVER
            if self.before is not None:
                self._back(now)
            else:
                self._purge()
        state = self.state
        if now >= self.at:
            if state == _WAITING:
                self.state = _CONNECTING
                self.at = _NEVER
                self.attempts += 1
            elif state == _ENDED:
                self._rest(now)
            else:
                self._failed(now)
        elif state == _ASKING and not self.peer.asking():  # a full heap ended it
            self._failed(now)
        self.deadline = min(self.at, self.ends_at)
        if self.peer:
            self.deadline = min(self.deadline, self.peer.deadline)
        return self.deadline

    # What the server does

    def heard(self, now: int) -> None:
        """It is at work: it has so much time for what it does next."""
        self.state = _SERVED
        self.at = now + self.peer.exchange_lifetime()

    def finish(self, now: int) -> int:
        """Take over what it wrote, or drop it. Returns the code to answer with."""
        if self.stage:
            self.result = self.take()
            self.log(3, "bootstrapped", self.result)
            self._end(now)
            self.at = now + (self.peer.max_transmit_wait() >> 1)  # MAX_TRANSMIT_SPAN, about
            self.state = _ENDED
        return self.result

    def packed(self, now: int) -> None:
        """It gave all at once, and that holds."""
        self.result = _CHANGED
        self._end(now)
        self._rest(now)

    # The accounts

    def take(self) -> int:
        """Have what was written hold from now on; the code of the answer."""
        stage = self.stage
        if not stage.consistent(self.owner.transports):
            return _NOT_ACCEPTABLE
        try:
            before = stage.commit()
        except Exception:  # noqa: BLE001 an Object's own; all is as it was
            return _NOT_ACCEPTABLE
        good = dict(before)
        good.update(self.before or {})
        time = self.model.time()
        for resources in self.model.object(_SERVER_OBJECT).instances.values():
            if time:
                resources[_LAST_BOOTSTRAPPED] = time
        self.before = good
        if self.on_trial:
            self.on_trial(True)
        self._renew()
        return _CHANGED

    def _renew(self):
        self.account.find()
        self.owner.renew()

    def _back(self, now):
        # To what held before, and so there is something else to be had from the server
        self.log(2, "accounts as before")
        swap(self.model, self.before, True)
        self._good()
        self._renew()
        self.begin(now)

    def _good(self):
        # What holds is not on trial any more
        self.before = None
        self.ends_at = _NEVER
        if self.on_trial:
            self.on_trial(False)

    def _purge(self):
        obj = self.model.object(_SECURITY_OBJECT)
        instances = dict(obj.instances)
        del instances[self.account.iid]
        replace(self.model, obj, instances)
        self._good()

    # The states

    def _answered(self, message, now):
        code = message.code if message else 0
        if self.state != _ASKING:
            return
        if code == _CHANGED:
            self.heard(now)
        elif code == _UNSUPPORTED_FORMAT and self.preferred:
            self.preferred = ""
            self.ask(now)
        else:
            self.log(2, "not bootstrapped", code)
            self._failed(now)

    def _end(self, now):
        self.stage = None
        self.since = now
        if self.before is not None:
            self.ends_at = now + _TRIAL_MS

    def _failed(self, now):
        if self.state == _SERVED:
            self.log(2, "not bootstrapped", 0)
        self._end(now)
        self.result = 0
        self.account.elsewhere = True
        self._rest(now)

    def _rest(self, now):
        # Without a transport; what did not succeed is tried again
        self.disconnect()
        if self.result == _CHANGED:
            self.asked = False
            self._off()
        else:
            self._wait(self.since + self._pause() - now, now)
            self.log(2, "next attempt", (self.at - now) // 1000)

    def _pause(self):
        if not self.attempts:
            return 0
        pause = min(self.retry_timer << min(self.attempts - 1, 17), _LONGEST_PAUSE) * 1000
        return pause + jitter(self.random, pause >> 2)

    def _wait(self, delay, now):
        self.state = _WAITING
        if self.before is None:  # its account is needed
            self.ends_at = _NEVER
        self.at = now + max(delay, 0)
        self.deadline = 0

    def _off(self):
        self.state = _OFF
        self.at = _NEVER
        self.deadline = 0

    def disconnect(self) -> None:
        """There is no transport any more."""
        if self.peer:
            self.peer.close()
        self.peer = None
