"""A session in a store: exported before a sleep, imported once after it, or only resumed.

The store, `Dtls.store`, holds one record and one number, and may raise OSError:

    put(record)     replaces the record (bytes)
    get()           (record or None, mark or None); None is what was never there, or in doubt
    mark(number)    replaces the mark: sessions up to this generation are spent

A session is imported when its record is whole, its generation is above the mark, and the witness
is right. Before its first record is sent or believed, the record is replaced by one that can only
be resumed, and the mark is raised; so where one of the two is lost or comes back, the other holds.
A witness holds where all comes back: a restored backup, an image on another board.
"""

from micropython import const

from .crypto import Ccm, hmac
from .record import Records, ciphers

_FORMAT = const(0x10)
_EXTENDED = const(1)
_ETM = const(2)
_LIVE = const(4)
_JUMP = const(63)
_WITNESS = const(8)
_ESTABLISHED = const(2)


def _seal(core, generation, live):
    """The record: format and flags 1 B, suite 2, generation 4, witness 8, master secret 48, id.

    A live one goes on with sequence 6, highest received + 1 in 6, window 8, CIDs, key block.
    Before it come 8 B of nonce, after it 8 B of tag.
    """
    sid, master, suite, extended = core.session or (b"", bytes(48), core.suite, False)
    flags = _FORMAT | extended * _EXTENDED | core.etm * _ETM
    text = b""
    if live:
        flags |= _LIVE
        r = core.records
        # A jump: sequence numbers that were perhaps used after all lie behind it
        text = (r.seq + _JUMP & ~_JUMP).to_bytes(6, "big") + (r.top + 1).to_bytes(6, "big")
        text += r.window + bytes((len(r.cid),)) + r.cid
        text += bytes((len(r.own),)) + r.own + core.block
    head = bytes((flags,)) + suite.to_bytes(2, "big") + generation.to_bytes(4, "big")
    text = head + core.witness + master + bytes((len(sid),)) + sid + text
    nonce = core.random(8)
    key, salt = _key(core)
    return Ccm(key, b"").crypt(salt + nonce + b"\0\0\0", salt, text, -1, nonce)


def _key(core):
    key = hmac(core.key, b"dtls session" + core.identity)
    return key[:16], b"\x02" + key[16:20]


def _load(core):
    # (text or None, its generation or 0, mark or None)
    try:
        record, mark = core.store.get()
    except OSError:
        return None, 0, None
    if record and len(record) > 79:
        key, salt = _key(core)
        text = Ccm(key, b"").crypt(salt + record[:8] + b"\0\0\0", salt, record, 8)
        if text and text[0] >> 4 == _FORMAT >> 4:
            return text, int.from_bytes(text[3:7], "big"), mark
    return None, 0, mark


def keep(core) -> None:
    """Store what a handshake has made, for resumption only."""
    _, generation, mark = _load(core)
    core.witness = bytes(_WITNESS)
    try:
        core.store.put(_seal(core, max(generation, mark or 0), False))
    except OSError:
        core.log(2, "dtls", "store")


def export(core) -> bytes:
    """See Dtls.export."""
    if core.state != _ESTABLISHED or not core.store:
        return b""
    _, generation, mark = _load(core)
    generation = max(generation, mark or 0, core.stored) + 1
    core.witness = core.random(_WITNESS)
    # From here on a record of ours spends what is stored, were it written or only half so.
    core.stored = generation
    try:
        if mark is None:
            core.store.mark(generation - 1)
        core.store.put(_seal(core, generation, True))
    except OSError:
        core.log(2, "dtls", "store")
        return b""
    return core.witness


def spend(core) -> bool:
    """Make the store forget the keys in use; False where it does not surely do so."""
    generation = core.stored
    core.witness = bytes(_WITNESS)
    record = _seal(core, generation, False)
    try:
        core.store.put(record)
        core.store.mark(generation)
        if core.store.get() != (record, generation):
            return False
    except OSError:
        return False
    core.stored = 0
    return True


def restore(core, witness: bytes) -> bool:
    """See Dtls.restore."""
    text, generation, mark = _load(core)
    if not text or core.state:
        return False
    suite = int.from_bytes(text[1:3], "big")
    flags = text[0]
    i = 64 + text[63]
    if suite not in core.suites:
        return False
    core.suite = suite
    if i > 64:
        core.session = (text[64:i], text[15:63], suite, bool(flags & _EXTENDED))
    if not flags & _LIVE or mark is None or generation <= mark or witness != text[7:15]:
        return False
    core.etm = bool(flags & _ETM)
    cid, at = _sized(text, i + 20)
    own, at = _sized(text, at)
    core.block = text[at:]
    out, into = ciphers(suite, core.block, core.etm)
    core.records = r = Records(out, into, cid, own)
    r.seq = int.from_bytes(text[i : i + 6], "big")
    r.top = int.from_bytes(text[i + 6 : i + 12], "big") - 1
    r.window = bytearray(text[i + 12 : i + 20])
    core.stored = generation
    core.state = _ESTABLISHED
    core.resumed = True
    core.unheard = 0
    return True


def _sized(data, i):
    n = i + 1 + data[i]
    return data[i + 1 : n], n
