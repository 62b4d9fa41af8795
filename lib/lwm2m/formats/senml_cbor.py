"""SenML CBOR, content format 112 (RFC 8428 section 6, LwM2M Core 7.4.5)."""

from micropython import const

from . import cbor
from .value import records

# Types of values, see model; a Time has no tag here
_FLOAT = const(3)
_TIME = const(6)

# Labels
_BASE_TIME = const(-3)
_BASE_NAME = const(-2)
_NAME = const(0)
_T = const(6)

# Major types
_ARRAY = const(4)
_MAP = const(5)


def encode(values: list, path: list, time=None) -> bytearray:
    """What was read at `path`; `time` in seconds is its base time, the others are relative."""
    out = bytearray()
    count = 0
    for base, name, kind, value, at in records(values, path, time):
        start = len(out)
        out.append(0xA0)
        for label, of, field in (
            (_BASE_NAME, 0, base),
            (_BASE_TIME, isinstance(time, tuple) and _FLOAT, time),
            (_NAME, 0, name),
            (_T, 0, at),
            # The label of each type of value, see model
            ((0, 3, 2, 2, 4, 8, 2, "vlo", 2, 3)[kind], kind != _TIME and kind, value),
        ):
            if field is not None:
                out[start] += 1
                cbor.write(cbor.write(out, 0, label), of, field)
        time = None
        count += 1
    return cbor.head(bytearray(), _ARRAY, count) + out


def read(r):
    """Take all records, for `Reader.decode`."""
    for _ in r.iter(_ARRAY):
        r.update((r.next(), r.next()) for _ in r.iter(_MAP))


def decode(data: memoryview, path: list, resource_type) -> list:
    """The values that the records give, as [(path, value)]; Lwm2mError 4.00 if they are wrong.

    Without `resource_type` there are names only: paths of any length, and None for their values.
    """
    return cbor.Reader(data, path, resource_type).decode(read)
