"""Real RP2040 firmware on an emulated board: see README.md here, and `Board`."""

from .board import Board, BoardError, GuestError
from .faults import Datagram, drop_every, seeded
from .measure import Heap, Import, imports

__all__ = [
    "Board",
    "BoardError",
    "Datagram",
    "GuestError",
    "Heap",
    "Import",
    "drop_every",
    "imports",
    "seeded",
]
