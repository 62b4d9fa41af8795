"""DS18B20, the 1-Wire thermometer, by `_onewire`, the C module of MicroPython's firmware.

Not by `onewire` and `ds18x20` above it, which a firmware need not have.
"""

import time

from _onewire import crc8, readbit, readbyte, reset, writebit, writebyte
from machine import Pin
from micropython import const

from .reading import BUS, CHECKSUM, GOOD, NO_DEVICE, NOT_READY, RANGE, DriverError

_CONVERSION_MS = const(750)
_FAMILY = const(0x28)
_POWER_ON = const(0x0550)  # 85 degC: the register before a conversion; also after lost power

_SEARCH_ROM = const(0xF0)
_MATCH_ROM = const(0x55)
_SKIP_ROM = const(0xCC)  # to all at the pin
_CONVERT = const(0x44)
_READ_SCRATCHPAD = const(0xBE)


class Ds18b20:
    """Degrees Celsius in steps of 1/16, exactly.

    `start`, and 750 ms later `read`; each holds the loop up for 15 ms at most.
    """

    def __init__(self, pin: int, rom: bytes | None = None, now=None):
        """`rom`: the probe's 8 bytes, where there are several at the pin."""
        self._pin = Pin(pin, Pin.OPEN_DRAIN, Pin.PULL_UP)
        self._own = self._rom = rom
        self._started = None
        self.now = now or time.ticks_ms

    def start(self) -> int:
        """Begin to measure; in how many ms `read` has the value. May raise DriverError."""
        self._started = None
        if self._rom is None:
            self._rom = self._search()
        self._command(_SKIP_ROM)
        writebyte(self._pin, _CONVERT)
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
        data = self._scratchpad()
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

    def _command(self, command):
        # To whoever is at the pin
        if not reset(self._pin):
            self._rom = self._own  # it may be replaced by another one
            raise DriverError(NO_DEVICE)
        writebyte(self._pin, command)

    def _scratchpad(self):
        pin = self._pin
        self._command(_MATCH_ROM)
        for byte in self._rom:
            writebyte(pin, byte)
        writebyte(pin, _READ_SCRATCHPAD)
        data = bytes([readbyte(pin) for _ in range(9)])
        if crc8(data):
            raise DriverError(CHECKSUM)
        return data

    def _search(self):
        # The first DS18B20 by its ROM: of each bit every probe left says it, then its complement
        pin = self._pin
        self._command(_SEARCH_ROM)
        rom = bytearray(8)
        for i in range(64):
            bit, other = readbit(pin), readbit(pin)
            wanted = _FAMILY >> i & 1 if i < 8 else bit
            if bit and (other or not wanted) or wanted and other:
                raise DriverError(NO_DEVICE)
            writebit(pin, wanted)
            rom[i >> 3] |= wanted << (i & 7)
        if crc8(rom):
            raise DriverError(CHECKSUM)
        return bytes(rom)
