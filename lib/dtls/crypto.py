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


class Ccm:
    """One direction's protection; `tag` is the length of its tag, 8 or 16 bytes."""

    def __init__(self, key: bytes, salt: bytes, tag: int = 8):
        self.key = key
        self.salt = b"\x02" + salt  # a counter block begins so (RFC 3610 section 2.3)
        self.tag = tag
        self.ecb = aes(key, _ECB)

    def crypt(self, block: bytes, aad: bytes, data: bytes, i: int = -1, prefix: bytes = b""):
        """`prefix`, ciphertext and tag of a text; from `i` on, if it is given, what that opens.

        `block` is counter block 0, `aad` has 1 to 255 bytes, a text up to 4063. None where the tag
        is wrong. On boards what costs is each allocation: so all is joined at once.
        """
        tag = self.tag
        n = len(data)
        if i >= 0:
            n -= i + tag
        if not 0 <= n < 4064:
            return None
        pad = bytes(-n & 15)
        # The key stream: its first block is for the tag
        s = bytearray(block * (n + 31 >> 4))
        size = len(s)
        for k in range(31, size, 16):
            s[k] = k >> 4
        self.ecb.encrypt(s, s)
        s = int.from_bytes(s, "big")
        text = data
        if i >= 0:
            data = b"".join((data[i + n :], bytes(16 - tag), data[i : i + n], pad))
            data = (int.from_bytes(data, "big") ^ s).to_bytes(size, "big")
            text = data[16 : 16 + n]
        free = block[0]
        mac = (
            bytes(((tag << 2) + free + 56,)),
            block[1 : 15 - free],
            (n << 16 | len(aad)).to_bytes(free + 3, "big"),
            aad,
            bytes(-len(aad) - 2 & 15),
            text,
            pad,
        )
        mac = aes(self.key, _CBC, _ZERO).encrypt(b"".join(mac))[-16:]
        if i >= 0:
            # As integers: how many bytes are right must not show in the time
            if int.from_bytes(mac[:tag], "big") ^ int.from_bytes(data[:tag], "big"):
                return None
            return text
        data = int.from_bytes(b"".join((mac, text, pad)), "big") ^ s
        data = data.to_bytes(size, "big")
        return b"".join((prefix, data[16 : 16 + n], data[:tag]))

    def seal(self, head: bytes, number: bytes, text: bytes) -> bytes:
        """A record's fragment (RFC 6655): `number` is epoch and sequence, sent as the nonce."""
        head += len(text).to_bytes(2, "big")
        return self.crypt(self.salt + number + b"\0\0\0", head, text, -1, number)

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
    a = sha256(outer + sha256(inner + seed).digest()).digest()
    if not size:
        return a
    while len(out) < size:
        out += sha256(outer + sha256(inner + a + seed).digest()).digest()
        a = sha256(outer + sha256(inner + a).digest()).digest()
    return out[:size]
