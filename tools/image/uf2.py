"""UF2, which an RP2040 in its boot loader takes: 512-byte blocks of 256 bytes of flash.

`python3 -m tools.image.uf2 firmware.bin firmware.uf2` converts a linker's binary with nothing but
Python.
"""

import struct
import sys
from pathlib import Path

from .failure import ImageError

FAMILY_RP2040 = 0xE48BFF56
FLASH_BASE = 0x10000000

_BLOCK = 512
_DATA = 256
_FAMILY_PRESENT = 0x2000
_MAGIC_1, _MAGIC_2, _MAGIC_END = 0x0A324655, 0x9E5D5157, 0x0AB16F30


def read(data: bytes, what: str = "the UF2") -> dict[int, bytes]:
    """Return {flash address: bytes} of a UF2 file; `what` names it in an error."""
    if not data or len(data) % _BLOCK:
        raise ImageError(
            "%s has %d bytes, not a multiple of 512: fetch it anew" % (what, len(data))
        )
    pages = {}
    for start in range(0, len(data), _BLOCK):
        first, second, _, address, size, number, _, _ = struct.unpack_from("<8I", data, start)
        (last,) = struct.unpack_from("<I", data, start + _BLOCK - 4)
        if (first, second, last) != (_MAGIC_1, _MAGIC_2, _MAGIC_END) or size > 476:
            raise ImageError("%s: block %d is no UF2 block: fetch it anew" % (what, number))
        pages[address] = data[start + 32 : start + 32 + size]
    return pages


def pages_of(data: bytes, address: int) -> dict[int, bytes]:
    """Cut a flash region into pages, without those that an erased flash already holds."""
    pages = {}
    for start in range(0, len(data), _DATA):
        page = data[start : start + _DATA].ljust(_DATA, b"\xff")
        if page.strip(b"\xff"):
            pages[address + start] = page
    return pages


def write(pages: dict[int, bytes], family: int = FAMILY_RP2040) -> bytes:
    """Return the UF2 file of the pages, by rising address, numbered from 0."""
    out = bytearray()
    for number, address in enumerate(sorted(pages)):
        head = (_MAGIC_1, _MAGIC_2, _FAMILY_PRESENT, address, _DATA, number, len(pages), family)
        out += struct.pack("<8I", *head)
        out += pages[address].ljust(_BLOCK - 36, b"\0") + struct.pack("<I", _MAGIC_END)
    return bytes(out)


def from_binary(data: bytes) -> bytes:
    """Return the UF2 of a binary that starts at the flash's first byte."""
    starts = range(0, len(data), _DATA)
    # The tail is padded with 0, as pico-sdk's own tool does, so that a rebuilt image has its hash.
    return write(
        {FLASH_BASE + start: data[start : start + _DATA].ljust(_DATA, b"\0") for start in starts}
    )


def flash_of(pages: dict[int, bytes]) -> bytes:
    """Return the flash from its first byte to the last page, 0xFF where the UF2 has nothing."""
    flash = bytearray(b"\xff") * (max(pages) + _DATA - FLASH_BASE)
    for address, page in pages.items():
        flash[address - FLASH_BASE : address - FLASH_BASE + len(page)] = page
    return bytes(flash)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(from_binary(Path(sys.argv[1]).read_bytes()))
