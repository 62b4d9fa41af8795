"""DS18B20, the 1-Wire thermometer, by MicroPython's own `onewire` and `ds18x20`."""

import time

from ds18x20 import DS18X20
from machine import Pin
from micropython import const
from onewire import OneWire, OneWireError

from .reading import BUS, CHECKSUM, GOOD, NO_DEVICE, NOT_READY, RANGE, DriverError

_CONVERSION_MS = const(750)
_FAMILY = const(0x28)
_POWER_ON = const(0x0550)  # 85 degC: the register before a conversion; also after lost power


class Ds18b20:
    """Degrees Celsius in steps of 1/16, exactly.

    `start`, and 750 ms later `read`; each holds the loop up for 11 ms, the first `start` for 25.
    """

    def __init__(self, pin: int, rom: bytes | None = None, now=None):
        """`rom`: the probe's 8 bytes, where there are several at the pin."""
        self._bus = DS18X20(OneWire(Pin(pin)))
        self._own = self._rom = rom
        self._started = None
        self.now = now or time.ticks_ms

    def start(self) -> int:
        """Begin to measure; in how many ms `read` has the value. May raise DriverError."""
        self._started = None
        try:
            if self._rom is None:
                for rom in self._bus.scan():
                    if rom[0] == _FAMILY:
                        self._rom = bytes(rom)
            if self._rom is None:
                raise DriverError(NO_DEVICE)
            self._bus.convert_temp()
        except OneWireError:
            raise DriverError(NO_DEVICE)
        self._started = time.ticks_ms()
        return _CONVERSION_MS

    def read(self) -> tuple:
        """(value, -4, quality, time) of the conversion that was started. May raise DriverError.

        One conversion is one reading: then NOT_READY until the next `start`.
        """
        started = self._started
        passed = started is not None and time.ticks_diff(time.ticks_ms(), started)
        if started is None or passed < _CONVERSION_MS:
            raise DriverError(NOT_READY)
        self._started = None
        try:
            data = self._bus.read_scratch(self._rom)
        except OneWireError:
            self._rom = self._own  # it may be replaced by another one
            raise DriverError(NO_DEVICE)
        except Exception:  # noqa: BLE001 ds18x20 has no type of its own for it
            raise DriverError(CHECKSUM)
        raw = data[0] | data[1] << 8
        if not any(data):
            raise DriverError(BUS)  # a line that is held low has the right sum
        if raw == _POWER_ON:
            raise DriverError(RANGE)
        if raw > 0x7FFF:
            raw -= 0x10000
        if not -880 <= raw <= 2000:  # -55 to 125 degC
            raise DriverError(RANGE)
        return raw * 625, -4, GOOD, self.now() - passed
