"""The confirmable messages of ours: sent in turn, sent again, given up (RFC 7252 section 4.2)."""

# What is not defined here is a Peer's:
# mypy: disable-error-code="attr-defined"

from micropython import const

from .clock import jitter

_ACK = const(2)
_RST = const(3)
_NEVER = const(0xFFFFFFFFFFF)


class _Confirmable:
    """A message that waits: to be sent, for its acknowledgement, for its response.

    `done(message, now)` gets what ends it, None where it is given up. A request has its `code`.
    """

    tries = 0
    refusals = 0  # of its first transmissions, without a gap
    timeout = 0
    at = 0
    acknowledged = False

    def __init__(self, code, token, datagram, done, options, older):
        self.code = code
        self.options = options  # of a request whose response may come block-wise
        self.token = token
        self.datagram = datagram
        self.done = done
        self.older = older  # of a notification: the ID of the one whose place it took, or -1

    def mid(self) -> int:
        """Its Message ID."""
        return self.datagram[2] << 8 | self.datagram[3]


class Outgoing:
    """What a Peer sends reliably, at most `nstart` messages at a time: its `queue`."""

    def _add(self, code: int, token: bytes, datagram: bytes, done, now: int, options=None) -> None:
        """Send a message as soon as may be; `code` is a request's, 0 else.

        A response in blocks to a request with `options` is collected. Notifications wait for it,
        one that is not acknowledged yet, too: an Update must not be late because of them.
        """
        queue = self.queue
        i = len(queue)
        while i and queue[i - 1].older is not None:
            i -= 1
        queue.insert(i, _Confirmable(code, token, datagram, done, options, None))
        self._proceed(now)

    def _renew(self, token: bytes, datagram: bytes, done, now: int) -> None:
        """Send a notification, in the place of an older one of its token that waits."""
        for waiting in self.queue:
            if waiting.older is not None and waiting.token == token:
                if waiting.tries and waiting.older < 0:
                    waiting.older = waiting.mid()
                waiting.datagram = datagram
                waiting.done = done
                return
        self.queue.append(_Confirmable(0, token, datagram, done, None, -1))
        self._proceed(now)

    def _acknowledge(self, message, now: int) -> bool:
        """Take an Empty ACK or a Reset; False where nothing waits for it."""
        mid = message.mid
        for waiting in self.queue:
            if waiting.tries and mid in (waiting.mid(), waiting.older):
                break
        else:
            return False
        if mid == waiting.older and message.kind == _ACK:  # it arrived: now the newer one
            waiting.older = -1
            waiting.tries = 0
            self._proceed(now)
        elif message.kind == _RST or not waiting.code:
            self._finish(waiting, message, now)
        elif not waiting.acknowledged:  # the response comes apart
            waiting.acknowledged = True
            waiting.at = now + self.max_transmit_wait()
        return True

    def _refused(self, now: int) -> None:
        """Nobody listens where the latest transmission went. If each went there, it is the end."""
        for waiting in self.queue:
            if waiting.tries and not waiting.acknowledged:
                if waiting.refusals == waiting.tries - 1:
                    waiting.refusals += 1
                    if waiting.refusals > self.max_retransmit:
                        waiting.at = now
                        self._proceed(now)
                return

    def _asked(self, message) -> _Confirmable | None:
        """The request that a response answers, or None."""
        for waiting in self.queue:
            if (
                waiting.code
                and waiting.tries
                and waiting.token == message.token
                and (message.kind != _ACK or waiting.mid() == message.mid)
            ):
                return waiting
        return None

    def _finish(self, ended: _Confirmable, message, now: int) -> None:
        """End the wait of one, with what came for it or None, and go on with the others."""
        self.queue.remove(ended)
        if ended.options is not None and message is not None and 23 in message.numbers:
            self._transfer(ended.code, ended.options, b"", ended.done).answered(message, now)
        elif ended.done:
            ended.done(message, now)
        self._proceed(now)

    def _proceed(self, now):
        self._attend(now)
        self.poll(now)

    def _poll(self, now: int) -> int:
        """Send, send again and give up what is due. Returns the next deadline."""
        free = self.nstart
        deadline = _NEVER
        for waiting in tuple(self.queue):
            if waiting not in self.queue:  # ended by a callback of this very loop
                continue
            if not waiting.acknowledged:
                if not free:
                    continue
                free -= 1
            if not waiting.tries or now >= waiting.at:
                if waiting.acknowledged or waiting.tries > self.max_retransmit:
                    self.log(2, "no answer", waiting.code)
                    self._finish(waiting, None, now)
                    continue
                self._transmit(waiting, now)
            if waiting.at < deadline:
                deadline = waiting.at
        return deadline

    def _transmit(self, waiting, now):
        if waiting.tries:
            self.log(3, "sent again", waiting.tries)
            waiting.timeout *= 2
        else:
            timeout = self.ack_timeout
            waiting.timeout = timeout + jitter(
                self.random, timeout * (self.ack_random - 1000) // 1000
            )
        if waiting.older is not None:
            waiting.older = -1
        waiting.tries += 1
        waiting.at = now + waiting.timeout
        self.outbox.append(waiting.datagram)
