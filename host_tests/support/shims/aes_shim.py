"""MicroPython's `cryptolib.aes` for CPython: AES-128 and AES-256 in ECB (1) and CBC (2).

Slow and not of constant time: for tests only. Like the original, a CBC object goes on from its
last block, buffers are whole blocks, and an object that has encrypted cannot decrypt.
"""


def _tables():
    power, log = [0] * 256, [0] * 256
    x = 1
    for i in range(255):
        power[i], log[x] = x, i
        x ^= x << 1 ^ (0x11B if x & 0x80 else 0)
    box = [0x63] * 256
    for i in range(1, 256):
        inverse = power[-log[i] % 255]
        box[i] = 0x63
        for turn in range(5):
            box[i] ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
    return box, power, log


_BOX, _POWER, _LOG = _tables()
_UNBOX = [_BOX.index(i) for i in range(256)]


def _times(factor):
    return [_POWER[(_LOG[factor] + _LOG[i]) % 255] if i else 0 for i in range(256)]


_BY = {factor: _times(factor) for factor in (2, 3, 9, 11, 13, 14)}


def _columns(table, factors):
    # What each of a column's four bytes adds to the column that comes out
    found = []
    for turn in range(4):
        rows = [factors[(row - turn) % 4] for row in range(4)]
        values = []
        for i in range(256):
            s = table[i]
            word = 0
            for factor in rows:
                word = word << 8 | (s if factor == 1 else _BY[factor][s])
            values.append(word)
        found.append(values)
    return found


_ENCRYPT = _columns(_BOX, (2, 1, 1, 3))
_DECRYPT = _columns(_UNBOX, (14, 9, 13, 11))
_MIX = _columns(range(256), (14, 9, 13, 11))


def _words(key):
    size = len(key) // 4
    words = [int.from_bytes(key[i : i + 4], "big") for i in range(0, len(key), 4)]
    constant = 1
    for i in range(size, 4 * (size + 7)):
        word = words[-1]
        if i % size == 0 or size > 6 and i % size == 4:
            if i % size == 0:
                word = (word << 8 | word >> 24) & 0xFFFFFFFF
            word = int.from_bytes(bytes(_BOX[b] for b in word.to_bytes(4, "big")), "big")
            if i % size == 0:
                word ^= constant << 24
                constant = constant << 1 ^ (0x11B if constant & 0x80 else 0)
        words.append(words[i - size] ^ word)
    return words


def _unmix(word):
    b = word.to_bytes(4, "big")
    return _MIX[0][b[0]] ^ _MIX[1][b[1]] ^ _MIX[2][b[2]] ^ _MIX[3][b[3]]


def _block(data, words, tables, box, turn):
    a, b, c, d = tables
    state = [int.from_bytes(data[4 * i : 4 * i + 4], "big") ^ words[i] for i in range(4)]
    last = len(words) - 4
    for at in range(4, last, 4):
        state = [
            a[state[i] >> 24]
            ^ b[state[(i + turn) % 4] >> 16 & 255]
            ^ c[state[(i + 2) % 4] >> 8 & 255]
            ^ d[state[(i - turn) % 4] & 255]
            ^ words[at + i]
            for i in range(4)
        ]
    out = b""
    for i in range(4):
        word = (
            box[state[i] >> 24] << 24
            | box[state[(i + turn) % 4] >> 16 & 255] << 16
            | box[state[(i + 2) % 4] >> 8 & 255] << 8
            | box[state[(i - turn) % 4] & 255]
        )
        out += (word ^ words[last + i]).to_bytes(4, "big")
    return out


class aes:  # noqa: N801 the name is MicroPython's
    """`aes(key, mode)` for ECB, `aes(key, 2, iv)` for CBC."""

    def __init__(self, key, mode, iv=None):
        if len(key) not in (16, 32) or mode not in (1, 2) or (mode == 2) != (iv is not None):
            raise ValueError("key, mode or IV")
        self._words = _words(bytes(key))
        self._chain = bytes(iv) if mode == 2 else None
        self._direction = None

    def _begin(self, direction, data):
        if self._direction not in (None, direction):
            raise ValueError("the object already goes the other way")
        if len(data) % 16:
            raise ValueError("blksize % 16")
        if self._direction is None and direction == "decrypt":
            w = self._words
            parts = [w[i : i + 4] for i in range(len(w) - 4, -1, -4)]
            middle = [[_unmix(word) for word in part] for part in parts[1:-1]]
            self._words = sum([parts[0], *middle, parts[-1]], [])
        self._direction = direction

    def _finish(self, found, out):
        if out is None:
            return bytes(found)
        out[: len(found)] = found  # it may be longer
        return out

    def encrypt(self, data, out=None):
        """The ciphertext, or into `out`, which may be `data`."""
        self._begin("encrypt", data)
        found = bytearray()
        for i in range(0, len(data), 16):
            block = bytes(data[i : i + 16])
            if self._chain is not None:
                block = bytes(x ^ y for x, y in zip(block, self._chain))
            block = _block(block, self._words, _ENCRYPT, _BOX, 1)
            if self._chain is not None:
                self._chain = block
            found += block
        return self._finish(found, out)

    def decrypt(self, data, out=None):
        """The plaintext, or into `out`, which may be `data`."""
        self._begin("decrypt", data)
        found = bytearray()
        for i in range(0, len(data), 16):
            block = bytes(data[i : i + 16])
            clear = _block(block, self._words, _DECRYPT, _UNBOX, -1)
            if self._chain is not None:
                clear = bytes(x ^ y for x, y in zip(clear, self._chain))
                self._chain = block
            found += clear
        return self._finish(found, out)
