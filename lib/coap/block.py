"""Block-wise transfers, both ways (RFC 7959). Imported when the first one is needed."""

from micropython import const

from .exchange import SILENCE
from .message import CoapError, insert

_NEVER = const(0xFFFFFFFFFFF)
_RST = const(3)
_GET = const(1)
_FETCH = const(5)
_CONTINUE = const(0x5F)
_BAD_REQUEST = const(0x80)
_INCOMPLETE = const(0x88)
_TOO_LARGE = const(0x8D)
_ETAG = const(4)
_OBSERVE = const(6)
_BLOCK2 = const(23)
_BLOCK1 = const(27)
_SIZE2 = const(28)
_SIZE1 = const(60)


class Blocks:
    """A peer's transfers: one body coming in, one representation going out, and our own requests.

    A sink, which `app.upload(message)` may return to take a body as it comes, has `write(chunk)`,
    `commit(message, now)`, which returns the response as `app.handle` does, and `abort()`; each
    may raise CoapError. Without one the body is collected up to the peer's `body_limit`.
    """

    def __init__(self, peer):
        self.peer = peer
        self._key = None  # of the body coming in
        self._sink = None
        self._body = None
        self._got = 0
        self._until = _NEVER
        self.view = None  # the representation going out: code, options, payload
        self._view_key = None
        self._view_until = _NEVER
        self._etag = int.from_bytes(peer.random(3), "big")

    def handle(self, message, now: int):
        """Answer a request that has a Block option. Returns a response as `app.handle` does."""
        if _BLOCK1 in message.numbers:
            return self._receive(message, now)
        block = message.uint(_BLOCK2)
        if block & 7 == 7:
            return _BAD_REQUEST
        if block >> 4:
            if self.view and message.key() == self._view_key:
                return self._piece(block, now)
            if message.code != _GET and message.code != _FETCH:
                return _INCOMPLETE
        return self.slice(message.key(), block, self.peer.app.handle(message, now), now)

    # A representation going out

    def slice(self, key: list, block: int, response, now: int):
        """The `block` (-1: the first) of `response` to a request of `Message.key` `key`.

        The whole is kept for the next ones.
        """
        if not isinstance(response, tuple):
            return response
        if block < 0:
            block = self.peer.szx
        code, options, payload = response
        if block < 16 and len(payload) <= 16 << min(block & 7, self.peer.szx):
            return response
        options = list(options)
        self._etag = self._etag + 1 & 0xFFFFFF | 1 << 24
        insert(options, _ETAG, self._etag)
        self.view = code, options, payload
        self._view_key = key
        return self._piece(block, now)

    def _piece(self, block, now):
        code, options, payload = self.view
        szx = min(block & 7, self.peer.szx)
        size = 16 << szx
        start = (block >> 4) * (16 << (block & 7))
        if start >= len(payload):
            self.view = None
            return _BAD_REQUEST, (), b""
        more = start + size < len(payload)
        options = list(options)
        if not start:
            insert(options, _SIZE2, len(payload))
        elif options[1:] and options[1][0] == _OBSERVE:  # behind the ETag
            options.pop(1)
        insert(options, _BLOCK2, start // size << 4 | more << 3 | szx)
        if more:
            self._view_until = now + self.peer.exchange_lifetime()
            self.peer._due(self._view_until)
        else:
            self.view = None
        return code, options, memoryview(payload)[start : start + size]

    # A body coming in

    def _receive(self, message, now):
        block = message.uint(_BLOCK1)
        szx = block & 7
        more = block & 8
        chunk = message.payload()
        size = 16 << szx
        if szx == 7 or len(chunk) > size or more and len(chunk) < size:
            return _BAD_REQUEST
        start = (block >> 4) * size
        if start == 0:
            self._begin(message)
        elif message.key() != self._key:
            return _INCOMPLETE
        if start == self._got:
            if not self._take(message, chunk):
                return _TOO_LARGE, ((_SIZE1, self.peer.body_limit),), b""
        elif start + len(chunk) != self._got:  # else the latest block once more
            return _INCOMPLETE
        block = (block >> 4) << 4 | more | min(szx, self.peer.szx)
        if more:
            self._until = now + self.peer.exchange_lifetime()
            self.peer._due(self._until)
            return _CONTINUE, ((_BLOCK1, block),), b""
        return self._complete(message, block, now)

    def _begin(self, message):
        self._abort()
        self._sink = self.peer.app.upload(message)
        self._body = None if self._sink else bytearray()
        self._got = 0
        self._key = message.key()

    def _take(self, message, chunk):
        if self._sink:
            try:
                self._sink.write(chunk)
            except Exception:
                self._abort()
                raise
        elif max(self._got + len(chunk), message.uint(_SIZE1)) > self.peer.body_limit:
            self._abort()
            return False
        else:
            self._body.extend(chunk)
        self._got += len(chunk)
        return True

    def _complete(self, message, block, now):
        sink = self._sink
        self._key = self._sink = None
        self._until = _NEVER
        if sink:
            response = sink.commit(message, now)
        else:
            message.body = self._body
            self._body = None
            response = self.peer.app.handle(message, now)
        if response is None or response == SILENCE:
            return response
        if isinstance(response, int):
            response = response, (), b""
        options = tuple(response[1]) + ((_BLOCK1, block),)
        return self.slice(
            message.key(), message.uint(_BLOCK2), (response[0], options, response[2]), now
        )

    def _abort(self):
        sink = self._sink
        self._key = self._sink = self._body = None
        self._until = _NEVER
        if sink:
            sink.abort()

    def poll(self, now: int) -> int:
        """Drop what was left half-way for EXCHANGE_LIFETIME. Returns the next deadline."""
        if self._key and now >= self._until:
            self.peer.log(2, "abandoned")
            self._abort()
        if self.view and now >= self._view_until:
            self.view = None
        at = self._until
        if self.view:
            at = min(at, self._view_until)
        return at

    def transfer(self, code: int, options: list, payload: bytes, done, sink):
        """A request of ours whose body, or whose response, is longer than a block."""
        return _Transfer(self.peer, code, options, payload, done, sink)


class _Transfer:
    """One request of ours in blocks. It starts again once if the peer lost track or changed."""

    def __init__(self, peer, code, options, payload, done, sink):
        self.peer = peer
        self.code = code
        self.options = options
        self.payload = payload
        self.done = done
        self.sink = sink
        self.szx = peer.szx
        self.restarted = False
        self._reset()

    def _reset(self):
        self.sent = 0  # of our body, acknowledged
        self.size = 0  # of our block under way
        self.body = bytearray()
        self.got = 0
        self.etag = None

    def send(self, now: int) -> None:
        options = list(self.options)
        size = 16 << self.szx
        chunk = self.payload
        if self.got:
            insert(options, _BLOCK2, self.got // size << 4 | self.szx)
            chunk = b""
        elif len(chunk) > size:
            more = self.sent + size < len(chunk)
            insert(options, _BLOCK1, self.sent // size << 4 | more << 3 | self.szx)
            if not self.sent:
                insert(options, _SIZE1, len(chunk))
            chunk = memoryview(chunk)[self.sent : self.sent + size]
        self.size = len(chunk)
        self.peer.exchange(self.code, options, chunk, self.answered, now)

    def answered(self, message, now: int) -> None:
        if message is None or message.kind == _RST:
            self.done(message, now)
        elif message.code == _CONTINUE or message.code in (_INCOMPLETE, _TOO_LARGE):
            self._next(message, now)
        elif _BLOCK2 in message.numbers and message.code >> 5 == 2:
            self._collect(message, now)
        else:
            self.done(message, now)

    def _next(self, message, now):
        szx = message.uint(_BLOCK1) & 7  # absent: 7
        smaller = szx < self.szx
        if smaller:
            self.szx = szx
        if message.code == _CONTINUE and self.sent + self.size < len(self.payload):
            self.sent += self.size
            self.send(now)
        elif message.code == _TOO_LARGE and smaller:
            self._reset()
            self.send(now)
        elif message.code == _INCOMPLETE and not self.restarted:
            self._restart(now)
        else:
            self.done(message, now)

    def _restart(self, now):
        self.restarted = True
        self._reset()
        self.send(now)

    def _collect(self, message, now):
        block = message.uint(_BLOCK2)
        etag = message.find(_ETAG)
        chunk = message.payload()
        start = (block >> 4) * (16 << (block & 7))
        if start != self.got or start and etag != self.etag:  # another representation by now
            if self.sink or self.restarted:
                self._fail(now)
            else:
                self._restart(now)
            return
        self.etag = etag
        self.got += len(chunk)
        self.szx = min(self.szx, block & 7)
        if self.sink:
            try:
                self.sink.write(chunk)
            except CoapError:
                self._fail(now)
                return
        elif self.got > self.peer.body_limit:
            self._fail(now)
            return
        else:
            self.body.extend(chunk)
        if block & 8:
            self.send(now)
        else:
            message.body = self.body
            self.done(message, now)

    def _fail(self, now):
        self.peer.log(2, "broken", self.got)
        self.done(None, now)
