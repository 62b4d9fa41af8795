"""Pulses counted by an ESP32's PCNT unit, through `machine.Counter` (MicroPython 1.26).

Its filter takes away what is shorter than 12.8 us. A contact that bounces for longer needs an RC
before it (10 kOhm, 1 uF), or drivers.pulse_irq. It stands still in light and deep sleep, and a
reset begins it anew.
"""

from machine import Counter, Pin  # type: ignore[attr-defined]
from micropython import const

_FILTER_NS = const(12787)  # 1023 cycles of 80 MHz


class HardwareCounter:
    """The count of falling edges, a source as drivers.pulse has it."""

    uncertain = False
    kept = False
    mask = 0xFFFFFFFF

    def __init__(self, pin: int, unit: int = 0):
        """Start PCNT unit `unit` with the pin's pull-up."""
        contact = Pin(pin, Pin.IN, Pin.PULL_UP)
        edge = Counter.FALLING
        self._counter = Counter(unit, contact, edge=edge, filter_ns=_FILTER_NS)

    def keep(self) -> None:
        """A reset begins it anew, whatever is done."""

    def count(self) -> int:
        """The count, modulo 2 ** 32; the overflows of its 16 bits are in it."""
        return self._counter.value() & self.mask
