"""The real meter, whose sessions outlive a sleep. For MicroPython; as boards/UNIX/main.py.

Execute of /33002/0/0 sends it to sleep a moment later: the session goes into a store in memory,
and another `Dtls` goes on with what the store has, as after a reset that kept the registration.
Execute of /33002/0/1 has it dial anew, as when the network gave it another address. Execute of
/33002/0/2 is a deep sleep: another client goes on, with nothing of the first but what its Link
exported and what is in the store.
"""

import asyncio
import sys

from firmware import app
from host_tests.support.dtls_store import Store

import main
from dtls import psk as secure
from dtls.client import Dtls
from lwm2m.model import Object


class Sleep(Object):
    """The commands."""

    oid = 33002
    single = True
    table = b"\x00\x00\x04\x00\x00\x01\x04\x00\x00\x02\x04\x00"

    def __init__(self, client):
        super().__init__({0: {0: None, 1: None, 2: None}})
        self.client = client

    def execute(self, iid, rid, argument):
        """Run a command, once its answer has gone."""
        asyncio.create_task(self.later(rid))

    async def later(self, rid):
        """Sleep, or dial anew."""
        await asyncio.sleep_ms(200)
        if rid == 1:
            self.client.restart()
            return
        if rid == 2:
            link = self.client.links[0]
            states.append(link.export())
            link.transport.core.state = 0  # the power goes: no goodbye
            self.client.end()
            return
        for link in self.client.links:
            transport = link.transport
            old = transport.core
            new = Dtls(old.identity, old.key, store=old.store)
            new.log = old.log
            new.first_timeout = old.first_timeout
            new.contexts = old.contexts
            print("asleep")
            now = self.client.clock.now()
            print("awake", new.restore(old.export(now), now), repr(new)[:5])
            transport.core = new
            link.core.update(now)
            link.core.log(3, "woken")
            link.wake()


def store(account):
    """The store of an account, which outlives a client."""
    return stores.setdefault(account.uri, Store())


class PskDialer(secure.PskDialer):
    """With a store for each session."""

    def __init__(self, client, log, settings, _):
        settings["reserve"] = 0  # what is exported is used once
        super().__init__(client, log, settings, store)


def build(*arguments):
    """The meter of the firmware, with the commands."""
    client, device = _build(*arguments)
    client.model.objects[Sleep.oid] = Sleep(client)
    if states:
        client.links[0].restore(states.pop(), 1000)
    return client, device


_build = app.build
states = []  # of Links that sleep
stores = {}
app.build = build
secure.PskDialer = PskDialer
sys.exit(main.main(sys.argv[1:]))
