"""The clock that everything waits by: milliseconds that never wrap."""

import time


def jitter(random, span: int) -> int:
    """A random part of `span`, below it."""
    return span * int.from_bytes(random(2), "big") >> 16


class Clock:
    """Milliseconds since the program started, as an integer that never wraps."""

    def __init__(self):
        self._last = time.ticks_ms()
        self._now = 0

    def now(self) -> int:
        """The time. Must be called at least once in half a wrap of `time.ticks_ms` (6 days)."""
        ticks = time.ticks_ms()
        self._now += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._now
