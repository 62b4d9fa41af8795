"""Recognises repeated messages by their Message IDs (RFC 7252 section 4.5)."""

# What is not defined here is a Peer's:
# mypy: disable-error-code="attr-defined"

from micropython import const

_SIZE = const(8)  # answers stored for repeats
_NOTED = const(5)  # bytes noted of an unsafe request
_CONTINUE = const(0x5F)
_UNAVAILABLE = const(0xA3)
_NONE = (-1, 0, b"")


class Deduplication:
    """What a repeat gets: the latest answers, and of each unsafe request its response code.

    An unsafe request must not be run twice. Five bytes are kept of it for EXCHANGE_LIFETIME and up
    to a 30th more, out of the peer's budget, of which they may be a quarter. Another request with
    its Message ID, which only a peer that was restarted can send, is answered 5.03.
    """

    _next = 0  # of `answers`
    _latest = 0  # when a request was noted

    def __init__(self):
        self.answers = [_NONE] * _SIZE  # (Message ID, since when, datagram)
        self.mids = [-1] * _SIZE  # of `answers`, for C to search
        self.codes = bytearray()  # Message ID, code, sum, time: the oldest first

    def _repeat(self, mid: int, now: int) -> bytes | None:
        """The answer's datagram, empty if none is due; None where there is none any more."""
        for known, at, answer in self.answers:
            if known == mid and now - at < self.exchange_lifetime():
                return answer
        return None

    def _note(self, message, now: int) -> int | None:
        """Note an unsafe request that is about to be run: None.

        Else how it is answered: by the code that it was answered by before, or by 5.03.
        """
        codes = self.codes
        lifetime = self.exchange_lifetime()
        unit = now // (lifetime >> 6) & 255  # the time wraps after four lifetimes
        check = sum(message.data) & 255
        while codes and ((unit - codes[4]) & 255 > 65 or now - self._latest > lifetime):
            codes[:_NOTED] = b""
            self.size -= _NOTED
        mid = message.data[2:4]
        if mid in codes:  # perhaps across two of them
            for i in range(0, len(codes), _NOTED):
                if codes[i : i + 2] == mid:
                    return codes[i + 2] if codes[i + 3] == check else _UNAVAILABLE
        if len(codes) > self.budget.memory >> 2:
            return _UNAVAILABLE
        # At once, and before it is counted: a full heap must leave no part of it
        codes.extend(mid + bytes((_UNAVAILABLE, check, unit)))
        if not self.budget.take(self, _NOTED):
            codes[-_NOTED:] = b""
            return _UNAVAILABLE
        self._latest = now
        return None

    def _keep(self, message, answer: bytes | None, code: int, noted: bool, now: int) -> None:
        """Keep how a message was answered, None: not at all; `noted`: it has just been noted."""
        size = len(answer or b"")
        if noted:
            if code >> 5 in (-1, 4) or code == _CONTINUE:  # nothing was changed
                self.codes[-_NOTED:] = b""
                self.size -= _NOTED
            elif size <= 4 + len(message.token):
                self.codes[-3] = code
                return
        if answer is None:
            return
        kept = message.mid, now, answer  # first, for it needs heap
        i = self._next
        self._next = (i + 1) % _SIZE
        more = size - len(self.answers[i][2])
        if size << 5 > self.budget.memory or more > 0 and not self.budget.take(self, more, False):
            kept = _NONE  # it is answered anew
            more -= size
        if more < 0:
            self.size += more
        self.answers[i] = kept
        self.mids[i] = kept[0]
