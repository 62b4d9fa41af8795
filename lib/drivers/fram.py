"""A store in I2C FRAM, FM24CL64 and its kin: no wear, so each pulse may be kept.

Two places are written in turn. A record is: number, length, data, CRC-32; what a power cut tore
has the wrong sum, and the other place counts.
"""

from binascii import crc32

from micropython import const

from .reading import CHECKPOINT, DriverError, of_bus

_PLACE = const(32)  # bytes of each of the two


class Fram:
    """A store as drivers.pulse has it, of at most 26 bytes."""

    def __init__(self, i2c, address: int = 0x50, start: int = 0):
        """`start`: the first of the 64 bytes that it takes."""
        self._i2c = i2c
        self._address = address
        self._start = start
        self._side, self._number = 1, 0

    def get(self) -> bytes | None:
        """The newer whole record, None if there is none. May raise DriverError."""
        best = None
        for side in (0, 1):
            record = self._read(side)
            if record and (best is None or 0 < (record[0] - best[0]) & 255 < 128):
                best = record
                self._side, self._number = side, record[0]
        return best[2 : 2 + best[1]] if best else None

    def put(self, data: bytes) -> None:
        """Write a record beside the one that counts. May raise DriverError."""
        if len(data) > _PLACE - 6:
            raise DriverError(CHECKPOINT)
        number = self._number + 1 & 255
        body = bytes((number, len(data))) + data
        try:
            where = self._start + (1 - self._side) * _PLACE
            self._i2c.writeto_mem(self._address, where, body + _sum(body), addrsize=16)
        except OSError as error:
            raise of_bus(error)
        self._side, self._number = 1 - self._side, number

    def _read(self, side):
        try:
            where = self._start + side * _PLACE
            place = self._i2c.readfrom_mem(self._address, where, _PLACE, addrsize=16)
        except OSError as error:
            raise of_bus(error)
        end = 2 + place[1]
        if end > _PLACE - 4 or _sum(place[:end]) != place[end : end + 4]:
            return None
        return place


def _sum(body):
    return (crc32(body, 0x6E) & 0xFFFFFFFF).to_bytes(4, "big")
