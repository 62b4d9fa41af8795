"""SenML JSON, content format 110 (RFC 8428 section 5, LwM2M Core 7.4.4), and JSON (RFC 8259).

MicroPython's json reads numbers as floats, which have 24 bits on boards; here they stay exact.
"""

from binascii import a2b_base64, b2a_base64, unhexlify
from json import dumps

from micropython import const

from . import value
from .number import from_text, to_text

# Types of values, see model
_FLOAT = const(3)
_OPAQUE = const(5)
_OBJLNK = const(7)

# Labels as SenML CBOR has them
_DATA_VALUE = const(8)
_LABELS = {"bver": -1, "bn": -2, "bt": -3, "bv": -5, "n": 0, "v": 2, "vs": 3, "vb": 4, "t": 6}
_LABELS["vd"] = _DATA_VALUE


def write(items) -> str:
    """An object in JSON of (label, type, value), those that are None left out."""
    out = []
    for label, kind, text in items:
        if text is not None:
            if kind == _FLOAT:
                text = to_text(text)
            else:
                if kind == _OPAQUE:
                    text = str(b2a_base64(text), "utf-8").strip()
                    if label == "vd":
                        text = text.rstrip("=").replace("+", "-").replace("/", "_")
                elif kind == _OBJLNK:
                    text = "%d:%d" % text
                text = dumps(text)
            out.append('"%s":%s' % (label, text))
    return "{%s}" % ",".join(out)


def encode(values: list, path: list, time=None) -> bytes:
    """What was read at `path`; `time` in seconds is its base time, the others are relative."""
    out = []
    for base, name, kind, field, at in value.records(values, path, time):
        # The label of each type of value, see model
        label = (0, "vs", "v", "v", "vb", "vd", "v", "vlo", "v", "vs")[kind]
        parts = (
            ("bn", 0, base),
            ("bt", _FLOAT, time),
            ("n", 0, name),
            ("t", 0, at),
            (label, kind, field),
        )
        out.append(write(parts))
        time = None
    return ("[%s]" % ",".join(out)).encode()


def opaque(text: str) -> bytes:
    """The bytes in base64 or base64url, with or without padding; or ValueError."""
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    data = a2b_base64(text + "=" * (-len(text) & 3))
    if str(b2a_base64(data), "utf-8").rstrip("=\n") != text:
        raise ValueError
    return data


class Reader(value.Reader):
    """Reads JSON; ValueError or IndexError where it is not well-formed."""

    def char(self) -> int:
        """The next character but white space."""
        char = 32
        while char in b" \t\r\n":
            char = self.data[self.start]
            self.start += 1
        return char

    def iter(self, start: int):
        """Yield before each of the items from the bracket `start` to the one that closes it."""
        if self.char() != start:
            raise ValueError
        start += 2  # "]" and "}"
        if self.char() != start:
            self.start -= 1
            while True:
                yield
                char = self.char()
                if char == start:
                    return
                if char != 0x2C:
                    raise ValueError

    def key(self) -> str:
        """The name of an object's member, and the colon."""
        key = self.next()
        if type(key) is not str or self.char() != 0x3A:
            raise ValueError
        return key

    def values(self, keys: dict):
        """Yield the members of an object, for `update`."""
        for _ in self.iter(0x7B):
            key = self.key()
            key = keys.get(key, key)
            value = self.next()
            if key == _DATA_VALUE and type(value) is str:
                value = opaque(value)
            yield key, value

    def next(self):
        """The next value: str, decimal pair or bool."""
        char = self.char()
        start = self.start - 1
        if char != 0x22:
            while self.data[self.start] not in b",]} \t\r\n":
                self.start += 1
            text = str(self.data[start : self.start], "utf-8")
            if text in ("true", "false"):
                return text == "true"
            return from_text(text, True)
        out = bytearray()
        while True:
            char = self.data[self.start]
            self.start += 1
            if char == 0x22:
                return str(out, "utf-8")
            if char < 32:
                raise ValueError
            if char == 0x5C:
                char = b'bfnrt"\\/u'.index(self.read(1))
                if char == 8:
                    out += chr(self.escape(0)).encode()
                    continue
                char = b'\b\f\n\r\t"\\/'[char]
            out.append(char)

    def escape(self, value: int) -> int:
        """The code point of UTF-16 in hexadecimal digits; `value` is what came of a surrogate."""
        char = int.from_bytes(unhexlify(self.read(4)), "big")
        part = char >> 10
        if (part == 0x37) != (value > 0):
            raise ValueError
        if part == 0x36:
            if self.read(2) != b"\\u":
                raise ValueError
            return self.escape((char << 10) - 0x35FDC00)
        return value + char


def read(r):
    """Take all records, for `Reader.decode`."""
    for _ in r.iter(0x5B):
        r.update(r.values(_LABELS))


def decode(data: memoryview, path: list, resource_type) -> list:
    """The values that the records give, as [(path, value)]; Lwm2mError 4.00 if they are wrong.

    Without `resource_type` there are names only: paths of any length, and None for their values.
    """
    return Reader(bytes(data).strip(b" \t\r\n"), path, resource_type).decode(read)
