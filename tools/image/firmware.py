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
    """One firmware image, and the places of its file system and of its ROMFS in flash."""

    pages: dict[int, bytes]
    version: str
    address: int
    size: int
    rom_address: int = 0
    rom_size: int = 0  # 0: it has none
    family: int = uf2.FAMILY_RP2040

    @property
    def chip(self) -> str:
        """Return the chip that it is for."""
        return uf2.CHIPS.get(self.family, "chip of UF2 family 0x%08X" % self.family)

    @property
    def block_count(self) -> int:
        """Return the file system's blocks of 4,096 bytes."""
        return self.size // BLOCK_SIZE

    @property
    def disk_version(self) -> int:
        """Return the LittleFS version that this firmware mounts: 2.1 came with 1.26."""
        return filesystem_version(self.version)


def filesystem_version(version: str) -> int:
    """Return the LittleFS version that a MicroPython mounts."""
    major, minor = (int(part) for part in version.split("-")[0].split(".")[:2])
    return 0x00020001 if (major, minor) >= (1, 26) else 0x00020000


def load(path: Path) -> Firmware:
    """Read a UF2 and find its version and file system."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError("firmware %s: %s" % (path, error.strerror)) from error
    return parse(data, "firmware %s" % path)


def parse(data: bytes, what: str) -> Firmware:
    """Return what is in a UF2; `what` names it in an error."""
    family, pages = uf2.load(data, what)
    try:
        records = list(_records(uf2.flash_of(pages)))
    except (struct.error, ValueError) as error:
        raise ImageError("%s is damaged (%s): fetch it anew" % (what, error)) from error
    places = (*_file_systems(records, what), 0, 0)[:4]
    return Firmware(pages, _version(records, what), *places, family)


def _version(records: list, what: str) -> str:
    for kind, value in records:
        if kind == _ID_AND_STRING:
            return value
    raise ImageError("%s does not tell its version: is it MicroPython for rp2?" % what)


def _file_systems(records: list, what: str) -> tuple[int, ...]:
    """Return address and size of the file system, then those of a ROMFS where there is one."""
    devices = sorted(value for kind, value in records if kind == _BLOCK_DEVICE)
    if not devices:
        raise ImageError("%s names no file system: is it MicroPython for rp2?" % what)
    # A ROMFS is a block device of the same name; every rp2 build puts it below the file system.
    return devices[-1] + (devices[0] if len(devices) > 1 else ())


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
