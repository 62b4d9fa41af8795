"""What bearers have in common: one that is down is tried again, one that carries nothing is ended.

A bearer has an `interface` of MicroPython's network, and of its own `_coming(now)`, `_end()` and
`_begin(now)`.
"""

import errno
import os

from micropython import const

_PAUSE_MS = const(2000)  # after a loss; twice as long each time until a server was reached again
_LONGEST_PAUSE_MS = const(300000)
_PATIENCE_MS = const(900000)  # with a network over which no server is reached; doubles, too
_LONGEST_PATIENCE_MS = const(86400000)
_NO_ADDRESS = "0.0.0.0"


class Bearer:
    """Keeps a network up. `poll` wants to be called about each second."""

    def __init__(self, interface, kind: int, log=None, random=os.urandom):
        """`kind` is /4/0/0; `log` is as the client's, `random(n)` gives n bytes."""
        self.interface = interface
        self.kind = kind
        self.log = log
        self.random = random
        self.was_up = False
        self.due = None  # when to begin anew, after a loss
        self.address = None
        self._served(0)

    def is_up(self) -> bool:
        """Is there an address? After the peer's end of it PPP says that it is connected still."""
        interface = self.interface
        return interface.isconnected() and interface.ifconfig()[0] != _NO_ADDRESS

    def guarded(self, dialer):
        """A dialer of transports that raises OSError while the network is down.

        lwIP's timers stand still then (micropython#18797): a look-up of a name would never end.
        """

        def dial(*arguments):
            if not self.is_up():
                raise OSError(errno.EHOSTUNREACH)
            return dialer(*arguments)

        return dial

    def poll(self, now: int, served: bool) -> bool:
        """Do what is due; `served`: a server is reached.

        True: the address is a new one, or the network is back and no server is reached.
        """
        up = self.is_up()
        if self.due is None and up:
            if served:
                self._served(now)
            if now - self.since <= self.patience:
                back = not (served or self.was_up)  # whoever waits for a server goes on sooner
                before = self.address
                self.address = self.interface.ifconfig()[0]
                if self.log and not self.was_up:
                    self.log(3, "network up", self.address)
                self.was_up = True
                return before is not None and (back or before != self.address)
            # a modem or a radio may have been restarted, which this side does not see
            self.patience = min(self.patience * 2, _LONGEST_PATIENCE_MS)
            self._lose(now, "no server")
        elif self.due is None:
            if not self._coming(now):
                self._lose(now, self._reason())
        elif now >= self.due:
            self._begin(now)
        return False

    def down(self) -> None:
        """End it, before a sleep or a reset."""
        self._end()

    def connectivity(self) -> dict:
        """What is known of the network, by Resource of Object 4."""
        return {
            0: self.kind,
            4: lambda: {0: self.interface.ifconfig()[0]},
            5: lambda: {0: self.interface.ifconfig()[2]},
        }

    def _served(self, now):
        self.since = now
        self.pause = _PAUSE_MS
        self.patience = _PATIENCE_MS

    def _lose(self, now, reason):
        # End it, and plan when it begins next; each pause is twice as long as the last one
        pause = self.pause
        if self.log:
            self.log(2, "network down", reason, pause)
        self.was_up = False
        r = self.random(2)
        self.due = now + pause + ((pause >> 2) * (r[0] << 8 | r[1]) >> 16)
        self.pause = min(pause * 2, _LONGEST_PAUSE_MS)
        self._end()
