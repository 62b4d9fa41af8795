"""The LwM2M client: the asyncio shell around the Links to all servers."""

import asyncio

from micropython import const

from coap.budget import Budget
from coap.clock import Clock
from coap.udp import Udp

from .account import Account, accounts
from .link import Link, configure

_DISCONNECTED = const(2)  # see recovery
_CLOSING_MS = const(5000)
_NEVER = const(0xFFFFFFFFFFF)


class Client:
    """Registers at every server account of Objects 0 and 1 and serves the model to them.

    `links` has a Link for each; more are added and removed while it runs.
    """

    running = False

    def __init__(
        self, model, endpoint: str, version: str = "1.1", log=None, parameters=None, settings=None
    ):
        """`endpoint` is the client's name, `version` the first LwM2M version to try.

        `log(level, *event)` takes what happens: 1 errors, 2 warnings, 3 news, 4 detail.
        `parameters` are attributes of coap's Peer to set: ack_timeout, max_retransmit, szx...,
        and of the client's Budget: memory, handler_time.
        `settings` are attributes of each Registration to set: update_pause, spread.
        """
        self.model = model
        self.endpoint = endpoint
        self.version = version
        self.log = log
        self.clock = Clock()
        self.parameters = parameters or {}
        self.budget = Budget()
        configure(self.budget, self.parameters)
        self.settings = settings or {}
        self.transports: dict = {"coap": Udp}  # URI scheme: (host, port, account) -> transport
        self.links = []
        for account in accounts(model):
            self.links.append(Link(self, account))

    def add(self, iid: int) -> Link:
        """Register at one server more, of an Instance of Object 1; or KeyError where it is not."""
        link = Link(self, Account(self.model, iid))
        self.links.append(link)
        if self.running:
            link.open()
        return link

    def remove(self, link: Link) -> None:
        """De-register at one server and forget it; `run` ends with the last of them."""
        if link.task:
            link.close()
        else:
            self._forget(link)

    def _forget(self, link):
        link.ended()
        if link in self.links:
            self.links.remove(link)

    def deadline(self) -> int:
        """Until when the device may sleep, by `clock`, if nothing comes in: nothing is due before.

        A very large number where nothing is due at all.
        """
        at = _NEVER
        for link in self.links:
            at = min(at, link.deadline())
        return at

    async def run(self) -> None:
        """Register everywhere and serve, until `stop`. A fault of one account ends all, raised."""
        self.running = True
        self.fault = None
        for link in self.links:
            link.open()
        while self.links:
            await self.links[-1].task
        self.running = False
        if self.fault:
            raise self.fault

    async def drive(self, link: Link) -> None:
        """The task of one Link."""
        try:
            await link.run()
        except Exception as error:  # noqa: BLE001 `run` raises it
            self.fault = error
            self.end()
        self._forget(link)

    def end(self) -> None:
        """End `run` at once, without de-registering: the device reboots."""
        for link in self.links:
            link.stop()

    async def stop(self) -> None:
        """De-register everywhere, for at most five seconds, and end `run`."""
        for link in self.links:
            link.close()
        give_up = self.clock.now() + _CLOSING_MS
        while self.links and self.clock.now() < give_up:
            await asyncio.sleep_ms(10)
        self.end()

    def sender(self, ssid: int):
        """What sends data to the server of a Short Server ID, see `Sender`; or ValueError."""
        for link in self.links:
            if link.account.short_server_id == ssid:
                return link.management.sender()
        raise ValueError(ssid)

    def restart(self) -> None:
        """The device's address changed: connect anew everywhere."""
        for link in self.links:
            # Twice: an attempt under way ends, then its pause, which can be a day
            for _ in range(2):
                link.core.recover(_DISCONNECTED, self.clock.now())
            link.wake()
