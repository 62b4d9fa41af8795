"""LwM2M CBOR, content format 11544: maps of IDs within maps (LwM2M Core 1.2, 7.4.7)."""

from micropython import const

from . import cbor

# Major types
_POSITIVE = const(0)
_ARRAY = const(4)
_MAP = const(5)


def encode(values: list, path: list) -> bytearray:
    """What was read: {[Object, Instance]: {Resource: value}}, whatever the request's path."""
    out = bytearray()
    cbor.head(out, _MAP, len(values))
    for oid, iid, resources in values:
        cbor.head(out, _ARRAY, 2)
        cbor.head(out, _POSITIVE, oid)
        cbor.head(out, _POSITIVE, iid)
        cbor.head(out, _MAP, len(resources))
        for rid, kind, value in resources:
            cbor.head(out, _POSITIVE, rid)
            if isinstance(value, dict):
                cbor.head(out, _MAP, len(value))
                for riid in sorted(value):
                    cbor.head(out, _POSITIVE, riid)
                    cbor.write(out, kind, value[riid])
            else:
                cbor.write(out, kind, value)
    return out


def _walk(reader, ids):
    # A value, or a map with a key of one ID or an array of them before each value or map below
    if reader.data[reader.start] >> 5 != _MAP:
        reader.append(ids, reader.next(), False)
        return
    for _ in reader.iter(_MAP):
        below = list(ids)
        if reader.data[reader.start] >> 5 == _ARRAY:
            for _ in reader.iter(_ARRAY):
                below.append(reader.head(_POSITIVE))
        else:
            below.append(reader.head(_POSITIVE))
        if not len(ids) < len(below) < 5 or max(below) > 65534:
            raise ValueError
        _walk(reader, below)


def decode(data: memoryview, path: list, resource_type) -> list:
    """The values, as [(path, value)], absolute or below `path`; Lwm2mError 4.00 if it is wrong."""
    return cbor.Reader(data, path, resource_type).decode(lambda reader: _walk(reader, []))
