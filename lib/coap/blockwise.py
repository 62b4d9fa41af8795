"""Block-wise transfers that a peer asks for, both ways (RFC 7959). Imported with the first one."""

from micropython import const

from .message import SILENCE, CoapError, insert, whole

_NEVER = const(0xFFFFFFFFFFF)
_GET = const(1)
_FETCH = const(5)
_CONTINUE = const(0x5F)
_BAD_REQUEST = const(0x80)
_INCOMPLETE = const(0x88)
_TOO_LARGE = const(0x8D)
_UNAVAILABLE = const(0xA3)
_ETAG = const(4)
_OBSERVE = const(6)
_BLOCK2 = const(23)
_BLOCK1 = const(27)
_SIZE2 = const(28)
_SIZE1 = const(60)

_UPLOADS = const(2)  # bodies that may be coming in


class _Upload:
    """A body that comes in: the slot of its transfer."""

    def __init__(self, key, sink):
        self.key = key
        self.sink = sink
        self.body = None if sink else bytearray()
        self.size = 0  # bytes taken
        self.until = _NEVER  # dropped then; never while a coroutine of the sink runs


class Blocks:
    """A peer's transfers: bodies coming in, each in the slot of its key, and one representation
    going out.

    A sink, which `app.upload(message)` may return to take a body as it comes, has `write(chunk)`,
    `commit(message, now)`, which returns the response as `app.handle` does, and `abort()`; each
    may raise CoapError. Without one the body is collected up to the peer's `body_limit`.

    `write` and `commit` may be coroutines, which `app.later(message, coroutines, finish, undo)`
    runs. Then it passes `finish(results)`, the response, to `Peer.respond`; or it calls `undo()`
    where one raised, and responds with the error's code.

    A body that begins again ends the transfer of its key. Where there is no slot for one more, the
    longest idle transfer is dropped: its next block is answered 4.08.

    All of it is counted in the peer's budget. Without room for a body or a representation the
    answer is 5.03; the representation goes where others need the room (`evict`).
    """

    fixed = False

    def __init__(self, peer):
        self.peer = peer
        self.uploads = []  # the longest idle first
        self.view = None  # the representation going out: code, options, payload
        self.size = 0  # of it
        self._view_key = None
        self._view_until = _NEVER
        self._etag = int.from_bytes(peer.random(3), "big")
        peer.budget.users.append(self)

    def handle(self, message, now: int):
        """Answer a request that has a Block option. Returns a response as `app.handle` does."""
        if _BLOCK1 in message.numbers:
            return self._receive(message, now)
        block = message.uint(_BLOCK2)
        if block & 7 == 7:
            return _BAD_REQUEST
        if block > 15:
            if self.view and message.key() == self._view_key:
                return self._piece(block, now)
            if message.code not in (_GET, _FETCH):
                return _INCOMPLETE
        return self.wrap(message, self.peer.app.handle(message, now), now)

    def wrap(self, message, response, now: int):
        """`response` to `message` with its Block options; if it is long, its first block."""
        if _BLOCK1 in message.numbers:
            if response != SILENCE:
                response = whole(response)
            if isinstance(response, tuple):
                block = message.uint(_BLOCK1)
                block = block & ~7 | min(block & 7, self.peer.szx)
                response = response[0], tuple(response[1]) + ((_BLOCK1, block),), response[2]
        return self.slice(message.key(), message.uint(_BLOCK2), response, now)

    # A representation going out

    def slice(self, key: list, block: int, response, now: int):
        """The `block` (-1: the first) of `response` to a request of `Message.key` `key`.

        The whole is stored for the next ones.
        """
        if not isinstance(response, tuple):
            return response
        peer = self.peer
        if block < 0:
            block = peer.szx
        code, options, payload = response
        if block < 16 and len(payload) <= 16 << min(block, peer.szx):
            return response
        options = list(options)
        self._etag = self._etag + 1 & 0xFFFFFF | 1 << 24
        insert(options, _ETAG, self._etag)
        self.evict()
        if not peer.budget.take(self, len(payload)):
            return _UNAVAILABLE, (), b""
        self.view = code, options, payload
        self._view_key = key
        return self._piece(block, now)

    def _piece(self, block, now):
        code, options, payload = self.view
        start = (block & ~15) << (block & 7)
        peer = self.peer
        szx = min(block & 7, peer.szx)
        size = 16 << szx
        end = start + size
        if start >= len(payload):
            self.evict()
            return _BAD_REQUEST, (), b""
        more = end < len(payload)
        options = list(options)
        if not start:
            insert(options, _SIZE2, len(payload))
        elif options[1:] and options[1][0] == _OBSERVE:  # behind the ETag
            options.pop(1)
        insert(options, _BLOCK2, start // size << 4 | more << 3 | szx)
        if more:
            self._view_until = now + peer.exchange_lifetime()
            peer._attend(self._view_until)
        else:
            self.evict()
        return code, options, memoryview(payload)[start:end]

    def evict(self) -> int:
        """Drop the representation going out; returns its size."""
        size = self.size
        self.size = 0
        self.view = None
        return size

    # A body coming in

    def _receive(self, message, now):
        block = message.uint(_BLOCK1)
        chunk = message.payload()
        size = 16 << (block & 7)
        if block & 7 == 7 or len(chunk) > size or block & 8 and len(chunk) < size:
            return _BAD_REQUEST
        start = (block >> 4) * size
        end = start + len(chunk)
        upload = self._slot(message, start, block & 8)
        if not upload:
            return _INCOMPLETE
        if start == upload.size:
            limit = self.peer.body_limit
            if not upload.sink and max(end, message.uint(_SIZE1)) > limit:
                self.abort(upload)
                return _TOO_LARGE, ((_SIZE1, limit),), b""
        elif end == upload.size:
            chunk = None  # the latest block once more
        else:
            return _INCOMPLETE
        try:
            return self._take(upload, message, chunk, now)
        except Exception:
            self.abort(upload)
            raise

    def _slot(self, message, start, more):
        # The transfer that a block belongs to, the last in the list; or None
        uploads = self.uploads
        key = message.key()
        for upload in uploads:
            if upload.key == key:
                if upload.until == _NEVER:
                    raise CoapError(_UNAVAILABLE)
                if start:
                    uploads.remove(upload)
                    uploads.append(upload)
                    return upload
                self.abort(upload)
                break
        if start:
            return None
        if more and len(uploads) == _UPLOADS:
            for upload in uploads:
                if upload.until < _NEVER:
                    self.abort(upload)
                    break
            else:
                raise CoapError(_UNAVAILABLE)
        upload = _Upload(key, self.peer.app.upload(message))
        if more:  # a body in a single block needs no slot
            uploads.append(upload)
        return upload

    def _take(self, upload, message, chunk, now):
        written = response = None
        if chunk is not None:
            if upload.sink:
                written = upload.sink.write(chunk)
            elif not self.peer.budget.take(self.peer, len(chunk)):
                raise CoapError(_UNAVAILABLE)
            upload.size += len(chunk)  # before there may be no heap for it
            if not upload.sink:
                upload.body.extend(chunk)
        if not hasattr(written, "send"):
            written = None
            response = self.taken(upload, message, now)
            if not hasattr(response, "send"):
                return self.wrap(message, response, now)
        from .awaited import answer_later

        upload.until = _NEVER
        return answer_later(self, upload, message, written, response, now)

    def taken(self, upload, message, now: int):
        """The response to a block that has been taken, as `app.handle` returns it."""
        if message.uint(_BLOCK1) & 8:
            if self not in self.peer.budget.users:  # closed while the sink took its time
                raise CoapError(_UNAVAILABLE)
            upload.until = now + self.peer.exchange_lifetime()
            self.peer._attend(upload.until)
            return _CONTINUE
        self._end(upload)
        if not upload.sink:
            message.body = upload.body
            return self.peer.app.handle(message, now)
        return upload.sink.commit(message, now)

    def _end(self, upload):
        # It has no slot and no bytes any more
        if upload in self.uploads:
            self.uploads.remove(upload)
        if not upload.sink:
            self.peer.size -= upload.size
            upload.size = 0

    def abort(self, upload) -> None:
        """End a transfer that cannot go on."""
        self._end(upload)
        if upload.sink:
            try:
                upload.sink.abort()
            except Exception as error:  # noqa: BLE001 whoever asks now has nothing to do with it
                self.peer.log(1, "failed", error)

    def poll(self, now: int) -> int:
        """Drop what was left half-way for EXCHANGE_LIFETIME. Returns the next deadline."""
        if self.view and now >= self._view_until:
            self.evict()
        at = self._view_until if self.view else _NEVER
        for upload in tuple(self.uploads):
            if now >= upload.until:
                self.peer.log(2, "abandoned")
                self.abort(upload)
            else:
                at = min(at, upload.until)
        return at

    def close(self) -> None:
        """The peer is gone, and what was half-way with it."""
        self.peer.budget.users.remove(self)
        for upload in tuple(self.uploads):
            if upload.until < _NEVER:
                self.abort(upload)
