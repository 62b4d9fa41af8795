"""Records in a file system that survive a power cut: each change is whole or did not happen.

A record is kept in two files, `0/NAME` and `1/NAME`, which are written in turn, so the one that is
valid is never the one being written. They are overwritten in place, each in a folder of its own:
on FAT no sector that a write may tear then belongs to both.

There are two kinds of record. Of a configuration both files stay, and when the newer one cannot be
read any more the older one is used, which is logged. Of a freshness record (sequence numbers,
sessions) an old value would be worse than none: the older file goes as soon as the newer one is
whole, and a damaged record is no record.

A file is: format, version of the data (one byte each), number of the write (4 bytes), length of
the data (4 bytes), the data, CRC-32 of all that and of the name.
"""

import errno
import os
from binascii import crc32

from micropython import const

_RECORD_FORMAT = const(0x6E)
_RECORD_HEAD = const(10)
_SUM = const(4)
_ENOSPC = const(28)  # not among the names of MicroPython's errno
_LONGEST_RECORD = const(65536)  # bytes of data; more cannot be a record

FULL = const(1)  # there is no room; the record is as it was
BROKEN = const(2)  # the file system gives errors; the record is as it was, or is the new one
WRONG = const(3)  # no name or data of a record


class StoreError(Exception):
    """Says by its code (FULL, BROKEN or WRONG) why a record was not written."""

    def __init__(self, code: int, name: str):
        super().__init__(code, name)
        self.code = code


class Store:
    """The records of a folder, which is made when the first one is saved.

    `log(severity, *event)` hears of damaged records; it never gets data.
    """

    def __init__(self, folder: str, log=None):
        self.folder = folder
        self.log = log

    def load(self, name: str, fresh: bool = False) -> tuple | None:
        """(version, data) of a record, or None where there is none that is whole.

        `fresh`: it is a freshness record, whose older value does not count.
        """
        best, seen = self._newest(name)
        if best is None:
            if seen and self.log:
                self.log(1, "record lost", name)
            return None
        side, _, version, data = best
        if seen > 1 and not fresh and self.log and not self._read(name, 1 - side):
            self.log(2, "older record", name)  # or the newer one was never whole
        return version, data

    def save(self, name: str, data: bytes, version: int = 0, fresh: bool = False) -> bool:
        """Write a record; False if it was so already. May raise StoreError."""
        if not name or "/" in name or len(data) > _LONGEST_RECORD or not 0 <= version <= 255:
            raise StoreError(WRONG, name)
        best, _ = self._newest(name)
        side, number = 1, 0
        if best is not None:
            side, number, old_version, old = best
            if old_version == version and old == data:
                return False
        head = bytes((_RECORD_FORMAT, version)) + (number + 1 & 0xFFFFFFFF).to_bytes(4, "big")
        body = head + len(data).to_bytes(4, "big") + data
        try:
            self._write(name, 1 - side, body)
        except OSError as error:
            raise StoreError(FULL if error.errno == _ENOSPC else BROKEN, name)
        if fresh or best is None:  # a damaged copy could be read another time
            self._remove(name, side)
        return True

    def writes(self, name: str) -> int:
        """How often the record was written since it is there: what it costs in wear."""
        best, _ = self._newest(name)
        return best[1] if best else 0

    def delete(self, name: str) -> None:
        """Remove a record, the older copy first. May raise StoreError."""
        best, _ = self._newest(name)
        newer = best[0] if best else 0
        for side in (1 - newer, newer):
            self._remove(name, side)

    def _remove(self, name, side):
        try:
            os.remove(self._path(name, side))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise StoreError(BROKEN, name)

    def _path(self, name, side):
        return "%s/%d/%s" % (self.folder, side, name)

    def _newest(self, name):
        # (side, number, version, data) of the copy that counts, and how many files there are
        best, seen = None, 0
        for side in (0, 1):
            copy = self._read(name, side)
            if copy is None:
                continue
            seen += 1
            # The number wraps after more writes than any flash survives
            if copy and (best is None or copy[0] > best[1]):
                best = (side,) + copy
        return best, seen

    def _read(self, name, side):
        # (number, version, data) of a file; () if it is not whole, None if there is none
        try:
            with open(self._path(name, side), "rb") as file:
                head = file.read(_RECORD_HEAD)
                if len(head) < _RECORD_HEAD or head[0] != _RECORD_FORMAT:
                    return ()
                size = int.from_bytes(head[6:], "big")
                if size > _LONGEST_RECORD:
                    return ()
                data = file.read(size)
                stored = file.read(_SUM)
        except OSError as error:
            return None if error.errno == errno.ENOENT else ()
        if len(data) < size or stored != _sum(name, head, data):
            return ()
        return int.from_bytes(head[2:6], "big"), head[1], data

    def _write(self, name, side, body):
        path = self._path(name, side)
        try:
            file = open(path, "r+b")  # noqa: SIM115 closed below
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            self._folders(side)
            file = open(path, "wb")  # noqa: SIM115
        with file:
            file.write(body + _sum(name, body, b""))

    def _folders(self, side):
        for folder in (self.folder, "%s/%d" % (self.folder, side)):
            try:
                os.mkdir(folder)
            except OSError as error:
                if error.errno != errno.EEXIST:
                    raise


def _sum(name, head, data):
    return (crc32(data, crc32(head, crc32(name.encode()))) & 0xFFFFFFFF).to_bytes(_SUM, "big")


def migrated(record: tuple | None, version: int, steps: dict) -> bytes | None:
    """The data of a loaded record in the version wanted, None if that cannot be made.

    `steps` has by version the function that makes the data of the next version. Data of a newer
    version than ours, from before a step back of the software, is not guessed at.
    """
    if record is None:
        return None
    stored, data = record
    while stored < version and stored in steps:
        data = steps[stored](data)
        stored += 1
    return data if stored == version else None
