"""A DTLS 1.2 client with a pre-shared key (RFC 6347, RFC 4279), without I/O.

Give `Dtls` datagrams with `input(datagram, now)`, send what it puts into `outbox`, call
`poll(now)` when `deadline` has come. `now` is an integer of milliseconds that never wraps.
"""

import os

from micropython import const

from .record import DtlsError

_NEVER = const(0xFFFFFFFFFFF)

_ALERT = const(21)
_HANDSHAKE = const(22)
_DATA = const(23)
_CID_RECORD = const(25)

# States
_CLOSED = const(0)
_SHAKING = const(1)
_ESTABLISHED = const(2)

_FATAL = const(2)
_OVERHEAD = const(78)  # of the longest kind of record, less the CID
_LAST = const(0x800000)  # records under one key: what AES-CCM is good for (RFC 9147, 4.5.3)

# Alerts that no repetition heals (LwM2M 1.1 transport, section 5.2): "fail"; others are "retry".
_HOPELESS = b"\x2a\x2b\x2c\x2d\x2e\x30\x31\x70\x71\x72\x73"


class Dtls:
    """One session with one server. What follows are settings; set them on an instance.

    `state` is 0 closed, 1 shaking hands, 2 established. `failed` says why the last attempt or
    session ended: an alert's number, -1 silence, None not at all. `resumed`: the server knows this
    session from before, so that the layer above need not begin anew.
    """

    first_timeout = 1000  # ms; 9000 over cellular links (RFC 7925 section 11)
    max_retransmit = 5
    mtu = 1280  # bytes of our largest datagram
    bad_limit = (
        1 << 20
    )  # records with wrong tags under one key: 2^-44 that one was right by chance
    mac_then_encrypt = False  # take CBC without encrypt-then-MAC
    contexts = 0  # full handshakes so far: with each the server takes us for new
    unheard_limit = 2  # datagrams into a stored session that the server may have forgotten

    def __init__(
        self, identity: bytes, key: bytes, random=os.urandom, suites=(0xC0A8,), cid=b"", store=None
    ):
        """`identity` to 128 B, `key` to 64 B, our own `cid`. Raises DtlsError(80)."""
        if not 0 < len(key) <= 64 or len(identity) > 128:
            raise DtlsError(80)
        self.identity = identity
        self.key = key
        self.random = random
        self.suites = suites
        self.own = cid
        self.store = store
        self.outbox = []
        self.deadline = _NEVER
        self.state = _CLOSED
        self.failed = None
        self.resumed = False
        self.session = None  # for resumption: (id, master secret, suite, extended?)
        self.records = None
        self.block = b""  # of the records' keys
        self.etm = False
        self.suite = suites[0]
        self.unheard = -1  # sent into a stored session; -1 once something was heard
        self.stored = 0  # the generation of the record in the store that is to be spent first
        self._shake = None
        self._full = False  # the next attempt is not to resume: the last one failed so

    def log(self, level: int, *event) -> None:
        """The log hook, replaced by the owner: 1 an error, 2 a warning, 3 news, 4 detail."""

    @property
    def established(self) -> bool:
        """May application data be sent?"""
        return self.state == _ESTABLISHED

    @property
    def hopeless(self) -> bool:
        """Is `failed` an alert that trying again will not heal?"""
        return (self.failed or 0) & 255 in _HOPELESS

    # What is sent

    def connect(self, now: int) -> None:
        """Begin a handshake; a session that there was ends without a word."""
        from .handshake import Handshake

        self._end(None)
        self.state = _SHAKING
        self.resumed = False
        session = self.session
        if self._full or session and session[2] not in self.suites:
            session = None
        self._shake = shake = Handshake(self, session)
        shake.transmit(now)

    def send(self, data: bytes, now: int) -> None:
        """Seal application data. Raises DtlsError(-1) without a session, 22 where too long."""
        records = self.records
        if records and (self.unheard == self.unheard_limit or records.seq > _LAST):
            self.log(2, "dtls", "session given up")
            self.connect(now)
        if self.state != _ESTABLISHED or not self._spent(now):
            raise DtlsError(-1)
        if len(data) + _OVERHEAD + len(records.cid) > self.mtu:
            raise DtlsError(22)
        if self.unheard >= 0:
            self.unheard += 1
        self.outbox.append(records.seal(_DATA, data))

    def close(self, now: int) -> None:
        """End the session with a close_notify. It can be resumed."""
        if self.state == _ESTABLISHED and self._spent(now):
            self.outbox.append(self.records.seal(_ALERT, b"\x01\x00"))
        self._end(None)

    def _end(self, code):
        self.state = _CLOSED
        self.deadline = _NEVER
        self._shake = self.records = None
        self.stored = 0
        self.block = b""
        self.unheard = -1
        self.failed = code

    def fail(self, code: int) -> None:
        """End the attempt or the session for this reason; nothing stored is lost by it."""
        if self.state == _SHAKING:
            self._full = self._shake.session is not None
        self.log(1 if code else 3, "dtls", "ended", code)
        self._end(code)

    def done(self, shake) -> None:
        """The handshake's last act: take its session over."""
        self.records = shake.records
        self.resumed = shake.session is not None
        self.session = (
            (shake.sid, shake.master, shake.suite, shake.extended) if shake.sid else None
        )
        self.state = _ESTABLISHED
        self.failed = None
        self.contexts += not self.resumed
        self._full = False
        self.deadline = _NEVER
        if not self.resumed:
            self._shake = None  # else its flight may have to be repeated
        self.etm = shake.etm
        self.suite = shake.suite
        self.block = shake.block
        if self.store and not self.resumed:
            from . import session

            session.keep(self)
        self.log(3, "dtls", "resumed" if self.resumed else "established", shake.suite)

    # A session that outlives a sleep

    def export(self) -> bytes:
        """Seal the session into the store; the witness to `restore` it with, empty where not.

        Keep the 8 bytes of the witness where power loss clears them and no copy of the flash has
        them (memory of the RTC), and only if the sleep follows. Using the session spends the copy.
        """
        from . import session

        return session.export(self)

    def restore(self, witness: bytes) -> bool:
        """Go on with the stored session; False: `connect`, which resumes it if it can.

        `witness` is what `export` returned, and empty unless the device woke from that very sleep.
        """
        from . import session

        return session.restore(self, witness)

    def _spent(self, now):
        # A session that lies in the store is spent there before its first record, either way.
        if self.stored:
            from . import session

            if not session.spend(self):
                self.log(1, "dtls", "store in doubt")
                self.connect(now)
                return False
        return True

    def poll(self, now: int) -> int:
        """Do what is due; the next deadline."""
        if now >= self.deadline and self._shake:
            self._shake.poll(now)
        return self.deadline

    # What arrives

    def input(self, datagram: bytes, now: int) -> list | tuple:
        """Take a datagram. Never raises for what is in it.

        Returns application data: a list, an item a record, or () where there is none.
        """
        found = ()
        i = 0
        size = len(datagram)
        while i + 13 <= size:
            kind = datagram[i]
            at = i + 11
            if kind == _CID_RECORD:
                own = self.records.own if self.records else self.own
                at += len(own)
                if not own or datagram[i + 11 : at] != own or at + 2 > size:
                    break
            end = at + 2 + (datagram[at] << 8 | datagram[at + 1])
            if end > size or datagram[i + 1] != 0xFE:
                break
            try:
                text = self._record(
                    kind, bytes(datagram[i + 3 : i + 11]), bytes(datagram[at + 2 : end]), now
                )
            except DtlsError as error:
                if self._shake and self.state == _SHAKING:
                    self._shake.alert(error.code)
                    self.fail(error.code)
                text = None
            if text is not None:
                if not found:
                    found = []
                found.append(text)
            i = end
        return found

    def _record(self, kind, number, body, now):
        shake = self._shake
        if number[0] or number[1] > 1:
            return None
        if not number[1]:
            # In the clear: only a handshake listens, and it believes nobody.
            if self.state == _SHAKING:
                if kind == _HANDSHAKE:
                    shake.input(body, 0, now)
                elif kind == _ALERT:
                    self._alert(body)
            return None
        records = self.records or shake and shake.records
        if not records or (kind == _CID_RECORD) != (len(records.own) > 0):
            return None
        found = records.open(kind, number, body)
        if not found:
            if records.bad >= self.bad_limit:
                self.log(1, "dtls", "wrong tags")
                self.connect(now)
            return None
        kind, text = found
        if self.state != _ESTABLISHED:
            if kind == _HANDSHAKE:
                shake.input(text, 1, now)
            elif kind == _ALERT:
                self._alert(text)
            return None
        if not self._spent(now):
            return None
        self.unheard = -1
        if kind == _DATA:
            self._shake = None
            return text
        if kind == _ALERT:
            self._alert(text)
        elif kind == _HANDSHAKE and shake and text[:1] == b"\x14":
            shake.repeat(now)  # the server has not got our last flight
            self.deadline = _NEVER
        return None

    def _alert(self, body):
        end = self.state == _ESTABLISHED
        if len(body) != 2 or body[0] != _FATAL and (body[1] or not end):
            return  # a warning
        if end:
            if body[1]:
                self.session = None  # RFC 5246 section 7.2.2
            else:
                self.close(0)
        self.fail(body[1])
