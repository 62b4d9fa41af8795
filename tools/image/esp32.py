"""MicroPython for ESP32: boot loader, partition table and application, in one file or in pieces.

esptool checks the two programs, and writes the board's flash size into the boot loader.
"""

import contextlib
import io
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import filesystem, partitions
from .failure import ImageError
from .firmware import BLOCK_SIZE

# By ESP-IDF's chip ID: the chip, where its boot loader lies
_CHIPS = {
    0: ("ESP32", 0x1000),
    2: ("ESP32-S2", 0x1000),
    5: ("ESP32-C3", 0),
    9: ("ESP32-S3", 0),
    12: ("ESP32-C2", 0),
    13: ("ESP32-C6", 0),
    16: ("ESP32-H2", 0),
}
_MAGIC = 0xE9
_HEADER, _SEGMENT = 24, 8
_DESCRIPTION = 0xABCD5432  # esp_app_desc_t, at the start of an application's first segment
_BANNER = re.compile(rb"MicroPython v(\d+\.\d+[\w.\-]*)")
_VERSION = re.compile(r"v?(\d+\.\d+(?:\.\d+)?(?:-preview)?)")


@dataclass(frozen=True)
class Firmware:
    """A MicroPython for a chip."""

    version: str
    chip: str
    boot_offset: int
    boot_loader: bytes
    application: bytes


def load(path: Path) -> Firmware:
    """Read a firmware as MicroPython's download page has it, and check it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError("firmware %s: %s" % (path, error.strerror)) from error
    return parse(data, "firmware %s" % path)


def load_for(path: Path, board) -> Firmware:
    """Read a firmware and check that it is for the board's chip."""
    base = load(path)
    if base.chip != board.mcu:
        raise ImageError(
            "firmware %s is for %s, and %s has %s: take one for this board"
            % (path, base.chip, board.name, board.mcu)
        )
    return base


def parse(data: bytes, what: str) -> Firmware:
    """Return what is in such a file; `what` names it in an error."""
    chip, boot_offset = _chip(data, what)
    rows = partitions.read(data[partitions.OFFSET - boot_offset :][:0xC00], what)
    places = [row.offset for row in rows if row.is_app]
    if not places:
        raise ImageError("%s has no partition for an application: take a whole firmware" % what)
    loader = checked(data, chip, what + ": boot loader")
    application = data[places[0] - boot_offset :]
    if application[:1] == b"\xe9" and (other := _chip(application, what)[0]) != chip:
        raise ImageError("%s: boot loader for %s, application for %s" % (what, chip, other))
    application = checked(application, chip, what + ": application")
    return Firmware(_version(application, what), chip, boot_offset, loader, application)


def _chip(data: bytes, what: str) -> tuple[str, int]:
    if len(data) < _HEADER or data[0] != _MAGIC:
        raise ImageError("%s is no image for an ESP32: take the .bin for the board" % what)
    (number,) = struct.unpack_from("<H", data, 12)
    if number not in _CHIPS:
        raise ImageError("%s is for an unknown chip, ID %d" % (what, number))
    return _CHIPS[number]


def checked(data: bytes, chip: str, what: str) -> bytes:
    """Return the program at the start of `data`, without what comes behind it."""
    from esptool.bin_image import LoadFirmwareImage
    from esptool.util import FatalError

    damaged = "%s is damaged or cut off (%s): fetch it anew"
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            image = LoadFirmwareImage(chip, data)
            image.verify()
    except (FatalError, RuntimeError, struct.error, TypeError) as error:
        raise ImageError(damaged % (what, str(error).splitlines()[0])) from error
    if image.checksum != image.calculate_checksum():
        raise ImageError(damaged % (what, "wrong checksum"))
    if image.append_digest and image.stored_digest != image.calc_digest:
        raise ImageError(damaged % (what, "wrong SHA-256"))
    end = _HEADER + sum(_SEGMENT + len(segment.data) for segment in image.segments)
    return data[
        : (end | 15) + 1 + (32 if image.append_digest else 0)
    ]  # the checksum ends 16 bytes


def _version(application: bytes, what: str) -> str:
    (magic,) = struct.unpack_from("<I", application, _HEADER + _SEGMENT)
    text = ""
    if magic == _DESCRIPTION:
        start = _HEADER + _SEGMENT + 16
        text = application[start : start + 32].partition(b"\0")[0].decode("ascii", "replace")
    banner = _BANNER.search(application)
    found = _VERSION.match(text) or (_VERSION.match(banner[1].decode()) if banner else None)
    if not found:
        raise ImageError("%s does not tell its version: is it MicroPython?" % what)
    return found[1]


def pieces(firmware: Firmware, board, disk: bytes) -> dict[int, bytes]:
    """Return {offset in flash: bytes} of all that is written; NVS is not in it."""
    slot = board.regions["firmware"]
    if len(firmware.application) > slot.length:
        raise ImageError(
            "MicroPython %s has %d bytes: the board's slot for it takes %d; build a smaller one"
            % (firmware.version, len(firmware.application), slot.length)
        )
    if firmware.boot_offset + len(firmware.boot_loader) > partitions.OFFSET:
        raise ImageError("the boot loader of %s is too large" % firmware.version)
    otadata = board.regions["otadata"]
    return {
        firmware.boot_offset: _sized(firmware, board),
        partitions.OFFSET: partitions.write(partitions.of(board)),
        otadata.offset: b"\xff" * otadata.length,  # ota_0 starts
        slot.offset: firmware.application,
        board.regions["files"].offset: _used(disk, firmware.version),
    }


def _sized(firmware: Firmware, board) -> bytes:
    """Return the boot loader with the flash size of the board, which all partitions need."""
    size = "%dMB" % (board.flash_size >> 20)
    merged = {firmware.boot_offset: firmware.boot_loader}
    return merge(merged, firmware.chip, firmware.boot_offset, size)


def _used(disk: bytes, version: str) -> bytes:
    """Return a file system up to the last block that it looks at; behind it all is erased."""
    looked_at = filesystem.blocks(disk, filesystem.Disk(len(disk), version, "esp32"))
    return disk[: (max(looked_at) + 1) * BLOCK_SIZE]


def merge(parts: Mapping[int, bytes], chip: str, start: int, flash_size: str = "keep") -> bytes:
    """Return one file of the pieces, which is to be written at `start`."""
    from esptool.cmds import merge_bin

    with contextlib.redirect_stdout(io.StringIO()):
        name = chip.lower().replace("-", "")
        data = sorted(parts.items())
        return merge_bin(data, name, flash_size=flash_size, target_offset=start)


def read_back(data: bytes, board) -> tuple[str, bytes]:
    """Return of such a file the version and the file system; the table must be the board's."""
    base = parse(data, "the image")
    rows = partitions.read(data[partitions.OFFSET - base.boot_offset :][:0xC00], "the image")
    if rows != partitions.of(board):
        raise ImageError("the image has other partitions than %s: please report this" % board.name)
    files = board.regions["files"]
    start = files.offset - base.boot_offset
    return base.version, data[start : start + files.length].ljust(files.length, b"\xff")
