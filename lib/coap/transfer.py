"""A request of ours that goes, or is answered, in blocks (RFC 7959). Imported with the first."""

from micropython import const

from .message import insert

_CONTINUE = const(0x5F)
_INCOMPLETE = const(0x88)
_TOO_LARGE = const(0x8D)
_ETAG = const(4)
_BLOCK2 = const(23)
_BLOCK1 = const(27)
_SIZE1 = const(60)


class Transfer:
    """One request of ours in blocks. It starts again once if the peer lost track or changed.

    A `sink` takes the response: `write(chunk)` in order. Where it has `begin(etag)`, that is
    called before the first byte of a representation, which replaces whatever was written, and
    where the ETag becomes another one on the way. If `begin` returns something false, or the sink
    raises, the transfer ends and `done` gets None. A sink that noted the ETag and how much it
    wrote can go on later, also over another peer, with `start` and `etag`.

    `write` may be a coroutine: the next block is asked for once it has ended. `app.later(None,
    coroutines, finish, undo)` runs it and calls `deliver(code, now)`, which is set on what it
    returned: `code` is 0, as `finish` says, or an error's.
    """

    def __init__(self, peer, code, options, payload, done, sink=None, start=0, etag=None):
        self.peer = peer
        self.code = code
        self.options = options
        self.payload = payload
        self.done = done
        self.sink = sink
        self.szx = peer.szx
        while start & (16 << self.szx) - 1:
            self.szx -= 1
        self.restarted = False
        self._reset()
        self.size = start  # of the response, taken
        self.etag = etag

    def _reset(self):
        self.sent = 0  # of our body, acknowledged
        self.end = 0  # of what of it was sent
        self.body = bytearray()
        self.size = 0
        self.etag = None

    def send(self, now: int) -> None:
        """Send the next block, or ask for it."""
        options = list(self.options)
        size = 16 << self.szx
        chunk = self.payload
        if self.size:
            insert(options, _BLOCK2, self.size // size << 4 | self.szx)
            chunk = b""
        elif len(chunk) > size:
            more = self.sent + size < len(chunk)
            insert(options, _BLOCK1, self.sent // size << 4 | more << 3 | self.szx)
            if not self.sent:
                insert(options, _SIZE1, len(chunk))
            chunk = memoryview(chunk)[self.sent : self.sent + size]
        self.end = self.sent + len(chunk)
        self.peer._exchange(self.code, options, chunk, self.answered, now)

    def answered(self, message, now: int) -> None:
        """Take the response to the latest block, as `done` of `Peer.request`."""
        code = message.code if message else 0  # of a Reset, too
        if code in (_CONTINUE, _INCOMPLETE, _TOO_LARGE):
            szx = message.uint(_BLOCK1) & 7  # absent: 7
            smaller = szx < self.szx
            if smaller:
                self.szx = szx
            if code == _CONTINUE and self.end < len(self.payload):
                self.sent = self.end
                self.send(now)
                return
            if code == _TOO_LARGE and smaller:
                self._reset()
                self.send(now)
                return
            if code == _INCOMPLETE and not self.restarted:
                self._restart(now)
                return
        elif code >> 5 == 2 and (self.sink or _BLOCK2 in message.numbers):
            self._collect(message, now)
            return
        self.done(message, now)

    def _restart(self, now):
        self.restarted = True
        self._reset()
        self.send(now)

    def _collect(self, message, now):
        block = max(message.uint(_BLOCK2), 0)
        start = (block & ~15) << (block & 7)
        etag = message.find(_ETAG)
        chunk = message.payload()
        sink = self.sink
        another = start != self.size or start and etag != self.etag  # representation by now
        ends = another and self.restarted
        written = None
        if sink and not ends:
            try:
                if another or not start:
                    begin = getattr(sink, "begin", None)
                    ends = not begin(etag) if begin else another
                if not another and not ends:
                    written = sink.write(chunk)
                    if hasattr(written, "send"):
                        from .awaited import go_on_later

                        go_on_later(self, message, written)
                    else:
                        written = None
            except Exception as error:  # noqa: BLE001 a sink's fault must not end the endpoint
                self.peer.log(1, "failed", error)
                ends = True
        elif not another:
            ends = start + len(chunk) > self.peer.body_limit
            self.body.extend(chunk)
        if another and not ends:
            self._restart(now)
            return
        self.etag = etag
        self.size += len(chunk)
        self.szx = min(self.szx, block & 7)
        if ends or not written:
            self.taken(None if ends else message, now)

    def taken(self, message, now: int) -> None:
        """Go on behind the block that `message` had, or end with None if that was not taken."""
        if not message:
            self.peer.log(2, "broken", self.size)
        elif max(message.uint(_BLOCK2), 0) & 8:
            self.send(now)
            return
        else:
            message.body = self.body
        self.done(message, now)
