"""INA226: voltage, current and power by a shunt, over I2C."""

import time

from micropython import const

from .reading import GOOD, NO_DEVICE, NOT_READY, RANGE, DriverError, of_bus

_CONFIGURATION = const(0)
_SHUNT = const(1)  # 2.5 uV
_BUS = const(2)  # 1.25 mV
_STATE = const(6)
_MAKER = const(0xFE)
_TEXAS = const(0x5449)
_ONCE = const(0x4523)  # 16 conversions of 1.1 ms of both, averaged, then idle
_CONVERTED = const(8)
_MEASURING_MS = const(38)


class Ina226:
    """Amperes, volts and watts. `start`, and 38 ms later `read`."""

    def __init__(self, i2c, micro_ohms: int, address: int = 0x40, gain: int = 1000000, now=None):
        """`micro_ohms` of the shunt; `gain`: what the current is multiplied with, in millionths.

        `gain` is the calibration: true current / measured current, from a test bench.
        """
        self._i2c = i2c
        self._address = address
        self._gain = gain * 25  # of 2.5 uV by micro-ohms, in uA * 10 ** 7
        self._unit = micro_ohms * 10
        self.now = now or time.ticks_ms
        self._started = None

    def start(self) -> int:
        """Begin to measure; in how many ms `read` has the values. May raise DriverError."""
        if self._register(_MAKER) != _TEXAS:
            raise DriverError(NO_DEVICE)
        try:
            data = _ONCE.to_bytes(2, "big")
            self._i2c.writeto_mem(self._address, _CONFIGURATION, data)
        except OSError as error:
            raise of_bus(error)
        self._started = self.now()
        return _MEASURING_MS

    def read(self) -> tuple:
        """The current, see `measure`."""
        return self.measure()[0]

    def measure(self) -> tuple:
        """Current in uA, voltage in 10 uV, power in uW, each (integer, exponent, quality, time).

        May raise DriverError; NOT_READY until they are measured, RANGE where one overflows.
        """
        started = self._started
        if started is None or not self._register(_STATE) & _CONVERTED:
            raise DriverError(NOT_READY)
        self._started = None
        shunt = self._register(_SHUNT)
        volts = self._register(_BUS)
        if shunt in (0x7FFF, 0x8000) or volts >= 0x7FFF:
            raise DriverError(RANGE)
        if shunt > 0x7FFF:
            shunt -= 0x10000
        current = (shunt * self._gain + (self._unit >> 1)) // self._unit
        volts *= 125
        power = (current * volts + 50000) // 100000
        return (
            (current, -6, GOOD, started),
            (volts, -5, GOOD, started),
            (power, -6, GOOD, started),
        )

    def _register(self, number):
        try:
            return int.from_bytes(self._i2c.readfrom_mem(self._address, number, 2), "big")
        except OSError as error:
            raise of_bus(error)
