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


class Ccm:
    """One direction's protection; `tag` is the length of its tag, 8 or 16 bytes."""

    def __init__(self, key: bytes, salt: bytes, tag: int = 8):
        self.key = key
        self.salt = salt
        self.tag = tag
        self.ecb = aes(key, _ECB)

    def crypt(self, nonce: bytes, aad: bytes, data: bytes, opens: bool) -> bytes | None:
        """Ciphertext and tag of a text; or, if it `opens`, the text, None where the tag is wrong.

        `nonce` has 12 bytes (or 13, as in RFC 3610's examples), `aad` 1 to 255, a text 4063.
        """
        tag = self.tag
        n = len(data) - (tag if opens else 0)
        if not 0 <= n < 4064:
            return None
        free = 15 - len(nonce)
        # The key stream: its first block is for the tag
        s = bytearray((bytes((free - 1,)) + nonce + bytes(free)) * (n + 31 >> 4))
        for i in range(31, len(s), 16):
            s[i] = i >> 4
        self.ecb.encrypt(s, s)
        s = int.from_bytes(s[: n + 16], "big")
        text = data
        if opens:
            data = int.from_bytes(data[n:] + bytes(16 - tag) + data[:n], "big") ^ s
            data = data.to_bytes(n + 16, "big")
            text = data[16:]
        mac = (
            bytes(((tag << 2) + free + 55,)) + nonce,
            n.to_bytes(free, "big") + len(aad).to_bytes(2, "big") + aad,
            bytes(-len(aad) - 2 & 15),
            text,
            bytes(-n & 15),
        )
        mac = aes(self.key, _CBC, bytes(16)).encrypt(b"".join(mac))[-16:]
        if opens:
            # As integers: how many bytes are right must not show in the time
            if int.from_bytes(mac[:tag], "big") ^ int.from_bytes(data[:tag], "big"):
                return None
            return text
        data = (int.from_bytes(mac + text, "big") ^ s).to_bytes(n + 16, "big")
        return data[16:] + data[:tag]

    def seal(self, head: bytes, number: bytes, text: bytes) -> bytes:
        """A record's fragment (RFC 6655): `number` is epoch and sequence, sent as the nonce."""
        head += len(text).to_bytes(2, "big")
        return number + self.crypt(self.salt + number, head, text, False)

    def open(self, head: bytes, number: bytes, body: bytes) -> bytes | None:
        """The text of a fragment, or None."""
        n = len(body) - 8 - self.tag
        if n < 0:
            return None
        return self.crypt(self.salt + body[:8], head + n.to_bytes(2, "big"), body[8:], True)


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
