"""One handshake as a client (RFC 6347 section 4.2, RFC 4279 section 2), in memory while it lasts.

Flights: ClientHello, again with the server's cookie, then ClientKeyExchange, ChangeCipherSpec,
Finished; of a resumed session ChangeCipherSpec and Finished answer the server's.

What comes in the clear may be forged. So it ends nothing: an alert, or a message that cannot be,
is a hint why there is no answer. After one, or where something contradicts what was taken, the
handshake goes back to its ClientHello when the timer runs out, and listens anew.
"""

from hashlib import sha256

from micropython import const

from .crypto import prf
from .record import DtlsError, Records, ciphers, uint

_CHANGE = const(20)
_HANDSHAKE = const(22)

# Handshake messages
_HELLO_REQUEST = const(0)
_CLIENT_HELLO = const(1)
_SERVER_HELLO = const(2)
_VERIFY_REQUEST = const(3)
_SERVER_KEY = const(12)
_HELLO_DONE = const(14)
_CLIENT_KEY = const(16)
_FINISHED = const(20)

# Extensions
_ETM = const(22)
_EMS = const(23)
_CID = const(54)
_RENEGOTIATION = const(0xFF01)

_CBC_SHA256 = const(0x00AE)

# What is awaited
_WAIT_HELLO = const(0)
_WAIT_DONE = const(1)
_WAIT_FINISHED = const(2)
_WAIT_NOTHING = const(3)

_AHEAD = const(4)  # messages of a flight that may come out of order
_ROOM = const(1536)  # bytes of messages that are being put together
_LONGEST = const(60000)  # between two sendings of a flight, ms
_CID_LIMIT = const(32)

# Alerts
_FAILURE = const(40)
_ILLEGAL = const(47)
_DECODE = const(50)
_DECRYPT = const(51)
_VERSION = const(70)
_EXTENSION = const(110)


class Handshake:
    """The state machine. `core` is the Dtls that it works for."""

    seq = 0  # of the next record of epoch 0
    records = None
    # Why what was taken may be forged, -1: not at all. The last alert in the clear, what was
    # wrong, or 0: something that contradicts it.
    hint = -1

    def __init__(self, core, session):
        self.core = core
        self.session = session  # offered: (id, master secret, suite, extended?), or None
        self.nonce = core.random(32)
        self.cookie = b""
        self._anew()
        self._hello()

    # What we send

    def _hello(self):
        # To the ClientHello, or back to it
        core = self.core
        # message_seq of our next message, and of the server's
        self.turn = self.next = min(len(self.cookie), 1)
        self.parts = {}  # message_seq -> [type, bytearray with its header, bits of what is there]
        self.wait = _WAIT_HELLO
        session = self.session
        sid = session[0] if session else b""
        suites = b""
        extensions = b"\x00\x17\x00\x00\x00\x36" + _sized(_sized(core.local_cid, 1), 2)
        for suite in core.suites:
            suites += _short(suite)
            if suite == _CBC_SHA256:
                extensions += b"\x00\x16\x00\x00"
        # The last one says that renegotiation is safe: three bytes less than the extension
        suites = _sized(suites + b"\x00\xff", 2)
        body = b"\xfe\xfd" + self.nonce + _sized(sid, 1) + _sized(self.cookie, 1) + suites
        # Not in the hash are the first ClientHello and its answer (RFC 6347 section 4.2.1).
        self.hashes = [sha256(), sha256()]
        self.flight = [self._message(_CLIENT_HELLO, body + b"\x01\x00" + _sized(extensions, 2))]

    def _message(self, kind, body):
        size = len(body).to_bytes(3, "big")
        body = bytes((kind,)) + size + _short(self.turn) + b"\x00\x00\x00" + size + body
        self.turn += 1
        self._note(body)
        return body

    def _note(self, message):
        for h in self.hashes:
            h.update(message)

    def _plain(self, kind, body):
        seq = self.seq
        self.seq = seq + 1
        return bytes((kind, 0xFE, 0xFD)) + seq.to_bytes(8, "big") + _sized(body, 2)

    def transmit(self, now: int) -> None:
        """Send the flight, in as few datagrams as the MTU allows, and set the timer."""
        core = self.core
        mtu = core.mtu
        self.sent = now
        core.deadline = now + self.timeout  # first: the heap may be full
        datagram = b""
        for body in self.flight:
            if body[0] == _FINISHED:
                made = [self.records.seal(_HANDSHAKE, body)]
            elif len(body) == 1:
                made = [self._plain(_CHANGE, body)]
            else:
                made = self._fragments(body, mtu - 25)
            for record in made:
                if datagram and len(datagram) + len(record) > mtu:
                    core.outbox.append(datagram)
                    datagram = b""
                datagram += record
        core.outbox.append(datagram)

    def _fragments(self, message, size):
        at = 12
        made = []
        while at < len(message):
            body = message[at : at + size]
            head = message[:6] + (at - 12 << 24 | len(body)).to_bytes(6, "big")
            made.append(self._plain(_HANDSHAKE, head + body))
            at += size
        return made

    def poll(self, now: int) -> None:
        """The deadline has come: send again, doubling (RFC 6347 section 4.2.4), or give up."""
        core = self.core
        if self.tries >= core.max_retransmit:
            core.log(
                1, "dtls", "no answer" if self.wait < _WAIT_FINISHED else "no answer: wrong key?"
            )
            core.fail(self.hint or -1)
        else:
            self._again(now)

    def _anew(self):
        # The timers of a further flight. Those of what follows a step back go on, so that there
        # is an end. Up to 1.5 times as long at random, as CoAP's: a whole street begins at once.
        core = self.core
        self.tries = 0
        self.moved = False  # has a HelloVerifyRequest been followed since the timer ran out?
        self.timeout = core.first_timeout * (512 + core.random(1)[0]) >> 9

    def _again(self, now):
        # The flight again; or, where it is in doubt, what it rests on: the ClientHello. Then
        # without the cookie, for OpenSSL and pion end at a wrong one; in the end another
        # ClientHello, for Scandium waits for our Finished for ever. After our Finished each other
        # time only: the server may have had it.
        self.tries += 1
        self.core.log(3, "dtls", "sent again", self.tries)
        self.timeout = min(self.timeout * 2, _LONGEST)
        self.moved = False
        if self.hint >= 0 and self.wait + (self.tries & 1) <= _WAIT_FINISHED:
            if self.tries > 3:
                self.nonce = self.core.random(32)
            if self.wait == _WAIT_HELLO or self.tries > 3:
                self.cookie = b""
            self._hello()
        self.transmit(now)

    def repeat(self, now: int) -> None:
        """The server repeats its flight, so ours was lost; but less and less often.

        Else one copy that the network made has both sides repeat theirs for ever, or until OpenSSL
        ends the session at the twelfth; and an attacker could have us send without end.
        """
        if now >= self.sent + self.timeout // 4:
            self._again(now)

    # What arrives

    def input(self, data: bytes, epoch: int, now: int) -> None:
        """Take the text of a handshake record. Raises DtlsError with the alert to send."""
        core = self.core
        i = 0
        again = False
        while i + 12 <= len(data):
            kind = data[i]
            size = uint(data, i + 1, 3)
            seq = uint(data, i + 4, 2)
            at = uint(data, i + 6, 3)
            n = uint(data, i + 9, 3)
            i += 12 + n
            if i > len(data) or at + n > size or (kind == _FINISHED) != epoch:
                break
            if epoch and self.wait < _WAIT_FINISHED:
                break  # of keys that a step back has given up
            if kind == _VERIFY_REQUEST:
                if n == size:
                    self._verify(data[i - n : i], now)
            elif kind == _HELLO_REQUEST:
                pass
            elif seq < self.next:
                again = again or seq == self.next - 1
                part = self.parts.get(seq)
                if n == size and (not part or data[i - n - 12 : i] != part[1]):
                    self.hint = max(self.hint, 0)
            elif seq < self.next + _AHEAD and size <= _ROOM:
                self._collect(kind, size, seq, at, data[i - n : i])
        while self.next in self.parts:
            part = self.parts[self.next]
            if part[2]:
                return
            del self.parts[self.next]
            if not self._take(part[0], part[1], now):
                return  # the last, or of another handshake, or forged: the true one may yet come
            self.parts[self.next] = part
            self.next += 1
        if again and self.tries < core.max_retransmit:
            self.repeat(now)

    def _collect(self, kind, size, seq, at, body):
        parts = self.parts
        part = parts.get(seq)
        if not part or part[0] != kind or len(part[1]) != size + 12:
            room = size
            for other in parts.values():
                room += len(other[1])
            if room > _ROOM:
                parts.clear()  # some are forged: let the server send all again
            part = parts[seq] = [kind, bytearray(size + 12), (1 << size) - 1]
            size = size.to_bytes(3, "big")
            part[1][:12] = bytes((kind,)) + size + _short(seq) + b"\x00\x00\x00" + size
        part[1][12 + at : 12 + at + len(body)] = body
        part[2] &= ~(((1 << len(body)) - 1) << at)

    def _verify(self, body, now):
        # Of several the first, until the timer runs out: then what it led to is over
        cookie = _vector(body, 2, 1)
        if cookie == self.cookie:
            return
        if self.moved or self.wait != _WAIT_HELLO:
            self.hint = max(self.hint, 0)
        else:
            if not self.cookie and self.hint < 0:
                self._anew()
            self.moved = True
            self.cookie = cookie
            self._hello()
            self.transmit(now)

    def _take(self, kind, message, now):
        wait = self.wait
        if wait == _WAIT_HELLO and kind == _SERVER_HELLO:
            self._server_hello(bytes(message[12:]))
            self._note(message)
        elif wait == _WAIT_DONE and kind == _SERVER_KEY:
            self._note(message)  # a hint, for people with many keys
        elif wait == _WAIT_DONE and kind == _HELLO_DONE:
            self._note(message)
            self._key_exchange(now)
        else:
            if wait == _WAIT_FINISHED and kind == _FINISHED:
                self._finished(message, now)
            return False
        return True

    def _server_hello(self, body):
        if len(body) < 38 or body[34] > 32:
            raise DtlsError(_DECODE)
        if body[:2] != b"\xfe\xfd":
            raise DtlsError(_VERSION)
        core = self.core
        self.theirs = body[2:34]
        self.sid = sid = _vector(body, 34, 1)
        i = 35 + len(sid)
        suite = uint(body, i, 2)
        if suite not in core.suites or body[i + 2 : i + 3] != b"\x00":
            raise DtlsError(_ILLEGAL)
        self.suite = suite
        self._extensions(body, i + 3)
        if suite == _CBC_SHA256 and not self.etm and not core.mac_then_encrypt:
            raise DtlsError(_FAILURE)
        session = self.session
        self.resumed = session is not None and sid == session[0]
        if self.resumed:
            # RFC 7627 section 5.3 wants the handshake to end where one has it and one has not.
            if suite != session[2] or self.extended != session[3]:
                raise DtlsError(_FAILURE)
            self.master = session[1]
            self._keys()
            self.wait = _WAIT_FINISHED
        else:
            self.wait = _WAIT_DONE

    def _extensions(self, body, i):
        self.extended = self.etm = False
        self.cid = None
        seen = []
        if i < len(body):
            body = _vector(body, i, 2)
            i = 0
            while i < len(body):
                kind = uint(body, i, 2)
                value = _vector(body, i + 2, 2)
                i += 4 + len(value)
                if kind in seen:
                    raise DtlsError(_ILLEGAL)
                seen.append(kind)
                if kind == _EMS:
                    self.extended = True
                elif kind == _ETM and _CBC_SHA256 in self.core.suites:
                    self.etm = self.suite == _CBC_SHA256
                elif kind == _CID:
                    self.cid = _vector(value, 0, 1)
                    if len(self.cid) > _CID_LIMIT:
                        raise DtlsError(_ILLEGAL)
                elif kind != _RENEGOTIATION:
                    raise DtlsError(_EXTENSION)
                elif value != b"\x00":
                    raise DtlsError(_FAILURE)

    def _keys(self):
        seed = b"key expansion" + self.theirs + self.nonce
        suite = self.suite
        self.block = prf(self.master, seed, 96 if suite == _CBC_SHA256 else 40)
        out, into = ciphers(suite, self.block, self.etm)
        cid = self.cid
        old = self.records
        self.records = Records(out, into, cid or b"", b"" if cid is None else self.core.local_cid)
        if old:  # the keys may be the same: no nonce twice
            self.records.seq = old.seq
        else:
            self._anew()

    def _key_exchange(self, now):
        core = self.core
        self.flight = [self._message(_CLIENT_KEY, _sized(core.identity, 2)), b"\x01"]
        digest = self.hashes.pop(0).digest()
        secret = _sized(bytes(len(core.key)), 2) + _sized(core.key, 2)
        if self.extended:
            seed = b"extended master secret" + digest
        else:
            seed = b"master secret" + self.nonce + self.theirs
        self.master = prf(secret, seed, 48)
        self._keys()
        self.wait = _WAIT_FINISHED
        self._finish(digest, now)

    def _finish(self, digest, now):
        # Our Finished, at the end of the flight
        body = prf(self.master, b"client finished" + digest, 12)
        self.flight.append(self._message(_FINISHED, body))
        self.transmit(now)

    def _finished(self, message, now):
        digest = self.hashes.pop(0).digest()
        right = prf(self.master, b"server finished" + digest, 12)
        if (
            int.from_bytes(right, "big") ^ int.from_bytes(message[12:], "big")
            or len(message) != 24
        ):
            raise DtlsError(_DECRYPT)
        self.wait = _WAIT_NOTHING
        if self.resumed:
            self._note(message)
            self.flight = [b"\x01"]
            self._finish(self.hashes.pop(0).digest(), now)
        self.core.done(self, now)


def _short(seq):
    return seq.to_bytes(2, "big")


def _sized(body, size):
    # A vector: its length in `size` bytes, itself
    return len(body).to_bytes(size, "big") + body


def _vector(data, i, size):
    # The one at i, whose length is in `size` bytes
    n = i + size
    end = n + uint(data, i, size)
    if end > len(data):
        raise DtlsError(_DECODE)
    return data[n:end]
