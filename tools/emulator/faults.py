"""What a line does to datagrams: a function from datagram to the delays, in ms, of its copies.

`()` drops it, `(0,)` passes it, `(0, 0)` doubles it, `(0, 900)` sends a late twin. The order of
calls is the order of datagrams, so a seed gives the same run again.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.impairment import Impairment

Faults = Callable[["Datagram"], Sequence[float]]


@dataclass(frozen=True)
class Datagram:
    """One datagram on the line; `at_ns` is guest time when its last byte passed."""

    at_ns: float
    from_guest: bool
    guest_port: int
    host_port: int
    data: bytes


def none(_: Datagram) -> Sequence[float]:
    """Pass all."""
    return (0.0,)


def seeded(seed: int, drop: int = 0, duplicate: int = 0, delay: int = 0, ms: int = 500) -> Faults:
    """Return faults of the given chances per hundred; what is late comes up to `ms` later."""
    below = random.Random(seed).randrange
    return Impairment(below, drop, duplicate, delay, longest=ms, again=ms)


def drop_every(count: int) -> Faults:
    """Return faults that lose each `count`-th datagram, counted over both ways."""
    seen = [0]

    def faults(_: Datagram) -> Sequence[float]:
        seen[0] += 1
        return () if seen[0] % count == 0 else (0.0,)

    return faults
