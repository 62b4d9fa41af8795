"""One file to flash, a board's MicroPython and the files of a meter: made, then read back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools import boards

from . import (
    closure,
    configuration,
    esp32,
    filesystem,
    firmware,
    layout,
    needs,
    profile,
    rp2,
    stock,
)
from .compiler import ROOT, compile_module
from .failure import ImageError
from .profile import Entry

_ENDS = {"rp2": ".uf2", "esp32": ".bin"}


@dataclass(frozen=True)
class Request:
    """What an image is to have. `profile` is a name, a path, or "" for all of lib/."""

    board: str
    profile: str = ""
    config: Path | None = None
    firmware: Path | None = None
    extra: tuple[Entry, ...] = ()
    blank: bool = False  # with what the configuration needs, but without the file itself


@dataclass(frozen=True)
class Image:
    """`data` is the file, `pieces` what of the flash it writes, `start` where a .bin goes."""

    data: bytes
    end: str
    version: str
    pieces: dict[int, bytes]
    placed: layout.Placed
    disk: bytes
    entries: list[Entry]
    start: int = 0

    @property
    def summary(self) -> str:
        """Return what is in it, in one line."""
        files = self.placed.files | self.placed.rom
        blocks = range(0, len(self.disk), firmware.BLOCK_SIZE)
        used = sum(1 for i in blocks if self.disk[i : i + firmware.BLOCK_SIZE].strip(b"\xff"))
        rom = sum(map(len, self.placed.rom.values()))
        return "MicroPython %s, %d files, %d bytes, %d of %d blocks%s" % (
            *(self.version, len(files), sum(map(len, files.values()))),
            *(used, len(blocks)),
            ", ROMFS %d bytes" % rom if rom else "",
        )


def board_of(name: str) -> boards.Board:
    """Return a board that has a flash to be written."""
    try:
        board = boards.load(name)
    except boards.BoardError as error:
        raise ImageError(str(error)) from error
    if board.port not in _ENDS:
        raise ImageError("board %s has no flash: `make meter` runs a meter there" % name)
    return board


def entries(request: Request, board: boards.Board, version: str, say: Callable = print) -> list:
    """Return all entries of an image: the profile's, and what the configuration needs beside."""
    found = [*_profile(request), *request.extra]
    if request.config:
        found.append(Entry(configuration.PATH, request.config))
    settings = configuration.check(found, version)
    if settings is None:
        return found
    for line in boards.refusals(board, settings):
        raise ImageError("config.json: " + line)
    needed = needs.complete(found, settings)
    if needed:
        say("for config.json also: %s" % ", ".join(entry.module for entry in needed))
    if request.blank:
        found = [entry for entry in found if entry.device != configuration.PATH]
    return found + needed


def _profile(request: Request) -> list[Entry]:
    name = request.profile
    if not name:
        return profile.default()
    if "/" in name or name.endswith(".txt"):
        return profile.read(Path(name))
    return profile.of(request.board, name)


def content(found: list[Entry], board: boards.Board) -> dict[str, bytes]:
    """Return {device path: content} before it is placed, with the boot selector."""
    files = profile.build_files(found)
    closure.check(found, board.name)
    if board.regions["slot_a"].path:
        files = {path: data for path, data in files.items() if path not in _stubs(found)}
    if "firmware.meter" in {entry.module for entry in found}:
        files["/main.py"] = (ROOT / "firmware" / "main.py").read_bytes()
        files["/slots.mpy"] = compile_module(profile.SELECTOR, "slots.py")
        if configuration.is_production(found):
            files[layout.RECORD] = layout.closed_record()
    return files


def _stubs(found: list[Entry]) -> set[str]:
    """Return the paths of joined modules' stubs, which take a block each in a file system.

    A slot is replaced as a whole: no module comes later that would import them. The boot selector
    imports the meter's program; profiles, formats and modems are imported by a name put together.
    """
    kept = ("firmware.meter", "firmware.profiles.", "lwm2m.formats.", "modem.")
    return {
        entry.device[:-3] + ".mpy"
        for entry in found
        if entry.group and not entry.module.startswith(kept)
    }


def build(request: Request, say: Callable = print) -> Image:
    """Return the image, or raise ImageError of one line."""
    board = board_of(request.board)
    path = stock.find(board, request.firmware)
    base = rp2.load(path, board) if board.port == "rp2" else esp32.load_for(path, board)
    found = entries(request, board, base.version, say)
    placed = layout.place(content(found, board), board)
    disk = filesystem.build(placed.files, disk_of(board, base.version), placed.folders)
    if board.port == "rp2":
        pieces = rp2.pieces(base, board, disk, layout.rom_images(placed, board))
        data, start = rp2.write(base, pieces), 0
    else:
        pieces = esp32.pieces(base, board, disk)
        data, start = esp32.merge(pieces, base.chip, base.boot_offset), base.boot_offset
    image = Image(data, _ENDS[board.port], base.version, pieces, placed, disk, found, start)
    verify(image, board)
    return image


def disk_of(board: boards.Board, version: str) -> filesystem.Disk:
    """Return the file system of a board that runs a version of MicroPython."""
    return filesystem.Disk(board.regions["files"].length, version, board.port)


def verify(image: Image, board: boards.Board) -> None:
    """Read an image as the board will: mount its file system and its ROMFS, check its programs."""
    if board.port == "rp2":
        version, disk, rom = rp2.read_back(image.data, board)
    else:
        version, disk = esp32.read_back(image.data, board)
        rom = {}
    kept = filesystem.read(disk, disk_of(board, version))
    if (version, kept, rom) != (image.version, image.placed.files, image.placed.rom):
        raise ImageError("the image reads back otherwise than it was made: please report this")
