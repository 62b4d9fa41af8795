"""The real meter and beside it a display, Object 3341, that takes its time. For MicroPython.

As boards/UNIX/main.py, with the same arguments.
"""

import asyncio
import sys

from firmware import app

import main
from lwm2m.model import Object

TEXT = 5527
CLEAR = 5530
DELAY_MS = 1000


class Display(Object):
    """Text and Clear are slow; the Level is not: a number for servers to play with."""

    oid = 3341
    table = (
        b"\x15\x97\x13\x01"  # 5527 Text
        b"\x15\x9a\x04\x00"  # 5530 Clear Display
        b"\x15\xac\x03\x03"  # 5548 Level
    )

    def __init__(self):
        super().__init__({0: {TEXT: "hello", CLEAR: None, 5548: 0}})

    async def _slowly(self, text=None):
        await asyncio.sleep_ms(DELAY_MS)
        if text is not None:
            self.instances[0][TEXT] = text
        return self.instances[0][TEXT]

    def read(self, iid, rid):
        """A value, or what will be one."""
        return self._slowly() if rid == TEXT else super().read(iid, rid)

    def write(self, iid, rid, value):
        """Keep a value, the text after a while."""
        if rid == TEXT:
            return self._slowly(value)
        return super().write(iid, rid, value)

    def execute(self, iid, rid, argument):
        """Clear the text after a while."""
        return self._slowly("")


def build(*arguments):
    """The meter of the firmware, with a display."""
    client, device = _build(*arguments)
    client.model.objects[Display.oid] = Display()
    return client, device


_build = app.build
app.build = build
sys.exit(main.main(sys.argv[1:]))
