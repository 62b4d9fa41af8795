"""CBOR (RFC 8949), as much as LwM2M has of it: `make run` installs no library for it.

Integers stay exact and floats are as they come; keys of maps may be arrays, read as tuples.
"""

import struct
from fractions import Fraction

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
FLOATS = {25: ">e", 26: ">f", 27: ">d"}
SIMPLES = {20: False, 21: True, 22: None, 23: None}
BREAK = 0xFF
DECIMAL_FRACTION = 4
DEEPEST = 16


def decode(data: bytes) -> object:
    """The one item that `data` is; ValueError where it is none."""
    try:
        reader = Reader(bytes(data))
        found = reader.item(0)
    except (IndexError, struct.error, TypeError, OverflowError, ZeroDivisionError) as error:
        raise ValueError("CBOR of %d bytes is broken: %s" % (len(data), error)) from error
    if reader.place != len(data):
        raise ValueError("CBOR ends at %d of %d bytes" % (reader.place, len(data)))
    return found


class Reader:
    """Walks through bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        found = self.data[self.place : self.place + size]
        if len(found) < size:
            raise ValueError("CBOR ends within an item at %d" % self.place)
        self.place += size
        return found

    def head(self) -> tuple:
        """The major type, additional information and argument of an item; None: indefinite."""
        first = self.take(1)[0]
        kind, more = first >> 5, first & 31
        if more < 24:
            return kind, more, more
        if more < 28:
            return kind, more, int.from_bytes(self.take(1 << more - 24), "big")
        if more == 31 and kind in (BYTES, TEXT, ARRAY, MAP):
            return kind, more, None
        raise ValueError("CBOR has no item that begins with 0x%02x" % first)

    def item(self, depth: int) -> object:
        """The next item."""
        if depth > DEEPEST:
            raise ValueError("CBOR is nested more than %d deep" % DEEPEST)
        kind, more, count = self.head()
        if kind == UNSIGNED:
            return count
        if kind == NEGATIVE:
            return ~count
        if kind in (BYTES, TEXT):
            body = self.string(kind, count)
            return body.decode() if kind == TEXT else body
        if kind == ARRAY:
            return [self.item(depth + 1) for _ in self.each(count)]
        if kind == MAP:
            return dict(self.pair(depth) for _ in self.each(count))
        if kind == TAG:
            return tagged(count, self.item(depth + 1))
        return self.simple(more, count)

    def each(self, count: int | None):
        """One turn for each element; up to a break where nobody counted."""
        while count is None or count > 0:
            if count is None and self.data[self.place] == BREAK:
                self.place += 1
                return
            yield
            count = None if count is None else count - 1

    def string(self, kind: int, count: int | None) -> bytes:
        """Bytes, whole or in chunks."""
        if count is not None:
            return self.take(count)
        chunks = []
        for _ in self.each(None):
            inner, _, size = self.head()
            if inner != kind or size is None:
                raise ValueError("CBOR has a chunk of another type at %d" % self.place)
            chunks.append(self.take(size))
        return b"".join(chunks)

    def pair(self, depth: int) -> tuple:
        """A key and its value."""
        key = self.item(depth + 1)
        return tuple(key) if isinstance(key, list) else key, self.item(depth + 1)

    def simple(self, more: int, count: int) -> object:
        """A float, True, False or nothing."""
        if more in FLOATS:
            code = FLOATS[more]
            return struct.unpack(code, count.to_bytes(struct.calcsize(code), "big"))[0]
        if more in SIMPLES:
            return SIMPLES[more]
        raise ValueError("CBOR has a simple value %d" % count)


def tagged(tag: int, held: object) -> object:
    """What a tag makes of an item: a decimal fraction becomes a number, others say nothing new."""
    if tag != DECIMAL_FRACTION:
        return held
    exponent, mantissa = held
    if not -400 < exponent < 400:
        raise ValueError("CBOR has a decimal fraction of exponent %d" % exponent)
    exact = Fraction(mantissa) * Fraction(10) ** exponent
    return exact.numerator if exact.denominator == 1 else float(exact)


def encode(value: object) -> bytes:
    """The bytes of a value, of definite length, floats as doubles."""
    if isinstance(value, bool):
        return bytes([0xF5 if value else 0xF4])
    if isinstance(value, int):
        return head(NEGATIVE, ~value) if value < 0 else head(UNSIGNED, value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return head(TEXT, len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return head(BYTES, len(value)) + value
    if isinstance(value, list):
        return head(ARRAY, len(value)) + b"".join(map(encode, value))
    pairs = [encode(part) for pair in value.items() for part in pair]
    return head(MAP, len(value)) + b"".join(pairs)


def head(kind: int, count: int) -> bytes:
    """The head of an item, as short as it gets."""
    if count < 24:
        return bytes([kind << 5 | count])
    for more, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if count < 1 << 8 * size:
            return bytes([kind << 5 | more]) + count.to_bytes(size, "big")
    raise ValueError("%d is outside CBOR's integers" % count)
