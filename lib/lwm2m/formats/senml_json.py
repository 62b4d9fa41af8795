"""SenML JSON, content format 110 (RFC 8428 section 5, LwM2M Core 7.4.4), and JSON (RFC 8259).

MicroPython's json reads numbers as floats, which have 24 bits on boards; here they stay exact.
"""

from binascii import a2b_base64, b2a_base64, unhexlify
from json import dumps

from micropython import const

from . import value as values
from .number import from_text, to_text

# Types of values, see model
_BOOLEAN = const(4)
_OPAQUE = const(5)
_OBJLNK = const(7)

# Labels as SenML CBOR has them
_DATA = const(8)
_LABELS = {
    "bn": -2,
    "bt": -3,
    "bv": -5,
    "bs": -6,
    "n": 0,
    "v": 2,
    "vs": 3,
    "vb": 4,
    "s": 5,
    "t": 6,
    "vd": 8,
}


def members(fields) -> str:
    """An object in JSON of (label, type, value), those that are None left out."""
    out = []
    for label, kind, value in fields:
        if value is None:
            continue
        if kind == _BOOLEAN:
            text = "true" if value else "false"
        else:
            if kind == _OPAQUE:
                value = str(b2a_base64(value), "utf-8").strip()
                if label == "vd":
                    value = value.rstrip("=").replace("+", "-").replace("/", "_")
            elif kind == _OBJLNK:
                value = "%d:%d" % value
            text = dumps(value) if isinstance(value, str) else to_text(value)
        out.append('"%s":%s' % (label, text))
    return "{%s}" % ",".join(out)


def encode(content: list, path: list, time=None) -> bytes:
    """What was read at `path`; `time` in seconds goes to all of it as its base time."""
    out = []
    for base, name, kind, value in values.records(content, path):
        # The label of each type of value, see model
        label = (0, "vs", "v", "v", "vb", "vd", "v", "vlo", "v", "vs")[kind]
        fields = ("bn", 0, base), ("bt", 0, time), ("n", 0, name), (label, kind, value)
        out.append(members(fields))
        time = None
    return ("[%s]" % ",".join(out)).encode()


def opaque(text: str) -> bytes:
    """The bytes in base64 or base64url, with or without padding; or ValueError."""
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    data = a2b_base64(text + "=" * (-len(text) & 3))
    if str(b2a_base64(data), "utf-8").rstrip("=\n") != text:
        raise ValueError
    return data


class Reader(values.Reader):
    """Reads JSON; ValueError or IndexError where it is not well-formed."""

    def next(self) -> int:
        """The next character but white space."""
        char = 32
        while char in b" \t\r\n":
            char = self.data[self.start]
            self.start += 1
        return char

    def each(self, ends: bytes):
        """Yield before each of the items between such a pair of brackets."""
        char = self.next()
        if char != ends[0]:
            raise ValueError
        if self.next() == ends[1]:
            return
        self.start -= 1
        while char != ends[1]:
            yield
            char = self.next()
            if char not in (0x2C, ends[1]):
                raise ValueError

    def label(self) -> str:
        """The name of an object's member, and the colon."""
        label = self.item()
        if type(label) is not str or self.next() != 0x3A:
            raise ValueError
        return label

    def fields(self, labels: dict):
        """Yield the members of an object, for `record`."""
        for _ in self.each(b"{}"):
            label = self.label()
            label = labels.get(label, label)
            raw = self.item()
            if label == _DATA and type(raw) is str:
                raw = opaque(raw)
            yield label, raw

    def item(self):
        """The next value: str, decimal pair or bool."""
        if self.next() == 0x22:
            return str(self.string(), "utf-8")
        self.start -= 1
        start = self.start
        while self.data[self.start] in b"+-.0123456789Eaeflrstu":
            self.start += 1
        text = str(self.data[start : self.start], "utf-8")
        if text in ("true", "false"):
            return text == "true"
        number = from_text(text)
        whole, point, places = text.lower().partition("e")[0].lstrip("-").partition(".")
        if str(int(whole)) != whole or point and not places:
            raise ValueError
        return number

    def string(self) -> bytearray:
        """The rest of a string."""
        out = bytearray()
        while True:
            char = self.read(1)[0]
            if char == 0x22:
                return out
            if char < 32:
                raise ValueError
            if char == 0x5C:
                char = self.read(1)[0]
                if char == 0x75:
                    out.extend(chr(self.escape()).encode())
                    continue
                char = b'\b\f\n\r\t"\\/'[b'bfnrt"\\/'.index(char)]
            out.append(char)

    def escape(self) -> int:
        """The code point of the UTF-16 in hexadecimal digits after \\u."""
        char, low = self.unit(), 0
        if char >> 10 == 0x36:  # a surrogate pair
            if bytes(self.read(2)) != b"\\u":
                raise ValueError
            low = self.unit() - 0xDC00
            if low >> 10:
                raise ValueError
            return 0x10000 + ((char & 0x3FF) << 10) + low
        if char >> 10 == 0x37:
            raise ValueError
        return char

    def unit(self) -> int:
        """Four hexadecimal digits."""
        return int.from_bytes(unhexlify(self.read(4)), "big")


def _records(reader):
    for _ in reader.each(b"[]"):
        reader.record(reader.fields(_LABELS))


def decode(data: memoryview, path: list, kind_of) -> list:
    """The values that the records give, as [(path, value)]; Lwm2mError 4.00 if they are wrong."""
    return Reader(bytes(data).strip(b" \t\r\n"), path, kind_of).decode(_records)
