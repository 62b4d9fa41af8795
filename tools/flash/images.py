"""The image to write: one that tools/image builds, or a file; and what is in it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.image import firmware, rp2, uf2
from tools.image.failure import ImageError

from . import disk, stock
from .boards import ROOT, Board, region
from .failure import FlashError
from .progress import bar, say


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for; paths or ""."""

    profile: str = ""
    config: str = ""
    firmware: str = ""
    image: str = ""
    erase: bool = False
    keep: str = ""


def build(board: Board, wanted: Wanted, config: Path | None = None) -> Path:
    """Return the image file: IMAGE= as it is, else built with tools/image."""
    if wanted.image:
        if not Path(wanted.image).is_file():
            raise FlashError("IMAGE=%s: no such file" % wanted.image)
        return Path(wanted.image)
    config = Path(wanted.config) if wanted.config else config
    if wanted.config and not config.is_file():
        raise FlashError("CONFIG=%s: no such file" % wanted.config)
    out = ROOT / "build" / (board.name + (".uf2" if board.port == "rp2" else ".bin"))
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tools.image", "--board", board.name, "--out", str(out)]
    command += ["--profile", wanted.profile] if wanted.profile else []
    command += ["--config", str(config)] if config else []
    command += _firmware(board, wanted)
    say("building %s" % out.relative_to(ROOT))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode or not out.is_file():
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it printed nothing"]
        raise FlashError("no image: %s" % lines[-1].removeprefix("image: "))
    return out


def _firmware(board: Board, wanted: Wanted) -> list[str]:
    """Return the option that names the firmware; [] where the board's folder has it."""
    if wanted.firmware:
        if not Path(wanted.firmware).is_file():
            raise FlashError("FIRMWARE=%s: no such file" % wanted.firmware)
        return ["--firmware", wanted.firmware]
    if list(board.folder.glob("*.uf2")):
        return []
    with bar("stock MicroPython") as progress:
        return [
            "--firmware",
            str(stock.fetch(board.facts.get("firmware") or board.name, progress)),
        ]


@dataclass
class Uf2:
    """A UF2 image: the firmware in it, and its file system."""

    base: firmware.Firmware
    system: bytes
    family: int

    @classmethod
    def read(cls, path: Path) -> "Uf2":
        """Take an image file apart; raise FlashError where it is none for an RP2."""
        try:
            base = firmware.load(path)
        except (ImageError, OSError) as error:
            raise FlashError("%s: %s" % (path, error)) from error
        flash = uf2.flash_of(base.pages)
        start = base.address - uf2.FLASH_BASE
        system = flash[start : start + base.size].ljust(base.size, b"\xff")
        return cls(base, system, base.family)

    @property
    def files(self) -> dict[str, bytes]:
        """Return {device path: content} of the file system."""
        return disk.read(self.system)

    def rom(self, offset: int, length: int) -> bytes:
        """Return a part of the flash that is not the file system, from its first byte."""
        flash = uf2.flash_of(self.base.pages)
        return flash[offset : offset + length].ljust(length, b"\xff")

    def write(self, kept: dict[str, bytes], whole: bool) -> bytes:
        """Return the UF2 with the kept files; `whole`: unused blocks are overwritten, too."""
        system = disk.merge(self.system, kept)
        start = self.base.address
        rest = range(start, start + len(system))
        pages = {a: page for a, page in self.base.pages.items() if a not in rest}
        pages |= rp2.disk_pages(self.base, system)
        if whole:
            for at in range(0, len(system), 256):
                pages.setdefault(start + at, system[at : at + 256])
        return uf2.write(pages, self.family)


def folder_slot(board: Board, path: Path) -> dict[str, bytes]:
    """Return {path below the slot: content} of the application in an image."""
    if board.port == "rp2":
        files = Uf2.read(path).files
    else:
        place, start = region(board, "files"), region(board, "bootloader").offset
        system = path.read_bytes()[place.offset - start :][: place.length]
        files = disk.read(system.ljust(place.length, b"\xff"))
    inside = region(board, "slot_a").path + "/"
    found = {p[len(inside) - 1 :]: data for p, data in files.items() if p.startswith(inside)}
    if not found:
        raise FlashError("%s has no application in %s: build it anew" % (path, inside))
    return found


def rom_slot(board: Board, path: Path) -> bytes:
    """Return the ROMFS of the application in an image, without the erased flash behind it."""
    place = region(board, "slot_a")
    data = Uf2.read(path).rom(place.offset, place.length).rstrip(b"\xff")
    if not data:
        raise FlashError("%s has no application in its ROMFS: build it anew" % path)
    return data + b"\xff" * (-len(data) % 4)
