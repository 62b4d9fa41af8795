"""An ESP32 through esptool: chip checked, configuration and data kept, what was written read back.

The boot loader in the chip's ROM answers whatever is in the flash, so what the board keeps is read
from the flash itself; no console is needed.
"""

import contextlib
import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import serial
from esptool import cmds
from esptool.loader import ESPLoader
from esptool.util import FatalError, NotImplementedInROMError, UnsupportedCommandError

from tools.image import partitions
from tools.image.failure import ImageError

from . import disk, images, keep
from .boards import Board, of_chip, region
from .failure import FlashError
from .progress import bar, say

SECTOR = 4096
BAUD = 460800
ATTEMPTS = 4  # to reach the boot loader, about a second each
# What no write touches, unless all is erased: radio calibration and the firmware's own settings.
_PROTECTED = ("nvs", "phy_init")
_ERASED = b"\xff"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep esptool's own lines off the terminal; its errors are raised."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


class Chip:
    """A connected ESP32 in its boot loader, or esptool's stub on it."""

    def __init__(self, board: Board, port: str, stub: bool = True, baud: int = BAUD):
        self.board = board
        self.port = port
        self._esp = None
        try:
            with self._one_line("connect"):
                self._esp = cmds.detect_chip(port, connect_attempts=ATTEMPTS)
            self._check_chip()
            with self._one_line("connect"):
                if stub:
                    self._esp = cmds.run_stub(self._esp)
                    if baud > ESPLoader.ESP_ROM_BAUD:
                        self._esp.change_baud(baud)
                cmds.attach_flash(self._esp)
                self.device = bytes(self._esp.read_mac("BASE_MAC")).hex()
                self._check_size()
        except FlashError:
            self.close()
            raise

    def __enter__(self) -> "Chip":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port; the chip stays as it is."""
        if self._esp is not None:
            with contextlib.suppress(OSError, serial.SerialException):
                self._esp._port.close()

    @contextlib.contextmanager
    def _one_line(self, doing: str) -> Iterator[None]:
        try:
            with _quiet():
                yield
        except FlashError:
            raise
        except (serial.SerialException, OSError) as error:
            raise FlashError(_gone(self.port, doing, error)) from error
        except (NotImplementedInROMError, UnsupportedCommandError, FatalError) as error:
            raise FlashError(_line(self.port, doing, str(error))) from error

    def _check_chip(self) -> None:
        found = self._esp.CHIP_NAME
        if found != self.board.mcu:
            fitting = of_chip(found)
            remedy = "BOARD=%s" % " or ".join(fitting) if fitting else "no board here has one"
            raise FlashError(
                "%s: the chip is an %s, BOARD=%s needs an %s: %s"
                % (self.port, found, self.board.name, self.board.mcu, remedy)
            )

    def _check_size(self) -> None:
        size = cmds.detect_flash_size(self._esp)
        self.size = int(size[:-2]) << 20 if size and size.endswith("MB") else 0
        if self.size and self.size < self.board.flash_size:
            raise FlashError(
                "%s: the flash has %d MB, BOARD=%s needs %d MB: another module, or another board"
                % (self.port, self.size >> 20, self.board.name, self.board.flash_size >> 20)
            )

    def read(self, offset: int, length: int) -> bytes:
        """Return a part of the flash."""
        with bar("reading") as progress, self._one_line("read"):
            cmds._set_flash_parameters(self._esp)
            return self._esp.read_flash(offset, length, lambda n, of, _: progress(n, of))

    def erase(self) -> None:
        """Erase the whole flash; without the stub, which alone can do that, each region."""
        if self._esp.IS_STUB:
            with self._one_line("erase"):
                cmds.erase_flash(self._esp)
            return
        places = [place for place in self.board.regions.values() if not place.inside]
        self.write([(place.offset, _ERASED * place.length) for place in places])

    def write(self, parts: list[tuple[int, bytes]]) -> None:
        """Write parts of the flash, each in whole sectors, and compare each with its MD5."""
        total = sum(len(data) for _, data in parts)
        done = 0
        with bar("writing") as progress:
            for offset, data in parts:
                with self._one_line("write"):
                    cmds.write_flash(self._esp, [(offset, data)], no_progress=True)
                self.verify(offset, data)
                done += len(data)
                progress(done, total)

    def verify(self, offset: int, data: bytes) -> None:
        """Compare a part of the flash by its MD5."""
        with self._one_line("verify"):
            found = self._esp.flash_md5sum(offset, len(data))
        if found != hashlib.md5(data).hexdigest():
            raise FlashError(_line(self.port, "verify", "MD5 at 0x%X" % offset))

    def start(self) -> None:
        """Reset the chip into what is in its flash."""
        with self._one_line("reset"):
            cmds.reset_chip(self._esp, "hard-reset")


def _gone(port: str, doing: str, error: Exception) -> str:
    if "lock" in str(error) or "busy" in str(error).lower():
        return "%s is in use: close the program that has it and try again" % port
    return "%s: the board went away at the attempt to %s: plug it in and try again" % (port, doing)


def _line(port: str, doing: str, text: str) -> str:
    """Return what to do for an error of esptool."""
    first = re.sub(r"\s+", " ", text.partition("\nFor troubleshooting")[0])
    if "MD5" in text:
        return (
            "%s: the flash does not hold what was written (%s): BAUD=115200, another cable; or "
            "the flash is worn out" % (port, first)
        )
    if "Use --force" in text:
        return "%s: the image is not for this chip (%s): another BOARD= or FIRMWARE=" % (
            *(port, first.partition(". Use --force")[0]),
        )
    if "the port is busy or doesn't exist" in text:
        return "%s cannot be opened: is another program using it? %s" % (port, first)
    if doing == "connect":
        return (
            "%s: no boot loader answers (%s): hold BOOT, press RESET, let BOOT go, and try again"
            % (port, first.partition(": ")[2] or first)
        )
    return "%s: the chip stopped at the attempt to %s (%s): try again, or BAUD=115200" % (
        *(port, doing),
        first,
    )


def split(board: Board, image: bytes, start: int, erase: bool) -> list[tuple[int, bytes]]:
    """Cut an image, whose first byte is for flash address `start`, into the parts to write.

    What is protected is left out. Of a region with nothing in it, such as a second firmware slot,
    nothing is written; but an empty otadata is, or the chip would go on in the other slot.
    """
    if start + len(image) > board.flash_size:
        raise FlashError(
            "the image ends at %d KB, %s has %d KB of flash: take modules out of the profile"
            % ((start + len(image)) // 1024, board.name, board.flash_size // 1024)
        )
    parts = []
    places = [place for place in board.regions.values() if not place.inside]
    for place in sorted(places, key=lambda each: each.offset):
        if place.name in _PROTECTED and not erase:
            continue
        data = image[max(place.offset - start, 0) : max(place.end - start, 0)]
        if not data or (place.name != "otadata" and not data.strip(_ERASED)):
            continue
        if place.name not in ("files", "otadata"):
            data = data.rstrip(_ERASED)
        parts.append((max(place.offset, start), _whole_sectors(data)))
    return parts


def _whole_sectors(data: bytes) -> bytes:
    return data + _ERASED * (-len(data) % SECTOR)


def put_kept(board: Board, image: bytes, start: int, kept: dict[str, bytes]) -> bytes:
    """Return the image with what the board keeps in its file system."""
    if not kept:
        return image
    files = region(board, "files")
    at = files.offset - start
    system = image[at : at + files.length].ljust(files.length, _ERASED)
    return image[:at] + disk.merge(system, kept) + image[at + files.length :]


def _check_table(board: Board, image: bytes, start: int) -> None:
    """Refuse what is a part of an image, such as an application alone, and another board's."""
    at = partitions.OFFSET - start
    try:
        rows = partitions.read(image[at : at + 0xC00], "the image")
    except ImageError as error:
        raise FlashError("%s, as `make image` builds it" % error) from error
    if rows != partitions.of(board):
        raise FlashError(
            "the image has other partitions than %s: IMAGE= built for this board" % board.name
        )


def flash(board: Board, port: str, wanted: images.Wanted, folder: Path = keep.FOLDER) -> str:
    """Write an image; return what was done, in one line."""
    stub = os.environ.get("STUB", "1") != "0"
    say("connecting to %s" % port)
    with Chip(board, port, stub, _baud()) as chip:
        saved = _saved(board, chip, wanted, folder)
        try:
            count = _write(board, chip, wanted, saved)
        except FlashError as error:
            raise saved.failed(error) from error
        saved.done()
    return "%s is written and verified by MD5, %d file(s) kept" % (board.name, count)


def _baud() -> int:
    given = os.environ.get("BAUD") or str(BAUD)
    if not given.isdecimal() or int(given) < 9600:
        raise FlashError("BAUD=%s: give a rate such as 115200 or 460800" % given)
    return int(given)


def _saved(board: Board, chip: Chip, wanted: images.Wanted, folder: Path) -> keep.Saved:
    """Save what the board keeps."""
    if wanted.erase:
        return keep.Saved(chip.device, board.name, folder, {})
    files = region(board, "files")
    try:
        found = keep.kept_paths(disk.read(chip.read(files.offset, files.length)))
    except disk.DamagedError as error:
        if not keep.pending(chip.device, board.name, folder):
            raise FlashError(
                "%s: what the board keeps cannot be read (%s): ERASE=1 writes without it"
                % (chip.port, error)
            ) from error
        found = {}  # of the write that did not end
    return keep.save(chip.device, board.name, found, folder, wanted.keep)


def _write(board: Board, chip: Chip, wanted: images.Wanted, saved: keep.Saved) -> int:
    """Build and write; return how many files were kept."""
    image = images.build(board, wanted, saved.config).read_bytes()
    start = region(board, "bootloader").offset
    if image[:1] != b"\xe9":
        raise FlashError("the image is not for an ESP32: it does not begin with 0xE9")
    _check_table(board, image, start)
    kept = keep.carried(saved.files, bool(wanted.config))
    parts = split(board, put_kept(board, image, start, kept), start, wanted.erase)
    saved.begin()
    if wanted.erase:
        say("erasing the flash")
        chip.erase()
    say("writing %d KB" % (sum(len(data) for _, data in parts) // 1024))
    chip.write(parts)
    chip.start()
    return len(kept)
