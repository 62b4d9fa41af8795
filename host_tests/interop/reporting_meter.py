"""The real meter and beside it Object 33001, by which a test has it change and send.

For MicroPython; as boards/UNIX/main.py, with the same arguments. Executes of /33001/0 are the
commands; what their arguments hold is without spaces and quotes, for LwM2M has none there.

- 0 Set: `0='/3/0/7={0:3700};/3/0/9=5'` as the device itself finds values: Python, or `~text`
- 1 Send: `0='112',1='/1/0/1;/3/0/11/0'`, the format and the paths
- 2 Samples: `0='112',1='/33001/0/5',2='[(1700000000,5)]'`, the format, path, times and values

The log has the code with which each Send ended.
"""

import sys

from firmware import app

import main
from lwm2m.model import Object

SET, SEND, SAMPLES = 0, 1, 2


class Control(Object):
    """The commands, and beside them Resources whose values Set changes."""

    oid = 33001
    single = True
    table = (
        b"\x00\x00\x04\x00"  # 0 Set
        b"\x00\x01\x04\x00"  # 1 Send
        b"\x00\x02\x04\x00"  # 2 Samples
        b"\x00\x03\x03\x03"  # 3 Float
        b"\x00\x04\x03\x04"  # 4 Boolean
        b"\x00\x05\x03\x02"  # 5 Integer
        b"\x00\x06\x03\x01"  # 6 String
    )

    def __init__(self, client):
        super().__init__({0: {SET: None, SEND: None, SAMPLES: None, 3: 0, 4: False, 5: 0, 6: ""}})
        self.client = client

    def execute(self, iid, rid, argument):
        """Run a command."""
        # by the quotes: each second part is a value
        given = argument.decode().split("'")[1::2]
        if rid == SET:
            for change in given[0].split(";"):
                path, _, text = change.partition("=")
                oid, iid, rid = ids(path)
                self.client.model.objects[oid].set(iid, rid, value(text))
            return
        sender = self.client.sender(1)
        number = int(given[0])
        if rid == SEND:
            sender.values([ids(path) for path in given[1].split(";")], number, ended)
            return
        sender.samples(ids(given[1]), value(given[2]), number, ended)


def ids(path):
    """The IDs of a path."""
    return tuple([int(part) for part in path.split("/") if part])


def value(text):
    """A value as a command has it."""
    return text[1:] if text[:1] == "~" else eval(text)  # noqa: S307 of a test


def ended(code):
    """Log how a Send ended."""
    print("Send ended", code)


def build(*arguments):
    """The meter of the firmware, with the commands."""
    client, device = _build(*arguments)
    client.model.objects[Control.oid] = Control(client)
    return client, device


_build = app.build
app.build = build
sys.exit(main.main(sys.argv[1:]))
