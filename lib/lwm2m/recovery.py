"""What follows when a server is lost, whatever the way: one function, `Recovery.recover`.

The first attempt follows at once, the others after the pauses of /1/x/17 to /1/x/19 (LwM2M Core
6.2.1.1), each lengthened at random. A new sequence begins after an Update that was answered, or
after a minute without trouble.
"""

# What is not defined here is a Registration's:
# mypy: disable-error-code="attr-defined"

from micropython import const

from coap.clock import jitter

_STABLE_MS = const(60000)
# Whatever a server writes to /1/x/17 to /1/x/19, "never" among it, a meter in a pit tries once per
# day: there may be no bootstrap server to turn to.
_LONGEST_PAUSE = const(86400)  # s

# How a server is lost
_UNREACHABLE = const(1)  # no transport to it, no answer to a Register, or a refusal
# 2, disconnected: the session ended, our address changed, an Update had no answer
_FORGOTTEN = const(3)  # it knows the registration no more, or a new security context began

# States of a registration
_WAITING = const(1)
_UPDATING = const(5)
_DEREGISTERING = const(6)

_NEW = const(-1)  # a sequence without an attempt yet


class Recovery:
    """What a Registration does about the loss of its server.

    `attempts` counts those of this sequence that failed. -1 says that there was none yet, 0 that
    the one that follows at once is under way.
    """

    attempts = _NEW
    sequences = 0  # that failed, without a success between them
    overseer = None  # of a client with a bootstrap server: who hears of success and failure
    since = 0  # when the latest trouble or Register was

    def recover(self, reason: int, now: int) -> None:
        """The server is lost for a reason: 1 unreachable, 2 disconnected, 3 forgotten by it.

        While an attempt is waited for, it says that network or address are new: the attempt
        follows a minute after the one before, if not sooner, and a new sequence begins.
        """
        state = self.state
        if not 0 < state < _DEREGISTERING:
            return
        if state == _WAITING:
            if self.attempts > _NEW:  # else it is a wait that was planned
                self.attempts = 0
                at = min(self.at, max(self.since + _STABLE_MS, now))
                self.wait(at - now, now)
            return
        began = self.sent_at if state == _UPDATING else now
        if self.location and began - self.since >= _STABLE_MS:
            self.attempts = _NEW
        self.since = now
        self.attempts += 1
        if reason == _UNREACHABLE and not self.attempts:
            self.attempts = 1
        again = self.attempts > 0
        # What was tried did not help: next time another address, and a session made anew
        self.account.elsewhere = again
        if reason == _FORGOTTEN and not again and self.peer:
            self.register(now)
        else:
            self.disconnect(again)
            pause = self._pause()
            if pause:
                self.log(2, "next attempt", pause // 1000)
            self.wait(pause, now)
            if pause and not self.attempts:
                self.sequences += 1
                if self.overseer and self.sequences >= self.account.sequence_count:
                    self.sequences = 0
                    self.overseer.given_up(self, now)

    def settled(self, updated: bool, now: int) -> None:
        """The server answered a Register, or with `updated` an Update."""
        self.since = now
        if updated:
            self.attempts = _NEW
        self.sequences = 0
        if self.overseer and self.account.exists():
            self.overseer.settled(now)

    def _pause(self):
        account = self.account
        if not self.attempts:
            return 0
        shortest = max(account.retry_timer, 1)
        pause = shortest << min(self.attempts - 1, 17)
        if self.attempts >= account.retry_count:
            self.attempts = 0
            pause = max(account.sequence_delay, shortest)
        pause = min(pause, _LONGEST_PAUSE) * 1000
        return pause + jitter(self.random, pause >> 2)
