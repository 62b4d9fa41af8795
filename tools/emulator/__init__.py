"""Real RP2040 firmware on an emulated board: see README.md here, and `Board`."""

from .board import Board, BoardError, GuestError
from .faults import Datagram, drop_every, seeded
from .measure import PROBE_FILES, Heap, Import, imports

__all__ = [
    "PROBE_FILES",
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
