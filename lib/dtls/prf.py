"""HMAC-SHA256 (RFC 2104) and the PRF of TLS 1.2 (RFC 5246 section 5): boards have no hmac."""

from hashlib import sha256

from micropython import const

_BLOCK = const(64)


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
