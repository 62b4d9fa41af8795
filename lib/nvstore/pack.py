"""Bytes out of tuples of integers, texts, bytes, booleans and None, and back.

The form is a part of CBOR (RFC 8949): integers (beyond 64 bits as bignums), byte and text strings,
arrays of known length, false, true and null. So any CBOR tool shows a record.
"""

from micropython import const

_NULL = const(0xF6)
_MAJOR_TEXT = const(3)
_MAJOR_ARRAY = const(4)
_MAJOR_TAG = const(6)
_POSITIVE_BIGNUM = const(2)  # a tag; that of a negative one is the next
_SIMPLE_FALSE = const(20)


def pack(value) -> bytes:
    """The bytes of a value; TypeError if it holds something else."""
    out = bytearray()
    _write(out, value)
    return bytes(out)


def unpack(data: bytes):
    """The value of packed bytes; ValueError if they are not whole."""
    try:
        value, end = _read(data, 0)
    except IndexError:
        raise ValueError
    if end != len(data):
        raise ValueError
    return value


def _head(out, major, argument):
    size = 0
    while argument >> (8 << size):
        size += 1
    if argument < 24:
        out.append(major << 5 | argument)
    else:
        out.append(major << 5 | 24 + size)
        out += argument.to_bytes(1 << size, "big")


def _write(out, value):
    if value is None:
        out.append(_NULL)
    elif isinstance(value, bool):
        _head(out, 7, _SIMPLE_FALSE + value)
    elif isinstance(value, int):
        negative = value < 0
        value = ~value if negative else value
        if value >> 64:
            _head(out, _MAJOR_TAG, _POSITIVE_BIGNUM + negative)
            _write(out, value.to_bytes(len(hex(value)) - 1 >> 1, "big"))
        else:
            _head(out, negative, value)
    elif isinstance(value, tuple):
        _head(out, _MAJOR_ARRAY, len(value))
        for item in value:
            _write(out, item)
    else:
        text = isinstance(value, str)
        if text:
            value = value.encode()
        elif not isinstance(value, (bytes, bytearray)):
            raise TypeError(value)
        _head(out, 2 + text, len(value))
        out += value


def _read(data, start):
    # (value, where the next one begins)
    major, argument = data[start] >> 5, data[start] & 31
    start += 1
    if major == 7:
        if argument == _NULL & 31:
            return None, start
        if argument >> 1 != _SIMPLE_FALSE >> 1:
            raise ValueError
        return argument > _SIMPLE_FALSE, start
    if argument > 23:
        end = start + (1 << argument - 24)
        if argument > 27 or end > len(data):
            raise ValueError
        argument = int.from_bytes(data[start:end], "big")
        start = end
    if major < 2:
        return ~argument if major else argument, start
    if major < _MAJOR_ARRAY:
        end = start + argument
        if end > len(data):
            raise ValueError
        text = bytes(data[start:end])
        return str(text, "utf-8") if major == _MAJOR_TEXT else text, end
    if major == _MAJOR_TAG and argument >> 1 == _POSITIVE_BIGNUM >> 1:
        value, start = _read(data, start)
        if not isinstance(value, bytes):
            raise ValueError
        value = int.from_bytes(value, "big")
        return ~value if argument > _POSITIVE_BIGNUM else value, start
    if major > _MAJOR_ARRAY or argument > len(data):
        raise ValueError
    items = []
    for _ in range(argument):
        item, start = _read(data, start)
        items.append(item)
    return tuple(items), start
