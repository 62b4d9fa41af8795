"""Everything CoAP keeps of one peer: reliability, deduplication, requests and answers (RFC 7252).

`Peer` does no I/O: give it datagrams with `input(datagram, now)`, send what it puts into `outbox`,
call `poll(now)` when `deadline` has come. `now` is an integer of milliseconds that never wraps.
"""

import os

from micropython import const

from .message import CoapError, Message, encode, encode_options

# Message types
_CON = const(0)
_NON = const(1)
_ACK = const(2)
_RST = const(3)
_MALFORMED = const(2)

_ANSWERS = const(8)  # answers kept for repeats
_FORGOTTEN = const(0)
_RANGES = const(32)  # ranges of Message IDs whose answers were forgotten
_RANGE_MS = const(60000)  # a range that has grown this long is not grown further
_LATENCY = const(100000)  # MAX_LATENCY, ms
_NEVER = const(0xFFFFFFFFFFF)

_GET = const(1)
_FETCH = const(5)
_BAD_REQUEST = const(0x80)
_BAD_OPTION = const(0x82)
_NOT_ALLOWED = const(0x85)
_INTERNAL_ERROR = const(0xA0)
_UNAVAILABLE = const(0xA3)
_NO_PROXY = const(0xA5)

SILENCE = -1  # what an application returns to a request that it must not answer


class Answers:
    """The latest answers by Message ID, so that a repeated request is answered, not run again.

    An answer worth keeping (its request was not safe to repeat) is overwritten last; then its
    Message ID goes into a list of ranges, and a repeat finds 0.
    """

    def __init__(self):
        self.mids = [-1] * _ANSWERS
        self.until = [0] * _ANSWERS
        self.answers = [None] * _ANSWERS
        self.kept = bytearray(_ANSWERS)
        self.turn = 0
        self.ranges = []  # of [first, last, started, until]

    def find(self, mid: int, now: int):
        """The answer's datagram (empty: none is due), 0 (forgotten), or None: the ID is new."""
        if mid in self.mids:
            i = self.mids.index(mid)
            if self.until[i] > now:
                return self.answers[i]
            self.mids[i] = -1
        for first, last, _, until in self.ranges:
            if until > now and (mid - first) & 0xFFFF <= (last - first) & 0xFFFF:
                return _FORGOTTEN
        return None

    def full(self, now: int) -> bool:
        """Would one more answer worth keeping have to be forgotten without a trace?"""
        if len(self.ranges) < _RANGES:
            return False
        for r in tuple(self.ranges):
            if r[3] <= now:
                self.ranges.remove(r)
        return len(self.ranges) >= _RANGES

    def add(self, mid: int, answer: bytes, keep: bool, now: int, until: int) -> None:
        """Note the answer to `mid`; `keep` says that its request must not be run again."""
        i = self.turn
        if self.kept[i] and self.until[i] > now:
            for j in range(i - _ANSWERS + 1, i + 1):  # from the oldest on
                if not self.kept[j] or self.until[j] <= now:
                    i = j
                    break
            else:
                self._forget(self.mids[i], now, self.until[i])
        self.turn = (i + 1) % _ANSWERS
        self.mids[i] = mid
        self.until[i] = until
        self.answers[i] = answer
        self.kept[i] = keep

    def _forget(self, mid, now, until):
        for r in self.ranges:
            # Most peers count their Message IDs up: nearly all fall into the latest range.
            if (mid - r[1]) & 0xFFFF < 16 and now - r[2] < _RANGE_MS:
                r[1] = mid
                r[3] = until
                return
        self.ranges.append([mid, mid, now, until])  # there is room: `full` was asked before


def _mid(datagram):
    return datagram[2] << 8 | datagram[3]


class Outgoing:
    """A message of ours that waits: to be sent, for its acknowledgement, for its response."""

    def __init__(self, code, token, datagram, done):
        self.code = code
        self.options = None  # of a request whose response may come block-wise
        self.token = token
        self.datagram = datagram
        self.done = done
        self.tries = 0
        self.timeout = 0
        self.at = 0
        self.acknowledged = False
        self.replaced = (
            None  # of a notification: the ID of an older one whose place it took, or -1
        )


class Peer:
    """One CoAP endpoint at the other end of one transport: we are its client and its server.

    `app` answers its requests: `app.handle(message, now)` returns a response code, or (code,
    options, payload), None (the answer comes later through `respond`), or SILENCE; it may raise
    CoapError(code). For bodies sent by Block1, `app.upload(message)` returns a sink or None.
    The RFC's parameters are attributes; set them on an instance. Times are milliseconds.
    """

    ack_timeout = 2000
    ack_random = 1500  # ACK_RANDOM_FACTOR in thousandths
    max_retransmit = 4
    nstart = 1
    szx = 6  # the largest block: 16 << szx bytes
    body_limit = 2048  # the largest structured body collected or built, bytes

    def __init__(self, app, random=os.urandom):
        self.app = app
        self.random = random
        self.outbox = []
        self.deadline = _NEVER
        self.answers = Answers()
        self.blocks = None
        self._queue = []
        self._message = Message()
        self._options = None
        self._encoded = b""
        start = random(4)
        self._mid = start[0] << 8 | start[1]
        self._token = start[2] << 8 | start[3]

    def log(self, level: int, *event) -> None:
        """The log hook, replaced by the owner: 1 an error, 2 a warning, 3 news, 4 detail."""

    def reset(self, mid: int) -> None:
        """A Reset to what is not waiting for one came; replaced by whoever sent a notification."""

    def max_transmit_wait(self) -> int:
        """MAX_TRANSMIT_WAIT: from first sending a message to giving up on its acknowledgement."""
        return self.ack_timeout * ((2 << self.max_retransmit) - 1) * self.ack_random // 1000

    def exchange_lifetime(self) -> int:
        """EXCHANGE_LIFETIME: how long a Message ID stays taken (section 4.8.2)."""
        span = self.ack_timeout * ((1 << self.max_retransmit) - 1) * self.ack_random // 1000
        return span + 2 * _LATENCY + self.ack_timeout

    # What arrives

    def input(self, datagram: bytes, now: int) -> None:
        """Take one datagram. Never raises for what is in it."""
        message = self._message
        try:
            message.parse(datagram)
        except CoapError as error:
            if error.code == _MALFORMED and not datagram[0] & 0x30:
                self._empty(_RST, datagram[2] << 8 | datagram[3])
            return
        code = message.code
        kind = message.kind
        if code > 31:
            self._response(message, now)
        elif code:
            if kind < _ACK:
                self._request(message, now)
        elif kind > _NON:
            self._acknowledge(message, now)
        elif kind == _CON:  # a ping
            self._empty(_RST, message.mid)

    def _request(self, message, now):
        mid = message.mid
        answers = self.answers
        answer = answers.find(mid, now)
        keep = message.code != _GET and message.code != _FETCH
        if answer is not None:
            if answer == _FORGOTTEN and keep:
                self._reply(message, _UNAVAILABLE, (), b"")
            elif answer and message.kind == _CON:
                self.outbox.append(answer)
            if answer != _FORGOTTEN or keep:
                return
        if message.bad and message.kind == _NON:
            return
        if keep and answers.full(now):
            self._reply(message, _UNAVAILABLE, ((14, (_RANGE_MS + _LATENCY) // 1000),), b"")
            return
        response = self._handle(message, now)
        if response is None:
            answer = self._empty(_ACK, mid) if message.kind == _CON else b""
        elif isinstance(response, int):
            if response == SILENCE:
                return
            answer = self._reply(message, response, (), b"")
        else:
            answer = self._reply(message, response[0], response[1], response[2])
        if 23 in message.numbers or 27 in message.numbers or answer and answer[1] >> 5 == 4:
            keep = False  # blocks are told apart by their numbers; a refusal changed nothing
        answers.add(mid, answer, keep, now, now + self.exchange_lifetime())

    def _handle(self, message, now):
        numbers = message.numbers
        try:
            if 35 in numbers or 39 in numbers:
                return _NO_PROXY
            if message.bad:
                return _BAD_OPTION, (), b"option %d" % message.bad
            if 23 in numbers or 27 in numbers:
                return self._blocks().handle(message, now)
            response = self.app.handle(message, now)
            if isinstance(response, tuple) and len(response[2]) > 16 << self.szx:
                return self._blocks().slice(message.key(), message.uint(23), response, now)
            return response
        except CoapError as error:
            return error.code
        except Exception as error:  # noqa: BLE001 a driver's fault must not end the endpoint
            self.log(1, "failed", message.code, error)
            return _INTERNAL_ERROR

    def _blocks(self):
        if self.blocks is None:
            from .block import Blocks

            self.blocks = Blocks(self)
        return self.blocks

    def _reply(self, message, code, options, payload):
        kind = _ACK
        mid = message.mid
        if message.kind == _NON:
            kind = _NON
            mid = self._next_mid()
        if options is not self._options:  # mostly those of the answer before
            self._options = options
            self._encoded = encode_options(options)
        answer = encode(kind, code, mid, message.token, self._encoded, payload)
        self.outbox.append(answer)
        return answer if kind == _ACK else b""

    def _empty(self, kind, mid):
        answer = encode(kind, 0, mid)
        self.outbox.append(answer)
        return answer

    def _acknowledge(self, message, now):
        mid = message.mid
        for out in self._queue:
            if out.tries and mid in (_mid(out.datagram), out.replaced):
                break
        else:
            if message.kind == _RST:
                self.reset(mid)
            return
        if mid == out.replaced and message.kind == _ACK:  # the older one arrived: now the newer
            out.replaced = -1
            out.tries = 0
            self.deadline = now
            self.poll(now)
        elif message.kind == _RST or not out.code:
            self._finish(out, message, now)
        elif not out.acknowledged:  # the response comes apart
            out.acknowledged = True
            out.at = now + self.max_transmit_wait()

    def _response(self, message, now):
        kind = message.kind
        if kind == _RST:
            return
        if kind < _ACK:
            answer = self.answers.find(message.mid, now)
            if answer and kind == _CON:
                self.outbox.append(answer)
            if answer or answer == b"":  # one in a forgotten range is told by its token
                return
        for out in self._queue:
            if (
                out.code
                and out.tries
                and out.token == message.token
                and (kind != _ACK or _mid(out.datagram) == message.mid)
            ):
                break
        else:
            out = None
        if out is None or message.bad:
            if kind == _CON:
                self._empty(_RST, message.mid)
            return
        if kind < _ACK:
            answer = self._empty(_ACK, message.mid) if kind == _CON else b""
            self.answers.add(message.mid, answer, False, now, now + self.exchange_lifetime())
        self._finish(out, message, now)

    # What we send

    def request(self, code: int, options: list, payload: bytes, done, now: int, sink=None) -> None:
        """Send a confirmable request; bodies longer than a block go and come block-wise.

        `done(message, now)` gets the response, valid during the call; a message of kind Reset if
        the peer rejected the request, None if no whole response came. With a `sink`, the blocks
        of the response go to `sink.write(chunk)` instead of one body up to `body_limit`.
        """
        if len(payload) > 16 << self.szx or sink:
            self._blocks().transfer(code, options, payload, done, sink).send(now)
        else:
            self.exchange(code, options, payload, done, now).options = options

    def exchange(self, code: int, options: list, payload: bytes, done, now: int) -> Outgoing:
        """One confirmable request in one message; `done` as for `request`."""
        self._token = (self._token + 1) & 0xFFFF
        token = bytes((self._token >> 8, self._token & 255)) + self.random(2)
        datagram = encode(_CON, code, self._next_mid(), token, options, payload)
        return self._enqueue(Outgoing(code, token, datagram, done), now)

    def ping(self, done, now: int) -> None:
        """An Empty confirmable message; `done(message, now)` gets the Reset, or None."""
        self._enqueue(Outgoing(0, b"", encode(_CON, 0, self._next_mid()), done), now)

    def respond(self, message: Message, response, done, now: int) -> None:
        """The answer to a request that `app.handle` put off; `message` is a copy of the request.

        `response` is as `app.handle` returns it. `done(message, now)` gets the ACK, the Reset, or
        None; a request that was not confirmable gets an answer that is not.
        """
        if isinstance(response, int):
            response = response, (), b""
        if 27 in message.numbers:
            options = tuple(response[1]) + ((27, message.uint(27)),)
            response = response[0], options, response[2]
        if len(response[2]) > 16 << self.szx or 23 in message.numbers:
            response = self._blocks().slice(message.key(), message.uint(23), response, now)
        datagram = self._encode(message.kind, message.token, response)
        if message.kind == _CON:
            self._enqueue(Outgoing(0, message.token, datagram, done), now)

    def notify(self, kind: int, token: bytes, response: tuple, key, done, now: int) -> int:
        """A notification, CON or NON: (code, options, payload) for a token. Returns its ID.

        A confirmable one takes the place of an unacknowledged older one of its token, in the
        midst of its retransmissions (RFC 7641 section 4.5.2); then only its own `done` is called.
        `key()` is the `Message.key` of the GET that asks for further blocks.
        """
        if len(response[2]) > 16 << self.szx:
            response = self._blocks().slice(key(), -1, response, now)
        datagram = self._encode(kind, token, response)
        mid = self._mid
        if kind == _CON:
            for out in self._queue:
                if out.replaced is not None and out.token == token:
                    if out.tries and out.replaced < 0:
                        out.replaced = _mid(out.datagram)
                    out.datagram = datagram
                    out.done = done
                    break
            else:
                out = Outgoing(0, token, datagram, done)
                out.replaced = -1
                self._enqueue(out, now)
        return mid

    def _encode(self, kind, token, response):
        datagram = encode(kind, response[0], self._next_mid(), token, response[1], response[2])
        if kind == _NON:
            self.outbox.append(datagram)
        return datagram

    def _next_mid(self):
        self._mid = (self._mid + 1) & 0xFFFF
        return self._mid

    def _enqueue(self, out, now):
        queue = self._queue
        i = len(queue)
        if out.replaced is None:  # ahead of notifications that have not been sent yet
            while i and queue[i - 1].replaced is not None and not queue[i - 1].tries:
                i -= 1
        queue.insert(i, out)
        self.deadline = now
        self.poll(now)
        return out

    def _finish(self, out, message, now):
        self._queue.remove(out)
        if out.options is not None and message is not None and 23 in message.numbers:
            transfer = self._blocks().transfer(out.code, out.options, b"", out.done, None)
            transfer.answered(message, now)
        elif out.done:
            out.done(message, now)
        self.deadline = now
        self.poll(now)

    def poll(self, now: int) -> int:
        """Retransmit and give up what is due. Returns the next deadline."""
        if now < self.deadline:
            return self.deadline
        self.deadline = _NEVER
        free = self.nstart
        for out in tuple(self._queue):
            if out not in self._queue:  # ended by a callback of this very loop
                continue
            if not out.acknowledged:
                if not free:
                    continue
                free -= 1
            if out.tries and now < out.at:
                self._due(out.at)
            elif out.acknowledged or out.tries > self.max_retransmit:
                self.log(2, "no answer", out.code)
                self._finish(out, None, now)
            else:
                self._transmit(out, now)
        if self.blocks:
            self._due(self.blocks.poll(now))
        return self.deadline

    def _due(self, at):
        if at < self.deadline:
            self.deadline = at

    def _transmit(self, out, now):
        if out.tries:
            out.timeout *= 2
        else:
            r = self.random(2)
            spread = (self.ack_random - 1000) * (r[0] << 8 | r[1]) >> 16
            out.timeout = self.ack_timeout * (1000 + spread) // 1000
        if out.replaced is not None:
            out.replaced = -1
        out.tries += 1
        out.at = now + out.timeout
        self._due(out.at)
        self.outbox.append(out.datagram)
