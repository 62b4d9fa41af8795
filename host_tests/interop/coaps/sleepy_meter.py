"""The real meter, whose sessions outlive a sleep. For MicroPython; as boards/UNIX/main.py.

Execute of /33002/0/0 sends it to sleep a moment later: the session goes into a store in memory,
and another `Dtls` goes on with what the store has, as after a reset that kept the registration.
Execute of /33002/0/1 has it dial anew, as when the network gave it another address.
"""

import asyncio
import sys

import app
import main
import secure
from dtls.client import Dtls
from lwm2m.model import Object


class Store:
    """A store in memory."""

    record = number = None

    def put(self, record):
        """Replace the record."""
        self.record = record

    def get(self):
        """(record, mark)."""
        return self.record, self.number

    def mark(self, number):
        """Replace the mark."""
        self.number = number


class Sleep(Object):
    """The commands."""

    oid = 33002
    single = True
    table = b"\x00\x00\x04\x00\x00\x01\x04\x00"

    def __init__(self, client):
        super().__init__({0: {0: None, 1: None}})
        self.client = client

    def execute(self, iid, rid, argument):
        """Run a command, once its answer has gone."""
        asyncio.create_task(self.later(rid))

    async def later(self, rid):
        """Sleep, or dial anew."""
        await asyncio.sleep_ms(200)
        if rid:
            self.client.restart()
            return
        for link in self.client.links:
            transport = link.transport
            old = transport.core
            new = Dtls(old.identity, old.key, store=old.store)
            new.log = old.log
            new.first_timeout = old.first_timeout
            new.contexts = old.contexts
            print("asleep")
            print("awake", new.restore(old.export()), repr(new)[:5])
            transport.core = new
            link.core.update(self.client.clock.now())
            link.core.log(3, "woken")
            link.wake()


class Psk(secure.Psk):
    """With a store for each session."""

    def __call__(self, host, port, account):
        """As secure.Psk."""
        transport = super().__call__(host, port, account)
        if not transport.core.store:
            transport.core.store = Store()
        return transport


def build(*arguments):
    """The meter of the firmware, with the commands."""
    client, device = _build(*arguments)
    client.model.objects[Sleep.oid] = Sleep(client)
    return client, device


_build = app.build
app.build = build
secure.Psk = Psk
sys.exit(main.main(sys.argv[1:]))
