"""Pre-shared keys: made, and those that are given looked at. A key is never in a message."""

import secrets

LEAST, MOST = 16, 64  # bytes
# Of documents of others, which people copy; our pages' own are ascending.
_EXAMPLES = (
    "2b7e151628aed2a6abf7158809cf4f3c",  # FIPS 197, RFC 4493
    "d7828d13b2b0bdc325a76236df93cc6b",  # RFC 3610
    "0123456789abcdef0123456789abcdef",
    "00112233445566778899aabbccddeeff",  # FIPS 197
    "deadbeefdeadbeefdeadbeefdeadbeef",
    "67f6aad1db5e9bdb9778a35e7f4f24f2",  # ThingsBoard
)


def made(size: int = LEAST) -> str:
    """Return a random key of `size` bytes, in hexadecimal digits."""
    while True:
        key = secrets.token_hex(size)
        if not weakness(key):
            return key


def weakness(key: str) -> str:
    """Return why a key in hexadecimal digits is refused, "" where it is not."""
    try:
        data = bytes.fromhex(key) if key.isalnum() else b""
    except ValueError:
        data = b""
    if not data:
        return "is not in hexadecimal digits"
    if not LEAST <= len(data) <= MOST:
        return "has %d bytes, not %d to %d" % (len(data), LEAST, MOST)
    if key.lower()[:32] in _EXAMPLES:
        return "is an example of somebody's documents"
    if len({(b - a) % 256 for a, b in zip(data, data[1:])}) == 1:
        return "counts, or is all of one byte"
    if len(set(data)) < 8:
        return "has only %d different bytes" % len(set(data))
    half = len(data) // 2
    if data[:half] == data[half : 2 * half]:
        return "repeats itself"
    if all(32 <= byte < 127 for byte in data):
        return "is a text, not random"
    return ""
