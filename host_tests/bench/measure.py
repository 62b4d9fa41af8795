"""What `make bench` measures, and the limits."""

import contextlib
import os

from . import load

# The meter may use at most this part of aiocoap's processor time. The aim is 1/9.5, which some
# machines show; others have from 1/6.1 to 1/7.4 of the same code, so a slower Read is found by
# instructions.py.
RATIO = 5.5
GROWTH = 256  # bytes, from Read 1,000 to Read 100,000
GARBAGE = 2048  # bytes a Read where a word has 64 bits; the limit is 1,024 on 32 bits
WARM_UP = 2000
READS = 5000  # a round: more than the meter serves from one collection of garbage to the next
PEER_READS = 1500
NOTIFIED_RATIO = 1  # a notification may take at most aiocoap's processor time
NOTIFIED_GROWTH = 0  # bytes, from the 100th notification to the last
LAST_NOTIFIED = 10000
NOTIFICATIONS = 1000  # a round, of either side
TEXT, SENML_CBOR = 0, 112


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
    with _sides(load.meter, load.aiocoap) as sides:
        for side in sides:
            side.reads(WARM_UP)
        works = [(sides[0], sides[0].reads, READS), (sides[1], sides[1].reads, PEER_READS)]
        found = _turns(rounds, works)
        return *found, sides[0].sizes


def notifying(rounds: int, form: int) -> tuple:
    """The same of notifications in a format, each of one change, confirmable, acknowledged."""
    with _sides(_notifier, lambda: load.aiocoap(form)) as sides:
        for side in sides:
            side.observe(form)
            side.notifications(NOTIFICATIONS)
        works = [(side, side.notifications, NOTIFICATIONS) for side in sides]
        found = _turns(rounds, works)
        return *found, sides[0].sizes


@contextlib.contextmanager
def _sides(*makers):
    # Processes that share our processor, which they inherit
    sides = []
    try:
        with one_processor():
            for make in makers:
                sides.append(make())
            yield sides
    finally:
        for side in sides:
            side.close()


def _turns(rounds, works):
    # Of each work, the microseconds by round
    found = [[] for _ in works]
    for _ in range(rounds):
        for (side, work, count), times in zip(works, found, strict=True):
            times.append(side.cpu_us(work, count))
    return found


def _notifier():
    return load.meter(load.HERE / "notify_loop.py")


def _used(side):
    # The collector takes what it finds on the stack for pointers: the least of some is the truth
    return min(int(side.reads(1, "/3/0/10")) for _ in range(5))


def notified_memory(first: int, last: int, form: int) -> tuple:
    """(bytes in use after so many notifications, after more, garbage of one), on 64 bits."""
    side = _notifier()
    try:
        side.observe(form)
        side.reads(20)  # the latest answers are kept
        side.notifications(first)
        before = _used(side)
        side.notifications(last - first)
        after = _used(side)
        count = 200
        start, again = int(side.reads(1, "/3/0/21")), int(side.reads(1, "/3/0/21"))
        side.notifications(count)
        garbage = int(side.reads(1, "/3/0/21")) - again - (again - start)
        return before, after, garbage / count
    finally:
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
