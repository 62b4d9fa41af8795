"""A tamper contact, closed to ground while the housing is shut."""

import time

from machine import Pin

from .reading import GOOD


class Tamper:
    """Whether the housing was open for the debounce time; it stays so until `clear`.

    The interrupt of the pin sees it, too, where the housing is shut again before anybody looks.
    """

    def __init__(self, pin: int, debounce_ms: int = 50, now=None):
        """Begin to watch, with the pin's pull-up."""
        self._debounce = debounce_ms
        self.now = now or time.ticks_ms
        self._latched = False
        self._time = -1
        contact = self._pin = Pin(pin, Pin.IN, Pin.PULL_UP)
        self._open = contact.value()
        self._since = time.ticks_ms()
        edges = Pin.IRQ_FALLING | Pin.IRQ_RISING
        try:
            contact.irq(self._edge, edges, hard=True)
        except TypeError:  # a port without hard interrupts
            contact.irq(self._edge, edges)

    def _edge(self, pin):
        is_open = pin.value()
        if not self._latched:
            if self._open and not is_open:
                self._look()
            elif is_open and not self._open:
                self._since = time.ticks_ms()
        self._open = is_open

    def _look(self):
        if time.ticks_diff(time.ticks_ms(), self._since) >= self._debounce:
            self._latched = True

    def read(self) -> tuple:
        """(1 or 0, 0, quality, time): it was opened, when it was; or it was not, as of now.

        Call it at least every six days: so long the time of an event is known.
        """
        if not self._latched and self._open and self._pin.value():
            self._look()
        now = self.now()
        if not self._latched:
            return 0, 0, GOOD, now
        if self._time < 0:
            passed = time.ticks_diff(time.ticks_ms(), self._since)
            self._time = max(now - passed, 0)  # type: ignore[operator]
        return 1, 0, GOOD, self._time

    def clear(self) -> None:
        """Forget the event; a housing that is still open is the next one."""
        self._since = time.ticks_ms()
        self._open = self._pin.value()
        self._time = -1
        self._latched = False
