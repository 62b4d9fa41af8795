"""Octet stream, content format 42: the bytes of one Opaque value (LwM2M Core 7.4.2)."""

from micropython import const

from ..errors import Lwm2mError
from .value import Reader, single

_NOT_ACCEPTABLE = const(0x86)

_OPAQUE = const(5)  # a type of value, see model


def encode(values: list, path: list):
    """The one value at `path`; Lwm2mError 4.06 where it is not Opaque, or there may be several."""
    kind, value = single(values, path)
    if kind != _OPAQUE:
        raise Lwm2mError(_NOT_ACCEPTABLE)
    return value


def decode(data: memoryview, path: list, resource_type) -> list:
    """The one value for `path`, as [(path, value)]; Lwm2mError 4.00 where none can be."""
    reader = Reader(data, path, resource_type)
    return reader.decode(lambda r: r.append([], bytes(r.read(len(data))), False))
