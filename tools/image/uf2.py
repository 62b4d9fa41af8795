"""UF2, which an RP2040 or RP2350 in its boot loader takes: 512-byte blocks of 256 bytes of flash.

`python3 -m tools.image.uf2 firmware.bin firmware.uf2` converts a linker's binary with nothing but
Python.
"""

import struct
import sys
from pathlib import Path

from .failure import ImageError

FAMILY_RP2040 = 0xE48BFF56
FAMILY_RP2350_ARM_S = 0xE48BFF59
FAMILY_RP2350_RISCV = 0xE48BFF5A
CHIPS = {
    FAMILY_RP2040: "RP2040",
    FAMILY_RP2350_ARM_S: "RP2350",
    FAMILY_RP2350_RISCV: "RP2350",
}
FLASH_BASE = 0x10000000

_BLOCK = 512
_DATA = 256
_SECTOR = 4096
_FAMILY_PRESENT = 0x2000
_EXTENDED = 0x8000
_MAGIC_1, _MAGIC_2, _MAGIC_END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
# Erratum E10 of the RP2350: its boot loader leaves only after a first block of this family, which
# is marked as one to be ignored; as picotool writes it.
_FAMILY_ABSOLUTE = 0xE48BFF57
_ABSOLUTE_ADDRESS = 0x10FFFF00
_IGNORE = 0x9957E304


def read(data: bytes, what: str = "the UF2") -> dict[int, bytes]:
    """Return {flash address: bytes} of a UF2 file; `what` names it in an error."""
    return load(data, what)[1]


def load(data: bytes, what: str = "the UF2") -> tuple[int, dict[int, bytes]]:
    """Return the family of a UF2 file, and {flash address: bytes}."""
    if not data or len(data) % _BLOCK:
        raise ImageError(
            "%s has %d bytes, not a multiple of 512: fetch it anew" % (what, len(data))
        )
    pages: dict[int, bytes] = {}
    families, totals = set(), set()
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        first, second, _, address, size, number, total, family = struct.unpack_from("<8I", block)
        (last,) = struct.unpack_from("<I", block, _BLOCK - 4)
        if (first, second, last) != (_MAGIC_1, _MAGIC_2, _MAGIC_END) or size > 476:
            raise ImageError("%s: block %d is no UF2 block: fetch it anew" % (what, number))
        if family != _FAMILY_ABSOLUTE:
            families.add(family)
            totals.add(total)
            pages[address] = block[32 : 32 + size]
    if len(families) != 1:
        raise ImageError("%s is for %d chips: take one for one chip" % (what, len(families)))
    if totals != {len(pages)}:
        raise ImageError("%s has %d of %d blocks: fetch it anew" % (what, len(pages), max(totals)))
    return families.pop(), pages


def pages_of(data: bytes, address: int) -> dict[int, bytes]:
    """Cut a flash region into pages, without those that an erased flash already holds."""
    pages = {}
    for start in range(0, len(data), _DATA):
        page = data[start : start + _DATA].ljust(_DATA, b"\xff")
        if page.strip(b"\xff"):
            pages[address + start] = page
    return pages


def erased(address: int) -> dict[int, bytes]:
    """Return what has a sector erased when it is written: its first page."""
    return {address: b"\xff" * _DATA}


def write(pages: dict[int, bytes], family: int = FAMILY_RP2040) -> bytes:
    """Return the UF2 file of the pages, by rising address, numbered from 0."""
    pages = _whole_sectors(pages)
    out = bytearray()
    if CHIPS.get(family) == "RP2350":
        out += _block(_ABSOLUTE_ADDRESS, b"\xef" * _DATA, 0, 2, _FAMILY_ABSOLUTE)
    for number, address in enumerate(sorted(pages)):
        out += _block(address, pages[address], number, len(pages), family)
    return bytes(out)


def _whole_sectors(pages: dict[int, bytes]) -> dict[int, bytes]:
    """Return the pages with those that their 4,096-byte sectors lack, as erased.

    Erratum E14 of the RP2040: a sector that is not written whole may lack what was written to it;
    but the end of the last one may be missing.
    """
    last, erased = max(pages), b"\xff" * _DATA
    sectors = {address // _SECTOR * _SECTOR for address in pages}
    every = (start + page for start in sectors for page in range(0, _SECTOR, _DATA))
    return {address: erased for address in every if address < last} | pages


def _block(address: int, page: bytes, number: int, total: int, family: int) -> bytes:
    flags, extension = _FAMILY_PRESENT, b""
    if family == _FAMILY_ABSOLUTE:
        flags, extension = flags | _EXTENDED, struct.pack("<I", _IGNORE)
    head = (_MAGIC_1, _MAGIC_2, flags, address, _DATA, number, total, family)
    body = (page + extension).ljust(_BLOCK - 36, b"\0")
    return struct.pack("<8I", *head) + body + struct.pack("<I", _MAGIC_END)


def from_binary(data: bytes, family: int = FAMILY_RP2040) -> bytes:
    """Return the UF2 of a binary that starts at the flash's first byte."""
    starts = range(0, len(data), _DATA)
    # The tail is padded with 0, as pico-sdk's own tool does, so that a rebuilt image has its hash.
    return write(
        {FLASH_BASE + start: data[start : start + _DATA].ljust(_DATA, b"\0") for start in starts},
        family,
    )


def flash_of(pages: dict[int, bytes]) -> bytes:
    """Return the flash from its first byte to the last page, 0xFF where the UF2 has nothing."""
    flash = bytearray(b"\xff") * (max(pages) + _DATA - FLASH_BASE)
    for address, page in pages.items():
        flash[address - FLASH_BASE : address - FLASH_BASE + len(page)] = page
    return bytes(flash)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(from_binary(Path(sys.argv[1]).read_bytes()))
