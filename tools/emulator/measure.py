"""Numbers of the 32-bit truth, heap and imports: sources for the guest, parsers for the host."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BLOCK = 16  # bytes of a garbage collector's block on 32 bits

HEAP_SOURCE = """
import gc, micropython
gc.collect()
micropython.mem_info()
"""

# Runs in boot.py beside an unchanged main.py: an edge on the pin makes it collect and report. It
# is a pin, not the REPL: that would interrupt the program, and end its stack and what that holds.
PROBE_PIN = 28
PROBE_FILES = {
    "boot.py": b"""
import gc, micropython
from machine import Pin
def _report(pin):
    gc.collect()
    print("\\n@heap")
    micropython.mem_info()
    print("@heap-end")
Pin(%d, Pin.IN, Pin.PULL_DOWN).irq(_report, Pin.IRQ_RISING)
"""
    % PROBE_PIN
}

_IMPORTS_SOURCE = """
import gc, time
def _cost(name):
    error = ""
    gc.collect()
    before = gc.mem_alloc()
    started = time.ticks_us()
    try:
        __import__(name)
    except Exception as raised:
        error = repr(raised)
    took = time.ticks_diff(time.ticks_us(), started)
    gc.collect()
    print(name, took, gc.mem_alloc() - before, error)
for _name in %r:
    _cost(_name)
"""


@dataclass(frozen=True)
class Heap:
    """The garbage-collected heap after a collection, in bytes."""

    total: int
    used: int
    free: int
    largest: int

    @classmethod
    def parse(cls, text: str) -> "Heap":
        """Read `micropython.mem_info()`."""
        sizes = re.search(r"total: (\d+), used: (\d+), free: (\d+)", text)
        largest = re.search(r"max free sz: (\d+)", text)
        if not sizes or not largest:
            raise ValueError("no mem_info in %r" % text)
        return cls(*(int(size) for size in sizes.groups()), int(largest[1]) * _BLOCK)

    def __str__(self) -> str:
        return "heap used %d B, free %d B, largest free block %d B" % (
            self.used,
            self.free,
            self.largest,
        )


@dataclass(frozen=True)
class Import:
    """What importing one module costs beyond those before it: guest time and RAM that stays."""

    module: str
    us: int
    ram: int
    error: str = ""


def imports(board: object, modules: Sequence[str], timeout: float = 600.0) -> list[Import]:
    """Import the modules in order on a fresh board and return each one's own cost.

    A module that imports others counts only its own, if they come first.
    """
    printed = board.run(_IMPORTS_SOURCE % (tuple(modules),), timeout)
    rows = (line.split(" ", 3) for line in printed.splitlines() if line)
    return [Import(name, int(us), int(ram), error) for name, us, ram, error in rows]
