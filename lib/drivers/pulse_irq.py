"""Pulses counted in the interrupt of a pin: the way where there is no other.

Its count is uncertain: while flash is erased, 45 to 400 ms on an RP2040, one edge is remembered
and the others are lost; on an ESP32 the handler waits for the interpreter, and a queue that is
full loses edges. A reset begins it anew.
"""

import time

from machine import Pin


class EdgeCounter:
    """The count of falling edges, a source as drivers.pulse has it.

    One counts if the contact rested for the debounce time before it, open.
    """

    uncertain = True
    kept = False
    mask = 0x1FFFFFFF  # with 1 added still a small int of 32 bits: a handler must not allocate

    def __init__(self, pin: int, debounce_ms: int = 20):
        """Start counting, with the pin's pull-up."""
        self._count = 0
        self._debounce = debounce_ms
        self._last = time.ticks_ms()
        self._open = True
        contact = Pin(pin, Pin.IN, Pin.PULL_UP)
        edges = Pin.IRQ_FALLING | Pin.IRQ_RISING
        try:
            contact.irq(self._edge, edges, hard=True)
        except TypeError:  # a port without hard interrupts
            contact.irq(self._edge, edges)

    def _edge(self, pin):
        now = time.ticks_ms()
        is_open = pin.value()
        if time.ticks_diff(now, self._last) >= self._debounce and self._open and not is_open:
            self._count = (self._count + 1) & 0x1FFFFFFF
        self._open = is_open
        self._last = now

    def keep(self) -> None:
        """A reset begins it anew, whatever is done."""

    def count(self) -> int:
        """The count, modulo 2 ** 29."""
        return self._count
