"""ESP-IDF's partition table: made of a board's regions, read out of a firmware.

An entry of 32 bytes has a magic, type, subtype, offset, size, name and flags; after the last one
comes one with the MD5 of those before. The rest of 3,072 bytes is erased.
"""

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from .failure import ImageError

OFFSET = 0x8000

_SIZE = 0xC00
_ENTRY = struct.Struct("<HBBII16sI")
_MAGIC, _MD5_MAGIC = 0x50AA, b"\xeb\xeb" + b"\xff" * 14
_APP, _DATA = 0, 1
# Of a region of board.json: its partition's name, type and subtype (ESP-IDF's numbers)
_KINDS = {
    "nvs": ("nvs", _DATA, 0x02),
    "otadata": ("otadata", _DATA, 0x00),
    "phy_init": ("phy_init", _DATA, 0x01),
    "firmware": ("ota_0", _APP, 0x10),
    "firmware_b": ("ota_1", _APP, 0x11),
    "romfs": ("romfs", _DATA, 0x8F),
    "files": ("vfs", _DATA, 0x81),  # FAT is what MicroPython calls it, LittleFS what it makes
}
_TYPES = {_APP: "app", _DATA: "data"}
_SUBTYPES = {(_DATA, 0x02): "nvs", (_DATA, 0x00): "ota", (_DATA, 0x01): "phy"}
_SUBTYPES |= {(_APP, 0x10): "ota_0", (_APP, 0x11): "ota_1", (_DATA, 0x81): "fat"}


@dataclass(frozen=True)
class Partition:
    """One row."""

    name: str
    type: int
    subtype: int
    offset: int
    size: int

    @property
    def is_app(self) -> bool:
        """Return whether a firmware may be in it."""
        return self.type == _APP


def of(board) -> list[Partition]:
    """Return the partitions of a board, by their offset."""
    return sorted(
        (
            Partition(*_KINDS[name], region.offset, region.length)
            for name, region in board.regions.items()
            if name in _KINDS
        ),
        key=lambda one: one.offset,
    )


def write(rows: Iterable[Partition]) -> bytes:
    """Return the table as it is in flash."""
    entries = b"".join(
        _ENTRY.pack(_MAGIC, one.type, one.subtype, one.offset, one.size, one.name.encode(), 0)
        for one in rows
    )
    return (entries + _MD5_MAGIC + hashlib.md5(entries).digest()).ljust(_SIZE, b"\xff")


def read(table: bytes, what: str) -> list[Partition]:
    """Return the rows of a table; `what` names it in an error."""
    rows = []
    for start in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        entry = table[start : start + _ENTRY.size]
        if entry.startswith(_MD5_MAGIC):
            if entry[16:] != hashlib.md5(table[:start]).digest():
                raise ImageError("%s: wrong MD5 of the partition table: fetch it anew" % what)
            return rows
        magic, kind, subtype, offset, size, name, _ = _ENTRY.unpack(entry)
        if magic != _MAGIC:
            break
        rows.append(
            Partition(name.rstrip(b"\0").decode("ascii", "replace"), kind, subtype, offset, size)
        )
    raise ImageError("%s has no partition table at 0x%X: take a whole firmware" % (what, OFFSET))


def csv(rows: Iterable[Partition]) -> str:
    """Return the table as the build of an own MicroPython takes it."""
    lines = ["# Name, Type, SubType, Offset, Size"]
    for one in rows:
        subtype = _SUBTYPES.get((one.type, one.subtype), "0x%02x" % one.subtype)
        words = (one.name, _TYPES[one.type], subtype, one.offset, one.size)
        lines.append("%s, %s, %s, 0x%X, 0x%X" % words)
    return "\n".join([*lines, ""])
