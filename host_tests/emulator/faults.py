"""What a line does to datagrams: a function from datagram to the delays, in ms, of its copies.

`()` drops it, `(0,)` passes it, `(0, 0)` doubles it, `(0, 900)` sends a late twin. The order of
calls is the order of datagrams, so a seed gives the same run again.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


def seeded(
    seed: int, drop: float = 0, duplicate: float = 0, delay: float = 0, ms: int = 500
) -> Faults:
    """Return faults of the given probabilities; a delayed copy comes up to `ms` later."""
    dice = random.Random(seed)

    def copy() -> float:
        return dice.uniform(1, ms) if dice.random() < delay else 0.0

    def faults(_: Datagram) -> Sequence[float]:
        if dice.random() < drop:
            return ()
        return tuple(copy() for _ in range(2 if dice.random() < duplicate else 1))

    return faults


def drop_every(count: int) -> Faults:
    """Return faults that lose each `count`-th datagram, counted over both ways."""
    seen = [0]

    def faults(_: Datagram) -> Sequence[float]:
        seen[0] += 1
        return () if seen[0] % count == 0 else (0.0,)

    return faults
