"""AES-CCM (RFC 3610, RFC 6655), HMAC-SHA256 (RFC 2104) and the PRF of TLS 1.2 (RFC 5246).

CCM by two calls into C: CBC mode gives the MAC as its last block, ECB mode over the counter blocks
the key stream. Both objects live as long as the keys: made for each record they would be 600 B of
garbage. Boards have neither hmac nor the .copy() of a hash.
"""

from hashlib import sha256

from cryptolib import aes
from micropython import const

_BLOCK = const(64)
_ECB = const(1)
_CBC = const(2)


class Ccm:
    """One direction's protection; `tag` is the length of its tag, 8 or 16 bytes."""

    def __init__(self, key: bytes, salt: bytes, tag: int = 8):
        self.salt = salt
        self.tag = tag
        self.ecb = aes(key, _ECB)
        self.cbc = aes(key, _CBC, bytes(16))
        self.chain = 0

    def _mac(self, nonce, aad, text):
        n = len(text)
        a = len(aad)
        at = 16 + (a + 17 & ~15 if a else 0)
        b = bytearray(at + (n + 15 & ~15))
        b[0] = (self.tag - 2 << 2) + 14 - len(nonce) + (64 if a else 0)
        b[1 : 1 + len(nonce)] = nonce
        b[14] = n >> 8
        b[15] = n & 255
        if a:
            b[17] = a
            b[18 : 18 + a] = aad
        b[at : at + n] = text
        # The object's chaining value is its last block: taken out of the first one it is zero.
        b[:16] = (int.from_bytes(b[:16], "big") ^ self.chain).to_bytes(16, "big")
        self.cbc.encrypt(b, b)
        b = b[-16:]
        self.chain = int.from_bytes(b, "big")
        return b

    def _crypt(self, nonce, data):
        # XOR with the key stream: first the tag, in 16 bytes, then the text
        n = len(data)
        s = bytearray((bytes((14 - len(nonce),)) + nonce + bytes(15 - len(nonce))) * (n + 15 >> 4))
        for i in range(1, n + 15 >> 4):
            s[i * 16 + 15] = i & 255
            s[i * 16 + 14] = i >> 8
        self.ecb.encrypt(s, s)
        return (int.from_bytes(data, "big") ^ int.from_bytes(s[:n], "big")).to_bytes(n, "big")

    def encrypt(self, nonce: bytes, aad: bytes, text: bytes) -> bytes:
        """Ciphertext and tag. `aad` is shorter than 256 B, `text` than 64 KiB."""
        text = self._crypt(nonce, self._mac(nonce, aad, text) + text)
        return text[16:] + text[: self.tag]

    def decrypt(self, nonce: bytes, aad: bytes, data: bytes) -> bytes | None:
        """The text, or None where the tag is wrong."""
        tag = self.tag
        n = len(data) - tag
        if n < 0:
            return None
        data = self._crypt(nonce, data[n:] + bytes(16 - tag) + data[:n])
        text = data[16:]
        mac = self._mac(nonce, aad, text)
        # As integers: how many bytes are right must not show in the time
        if int.from_bytes(mac[:tag], "big") ^ int.from_bytes(data[:tag], "big"):
            return None
        return text

    def seal(self, head: bytes, number: bytes, text: bytes) -> bytes:
        """A record's fragment (RFC 6655): `number` is epoch and sequence, sent as the nonce."""
        n = len(text)
        return number + self.encrypt(self.salt + number, head + bytes((n >> 8, n & 255)), text)

    def open(self, head: bytes, number: bytes, body: bytes) -> bytes | None:
        """The text of a fragment, or None."""
        n = len(body) - 8 - self.tag
        if n < 0:
            return None
        return self.decrypt(self.salt + body[:8], head + bytes((n >> 8, n & 255)), body[8:])


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
