"""METER_PPP, booted: real firmware, a file system, a cellular line, a console, guest time.

    with Board(files={"main.py": b"print('hello')"}) as board:
        board.wait_for_line("hello")
        print(board.run("print(1 + 1)"), board.heap())

The emulator runs on a thread of its own while the block lasts, so a test's server may run
anywhere. Wall times are generous (computing is about 45 times slower than the chip); assert on
guest times, those of the chip's 125 MHz, flash-cache misses apart: a lower bound, repeatable.
"""

import asyncio
import concurrent.futures
import functools
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tools.image import filesystem, firmware, romfs

from . import measure
from .chip import NS_PER_MS, Chip
from .console import Console, GuestError
from .console import Line as ConsoleLine
from .faults import Datagram, Faults, none
from .line import Line

__all__ = ["Board", "BoardError", "GuestError"]

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "boards" / "METER_PPP" / "METER_PPP-1.26.1.uf2"
FLASH_BASE = 0x10000000
WALL_TIMEOUT = 120.0


class BoardError(Exception):
    """The board did not do what was waited for; carries the end of its output."""


class Board:
    """One emulated board; use it as a context manager. Devices are functions of the chip.

    `image`: a UF2 of tools/image with all that the flash has, without `files`.
    `probe`: `live_heap` can be asked; an image has PROBE_FILES for that itself. `rom`: modules are
    in ROMFS, the other files in the file system. `muted`: the line carries nothing from the start.
    `erase_ms`: what an erase of flash takes; no interrupt meanwhile.
    """

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        image: Path = IMAGE,
        file_system: bytes | None = None,
        rom: bool = False,
        faults: Faults = none,
        devices: Sequence[Callable] = (),
        pace: float = 1.0,
        probe: bool = False,
        muted: bool = False,
        erase_ms: float = 45.0,
    ):
        self._image = image
        self.firmware = firmware.load(image)
        self._file_system, self._rom = file_system, None
        if rom:
            modules, files = romfs.split(files or {})
            self._rom = romfs.build(modules, self.firmware)
        if files is not None or probe:
            files = dict(files or {}, **(measure.PROBE_FILES if probe else {}))
            self._file_system = filesystem.build(files, self.firmware)
        self._faults, self._devices, self._pace = faults, devices, pace
        self._muted, self._erase_ms = muted, erase_ms
        self._ready = Future()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="emulator")
        self.started_ns = 0.0

    # Life.

    def __enter__(self) -> "Board":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout: float = WALL_TIMEOUT) -> None:
        """Power on and wait until the console is there; main.py runs by then."""
        self._life = self._thread.submit(asyncio.run, self._main())
        concurrent.futures.wait([self._life, self._ready], timeout, FIRST_COMPLETED)
        with ExitStack() as failed:
            failed.callback(self.stop)
            self._call(self._console_is_there, timeout, "no USB console")
            failed.pop_all()

    def stop(self) -> None:
        """Power off; no thread, task or socket is left. Raises what broke the emulator."""
        if not self._life.done():
            self._loop.call_soon_threadsafe(self._finish.set)
        self._thread.shutdown()
        self._life.result()

    def reset(self, timeout: float = WALL_TIMEOUT) -> None:
        """Reset the chip, flash kept, as the RUN pin does; returns when its console is back."""
        self._call(self._reset, timeout, "no USB console after reset")

    def power_cut(self, timeout: float = WALL_TIMEOUT) -> None:
        """Take the power away and give it back: flash alone is kept; returns as `reset` does."""
        self._call(self._power_cut, timeout, "no USB console after a power cut")

    async def _reset(self) -> None:
        self.chip.hard_reset()
        await self._rebooting

    async def _power_cut(self) -> None:
        self.chip.power_cut()
        await self._rebooting

    def _was_reset(self) -> None:
        """Follow a reset by us, or by the guest's machine.reset() or watchdog."""
        self.line.restart()
        self.started_ns = self.chip.now_ns
        self._rebooting = self._loop.create_task(self._console_is_there())

    async def _console_is_there(self) -> None:
        await self.chip.connected.wait()
        # The firmware keeps what it printed before, until something moves; a new line moves it.
        self.console.write(b"\r")

    async def _main(self) -> None:
        self._loop, self._finish = asyncio.get_running_loop(), asyncio.Event()
        self.chip = Chip(self._image, self._pace, self._erase_ms)
        self.chip.on_hard_reset = self._was_reset
        self._write_flash()
        self.console, self.line = Console(self.chip), Line(self.chip, faults=self._faults)
        self.line.mute = self._muted
        for attach in self._devices:
            attach(self.chip.mcu)
        self.chip.simulator.bind_loop()
        self.chip.mcu.core.pc = FLASH_BASE
        self._running = asyncio.create_task(self.chip.simulator.execute())
        self._ready.set_result(None)
        try:
            await self._until(self._finish.wait)
        finally:
            await self._power_off()

    async def _power_off(self) -> None:
        self.chip.simulator.stop()
        self.line.close()
        await asyncio.wait([self._running])

    def _write_flash(self) -> None:
        places = (self.firmware.address, self.firmware.rom_address)
        for image, address in zip((self._file_system, self._rom), places, strict=True):
            if image is not None:
                start = address - FLASH_BASE
                self.chip.mcu.flash[start : start + len(image)] = image

    # Waiting.

    async def _until(self, work: Callable[[], Coroutine]) -> object:
        """Do the work, but not longer than the emulator runs: its error is this one's."""
        task = asyncio.create_task(work())
        try:
            await asyncio.wait({task, self._running}, return_when=FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            task.cancel()
        self._running.result()
        raise BoardError("the emulator was stopped")

    def _call(self, work: Callable[[], Coroutine], timeout: float, what: str) -> object:
        if self._life.done():
            raise BoardError("the emulator is off") from self._life.exception()
        future = asyncio.run_coroutine_threadsafe(self._until(work), self._loop)
        try:
            return future.result(timeout)
        except CancelledError as error:
            raise BoardError("the emulator ended") from error
        except TimeoutError as error:
            future.cancel()
            tail = self.output[-2000:]
            raise BoardError(
                "%s within %g s of wall time, at %.1f ms of guest time; the board printed: %s"
                % (what, timeout, self.now_ms, tail)
            ) from error

    def _poll(self, event: asyncio.Event, check: Callable, timeout: float, what: str) -> object:
        async def wait() -> object:
            while True:
                event.clear()
                found = check()
                if found is not None:
                    return found
                await event.wait()

        return self._call(wait, timeout, what)

    # What it does.

    @property
    def now_ms(self) -> float:
        """Return guest time since power-on or the last reset, in ms."""
        return (self.chip.now_ns - self.started_ns) / NS_PER_MS

    @property
    def output(self) -> str:
        """Return all that the console has printed."""
        return bytes(self.console.output).decode("utf-8", "replace")

    @property
    def datagrams(self) -> list[Datagram]:
        """Return all datagrams so far, dropped ones from the guest included."""
        return list(self.line.datagrams)

    def run(self, source: str, timeout: float = WALL_TIMEOUT) -> str:
        """Interrupt what runs, run the source in the raw REPL, return what it printed."""
        work = functools.partial(self.console.run, source)
        return self._call(work, timeout, "no end of the program")

    def write(self, data: bytes) -> None:
        """Type on the console."""
        self._loop.call_soon_threadsafe(self.console.write, data)

    def hang_up(self, address: bytes) -> None:
        """End PPP from the network's side; the next session has this address."""
        self._loop.call_soon_threadsafe(self.line.hang_up, address)

    def mute(self, muted: bool) -> None:
        """Have the line carry nothing, or all again."""
        self._loop.call_soon_threadsafe(setattr, self.line, "mute", muted)

    def wake_console(self) -> None:
        """Have the guest send what it has printed and still keeps."""
        self._loop.call_soon_threadsafe(self.chip.cdc.wake)

    def wait_for_line(
        self, pattern: str, timeout: float = WALL_TIMEOUT, after: int = 0
    ) -> ConsoleLine:
        """Wait for a printed line that has the pattern, from the `after`-th line on."""

        def check() -> ConsoleLine | None:
            found = (line for line in self.console.lines[after:] if re.search(pattern, line.text))
            return next(found, None)

        return self._poll(self.console.changed, check, timeout, "no line like %r" % pattern)

    def wait_for_datagram(
        self, choose: Callable[[Datagram], bool], timeout: float = WALL_TIMEOUT, after: int = 0
    ) -> Datagram:
        """Wait for a datagram on the line, from the `after`-th on."""

        def check() -> Datagram | None:
            return next(filter(choose, self.line.datagrams[after:]), None)

        return self._poll(self.line.changed, check, timeout, "no such datagram")

    def span_ms(self, request: bytes, answer: bytes) -> float:
        """Return guest time from a request's last byte to its answer's last byte on the line."""
        came = next(d for d in self.datagrams if not d.from_guest and d.data == request)
        went = next(d for d in self.datagrams if d.from_guest and d.data == answer)
        return (went.at_ns - came.at_ns) / NS_PER_MS

    def first_datagram(self, port: int, timeout: float = WALL_TIMEOUT) -> Datagram:
        """Wait for the guest's first datagram to a host's port."""
        return self.wait_for_datagram(lambda d: d.from_guest and d.host_port == port, timeout)

    def wait_for_ppp(self, timeout: float = WALL_TIMEOUT) -> float:
        """Wait until PPP is up; return that guest time in ns."""
        return self._poll(self.line.changed, lambda: self.line.up_ns, timeout, "no PPP")

    def heap(self, timeout: float = WALL_TIMEOUT) -> measure.Heap:
        """Collect and return heap numbers; interrupts a running program (see `live_heap`)."""
        return measure.Heap.parse(self.run(measure.HEAP_SOURCE, timeout))

    def live_heap(self, timeout: float = WALL_TIMEOUT) -> measure.Heap:
        """Collect and return heap numbers while main.py runs on; needs `probe=True`."""
        seen = len(self.console.lines)
        self._loop.call_soon_threadsafe(self._pulse_probe)
        self.wait_for_line("^@heap-end", timeout, after=seen)
        return measure.Heap.parse("\n".join(line.text for line in self.console.lines[seen:]))

    def _pulse_probe(self) -> None:
        pin = self.chip.mcu.gpio[measure.PROBE_PIN]
        pin.set_input_value(True)
        self.chip.mcu.clock.create_alarm(lambda: pin.set_input_value(False)).schedule(NS_PER_MS)
