"""Supervision: the watchdog is fed only while each task has reported within its time.

A task that is supervised takes the function that `watch` returns and calls it at least every
`limit` ms. What can be looked at from outside, as the client can, gives a check instead.
"""

from micropython import const

_GRACE_MS = const(90000)  # more than a look-up of a name and a minute of faults in the client


class Stuck(Exception):
    """A task has not reported within its time; its name."""


class Supervisor:
    """Who is supervised. `now()` is in ms, see coap.clock; `watchdog` has `alive()`."""

    def __init__(self, watchdog, now):
        self.watchdog = watchdog
        self.now = now
        self.due = {}  # by name, until when a task must report
        self.checks = {}  # by name, what says whether it works

    def watch(self, name: str, limit: int):
        """Supervise a task from now on; returns what it calls to report."""

        def alive():
            self.due[name] = self.now() + limit

        alive()
        return alive

    def leave(self, name: str) -> None:
        """A task has ended as it should."""
        self.due.pop(name, None)
        self.checks.pop(name, None)

    def check(self, name: str, works) -> None:
        """Supervise what `works(now)` says true of while it works."""
        self.checks[name] = works

    def feed(self) -> None:
        """Feed the watchdog, or raise Stuck. To be called about each second."""
        now = self.now()
        for name, due in self.due.items():
            if now > due:
                raise Stuck(name)
        for name, works in self.checks.items():
            if not works(now):
                raise Stuck(name)
        self.watchdog.alive()


def prompt(client):
    """A check: no link of the client leaves undone what is due."""

    def works(now):
        return all([link.deadline() + _GRACE_MS >= now for link in client.links])

    return works
