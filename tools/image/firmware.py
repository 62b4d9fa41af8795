"""What a firmware tells of itself: its version and where its file system lies.

pico-sdk leaves a table of "binary info" in the image; reading it there beats a list of boards, for
the numbers follow from how that very firmware was built.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from . import uf2
from .failure import ImageError

BLOCK_SIZE = 4096
PROGRAM_SIZE = 256

_MARKER = bytes.fromhex("f2eb8871")
_ID_AND_STRING, _BLOCK_DEVICE = 6, 7
_PROGRAM_VERSION = 0x11A9BC3A


@dataclass(frozen=True)
class Firmware:
    """One firmware image and the file system's place in its flash."""

    pages: dict[int, bytes]
    version: str
    address: int
    size: int

    @property
    def block_count(self) -> int:
        """Return the file system's blocks of 4,096 bytes."""
        return self.size // BLOCK_SIZE

    @property
    def disk_version(self) -> int:
        """Return the LittleFS version that this firmware mounts: 2.1 came with 1.26."""
        major, minor = (int(part) for part in self.version.split(".")[:2])
        return 0x00020001 if (major, minor) >= (1, 26) else 0x00020000


def load(path: Path) -> Firmware:
    """Read a UF2 and find its version and file system."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError("firmware %s: %s" % (path, error.strerror)) from error
    pages = uf2.read(data, str(path))
    records = list(_records(uf2.flash_of(pages)))
    return Firmware(pages, _version(records, path), *_file_system(records, path))


def _version(records: list, path: Path) -> str:
    for kind, value in records:
        if kind == _ID_AND_STRING:
            return value
    raise ImageError("firmware %s does not tell its version: is it MicroPython for rp2?" % path)


def _file_system(records: list, path: Path) -> tuple[int, int]:
    devices = [value for kind, value in records if kind == _BLOCK_DEVICE]
    if not devices:
        raise ImageError("firmware %s names no file system: is it MicroPython for rp2?" % path)
    # A ROMFS is a block device of the same name; every rp2 build puts it below the file system.
    return max(devices)


def _records(flash: bytes):
    """Yield (kind, value) of the two kinds of record that matter here."""
    head = flash.find(_MARKER, 0, 1024)
    if head < 0:
        return
    start, end = struct.unpack_from("<2I", flash, head + 4)
    for slot in range(start - uf2.FLASH_BASE, end - uf2.FLASH_BASE, 4):
        (pointer,) = struct.unpack_from("<I", flash, slot)
        record = pointer - uf2.FLASH_BASE
        kind, _, first, second, third = struct.unpack_from("<2H3I", flash, record)
        if kind == _BLOCK_DEVICE:
            yield kind, (second, third)
        elif kind == _ID_AND_STRING and first == _PROGRAM_VERSION:
            yield kind, _text(flash, second - uf2.FLASH_BASE).lstrip("v")


def _text(flash: bytes, start: int) -> str:
    return flash[start : flash.index(b"\0", start)].decode()
