"""One CoAP peer: we are its client and its server (RFC 7252). The face of its parts.

`Peer` does no I/O: give it datagrams with `input(datagram, now)`, send what it puts into `outbox`,
call `poll(now)` when `deadline` has come. `now` is an integer of milliseconds that never wraps.
"""

import os

from micropython import const

from .budget import Budget
from .incoming import Incoming
from .message import SILENCE, CoapError, Message, encode, whole  # noqa: F401 SILENCE: an app's
from .outgoing import Outgoing

# Message types
_CON = const(0)
_NON = const(1)
_ACK = const(2)
_RST = const(3)
_MALFORMED = const(2)

_LATENCY = const(100000)  # MAX_LATENCY, ms
_NEVER = const(0xFFFFFFFFFFF)
_BLOCK2 = const(23)
_BLOCK1 = const(27)


class Peer(Incoming, Outgoing):
    """One CoAP endpoint at the other end of one transport.

    Its owner is its `app`:

    - `handle(message, now)` answers a request: a response code, or (code, options, payload),
      SILENCE, or anything else, where the answer comes later through `respond`. It may raise
      CoapError(code).
    - `upload(message)` returns the sink for a body that comes in blocks (see `Blocks`), or None.
    - `later(...)`, needed where a sink has coroutines: see `Blocks`.
    - `reset(mid)`: a Reset came to a message that was not confirmable, such as a notification.
    - `log(level, *event)`: 1 an error, 2 a warning, 3 news, 4 detail.
    - `budget`, if it has one: the `Budget` that others keep from, too.

    The RFC's parameters are attributes; set them on an instance. Times are milliseconds.
    """

    ack_timeout = 2000
    ack_random = 1500  # ACK_RANDOM_FACTOR in thousandths
    max_retransmit = 4
    nstart = 1
    szx = 6  # the largest block: 16 << szx bytes
    body_limit = 2048  # the largest structured body collected or built, bytes

    size = 0  # what is kept for it, bytes, see `Budget`
    fixed = True

    def __init__(self, app, random=os.urandom):
        Incoming.__init__(self)
        self.app = app
        self.random = random
        self.log = app.log
        self.budget = getattr(app, "budget", None) or Budget()
        self.outbox = []
        self.deadline = _NEVER
        self.queue = []
        self.blocks = None  # from the first transfer in blocks on
        self._message = Message()
        start = random(4)
        self.mid = start[0] << 8 | start[1]  # the latest Message ID of ours
        self._token = start[2] << 8 | start[3]
        self.budget.users.append(self)  # once it is whole

    def close(self) -> None:
        """Its owner is done with it: nothing is kept for it any more."""
        self.budget.users.remove(self)
        if self.blocks:
            self.blocks.close()

    def max_transmit_wait(self) -> int:
        """MAX_TRANSMIT_WAIT: from first sending a message to giving up on its acknowledgement."""
        return self.ack_timeout * ((2 << self.max_retransmit) - 1) * self.ack_random // 1000

    def exchange_lifetime(self) -> int:
        """EXCHANGE_LIFETIME: how long a Message ID stays taken (section 4.8.2)."""
        span = self.ack_timeout * ((1 << self.max_retransmit) - 1) * self.ack_random // 1000
        return span + 2 * _LATENCY + self.ack_timeout

    # Every message passes one of these two.

    def _open(self, datagram: bytes) -> Message | None:
        """The message in a datagram, valid until the next one; None where there is none."""
        message = self._message
        try:
            message.parse(datagram)
        except CoapError as error:
            if error.code == _MALFORMED and not datagram[0] & 0x30:
                self._empty(_RST, datagram[2] << 8 | datagram[3])
            return None
        return message

    def _seal(self, kind: int, code: int, mid: int, token=b"", options=b"", payload=b""):
        """A message to the peer as a datagram; with `mid` -1 it gets the next Message ID."""
        if mid < 0:
            self.mid = mid = (self.mid + 1) & 0xFFFF
        return encode(kind, code, mid, token, options, payload)

    # What arrives

    def input(self, datagram: bytes, now: int) -> None:
        """Take one datagram, b"" for a refusal. Never raises for what is in it."""
        if not datagram:
            self._refused(now)
            return
        message = self._open(datagram)
        if not message:
            return
        code = message.code
        kind = message.kind
        mid = message.mid
        if code and kind < _ACK and mid in self.mids:
            answer = self._repeat(mid, now)
            if answer is not None:
                if answer and kind == _CON:
                    self.outbox.append(answer)
                return
        if code > 31:
            if kind < _RST:
                self._responded(message, now)
        elif code:
            if kind < _ACK:
                self._serve(message, now)
        elif kind > _NON:
            if not self._acknowledge(message, now) and kind == _RST:
                self.app.reset(mid)
        elif kind == _CON:  # a ping
            self._empty(_RST, mid)

    def _responded(self, message, now):
        # A forgotten repeat is recognised by its token
        kind = message.kind
        mid = message.mid
        request = self._asked(message)
        if request is None or message.bad:
            if kind == _CON:
                self._empty(_RST, mid)
            return
        if kind < _ACK:
            answer = self._empty(_ACK, mid) if kind == _CON else b""
            self._keep(message, answer, 0, False, now)
        self._finish(request, message, now)

    def _empty(self, kind: int, mid: int) -> bytearray:
        """Send an Empty message, an ACK or a Reset."""
        answer = self._seal(kind, 0, mid)
        self.outbox.append(answer)
        return answer

    # What we send

    def request(
        self, code: int, options, payload: bytes, done, now: int, sink=None, start=0, etag=None
    ) -> None:
        """Send a confirmable request; bodies longer than a block go and come block-wise.

        `done(message, now)` gets the response, valid during the call; a message of kind Reset if
        the peer rejected the request, None if no whole response came. With a `sink` (see
        `Transfer`) the response goes there instead of into one body up to `body_limit`, from the
        byte `start` on, a multiple of 16, of the representation `etag`.
        """
        if len(payload) > 16 << self.szx or sink:
            self._transfer(code, options, payload, done, sink, start, etag).send(now)
        else:
            self._exchange(code, options, payload, done, now, options)

    def _transfer(self, *arguments):
        """A request of ours that is, or whose response is, longer than a block: a `Transfer`."""
        from .transfer import Transfer

        return Transfer(self, *arguments)

    def _exchange(self, code, options, payload, done, now, collected=None):
        # One confirmable request in one message; with `collected` the response may be several
        self._token = (self._token + 1) & 0xFFFF
        token = bytes((self._token >> 8, self._token & 255)) + self.random(2)
        datagram = self._seal(_CON, code, -1, token, options, payload)
        self._add(code, token, datagram, done, now, collected)

    def ping(self, done, now: int) -> None:
        """An Empty confirmable message; `done(message, now)` gets the Reset, or None."""
        self._add(0, b"", self._seal(_CON, 0, -1), done, now)

    def respond(self, message: Message, response, done, now: int) -> None:
        """The answer to a request that `app.handle` put off; `message` is a copy of the request.

        `response` is as `app.handle` returns it. `done(message, now)` gets the ACK, the Reset, or
        None; a request that was not confirmable gets an answer that is not.
        """
        response = whole(response)
        numbers = message.numbers
        if len(response[2]) > 16 << self.szx or _BLOCK2 in numbers or _BLOCK1 in numbers:
            response = self._blockwise().wrap(message, response, now)
        datagram = self._send(message.kind, message.token, response)
        if message.kind == _CON:
            self._add(0, message.token, datagram, done, now)

    def unacknowledged(self) -> int:
        """How many of these wait for their acknowledgement, or to be sent."""
        count = 0
        for waiting in self.queue:
            if not waiting.code and waiting.older is None:
                count += 1
        return count

    def asking(self) -> int:
        """0 where no request of ours waits for its response, or to be sent."""
        codes = 0
        for waiting in self.queue:
            codes |= waiting.code
        return codes

    def notify(self, kind: int, token: bytes, response: tuple, key, done, now: int) -> int:
        """A notification, CON or NON: (code, options, payload) for a token. Returns its ID.

        A confirmable one takes the place of an unacknowledged older one of its token, in the
        midst of its retransmissions (RFC 7641 section 4.5.2); then only its own `done` is called.
        `key()` is the `Message.key` of the GET that asks for further blocks.
        """
        if len(response[2]) > 16 << self.szx:
            response = self._blockwise().slice(key(), -1, response, now)
        datagram = self._send(kind, token, response)
        mid = self.mid
        if kind == _CON:
            self._renew(token, datagram, done, now)
        return mid

    def _send(self, kind, token, response):
        # What is confirmable is left to the caller
        datagram = self._seal(kind, response[0], -1, token, response[1], response[2])
        if kind == _NON:
            self.outbox.append(datagram)
        return datagram

    def _blockwise(self):
        """The peer's transfers in blocks, a `Blocks`."""
        if self.blocks is None:
            from .blockwise import Blocks

            self.blocks = Blocks(self)
        return self.blocks

    # Time

    def poll(self, now: int) -> int:
        """Retransmit, give up and drop what is due. Returns the next deadline."""
        if now >= self.deadline:
            self.deadline = _NEVER
            try:
                self._attend(self._poll(now))
                if self.blocks:
                    self._attend(self.blocks.poll(now))
            except Exception:  # what else was due is due still
                self.deadline = now
                raise
        return self.deadline

    def _attend(self, at: int) -> None:
        """There is something to do at that time."""
        if at < self.deadline:
            self.deadline = at
