"""Pulses counted in the interrupt of a pin: the way where there is no other.

Its count is uncertain: while flash is erased, 45 to 400 ms on an RP2040, one edge is remembered
and the others are lost; on an ESP32 the handler waits for the interpreter, and a queue that is
full loses edges. A reset begins it anew.
"""

import time

from machine import Pin
from micropython import const

_LONG_MS = const(100000000)  # a difference of ticks holds 2 ** 29 ms, six days


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
        self._rested = False  # for longer than a difference of ticks can tell
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
        rested = self._rested or time.ticks_diff(now, self._last) >= self._debounce
        if rested and self._open and not is_open:
            self._count = (self._count + 1) & 0x1FFFFFFF
        self._open = is_open
        self._last = now
        self._rested = False

    def keep(self) -> None:
        """A reset begins it anew, whatever is done."""

    def count(self) -> int:
        """The count, modulo 2 ** 29. To be called at least every three days."""
        last = self._last
        if time.ticks_diff(time.ticks_ms(), last) > _LONG_MS:
            self._rested = True
            if self._last != last:  # an edge came meanwhile
                self._rested = False
        return self._count
