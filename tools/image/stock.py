"""Where a board's MicroPython is, if nobody says: with the board, or where it was downloaded."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from .compiler import ROOT
from .failure import ImageError

DOWNLOADS = ROOT / "build" / "stock"  # of tools/flash
_ENDS = {"rp2": ".uf2", "esp32": ".bin"}
_VERSION = re.compile(r"-v?(\d+)\.(\d+)(?:\.(\d+))?")


def find(board, given: Path | None = None) -> Path:
    """Return the file given, or the newest of the board's name that is here."""
    if given:
        return given
    found = [path for folder in _folders(board) for path in _in(folder, board)]
    if not found:
        name = board.facts["firmware"]
        raise ImageError(
            "no MicroPython for %s here: `python -m tools.flash.stock %s` fetches it, or give it "
            "with FIRMWARE=FILE" % (board.name, name)
        )
    return max(found, key=_age)


def _folders(board) -> Iterator[Path]:
    yield ROOT / "boards" / board.name
    yield DOWNLOADS
    # where mpflash keeps what it downloads
    yield Path(os.environ.get("MPFLASH_FIRMWARE") or Path.home() / "Downloads" / "firmware")


def _in(folder: Path, board) -> list[Path]:
    end, name = _ENDS[board.port], board.facts["firmware"].partition("-")[0]
    pattern = re.compile(re.escape(name) + r"-(\d{8}-)?v?\d.*" + re.escape(end))
    return [path for path in folder.rglob("*" + end) if pattern.fullmatch(path.name)]


def _age(path: Path) -> tuple:
    found = _VERSION.search(path.name)
    numbers = tuple(int(part or 0) for part in found.groups()) if found else ()
    return numbers, "preview" not in path.name, path.name
