"""OMA TLV, content format 11542 (LwM2M Core 7.4.3)."""

from micropython import const

from ..errors import Lwm2mError
from .number import from_ieee, to_double

_INSTANCE = const(0)
_RESOURCE_INSTANCE = const(0x40)
_MULTIPLE_RESOURCE = const(0x80)
_RESOURCE = const(0xC0)

_BAD_REQUEST = const(0x80)

_NO_ID = const(65535)

# Types of values, see model
_STRING = const(1)
_FLOAT = const(3)
_BOOLEAN = const(4)
_OPAQUE = const(5)
_OBJLNK = const(7)
_UNSIGNED = const(8)
_CORELNK = const(9)


def _put(out, kind, ident, value):
    size = len(value)
    width = 0 if size < 8 else 1 if size < 256 else 2 if size < 65536 else 3
    kind |= width << 3 or size
    if ident > 255:
        out += bytes((kind | 0x20, ident >> 8, ident & 255))
    else:
        out += bytes((kind, ident))
    if width:
        out += size.to_bytes(width, "big")
    out += value


def _value(kind, value):
    if kind == _FLOAT:
        return to_double(value)
    if kind == _BOOLEAN:
        return b"\1" if value else b"\0"
    if kind == _OBJLNK:
        return (value[0] << 16 | value[1]).to_bytes(4, "big")
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, int):
        return value
    size = 1
    while value >> (size * 8 if kind == _UNSIGNED else size * 8 - 1) not in (0, -1):
        size *= 2
    return (value & ((1 << size * 8) - 1)).to_bytes(size, "big")


def _put_resource(out, rid, kind, value):
    if not isinstance(value, dict):
        _put(out, _RESOURCE, rid, _value(kind, value))
        return
    inner = bytearray()
    for riid in sorted(value):
        _put(inner, _RESOURCE_INSTANCE, riid, _value(kind, value[riid]))
    _put(out, _MULTIPLE_RESOURCE, rid, inner)


def encode(content: list, path: list) -> bytearray:
    """Instances, (object ID, instance ID, [(resource ID, type, value)]), as read at `path`.

    Read at an Object each Instance has its own TLV; else the Resources of one stand alone, or
    the one Resource Instance.
    """
    out = bytearray()
    for _, iid, resources in content:
        inner = bytearray() if len(path) == 1 else out
        for rid, kind, value in resources:
            if len(path) == 4:
                _put(out, _RESOURCE_INSTANCE, path[3], _value(kind, value[path[3]]))
            else:
                _put_resource(inner, rid, kind, value)
        if len(path) == 1:
            _put(out, _INSTANCE, iid, inner)
    return out


def split(data: memoryview) -> list:
    """The TLVs of one level, a list of (kind, ID, value); or ValueError where they do not fit."""
    values = []
    i = 0
    size = len(data)
    while i < size:
        head = data[i]
        width = head >> 3 & 3
        start = i + 2 + (head >> 5 & 1) + width
        if start > size:
            raise ValueError
        ident = data[i + 1]
        if head & 0x20:
            ident = ident << 8 | data[i + 2]
            if ident == _NO_ID:
                raise ValueError
        length = 0
        for j in range(start - width, start):
            length = length << 8 | data[j]
        i = start + (length if width else head & 7)
        if i > size:
            raise ValueError
        values.append((head & 0xC0, ident, data[start:i]))
    return values


def decode_value(kind: int, data: memoryview):
    """The value of type `kind` in a TLV, or ValueError."""
    data = bytes(data)
    size = len(data)
    if kind in (_STRING, _CORELNK):
        return str(data, "utf-8")
    if kind == _OPAQUE:
        return data
    if kind == _FLOAT:
        return from_ieee(data)
    if size not in (1, 2, 4, 8):
        raise ValueError
    value = int.from_bytes(data, "big")
    if kind == _OBJLNK and size == 4:
        return value >> 16, value & 0xFFFF
    if kind == _BOOLEAN and size == 1 and value < 2:
        return value == 1
    if kind in (_OBJLNK, _BOOLEAN):
        raise ValueError
    if kind != _UNSIGNED and data[0] > 127:
        value -= 1 << size * 8
    return value


def decode(data: memoryview, path: list, resource_type) -> list:
    """The values in a body written to `path`, as [(path, value)]; Lwm2mError 4.00 else.

    The Instance ID is -1 where neither the path nor the body has one. A multiple Resource
    without Instances has an empty dict, an Instance without Resources None. That all is below
    `path` is for the caller to see.
    """
    values = []
    try:
        _decode(values, data, path, resource_type)
    except (ValueError, UnicodeError):
        raise Lwm2mError(_BAD_REQUEST)
    return values


def _decode(values, data, path, resource_type):
    iid = path[1] if len(path) > 1 else -1
    for tag, ident, value in split(data):
        if tag == _INSTANCE:
            if len(path) > 2:
                raise ValueError
            if not len(value):
                values.append(((path[0], ident), None))
            for inner in split(value):
                _resource(values, (path[0], ident), inner, resource_type)
        elif tag == _RESOURCE_INSTANCE:
            if len(path) < 3:
                raise ValueError
            item = decode_value(resource_type(path[0], path[2]), value)
            values.append(((path[0], iid, path[2], ident), item))
        else:
            _resource(values, (path[0], iid), (tag, ident, value), resource_type)


def _resource(values, base, tlv, resource_type):
    tag, rid, value = tlv
    kind = resource_type(base[0], rid)
    base += (rid,)
    if tag == _RESOURCE:
        values.append((base, decode_value(kind, value) if kind else None))
    elif tag != _MULTIPLE_RESOURCE:
        raise ValueError
    elif not len(value):
        values.append((base, {}))
    else:
        for tag, riid, item in split(value):
            if tag != _RESOURCE_INSTANCE:
                raise ValueError
            values.append((base + (riid,), decode_value(kind, item) if kind else None))
