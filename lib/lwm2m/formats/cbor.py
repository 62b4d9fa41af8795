"""CBOR, content format 60: one value (RFC 8949, LwM2M Core 7.4.3), and what its kin share."""

from micropython import const

from . import value
from .number import from_ieee, to_double

# Types of values, see model
_FLOAT = const(3)
_BOOLEAN = const(4)
_TIME = const(6)
_OBJLNK = const(7)

# Major types
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_TAG = const(6)
_SIMPLE = const(7)  # and floats

_FALSE = const(20)
_DOUBLE = const(0xFB)
_EPOCH = const(0xC1)  # tag 1: seconds since 1970
_BREAK = const(0xFF)

# Tags that make a number (RFC 8949 sections 3.4.3 and 3.4.4); the others say nothing to us
_BIGNUM = const(2)
_FRACTION = const(4)

# About what a text may say: more is no measured value, and takes long to reckon with
_BIGNUM_LIMIT = const(32)  # bytes of a bignum
_FARTHEST = const(400)  # exponent of ten


def head(out: bytearray, type: int, value: int) -> bytearray:
    """Append the head of an item, as short as it gets, and return `out`."""
    type <<= 5
    if value < 24:
        out.append(type | value)
    else:
        size = 0
        while value >> (8 << size):
            size += 1
        out.append(type | 24 + size)
        out += value.to_bytes(1 << size, "big")
    return out


def write(out: bytearray, kind: int, value) -> bytearray:
    """Append a value of type `kind`, or 0 where Python's type says it all, and return `out`."""
    if kind == _FLOAT:
        out.append(_DOUBLE)  # a whole number, too: Leshan takes no integers for Floats
        out += to_double(value)
        return out
    if kind == _BOOLEAN:
        return head(out, _SIMPLE, value + _FALSE)
    if kind == _OBJLNK:
        value = "%d:%d" % value
    elif kind == _TIME:
        out.append(_EPOCH)  # which Leshan wants, and Anjay writes
    if isinstance(value, int):
        return head(out, _NEGATIVE, ~value) if value < 0 else head(out, 0, value)
    type = _BYTES
    if isinstance(value, str):
        type = _TEXT
        value = value.encode()
    head(out, type, len(value))
    out += value
    return out


class Reader(value.Reader):
    """Reads CBOR; ValueError or IndexError where it is not well-formed."""

    def head(self, type=None) -> int:
        """The argument of the next item, of a major type if it is given, or else -1 if indefinite.

        Its major type goes to `type`, its argument as it is written to `args`.
        """
        value = self.read(1)[0]
        self.type = value >> 5
        self.args = None
        value &= 31
        if type not in (None, self.type):
            raise ValueError
        if value > 27:
            if value < 31 or not 0x3C >> self.type & 1:  # strings, arrays and maps
                raise ValueError
            return -1
        if value > 23:
            self.args = self.read(1 << value - 24)
            value = int.from_bytes(self.args, "big")
        return value

    def iter(self, type: int):
        """Yield before each of the items within the next one, of a major type."""
        count = self.head(type)
        while count:
            if count < 0 and self.data[self.start] == _BREAK:
                self.start += 1
                return
            yield
            count -= 1

    def next(self, whole: bool = False):
        """The next value: int, decimal pair, str, bytes or bool; or ValueError.

        `whole` is within a pair, where only an int may be.
        """
        value = self.head()
        tag = 0
        while self.type == _TAG:
            if 1 < tag <= _FRACTION or whole and value >> 1 != 1:  # a number is no tag's
                raise ValueError
            tag = value
            value = self.head()
        type = self.type
        if 1 < tag < _FRACTION:
            if type != _BYTES or value > _BIGNUM_LIMIT:
                raise ValueError
            value = int.from_bytes(self.read(value), "big")
            type = tag - _BIGNUM
        if type < _BYTES and tag != _FRACTION:
            return ~value if type else value
        if whole:
            raise ValueError
        if tag == _FRACTION:
            exponent = self.next(True)
            mantissa = self.next(True)
            if value < 0 and self.read(1)[0] == _BREAK:
                value = 2
            if type != _ARRAY or value != 2 or abs(exponent) > _FARTHEST:
                raise ValueError
            return mantissa, exponent
        if type < _ARRAY:
            if value < 0:
                self.start -= 1
                data = bytearray()
                for _ in self.iter(type):
                    data += self.read(self.head(type))
            else:
                data = self.read(value)
            return bytes(data) if type == _BYTES else str(data, "utf-8")
        if type == _SIMPLE:
            if self.args:
                return from_ieee(self.args, True)
            if value >> 1 == 10:
                return value > _FALSE
        raise ValueError


def encode(values: list, path: list) -> bytearray:
    """The one value at `path`; Lwm2mError 4.06 where there may be several."""
    return write(bytearray(), *value.single(values, path))


def decode(data: memoryview, path: list, resource_type) -> list:
    """The one value for `path`, as [(path, value)]; Lwm2mError 4.00 where it is none."""
    return Reader(data, path, resource_type).decode(lambda r: r.append([], r.next(), False))
