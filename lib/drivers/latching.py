"""A latching valve or relay: one coil opens it, another one closes it, and contacts show it."""

import time

import machine
from machine import Pin

from .reading import GOOD, NOT_FOLLOWED, NOT_READY, UNCERTAIN, DriverError


class Latching:
    """Moves on request; never has current in both coils, nor in one for longer than its pulse.

    A timer ends the pulse, also while the loop is busy: give a `machine.Timer` of the board.
    Without one `read` ends it. The contacts are closed to ground in their position; without one
    of them the other counts, and without both the position is what was asked for: UNCERTAIN.
    """

    def __init__(
        self,
        open_coil: int,
        close_coil: int,
        is_open: int = -1,
        is_closed: int = -1,
        pulse_ms: int = 50,
        travel_ms: int = 200,
        timer=None,
        now=None,
    ):
        """Pins, -1 for none. It has moved `travel_ms` after the begin of the pulse."""
        self._coils = [Pin(pin, Pin.OUT, value=0) for pin in (close_coil, open_coil)]
        pins = is_closed, is_open
        self._contacts = [Pin(p, Pin.IN, Pin.PULL_UP) if p >= 0 else None for p in pins]
        self._pulse_ms = pulse_ms
        self._travel_ms = max(travel_ms, pulse_ms)
        self._timer = timer
        self.now = now or time.ticks_ms
        self._wanted = None
        self._begin = time.ticks_ms()
        self._moves = False

    def move(self, is_open: bool) -> int:
        """Open or close it; in how many ms `read` says whether it followed.

        DriverError NOT_READY while a movement is under way.
        """
        if self._moving():
            raise DriverError(NOT_READY)
        self.off()
        self._wanted = int(is_open)
        self._begin = time.ticks_ms()
        self._moves = True
        if self._timer:  # before the current: a timer that cannot be set leaves none
            once = machine.Timer.ONE_SHOT
            self._timer.init(mode=once, period=self._pulse_ms, callback=self.off)
        self._coils[int(is_open)].value(1)
        return self._travel_ms

    def off(self, timer=None) -> None:
        """No current in any coil."""
        self._coils[0].value(0)
        self._coils[1].value(0)

    def _moving(self):
        if not self._moves:
            return False
        passed = time.ticks_diff(time.ticks_ms(), self._begin)
        if passed >= self._pulse_ms:
            self.off()
        if passed < self._travel_ms:
            return True
        self._moves = False
        return False

    def read(self) -> tuple:
        """(1 open or 0 closed, 0, quality, time).

        DriverError NOT_READY while it moves or nothing is known; NOT_FOLLOWED where the contacts
        show another position than was asked for, or none.
        """
        if self._moving():
            raise DriverError(NOT_READY)
        shown, wanted = self._shown(), self._wanted
        quality = UNCERTAIN if shown is None else GOOD
        position = wanted if shown is None else shown
        if position is None:
            raise DriverError(NOT_READY)
        if position < 0 or wanted is not None and position != wanted:
            raise DriverError(NOT_FOLLOWED)
        return position, 0, quality, self.now()

    def _shown(self):
        # The position by the contacts; -1: none, or both; None: there are no contacts
        at_closed, at_open = [pin and 1 - pin.value() for pin in self._contacts]
        if at_open is None:
            return None if at_closed is None else 1 - at_closed
        if at_closed is None or at_closed != at_open:
            return at_open
        return -1
