"""Plain text, content format 0: one value (LwM2M Core 7.4.1)."""

from binascii import a2b_base64, b2a_base64

from micropython import const

from ..errors import Lwm2mError
from .number import digits, from_digits, from_text, integer, to_double, to_text

_BAD_REQUEST = const(0x80)
_NOT_ACCEPTABLE = const(0x86)

# Types of values, see model
_INTEGER = const(2)
_FLOAT = const(3)
_BOOLEAN = const(4)
_OPAQUE = const(5)
_TIME = const(6)
_OBJLNK = const(7)
_UNSIGNED = const(8)


def encode(content: list, path: list) -> bytes:
    """The one value that `path` names; Lwm2mError 4.06 for Instances and multiple Resources."""
    _, kind, value = content[0][2][0] if len(path) > 2 else (0, 0, {})
    if len(path) == 4:
        value = value[path[3]]
    return encode_value(kind, value)


def encode_value(kind: int, value) -> bytes:
    """One value of type `kind`; Lwm2mError 4.06 for a multiple Resource."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        raise Lwm2mError(_NOT_ACCEPTABLE)
    if kind == _BOOLEAN:
        return b"1" if value else b"0"
    if kind == _OPAQUE:
        return b2a_base64(value).strip()
    if kind == _OBJLNK:
        return b"%d:%d" % value
    return to_text(value).encode()


def decode(data: memoryview, path: list, resource_type) -> list:
    """The one value that `path` names, as [(path, value)]; Lwm2mError 4.00 if the text is none."""
    kind = resource_type(path[0], path[2])
    return [(tuple(path), _value(kind, data))]


def _value(kind, data):
    try:
        text = str(data, "utf-8")
        if kind == _BOOLEAN:
            return ("0", "1").index(text) == 1
        if kind == _FLOAT:
            number = from_text(text)
            to_double(number)  # is there such a double?
            return number
        if kind in (_INTEGER, _TIME, _UNSIGNED):
            return integer(from_digits(text), kind == _UNSIGNED)
        if kind == _OPAQUE:
            value = a2b_base64(data)
            if encode_value(_OPAQUE, value) != data:  # it skips what is no base64
                raise ValueError
            return value
        if kind == _OBJLNK:
            oid, iid = text.split(":")
            return digits(oid, 65536), digits(iid, 65536)
        return text
    except (ValueError, UnicodeError):
        raise Lwm2mError(_BAD_REQUEST)
