"""The LwM2M client: the asyncio shell around the registrations of all server accounts."""

import asyncio

from micropython import const

from coap.endpoint import Clock, Endpoint, Udp
from coap.exchange import Peer

from .management import Management
from .registration import Registration

# Resources of Objects 0 and 1
_URI = const(0)
_BOOTSTRAP = const(1)
_SECURITY_SSID = const(10)
_SSID = const(0)
_ALERT = const(11)

# States of a registration
_OFF = const(0)
_DIALING = const(2)

_CLOSING_MS = const(5000)


def split_uri(uri: str) -> tuple:
    """(scheme, host, port) of a server URI, an IPv6 literal in brackets; or ValueError."""
    scheme, _, rest = uri.partition("://")
    host = rest.split("/")[0]
    port = 5684 if scheme == "coaps" else 5683
    if host[-1:] != "]" and ":" in host:
        host, port = host.rsplit(":", 1)
        port = int(port)
    if host[:1] == "[" and host[-1] == "]":
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not host or not 0 < port < 65536:
        raise ValueError(uri)
    return scheme, host, port


class _Link(Endpoint):
    """One server account's registration and its transport."""

    def __init__(self, client, account, registration):
        super().__init__(registration, client.clock)
        self.client = client
        self.account = account
        self.management = Management(client.model, registration)
        registration.wake = self.wake
        self.used = False  # has there been a peer over this transport?
        self.contexts = 0  # of the transport's, when it was connected

    def flush(self):
        super().flush()
        management = self.management
        while management.jobs:
            asyncio.create_task(self._work(management.jobs.pop(0)))

    async def _work(self, job):
        # An operation whose handlers take their time: the answer goes to whoever asked
        from .slow import work

        deliver, response = await work(self.management, job)
        deliver(response, self.clock.now())
        self.core.deadline = 0
        self.flush()

    def service(self):
        core = self.core
        now = self.clock.now()
        if core.peer is None and self.used:
            self.flush()
            self.detach()
            self.used = False
        if core.state == _DIALING:
            if not self.transport:
                try:
                    self._dial()
                except (OSError, ValueError, KeyError) as error:
                    core.log(2, "no transport", error)
                    core.failed(now)
                    return
            self._connect(now)
        elif core.peer and self.transport.failed is not None:  # the session ended
            core.restart(now)
        elif core.peer and self.transport.contexts != self.contexts:
            self.contexts = self.transport.contexts
            core.register(now)

    def _dial(self):
        scheme, host, port = split_uri(self.account[_URI])
        self.attach(self.client.transports[scheme](host, port, self.account))

    def _connect(self, now):
        core = self.core
        transport = self.transport
        if transport.established:
            peer = Peer(self.management)
            peer.log = core.log
            for name, value in self.client.parameters.items():
                setattr(peer, name, value)
            known = transport.contexts and transport.contexts == self.contexts
            self.contexts = transport.contexts
            self.used = True
            core.connected(peer, now, known)
        elif transport.failed is not None:
            if transport.failed > 0:
                self.client.model.object(1).set(core.iid, _ALERT, transport.failed)
            self.detach()
            core.failed(now)


class Client:
    """Registers at every server account of Objects 0 and 1 and serves the model to them."""

    def __init__(self, model, endpoint: str, version: str = "1.1", log=None, parameters=None):
        """`endpoint` is the client's name, `version` the first LwM2M version to try.

        `log(level, *event)` takes what happens: 1 errors, 2 warnings, 3 news, 4 detail.
        `parameters` are attributes of coap's Peer to set: ack_timeout, max_retransmit, szx...
        """
        self.model = model
        self.clock = Clock()
        self.parameters = parameters or {}
        self.transports = {"coap": Udp}  # by URI scheme: (host, port, account) -> a transport
        self.links = []
        for account in model.object(0).instances.values():
            iid = self._server(account)
            if iid is None:
                continue
            registration = Registration(model, iid, endpoint, version)
            if log:
                registration.log = log
            self.links.append(_Link(self, account, registration))

    def _server(self, account):
        # The Instance of Object 1 that goes with a Security account; a bootstrap server has none.
        if not account.get(_BOOTSTRAP):
            for iid, server in self.model.object(1).instances.items():
                if server[_SSID] == account.get(_SECURITY_SSID):
                    return iid
        return None

    async def run(self) -> None:
        """Register everywhere and serve, until `stop`. A fault of one account ends all, raised."""
        tasks = []
        for one in self.links:
            one.core.start(self.clock.now())
            tasks.append(asyncio.create_task(self._drive(one)))
        for task in tasks:
            await task
        for one in self.links:
            if one.fault:
                raise one.fault

    async def _drive(self, link):
        try:
            await link.run()
        except Exception as error:  # noqa: BLE001 `run` raises it
            link.fault = error
            for one in self.links:
                one.stop()

    async def stop(self) -> None:
        """De-register everywhere, for at most five seconds, and end `run`."""
        for one in self.links:
            one.core.stop(self.clock.now())
            one.wake()
        give_up = self.clock.now() + _CLOSING_MS
        for one in self.links:
            while one.core.state != _OFF and self.clock.now() < give_up:
                await asyncio.sleep_ms(10)
        for one in self.links:
            one.stop()

    def sender(self, ssid: int):
        """What sends data to the server of a Short Server ID, see `send.Sender`; or ValueError."""
        for one in self.links:
            if one.account[_SECURITY_SSID] == ssid:
                return one.management.sender()
        raise ValueError(ssid)

    def restart(self) -> None:
        """The device's address changed: register anew everywhere."""
        for one in self.links:
            one.core.restart(self.clock.now())
            one.wake()
