"""A client with a bootstrap server: its Link beside those of the others (LwM2M Core 6.1)."""

import asyncio

from micropython import const

from coap.endpoint import Endpoint

from ..account import accounts
from ..client import Client
from ..link import Link
from .interface import Interface
from .session import BootstrapAccount, Session

_CLOSING_MS = const(5000)
_DISCONNECTED = const(2)  # see recovery


class BootstrapLink(Link):
    """The Link to a bootstrap server: it is OFF as long as it is not needed."""

    purpose = "bootstrapping at"

    def __init__(self, client, settings: dict):
        """`settings` as BootstrapClient has them."""
        self.client = client
        self.account = account = BootstrapAccount(client.model)
        session = Session(client, account, self.wake)
        for name in settings:
            setattr(session, name, settings[name])
        Endpoint.__init__(self, session, client.clock)
        self.management = Interface(client.model, session, client.budget)
        self.task = None


class BootstrapClient(Client):
    """A Client that has accounts of other servers written by a bootstrap server.

    It is turned to where there is no account, where a server is given up for good (/1/x/16 to
    /1/x/20), and where a server executes /1/x/9. What it writes holds from its Finish on; what
    held before comes back where no server of the new accounts registers this client.
    """

    def __init__(
        self,
        model,
        endpoint: str,
        version: str = "1.1",
        log=None,
        parameters=None,
        settings=None,
        bootstrap=None,
    ):
        """`bootstrap` are attributes of Session to set; the rest is as a Client's.

        ValueError where no Instance of Object 0 is one of a bootstrap server.
        """
        Client.__init__(self, model, endpoint, version, log, parameters, settings)
        self.bootstrap = link = BootstrapLink(self, bootstrap or {})
        for other in self.links:
            other.core.overseer = link.core
        self.links.insert(0, link)

    def add(self, iid: int) -> Link:
        """See Client."""
        link = Client.add(self, iid)
        link.core.overseer = self.bootstrap.core
        return link

    def renew(self) -> None:
        """The accounts are others: Links are closed and opened as they say."""
        if self.running:
            asyncio.create_task(self._renewed())

    async def _renewed(self):
        # Accounts that are no more de-register first, by the keys that they had
        give_up = self.clock.now() + _CLOSING_MS
        ended = [link for link in self.links if not link.account.exists()]
        for link in ended:
            link.close()
        while self.clock.now() < give_up and [link for link in ended if link in self.links]:
            await asyncio.sleep_ms(10)
        for link in ended:
            link.stop()
        now = self.clock.now()
        kept = []
        for link in self.links:
            if link is self.bootstrap or link in ended:
                continue
            kept.append(link.account.iid)
            if link.core.ready():
                link.core.update(now)
            else:
                link.core.recover(_DISCONNECTED, now)
            link.wake()
        for account in accounts(self.model):
            if account.iid not in kept and self.bootstrap in self.links:
                self.add(account.iid)
