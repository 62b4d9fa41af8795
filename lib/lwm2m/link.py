"""A Link: one server account's registration, management and transport, from opening to closing."""

import asyncio

from micropython import const

from coap.endpoint import Endpoint
from coap.peer import Peer

from .management.dispatch import Management
from .registration import Registration
from .uri import split_uri

_ROOM_BESIDE = const(96)  # bytes of a message without its payload and the client's name

# States of a registration
_OFF = const(0)
_CONNECTING = const(2)

# How a server is lost, see recovery
_UNREACHABLE = const(1)
_DISCONNECTED = const(2)
_FORGOTTEN = const(3)


def configure(what, settings: dict) -> None:
    """Set attributes of `what`, by their names."""
    for name, value in settings.items():
        setattr(what, name, value)


class Link(Endpoint):
    """Drives one account: `run` registers and serves until `close` has de-registered.

    Its account may be deleted from the model at any time: then it closes, too.
    """

    purpose = "registering at"
    used = False  # has there been a peer over this transport?
    contexts = 0  # of the transport's, when it was connected
    restored = False
    mid = -1  # the Message ID after which the next peer begins
    closing = False

    def __init__(self, client, account):
        """`client` has the endpoint's name, version, log, parameters, transports and clock."""
        self.client = client
        self.account = account
        registration = Registration(
            account, client.endpoint, client.version, log=client.log, wake=self.wake
        )
        configure(registration, client.settings)
        super().__init__(registration, client.clock)
        self.management = Management(client.model, registration, client.budget)
        self.task = None

    def open(self) -> None:
        """Register and serve, in a task of its own."""
        if not self.restored:
            self.core.start(self.clock.now())
        self.task = asyncio.create_task(self.client.drive(self))

    def close(self) -> None:
        """De-register; `run` ends then."""
        if not self.closing:
            self.closing = True
            self.core.stop(self.clock.now())
            self.wake()

    def ended(self) -> None:
        """`run` has ended: the model forgets this server."""
        self.management.close()

    def export(self) -> tuple:
        """All that the server and this client know of each other, to go on with after a sleep.

        A tuple of tuples, integers, texts and bytes. Nothing may be sent afterwards.
        """
        from .persistence import export

        return export(self)

    def restore(self, state: tuple, slept: int = 0) -> None:
        """Go on, once opened, with what `export` returned `slept` ms before the clock's start."""
        from .persistence import restore

        restore(self, state, slept)

    # What the shell of CoAP calls

    def flush(self) -> None:
        """Send what there is to be sent, and begin with operations that take their time."""
        super().flush()
        slow = self.management.slow
        while slow and slow.waiting:
            deferred = slow.waiting[0]
            deferred.task = asyncio.create_task(slow.work(deferred, self.clock))
            slow.waiting.pop(0)  # once it has its task

    def service(self) -> None:
        """After each poll: open and close the transport as the registration wants."""
        core = self.core
        now = self.clock.now()
        if not (self.closing or self.account.exists()):
            core.log(2, "account deleted")
            self.close()
        transport = self.transport
        if core.peer is None and self.used:
            self.flush()
            if self.account.elsewhere:
                transport.forget()
            self.detach()
            self.used = False
        if core.state == _CONNECTING:
            self._connect(now)
        elif core.peer and transport.failed is not None:  # the session ended
            core.recover(_DISCONNECTED, now)
        elif core.peer and transport.contexts != self.contexts:
            self.contexts = transport.contexts
            core.recover(_FORGOTTEN, now)
        elif core.peer and transport.doubted:  # is the server there, and does it know us?
            transport.doubted = False
            core.update(now)
        elif self.closing and core.state == _OFF:
            self.stop()

    def _connect(self, now):
        core = self.core
        if not self.transport:
            what = "back at" if core.location else self.purpose
            core.log(3, what, self.account.uri, self.client.endpoint)
            try:
                scheme, host, port = split_uri(self.account.uri)
                self.attach(self.client.transports[scheme](host, port, self.account))
            except (OSError, ValueError, KeyError) as error:
                core.log(2, "no transport", error)
                core.recover(_UNREACHABLE, now)
                return
        transport = self.transport
        if transport.established:
            self._connected(transport, now)
        elif transport.failed is not None:
            if transport.failed > 0:
                self.account.alert(transport.failed)
            self.detach()
            core.recover(_UNREACHABLE, now)

    def _connected(self, transport, now):
        peer = Peer(self.management)
        configure(peer, self.client.parameters)
        # Blocks that fit, with an answer's options or those of a Register
        room = transport.longest - _ROOM_BESIDE - len(self.client.endpoint)
        while peer.szx and 16 << peer.szx > room:
            peer.szx -= 1
        if self.mid >= 0:
            peer.mid = self.mid
            self.mid = -1
        contexts = transport.contexts
        known = contexts == self.contexts and (contexts or self.restored)
        self.contexts = contexts
        self.restored = False
        self.used = True
        self.core.connected(peer, now, known)
