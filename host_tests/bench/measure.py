"""What `make bench` measures, and the limits."""

import contextlib
import os

from . import load

RATIO = 8  # the meter may use at most 1/8 of aiocoap's processor time
GROWTH = 256  # bytes, from Read 1,000 to Read 100,000
GARBAGE = 2048  # bytes a Read where a word has 64 bits; the limit is 1,024 on 32 bits
WARM_UP = 2000
READS = 5000  # a round: more than the meter serves from one collection of garbage to the next
PEER_READS = 1500


@contextlib.contextmanager
def one_processor():
    """Load and sides share a processor: what it costs to wake another one is not theirs.

    That cost is the machine's, is accounted to whoever sends or waits, and doubles the figures of
    a side that takes less time than a wake-up.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def speed(rounds: int) -> tuple:
    """Microseconds of processor time a Read: lists of the meter's and aiocoap's rounds.

    They take turns on one processor, so that a machine which is busy for a while slows both; of
    each the best round counts, for other programs can only add.
    """
    sides = []
    found = [], []
    try:
        with one_processor():  # which the sides inherit
            for make in (load.meter, load.aiocoap):
                sides.append(make())
                sides[-1].reads(WARM_UP)
            for _ in range(rounds):
                found[0].append(sides[0].cpu_us(READS))
                found[1].append(sides[1].cpu_us(PEER_READS))
        return *found, sides[0].sizes
    finally:
        for side in sides:
            side.close()


def memory(first: int, last: int) -> tuple:
    """(bytes in use after Read `first`, after Read `last`, garbage a Read), on 64 bits."""
    side = load.meter(load.HERE / "device_loop.py")
    try:
        side.reads(first)
        before = int(side.reads(1, "/3/0/10"))
        side.reads(last - first)
        after = int(side.reads(1, "/3/0/10"))
        count = 200
        start = int(side.reads(1, "/3/0/21"))
        side.reads(count)
        garbage = (int(side.reads(1, "/3/0/21")) - start) / (count + 1)
        return before, after, garbage
    finally:
        side.close()
