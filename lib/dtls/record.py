"""Records of epoch 1: protection, Connection ID (RFC 9146), anti-replay (RFC 6347 section 4.1)."""

from micropython import const

_CID_RECORD = const(25)
_WINDOW = const(64)


_CBC_SHA256 = const(0x00AE)
_CCM = const(0xC0A4)  # with a tag of 16 bytes
_HOLDER = b"\xff\xff\xff\xff\xff\xff\xff\xff\x19"


class DtlsError(Exception):
    """`code` is an alert's number (RFC 5246 section 7.2), or -1: there is no session."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


def uint(data, i: int, size: int) -> int:
    """The unsigned integer in `size` bytes at i."""
    return int.from_bytes(data[i : i + size], "big")


class Records:
    """Both directions of a session. `out` and `into` are ciphers, such as `Ccm`.

    `cid` is the peer's, put into what we send; `local_cid` is ours, wanted in what arrives. Empty
    ones mean plain DTLS 1.2 records.
    """

    def __init__(self, out, into, cid: bytes = b"", local_cid: bytes = b""):
        self.out = out
        self.into = into
        self.cid = cid
        self.local_cid = local_cid
        # What is authenticated with a CID, before the number (RFC 9146 section 5)
        self.holder = _HOLDER + bytes((len(cid), _CID_RECORD, 0xFE, 0xFD))
        self.seq = 0  # of the next record
        # The highest sequence number seen; for it and 63 before it `window` has a bit, at the
        # number's last six: no integers of 64 bits, which boards allocate.
        self.top = -1
        self.window = bytearray(_WINDOW // 8)

    def seal(self, kind: int, data: bytes) -> bytes:
        """The whole record."""
        seq = self.seq
        self.seq = seq + 1
        number = b"\x00\x01" + seq.to_bytes(6, "big")
        cid = self.cid
        if cid:
            data = data + bytes((kind,))
            record = b"\x19\xfe\xfd" + number + cid
            head = self.holder + number + cid
        else:
            record = bytes((kind, 0xFE, 0xFD))
            head = number + record
            record += number
        return self.out.seal(record, head, number, data)

    def open(self, kind: int, number: bytes, body: bytes):
        """(type, data) of a record with the header's `number` (epoch and sequence), or None.

        False where its tag is wrong.
        """
        seq = uint(number, 2, 6)
        top = self.top
        window = self.window
        at = seq >> 3 & 7
        bit = 1 << (seq & 7)
        if seq <= top - _WINDOW or seq <= top and window[at] & bit:
            return None
        local_cid = self.local_cid
        if local_cid:
            head = _HOLDER + bytes((len(local_cid), _CID_RECORD, 0xFE, 0xFD)) + number + local_cid
        else:
            head = number + bytes((kind, 0xFE, 0xFD))
        data = self.into.open(head, number, body)
        if data is None:
            return False
        if seq > top:
            self.top = seq
            if seq - top > _WINDOW:
                top = seq - _WINDOW
            while top < seq - 1:
                top += 1
                window[top >> 3 & 7] &= ~(1 << (top & 7))
        window[at] |= bit
        if local_cid:  # the true type comes after the text, and zeros may follow
            n = len(data)
            while n and not data[n - 1]:
                n -= 1
            if not n:
                return None
            return data[n - 1], data[: n - 1]
        return kind, data


def ciphers(suite: int, block: bytes, etm: bool) -> tuple:
    """(ours, the server's) of a key block: 96 B for CBC, 40 B for CCM (RFC 5246 section 6.3)."""
    if suite == _CBC_SHA256:
        from .cbc import Cbc

        return Cbc(block[64:80], block[:32], etm), Cbc(block[80:], block[32:64], etm)
    from .crypto import Ccm

    tag = 16 if suite == _CCM else 8
    return Ccm(block[:16], block[32:36], tag), Ccm(block[16:32], block[36:], tag)
