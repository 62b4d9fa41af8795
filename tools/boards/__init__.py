"""What boards/NAME/board.json says of a board, read and checked."""

from .board import Board, BoardError, Region, load, names
from .power import refusal, refusals

__all__ = ["Board", "BoardError", "Region", "load", "names", "refusal", "refusals"]
