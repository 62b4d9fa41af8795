"""AES-CCM (RFC 3610, RFC 6655), HMAC-SHA256 (RFC 2104) and the PRF of TLS 1.2 (RFC 5246).

CCM by two calls into C: CBC mode gives the MAC as its last block, ECB mode over the counter blocks
the key stream. Boards have neither hmac nor the .copy() of a hash.
"""

from hashlib import sha256

from cryptolib import aes
from micropython import const

_BLOCK = const(64)
_ECB = const(1)
_CBC = const(2)
_ZERO = bytes(16)
# What a text and its key stream are worked on in: one of a usual length makes little garbage
_USUAL = const(240)
_WORK = memoryview(bytearray(240))
_STREAM = memoryview(bytearray(240))


class Ccm:
    """One direction's protection; `tag` is the length of its tag, 8 or 16 bytes."""

    def __init__(self, key: bytes, salt: bytes, tag: int = 8):
        self.salt = b"\x02" + salt  # a counter block begins so (RFC 3610 section 2.3)
        self.tag = tag
        self.ecb = aes(key, _ECB)
        # It goes on from the last block, which therefore is taken out of the next first one
        self.cbc = aes(key, _CBC, _ZERO)
        self.last = bytearray(16)

    def _xor(self, block, stream, data):
        # With the key stream, whose first block is for the tag
        size = len(data)
        stream[:] = block * (size >> 4)
        for k in range(31, size, 16):
            stream[k] = k >> 4
        self.ecb.encrypt(stream, stream)
        return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")

    def crypt(self, block: bytes, aad: bytes, data: bytes, i: int = -1, prefix: bytes = b""):
        """`prefix`, ciphertext and tag of a text; from `i` on, if it is given, what that opens.

        `block` is counter block 0, `aad` has 1 to 255 bytes, a text up to 4063. None where the tag
        is wrong. On boards what costs is each allocation: so all is worked on in one place.
        """
        tag = self.tag
        n = len(data)
        if i >= 0:
            n -= i + tag
        if not 0 <= n < 4064:
            return None
        # The first block and the additional data, to be authenticated; from `at` on the text
        size = len(aad) + 18
        at = size + 15 & ~15
        end = at + (n + 15 & ~15)
        work = _WORK
        stream = _STREAM
        if end > _USUAL:
            work = memoryview(bytearray(end))
            stream = memoryview(bytearray(end))
        keys = stream[at - 16 : end]
        both = work[at - 16 : end]  # the tag, and the text
        text = data
        if i >= 0:
            data = memoryview(data)
            both[:tag] = data[i + n :]
            both[16 : 16 + n] = data[i : i + n]
            data = self._xor(block, keys, both)
            text = data[16 : 16 + n]
        both[16 : 16 + n] = text
        work[:16] = block
        work[0] += (tag << 2) + 56
        work[14] = n >> 8
        work[15] = n & 255
        last = self.last
        for k in range(16):
            work[k] ^= last[k]
        work[16] = 0
        work[17] = len(aad)
        work[18:size] = aad
        for k in range(size, at):
            work[k] = 0
        for k in range(at + n, end):
            work[k] = 0
        # Nothing may be allocated between the two: `last` would be wrong from then on
        final = work[end - 16 : end]
        work = work[: end - 16]
        self.cbc.encrypt(work, stream)
        self.cbc.encrypt(final, last)
        if i >= 0:
            # As integers: how many bytes are right must not show in the time
            if int.from_bytes(last[:tag], "big") ^ int.from_bytes(data[:tag], "big"):
                return None
            return text
        both[:16] = last
        data = self._xor(block, keys, both)
        return b"".join((prefix, data[16 : 16 + n], data[:tag]))

    def seal(self, record: bytes, head: bytes, number: bytes, text: bytes) -> bytes:
        """A record that begins with `record` (RFC 6655); epoch and sequence are the nonce."""
        n = len(text)
        record += (n + 8 + self.tag).to_bytes(2, "big") + number
        head += n.to_bytes(2, "big")
        return self.crypt(self.salt + number + b"\0\0\0", head, text, -1, record)

    def open(self, head: bytes, number: bytes, body: bytes) -> bytes | None:
        """The text of a fragment, or None."""
        n = len(body) - 8 - self.tag
        if n < 0:
            return None
        head += n.to_bytes(2, "big")
        return self.crypt(self.salt + body[:8] + b"\0\0\0", head, body, 8)


def _pad(key, byte):
    return (int.from_bytes(key, "big") ^ int.from_bytes(byte * _BLOCK, "big")).to_bytes(
        _BLOCK, "big"
    )


def hmac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256, 32 bytes."""
    return prf(key, data, 0)


def prf(secret: bytes, seed: bytes, size: int) -> bytes:
    """P_SHA256(secret, seed), `size` bytes; `seed` begins with the label. Of 0: HMAC(seed)."""
    if len(secret) > _BLOCK:
        secret = sha256(secret).digest()
    secret = secret + bytes(_BLOCK - len(secret))
    inner = _pad(secret, b"\x36")
    outer = _pad(secret, b"\x5c")
    out = b""
    a = seed
    while True:
        a = sha256(outer + sha256(inner + a).digest()).digest()
        if not size:
            return a
        out += sha256(outer + sha256(inner + a + seed).digest()).digest()
        if len(out) >= size:
            return out[:size]
