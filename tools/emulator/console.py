"""The USB console: a stream of lines with guest times, and the raw REPL."""

import asyncio
import re
from collections import deque
from dataclasses import dataclass

from .chip import NS_PER_MS, Chip

INTERRUPT, RAW, END, SOFT_RESET = b"\x03", b"\x01", b"\x04", b"\x04"
_BANNER = re.compile(rb"raw REPL; CTRL-B to exit\r\n>")
_REPLY = re.compile(rb"OK(.*?)\x04(.*?)\x04>", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """A line that the guest printed, and guest time when it was whole (USB adds about 1 ms)."""

    at_ns: float
    text: str


class GuestError(Exception):
    """The guest's program raised: its traceback."""


class Console:
    """Keeps all output; `lines` are whole lines, of a running main.py and of the REPL alike."""

    def __init__(self, chip: Chip):
        self.lines: list[Line] = []
        self.output = bytearray()
        self.changed = asyncio.Event()
        self._chip = chip
        self._partial = bytearray()
        self._pending = deque()
        self._alarm = chip.mcu.clock.create_alarm(self._pump)
        self._busy = asyncio.Lock()
        chip.cdc.on_serial_data = self._received

    def _received(self, data: bytes) -> None:
        self.output += data
        self._partial += data
        *whole, self._partial = self._partial.split(b"\n")
        now = self._chip.now_ns
        self.lines += [Line(now, bytes(line).decode("utf-8", "replace").strip()) for line in whole]
        self.changed.set()

    def write(self, data: bytes) -> None:
        """Queue input; it goes as fast as the guest takes it, for a full FIFO loses bytes."""
        self._pending.extend(data)
        self._pump()

    def _pump(self) -> None:
        fifo = self._chip.cdc.tx_fifo
        while self._pending and not fifo.full:
            self._chip.cdc.send_serial_byte(self._pending.popleft())
        if self._pending:
            self._alarm.schedule(NS_PER_MS)

    async def find(self, pattern: re.Pattern, start: int) -> re.Match:
        """Wait until the output from `start` on has the pattern."""
        while True:
            self.changed.clear()
            match = pattern.search(self.output, start)
            if match:
                return match
            await self.changed.wait()

    async def run(self, source: str) -> str:
        """Interrupt what runs, run the source in the raw REPL, return what it printed."""
        async with self._busy:
            start = len(self.output)
            self.write(b"\r" + INTERRUPT + INTERRUPT + RAW)
            banner = await self.find(_BANNER, start)
            self.write(source.encode() + END)
            reply = await self.find(_REPLY, banner.end())
        if reply[2]:
            raise GuestError(reply[2].decode("utf-8", "replace").strip())
        return reply[1].decode("utf-8", "replace").replace("\r\n", "\n")
