"""Counts restarts after faults: too many in a row, and the meter starts in safe mode.

From there the whole application is tried again after an hour, then after twice as long each time,
a day at most. An hour without a fault and all is forgotten. A start that follows no fault writes
nothing.
"""

import os

from micropython import const

_CRASH_LIMIT = const(5)
_HOUR_MS = const(3600000)
_LONGEST_SAFE_MS = const(86400000)


class Crashes:
    """The count, in the file `path`. `boot` has `read` and `replace` of such records."""

    def __init__(self, boot, path: str):
        self.boot = boot
        self.path = path
        self.count, self.tries = boot.read(path, 2) or b"\0\0"

    def _save(self):
        record = bytes((self.count, self.tries))
        if not self.boot.replace(self.path, record):
            try:  # the folder may be missing
                os.mkdir(self.path.rpartition("/")[0])
            except OSError:
                return
            self.boot.replace(self.path, record)

    def add(self) -> None:
        """There was one more. Where safe mode has failed as often, too, the other slot is next.

        Then the count is 0 again.
        """
        self.count += 1
        if self.count >= 2 * _CRASH_LIMIT:
            self.boot.fail()
            self.count = self.tries = 0
        self._save()

    def safe(self) -> bool:
        """Is the next start one in safe mode?"""
        return self.count >= _CRASH_LIMIT

    def pause(self) -> int:
        """How long safe mode lasts, ms."""
        return min(_HOUR_MS << min(self.tries, 5), _LONGEST_SAFE_MS)

    def leave(self) -> None:
        """Safe mode has lasted long enough: the next start is a whole one; one crash ends it."""
        self.count = _CRASH_LIMIT - 1
        self.tries = min(self.tries + 1, 255)
        self._save()

    def stable(self, ran: int) -> None:
        """The whole application has run for so long, ms, without a fault."""
        if self.count and ran >= _HOUR_MS:
            self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.count = self.tries = 0
        self._save()
