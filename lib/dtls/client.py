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


class Dtls:
    """One session with one server. What follows are settings; set them on an instance.

    `state` is 0 closed, 1 shaking hands, 2 established. `failed` says why the last attempt or
    session ended: an alert's number (or that of what the server, or a forger, did wrong while
    nobody answered), -1 silence, None not at all. `resumed`: the server knows this
    session from before, so that the layer above need not begin anew.
    """

    first_timeout = 1000  # ms; 9000 over cellular links (RFC 7925 section 11)
    max_retransmit = 5
    mtu = 1280  # bytes of our largest datagram
    bad_limit = 1 << 20  # records with wrong tags per key: 2^-44 that one is right by chance
    mac_then_encrypt = False  # take CBC without encrypt-then-MAC
    # Full handshakes so far: with each the server takes us for new; -1: that of a restored session
    contexts = 0
    # Datagrams that demand an answer into a stored session that the server may have forgotten
    unconfirmed_limit = 2
    # With a store: sequence numbers that an `export` reserves in it, and then each time that they
    # are used up, so that the session goes on after a power cut; 0: it is used once
    reserve = 0
    max_age = 172800  # s from a full handshake to the next, with all that resumes it; 0: no limit

    # Its state
    deadline = _NEVER
    expires = _NEVER  # when the session is too old
    state = _CLOSED
    failed = None
    resumed = False
    session = None  # for resumption: (id, master secret, suite, extended?)
    records = None
    block = b""  # of the records' keys
    etm = False
    unconfirmed = -1  # unanswered in a stored session; -1 once something has arrived
    stored = 0  # the generation of the record in the store that is to be spent first
    limit = 0  # up to here sequence numbers are reserved under these keys; 0: none are
    doubt = False  # after a restart, until `proven`: what arrives may be an old record, sent again
    witness = bytes(8)  # of the security context, or of an export
    _shake = None
    _full = False  # the next attempt is not to resume: the last one failed so

    def __init__(
        self,
        identity: bytes,
        key: bytes,
        random=os.urandom,
        suites=(0xC0A8,),
        cid=b"",
        store=None,
        log=None,
    ):
        """`identity` to 128 B, `key` to 64 B, our own `cid`. Raises DtlsError(80)."""
        if not 0 < len(key) <= 64 or len(identity) > 128:
            raise DtlsError(80)
        self.identity = identity
        self.key = key
        self.random = random
        self.suites = suites
        self.local_cid = cid
        self.store = store
        if log:
            self.log = log
        self.outbox = []
        self.suite = suites[0]
        self.suspect = {}  # counts of what is perhaps forged

    def log(self, level: int, *event) -> None:
        """Without a log nothing is kept: 1 an error, 2 a warning, 3 news, 4 detail."""

    @property
    def established(self) -> bool:
        """May application data be sent?"""
        return self.state == _ESTABLISHED

    # What is sent

    def connect(self, now: int) -> None:
        """Begin a handshake; a session that there was ends without an alert."""
        from .handshake import Handshake

        self._end(None)
        self.resumed = False
        session = self.session
        if self._full or session and (session[2] not in self.suites or now >= self.expires):
            session = None
        self._shake = shake = Handshake(self, session)
        self.state = _SHAKING  # only now: the heap may have been full
        shake.transmit(now)

    def send(self, data: bytes, now: int, answered: bool = True) -> None:
        """Seal application data. Raises DtlsError(-1) without a session, 22 where too long.

        `answered`: it demands an answer, without which the server may have forgotten the session.
        """
        records = self.records
        if records and (self.unconfirmed >= self.unconfirmed_limit or records.seq > _LAST):
            self.log(2, "dtls", "given up")
            self.connect(now)
        if self.state != _ESTABLISHED or not self._spent(now):
            raise DtlsError(-1)
        if len(data) > self.longest:
            raise DtlsError(22)
        if answered and self.unconfirmed >= 0:
            self.unconfirmed += 1
        self.outbox.append(records.seal(_DATA, data))

    @property
    def longest(self) -> int:
        """How many bytes `send` takes."""
        records = self.records
        return self.mtu - _OVERHEAD - (len(records.cid) if records else 0)

    def close(self, now: int) -> None:
        """End the session with a close_notify. It can be resumed."""
        kept = self.limit
        if self.state == _ESTABLISHED and self._spent(now):
            self.outbox.append(self.records.seal(_ALERT, b"\x01\x00"))
        self._end(None)
        if kept:
            self._keep(now)

    def suspend(self) -> None:
        """End without a goodbye: what is in the store goes on after a restart."""
        self._end(None)

    def _end(self, code):
        self.state = _CLOSED
        self.deadline = _NEVER
        self._shake = self.records = None
        self.stored = self.limit = 0
        self.doubt = False
        self.block = b""
        self.unconfirmed = -1
        self.failed = code

    def forget(self) -> None:
        """The next handshake is a full one: nothing can be resumed, nor out of the store."""
        self.session = None
        self._keep(self.expires)

    def _keep(self, now):
        if self.store:
            from . import session

            session.keep(self, now)

    def fail(self, code: int) -> None:
        """End the attempt or the session for this reason; what is stored stays."""
        if self.state == _SHAKING:
            self._full = self._shake.session is not None
        self.log(1 if code else 3, "dtls", "ended", code)
        self._end(code)

    def done(self, shake, now: int) -> None:
        """The handshake's last act: take its session over."""
        self.records = shake.records
        self.resumed = shake.resumed
        self.session = (
            (shake.sid, shake.master, shake.suite, shake.extended) if shake.sid else None
        )
        self.state = _ESTABLISHED
        self.failed = None
        self._full = False
        self.etm = shake.etm
        self.suite = shake.suite
        self.block = shake.block
        if not self.resumed:
            self._shake = None  # else its flight may have to be repeated
            self.contexts = max(self.contexts, 0) + 1
            self.expires = now + self.max_age * 1000 if self.max_age else _NEVER
            if self.reserve:
                self.witness = self.random(8)
            else:
                self._keep(now)
        self.deadline = self.expires
        self.log(3, "dtls", "resumed" if self.resumed else "established", shake.suite)
        if self.resumed and self.reserve:
            self.export(now)  # whoever is above goes on with numbers of its own: before it does

    # A session that outlives a sleep

    def export(self, now: int) -> bytes:
        """Seal the session into the store; the witness to `restore` it with, empty where not.

        With `reserve` it goes on: from now on its numbers are reserved in the store.

        Keep the 8 bytes of the witness where power loss clears them and no copy of the flash has
        them (memory of the RTC), and only if the sleep follows. Using the session spends the copy.
        """
        from . import session

        return session.export(self, now)

    def restore(self, witness: bytes, now: int, slept: int = 0) -> bool:
        """Go on with the stored session; False: `connect`, which resumes it if it can.

        `witness` is what `export` returned, and empty unless the device woke from that very sleep.
        `slept` ms have passed since, as far as is known: the session is older by so much.
        """
        from . import session

        return session.restore(self, witness, now, slept)

    def _spent(self, now):
        # A session that lies in the store is spent there before its first record, either way;
        # or the numbers that it is to use are reserved there.
        if self.stored or self.limit and self.records.seq >= self.limit:
            from . import session

            if not session.spend(self, now):
                self.log(1, "dtls", "store in doubt")
                self.connect(now)
                return False
        return True

    def proven(self) -> None:
        """The server has answered what was sent since the restart: what comes now is new."""
        self.doubt = False
        self.unconfirmed = -1
        self.records.window = bytearray(b"\xff" * 8)  # all up to the highest number

    def poll(self, now: int) -> int:
        """Do what is due; the next deadline."""
        if now >= self.deadline:
            if self.state == _SHAKING:
                self._shake.poll(now)
            else:
                self.log(3, "dtls", "too old")
                self.connect(now)
        return self.deadline

    # What arrives

    def input(self, datagram: bytes, now: int) -> list | tuple:
        """Take a datagram. Never raises for what is in it.

        Returns application data: a list, one item per record, or () where there is none.
        """
        texts = ()
        i = 0
        size = len(datagram)
        while i + 13 <= size:
            kind = datagram[i]
            at = i + 11
            if kind == _CID_RECORD:
                cid = self.records.local_cid if self.records else self.local_cid
                at += len(cid)
                if not cid or datagram[i + 11 : at] != cid or at + 2 > size:
                    break
            end = at + 2 + (datagram[at] << 8 | datagram[at + 1])
            if end > size or datagram[i + 1] != 0xFE:
                break
            try:
                text = self._record(kind, datagram[i + 3 : i + 11], datagram[at + 2 : end], now)
            except DtlsError as error:
                text = None
                shake = self._shake
                if datagram[i + 4]:  # who has the keys has said so
                    self.outbox.append(shake.records.seal(_ALERT, bytes((2, error.code))))
                    self.fail(error.code)
                else:  # no alert: a true server would end by it
                    shake.hint = error.code
                    self._suspect("wrong message", error.code)
            if text is not None:
                if not texts:
                    texts = []
                texts.append(text)
            i = end
        return texts

    def _record(self, kind, number, body, now):
        shake = self._shake
        if number[0] or number[1] > 1:
            return None
        if not number[1]:
            # In the clear: only a handshake listens, and it believes nobody.
            if kind == _ALERT and len(body) == 2 and body[0] == _FATAL:
                self._suspect("alert", body[1])
                if self.state == _SHAKING:
                    shake.hint = body[1]
            elif kind == _HANDSHAKE and self.state == _SHAKING:
                shake.input(body, 0, now)
            return None
        records = self.records or shake and shake.records
        if not records or (kind == _CID_RECORD) != (len(records.local_cid) > 0):
            return None
        content = records.open(kind, number, body)
        if not content:
            if content is False and not self._suspect("wrong tag", kind) % self.bad_limit:
                self.connect(now)
            return None
        kind, text = content
        if self.state != _ESTABLISHED:
            if kind == _HANDSHAKE:
                shake.input(text, 1, now)
            elif kind == _ALERT:
                self._alert(text, now)
            return None
        if not self._spent(now):
            return None
        if not self.doubt:
            self.unconfirmed = -1
        elif kind != _DATA:
            return None
        if kind == _DATA:
            self._shake = None
            return text
        if kind == _ALERT:
            self._alert(text, now)
        elif kind == _HANDSHAKE and shake and text[:1] == b"\x14":
            shake.repeat(now)  # the server has not got our last flight
            self.deadline = self.expires
        return None

    def _suspect(self, what, detail):
        # What is perhaps forged is counted, and logged each time that its number has doubled
        count = self.suspect[what] = self.suspect.get(what, 0) + 1
        if not count & count - 1:
            self.log(2, "dtls", what, detail, count)
        return count

    def _alert(self, body, now):
        end = self.state == _ESTABLISHED
        if len(body) != 2 or body[0] != _FATAL and (body[1] or not end):
            return  # a warning
        if end:
            if body[1]:
                self.forget()  # RFC 5246 section 7.2.2
            else:
                self.close(now)
        self.fail(body[1])
