"""A battery's voltage at an ADC input, behind a divider."""

import time

import machine
from micropython import const

from .reading import GOOD, RANGE, DriverError

_ADC_LIMIT = const(65535)
_CONVERSIONS = const(16)


class Battery:
    """Millivolts, the mean of 16 conversions, which take less than 1 ms.

    Where the port has `read_uv`, which knows the chip's calibration, that is used.
    """

    def __init__(
        self, pin: int, upper: int = 0, lower: int = 1, reference_mv: int = 3300, now=None
    ):
        """`upper` and `lower`: the divider's resistors, from the battery and to ground."""
        self._adc = machine.ADC(machine.Pin(pin))
        self._upper, self._lower = upper, lower
        self._reference = reference_mv
        self.now = now or time.ticks_ms

    def read(self) -> tuple:
        """(mV, -3, quality, time), in volts; DriverError RANGE where the input is at its limit."""
        adc = self._adc
        exact = getattr(adc, "read_uv", None)
        total = 0
        for _ in range(_CONVERSIONS):
            raw = adc.read_u16()
            if raw == _ADC_LIMIT:
                raise DriverError(RANGE)
            total += exact() if exact else raw
        if exact:
            scale, unit = 1, 1000 * _CONVERSIONS
        else:
            scale, unit = self._reference, _ADC_LIMIT * _CONVERSIONS
        unit *= self._lower
        value = total * scale * (self._upper + self._lower)
        return (value + (unit >> 1)) // unit, -3, GOOD, self.now()
