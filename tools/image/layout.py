"""Where each file of an image goes on a board: docs/flash-layout.md.

/main.py, /slots.mpy     the boot selector, the same in every image and in no slot
/a or a ROMFS            the application: a new image fills slot a and leaves b empty
/config/config.json      the meter's own configuration
/slot                    the boot record, in production mode only
/data                    what the application keeps
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import configuration, romfs
from .firmware import BLOCK_SIZE

SELECTOR = ("/main.py", "/slots.mpy")
RECORD = "/slot"
_SLOT = "slot_a"


@dataclass(frozen=True)
class Placed:
    """The files of the file system and its folders; `rom` is slot a where that is a ROMFS."""

    files: dict[str, bytes]
    folders: tuple[str, ...] = ()
    rom: dict[str, bytes] = field(default_factory=dict)


def closed_record() -> bytes:
    """Return the boot record of a closed console, so that it is closed at the first start, too."""
    record = b"S\0\0\0\1"  # see firmware/slots.py: slot a, confirmed, no trial, closed
    return record + zlib.crc32(record).to_bytes(4, "big")


def place(files: Mapping[str, bytes], board) -> Placed:
    """Give each file its place on a board."""
    slot = board.regions[_SLOT]
    rest, inside = {}, {}
    for path, content in files.items():
        if path.endswith(".mpy") and path not in SELECTOR:
            inside[path.removeprefix("/lib")] = content  # one folder to look into, not two
        elif path == configuration.PATH:
            rest[board.regions["config"].path + path] = content
        else:
            rest[path] = content
    folders = (board.regions["config"].path, board.regions["data"].path)
    if slot.path:
        return Placed(rest | {slot.path + path: data for path, data in inside.items()}, folders)
    return Placed(rest, folders, inside)


def rom_images(placed: Placed, board) -> dict[int, bytes]:
    """Return what is written to the ROMFS, by its offset in flash; nothing where there is none.

    The first block of slot b is erased: what an image before left there would be a slot to start.
    """
    slot, other = board.regions[_SLOT], board.regions["slot_b"]
    if slot.path:
        return {}
    paths = {path.lstrip("/"): data for path, data in placed.rom.items()}
    return {slot.offset: romfs.image(paths, slot.length), other.offset: b"\xff" * BLOCK_SIZE}
