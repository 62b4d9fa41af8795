"""MicroPython for RP2040 and RP2350: a UF2 of firmware, ROMFS and file system."""

from collections.abc import Mapping
from pathlib import Path

from . import filesystem, firmware, romfs, uf2
from .failure import ImageError


def load(path: Path, board) -> firmware.Firmware:
    """Read a UF2 and check that it is for the board and its flash layout."""
    base = firmware.load(path)
    if base.chip != board.mcu:
        raise ImageError(
            "firmware %s is for %s, and %s has %s: take one for this board"
            % (path, base.chip, board.name, board.mcu)
        )
    _same_place(path, board, "files", base.address, base.size, "file system")
    if "romfs" in board.regions:
        _same_place(path, board, "romfs", base.rom_address, base.rom_size, "ROMFS")
    end = max(address for address in base.pages) + 256 - uf2.FLASH_BASE
    limit = board.regions["firmware"].end
    if end > limit:
        raise ImageError(
            "firmware %s has %d bytes: the layout of %s leaves it %d"
            % (path, end, board.name, limit)
        )
    return base


def _same_place(path: Path, board, name: str, address: int, size: int, what: str) -> None:
    region = board.regions[name]
    if (address - uf2.FLASH_BASE, size) != (region.offset, region.length):
        raise ImageError(
            "firmware %s has its %s at 0x%X, %d bytes, and the layout of %s at 0x%X, %d bytes: "
            "take firmware for this board"
            % (
                *(path, what, max(address - uf2.FLASH_BASE, 0), size),
                *(board.name, region.offset, region.length),
            )
        )


def pieces(
    base: firmware.Firmware, board, disk: bytes, rom: Mapping[int, bytes]
) -> dict[int, bytes]:
    """Return {offset in flash: bytes} of what is written beside the firmware."""
    if base.rom_size and not rom:  # modules of an image before would come first
        rom = {base.rom_address - uf2.FLASH_BASE: b"\xff" * firmware.BLOCK_SIZE}
    return {board.regions["files"].offset: disk, **rom}


def write(base: firmware.Firmware, parts: Mapping[int, bytes]) -> bytes:
    """Return the UF2 of a firmware and these parts of the flash."""
    pages = dict(base.pages)
    for offset, data in parts.items():
        address = uf2.FLASH_BASE + offset
        of_part = disk_pages(base, data) if address == base.address else {}
        pages |= of_part or uf2.pages_of(data, address) or uf2.erased(address)
    return uf2.write(pages, base.family)


def disk_pages(base: firmware.Firmware, disk: bytes) -> dict[int, bytes]:
    """Return the pages of a firmware's file system, with the erased blocks that it looks at."""
    size = firmware.BLOCK_SIZE
    pages: dict[int, bytes] = {}
    for block in filesystem.blocks(disk, base):
        if not disk[block * size : (block + 1) * size].strip(b"\xff"):
            pages |= uf2.erased(base.address + block * size)
    return pages | uf2.pages_of(disk, base.address)


def read_back(data: bytes, board) -> tuple[str, bytes, dict[str, bytes]]:
    """Return of a UF2 the firmware's version, the file system and the files in slot a's ROMFS."""
    base = firmware.parse(data, "the image")
    flash = uf2.flash_of(base.pages)
    files, slot = board.regions["files"], board.regions["slot_a"]
    disk = flash[files.offset : files.end].ljust(files.length, b"\xff")
    return base.version, disk, {} if slot.path else romfs.read(flash[slot.offset : slot.end])
