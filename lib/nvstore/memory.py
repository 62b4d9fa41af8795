"""Records in memory that outlives a deep sleep: RTC memory, backup registers.

It is written whole: length and CRC-32, then of each record the length of its name, the name, the
version, the length of the data and the data. After a power cut, or a reset in the middle of a
write, the sum is wrong and there are no records. So these are freshness records.
"""

from binascii import crc32

from micropython import const

from .store import FULL, WRONG, StoreError

_MEMORY_HEAD = const(6)


class Memory:
    """Records with the interface of Store.

    `read()` gives the memory's bytes, `write(data)` replaces them from the start: of an ESP32 both
    are `machine.RTC().memory`. `size` is what fits.
    """

    def __init__(self, read, write, size: int):
        self.read = read
        self._write = write
        self.size = size

    def load(self, name: str, fresh: bool = True) -> tuple | None:
        """(version, data) of a record, or None."""
        return self._records().get(name)

    def save(self, name: str, data: bytes, version: int = 0, fresh: bool = True) -> bool:
        """Write a record; False if it was so already. May raise StoreError."""
        if not 0 < len(name) < 256 or len(data) > self.size or not 0 <= version <= 255:
            raise StoreError(WRONG, name)
        records = self._records()
        if records.get(name) == (version, data):
            return False
        records[name] = version, bytes(data)
        self._store(records, name)
        return True

    def delete(self, name: str) -> None:
        """Remove a record."""
        records = self._records()
        if records.pop(name, None):
            self._store(records, name)

    def _store(self, records, name):
        body = b""
        for key, (version, data) in records.items():
            key = key.encode()
            body += bytes((len(key),)) + key + bytes((version,))
            body += len(data).to_bytes(2, "big") + data
        if _MEMORY_HEAD + len(body) > self.size:
            raise StoreError(FULL, name)
        self._write(len(body).to_bytes(2, "big") + _sum(body) + body)

    def _records(self):
        data = self.read()
        size = int.from_bytes(data[:2], "big")
        body = bytes(data[_MEMORY_HEAD : _MEMORY_HEAD + size])
        records = {}
        if len(body) < size or _sum(body) != bytes(data[2:_MEMORY_HEAD]):
            return records
        i = 0
        while i < size:
            end = i + 1 + body[i]
            start = end + 3
            length = int.from_bytes(body[end + 1 : start], "big")
            records[body[i + 1 : end].decode()] = body[end], body[start : start + length]
            i = start + length
        return records


def _sum(body):
    return (crc32(body) & 0xFFFFFFFF).to_bytes(4, "big")
