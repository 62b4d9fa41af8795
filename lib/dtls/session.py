"""A session in a store: exported before a sleep, imported once after it, or only resumed.

The store, `Dtls.store`, holds one record and one number, and may raise OSError:

    put(record)             replaces the record (bytes)
    spend_up_to(number)     replaces the number: sessions up to this generation are spent
    get()                   (record or None, number or None); None: never there, or in doubt

A session is imported when its record is whole, its generation is above the number, and the witness
is right. Before its first record is sent or believed, the record is replaced by one that can only
be resumed, and the number is raised; so where one of the two is missing or comes back, the other
holds. A witness holds where all comes back: a restored backup, an image on another board.

With `Dtls.reserve` a session goes on after a power cut, too. Its record then has the number from
which on none was used, and is replaced before that one is. Its witness names the security context,
from one full handshake to the next. What the server sent since the record was written may be sent
again by anybody; so after a restart nothing counts until the server has answered, see
`Dtls.proven`. This needs a store that never gives an older record for a newer one.
"""

from micropython import const

from .crypto import Ccm, hmac
from .record import Records, ciphers, uint

_FORMAT = const(0x20)
_EXTENDED_FLAG = const(1)
_ETM_FLAG = const(2)
_LIVE_FLAG = const(4)
_RESERVED_FLAG = const(8)
_JUMP = const(63)
_WITNESS = const(8)
_ESTABLISHED = const(2)


def _seal(core, generation, live, now, seq=-1):
    """The record: format and flags 1 B, suite 2, generation 4, witness 8, master secret 48, id.

    Then the seconds that it may still be used 4. A live one goes on with sequence 3, datagrams
    without an answer 1, highest received + 1 in 6, window 8, CIDs, key block.
    Before it come 8 B of nonce, after it 8 B of tag.
    """
    sid, master, suite, extended = core.session or (b"", bytes(48), core.suite, False)
    flags = _FORMAT | extended * _EXTENDED_FLAG | core.etm * _ETM_FLAG
    if core.reserve:
        flags |= _RESERVED_FLAG
    text = min(max(core.expires - now, 0) // 1000, 0xFFFFFFFF).to_bytes(4, "big")
    if live:
        flags |= _LIVE_FLAG
        r = core.records
        if seq < 0:
            # A jump: sequence numbers that were perhaps used after all lie behind it
            seq = (r.seq | _JUMP) + 1
        text += (seq << 8 | max(core.unconfirmed, 0)).to_bytes(4, "big")
        text += (r.top + 1).to_bytes(6, "big")
        text += r.window + bytes((len(r.cid),)) + r.cid
        text += bytes((len(r.local_cid),)) + r.local_cid + core.block
    head = bytes((flags, suite >> 8, suite & 255)) + generation.to_bytes(4, "big")
    text = head + core.witness + master + bytes((len(sid),)) + sid + text
    nonce = core.random(8)
    key, salt = _key(core)
    return Ccm(key, b"").crypt(salt + nonce + b"\0\0\0", salt, text, -1, nonce)


def _key(core):
    key = hmac(core.key, b"dtls session" + core.identity)
    return key[:16], b"\x02" + key[16:20]


def _load(core):
    # (text or None, its generation or 0, spent or None). May raise OSError.
    record, spent = core.store.get()
    if record and len(record) > 79:
        key, salt = _key(core)
        text = Ccm(key, b"").crypt(salt + record[:8] + b"\0\0\0", salt, record, 8)
        if text and text[0] >> 4 == _FORMAT >> 4:
            return text, uint(text, 3, 4), spent
    return None, 0, spent


def keep(core, now: int) -> None:
    """Store what a handshake has made, for resumption only; or that there is nothing to resume."""
    if not core.reserve:
        core.witness = bytes(_WITNESS)
    try:
        _, generation, spent = _load(core)
        core.store.put(_seal(core, max(generation, spent or 0), False, now))
    except OSError:
        core.log(2, "dtls", "store")


def export(core, now: int) -> bytes:
    """See Dtls.export."""
    if core.state != _ESTABLISHED or not core.store:
        return b""
    if core.reserve:
        return core.witness if _reserve(core, now) else b""
    try:
        _, generation, spent = _load(core)
        generation = max(generation, spent or 0, core.stored) + 1
        core.witness = core.random(_WITNESS)
        # From here on a record of ours spends what is stored, were it written or only half so.
        core.stored = generation
        if spent is None:
            core.store.spend_up_to(generation - 1)
        core.store.put(_seal(core, generation, True, now))
    except OSError:
        core.log(2, "dtls", "store")
        return b""
    return core.witness


def _reserve(core, now):
    # Store the session with a number beyond those that it may use from now on. False where it may
    # use none: what is stored of these keys has a lower number, or it is not known which.
    limit = core.records.seq + core.reserve
    if core.witness == bytes(_WITNESS):
        core.witness = core.random(_WITNESS)
    try:
        core.store.put(_seal(core, 0, True, now, limit))
    except OSError:
        core.log(2, "dtls", "store")
        if core.limit:
            return False
    core.limit = limit
    core.stored = 0
    return True


def spend(core, now: int) -> bool:
    """Make the store forget the keys in use, or reserve numbers of them.

    False where it does not surely do so.
    """
    if core.reserve:
        return _reserve(core, now)
    generation = core.stored
    core.witness = bytes(_WITNESS)
    record = _seal(core, generation, False, now)
    try:
        core.store.put(record)
        core.store.spend_up_to(generation)
        if core.store.get() != (record, generation):
            return False
    except OSError:
        return False
    core.stored = 0
    return True


def restore(core, witness: bytes, now: int, slept: int) -> bool:
    """See Dtls.restore."""
    try:
        text, generation, spent = _load(core)
    except OSError:
        return False
    if not text or core.state or core.session:
        return False
    suite = uint(text, 1, 2)
    flags = text[0]
    i = 64 + text[63]
    reserved = flags & _RESERVED_FLAG
    if suite not in core.suites or reserved and (witness != text[7:15] or not core.reserve):
        return False
    core.suite = suite
    core.contexts = core.contexts or -1
    core.expires = now - slept + uint(text, i, 4) * 1000
    if i > 64:
        core.session = (text[64:i], text[15:63], suite, bool(flags & _EXTENDED_FLAG))
    if reserved:
        core.witness = witness
    elif spent is None or generation <= spent or witness != text[7:15]:
        return False
    if not flags & _LIVE_FLAG or now >= core.expires:
        return False
    core.etm = bool(flags & _ETM_FLAG)
    cid, at = _sized(text, i + 22)
    local_cid, at = _sized(text, at)
    core.block = text[at:]
    out, into = ciphers(suite, core.block, core.etm)
    core.records = r = Records(out, into, cid, local_cid)
    r.seq = uint(text, i + 4, 3)
    core.unconfirmed = text[i + 7]
    r.top = uint(text, i + 8, 6) - 1
    r.window = bytearray(text[i + 14 : i + 22])
    core.stored = generation
    if reserved:
        core.limit = r.seq
        core.doubt = True
    core.state = _ESTABLISHED
    core.deadline = core.expires
    core.resumed = True
    return True


def _sized(data, i):
    n = i + 1 + data[i]
    return data[i + 1 : n], n
