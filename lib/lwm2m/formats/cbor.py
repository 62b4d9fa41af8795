"""CBOR, content format 60: one value (RFC 8949, LwM2M Core 7.4.3), and what its kin share."""

from micropython import const

from . import value as values
from .number import from_ieee, integer, to_double

# Types of values, see model
_FLOAT = const(3)
_BOOLEAN = const(4)
_OBJLNK = const(7)

# Major types
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_TAG = const(6)
_SIMPLE = const(7)  # and floats

_FALSE = const(20)
_DECIMAL_FRACTION = const(4)


def head(out: bytearray, major: int, value: int) -> bytearray:
    """Append the head of an item, as short as it gets, and return `out`."""
    major <<= 5
    if value < 24:
        out.append(major | value)
    else:
        size = 0
        while value >> (8 << size):
            size += 1
        out.append(major | 24 + size)
        out.extend(value.to_bytes(1 << size, "big"))
    return out


def put(out: bytearray, kind: int, value) -> None:
    """Append a value of type `kind`."""
    data = b""
    major = _SIMPLE
    if kind == _FLOAT:
        try:
            value = integer(value, False)
        except ValueError:
            kind = _BOOLEAN  # of the same major type
            value = int.from_bytes(to_double(value), "big") - _FALSE
    elif kind == _OBJLNK:
        value = "%d:%d" % value
    if kind == _BOOLEAN:
        value += _FALSE
    elif isinstance(value, int):
        major = 0
        if value < 0:
            major = _NEGATIVE
            value = ~value
    else:
        major = _BYTES
        data = value
        if isinstance(value, str):
            major = _TEXT
            data = value.encode()
        value = len(data)
    head(out, major, value).extend(data)


class Reader(values.Reader):
    """Reads CBOR; ValueError or IndexError where it is not well-formed."""

    def head(self) -> int:
        """The argument of the next item, -1 if it is indefinite; its type goes to `major`."""
        value = self.read(1)[0]
        self.major = major = value >> 5
        self.size = size = 0
        value &= 31
        if value > 23:
            self.size = size = 1 << value - 24
            if size > 8:
                if value < 31 or not 0x3C >> major & 1:  # strings, arrays and maps
                    raise ValueError
                return -1
            value = int.from_bytes(self.read(size), "big")
        return value

    def count(self, major: int) -> int:
        """The head of an item that must be of type `major`."""
        value = self.head()
        if self.major != major:
            raise ValueError
        return value

    def each(self, major: int):
        """Yield before each of the items in one of type `major`."""
        count = self.count(major)
        while count:
            if count < 0 and self.data[self.start] == 0xFF:
                self.start += 1
                return
            yield
            count -= 1

    def item(self):
        """The next value: int, decimal pair, str, bytes or bool."""
        value = self.head()
        while self.major == _TAG:
            value = self.head()
        major = self.major
        if major < _BYTES:
            return ~value if major else value
        if major < _ARRAY:
            if value < 0:
                self.start -= 1
                data = bytearray()
                for _ in self.each(major):
                    data.extend(self.read(self.count(major)))
            else:
                data = self.read(value)
            return bytes(data) if major == _BYTES else str(data, "utf-8")
        size = self.size
        if size and major == _SIMPLE:
            return from_ieee(self.data[self.start - size : self.start], True)
        if major != _SIMPLE or value >> 1 != 10:
            raise ValueError
        return value > _FALSE


def encode(content: list, path: list) -> bytearray:
    """The one value at `path`; Lwm2mError 4.06 where there may be several."""
    out = bytearray()
    put(out, *values.single(content, path))
    return out


def decode(data: memoryview, path: list, kind_of) -> list:
    """The one value for `path`, as [(path, value)]; Lwm2mError 4.00 where it is none."""
    return Reader(data, path, kind_of).decode(lambda r: r.append([], r.item(), False))
