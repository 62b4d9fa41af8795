"""A board that can be flashed: board.json, read by tools/boards, its errors as FlashError."""

from pathlib import Path

from tools import boards
from tools.boards import Board, Region

from .failure import FlashError

ROOT = Path(__file__).resolve().parents[2]
_FLASHED = ("rp2", "esp32")


def load(name: str, root: Path = ROOT) -> Board:
    """Return a board; raise FlashError, which names the boards that there are."""
    if not name:
        raise FlashError("no BOARD= given: one of %s" % ", ".join(boards.names(root)))
    try:
        board = boards.load(name, root)
    except boards.BoardError as error:
        raise FlashError(str(error)) from error
    if board.port not in _FLASHED:
        raise FlashError("BOARD=%s is this PC, nothing is flashed: `make meter` runs it" % name)
    return board


def region(board: Board, name: str) -> Region:
    """Return a region of the flash; raise FlashError where the board has none of that name."""
    if name not in board.regions:
        raise FlashError(
            "boards/%s/board.json: flash.regions has no %r: add it" % (board.name, name)
        )
    return board.regions[name]


def slots_in_rom(board: Board) -> bool:
    """Return whether the two application slots are images in the ROMFS, not folders."""
    return not region(board, "slot_a").path


def of_chip(mcu: str, root: Path = ROOT) -> list[str]:
    """Return the names of the boards that have a chip."""
    return [name for name in boards.names(root) if boards.load(name, root).mcu == mcu]
