"""OMA JSON, content format 11543, of LwM2M 1.0 (LwM2M Core 1.0, 6.4.4)."""

from micropython import const

from ..errors import Lwm2mError
from . import senml_json as json
from .value import records

_BAD_REQUEST = const(0x80)

# Types of values, see model
_STRING = const(1)
_OPAQUE = const(5)

# As labels of SenML CBOR
_LABELS = {"bn": -2, "bt": -3, "n": 0, "v": 2, "sv": 3, "bv": 4, "t": 6, "ov": "vlo"}


def encode(values: list, path: list) -> bytes:
    """What was read at `path`."""
    out = []
    start = None
    for base, name, kind, value, _ in records(values, path):
        start = start or base
        # The label of each type of value, see model
        label = (0, "sv", "v", "v", "bv", "sv", "v", "ov", "v", "sv")[kind]
        out.append(json.write((("n", 0, name), (label, kind, value))))
    return ('{"bn":"%s","e":[%s]}' % (start or "/", ",".join(out))).encode()


def read(r):
    """Take all entries, for `Reader.decode`."""
    entries = 0
    base = []
    for _ in r.iter(0x7B):
        label = r.key()
        if label != "e":
            base.append((_LABELS.get(label, label), r.next()))
            continue
        if entries:
            raise ValueError
        entries = r.start  # read twice, for the base name may come later
        for _ in r.iter(0x5B):
            for _ in r.values(_LABELS):
                pass
    end = r.start
    r.start = entries
    for _ in r.iter(0x5B):
        r.update(base + list(r.values(_LABELS)))
    r.start = end


def decode(data: memoryview, path: list, resource_type) -> list:
    """The values of the entries, as [(path, value)]; Lwm2mError 4.00 if they are wrong."""

    def text_type(oid, rid):
        kind = resource_type(oid, rid)
        return _STRING if kind == _OPAQUE else kind

    items = json.Reader(bytes(data).strip(b" \t\r\n"), path, text_type).decode(read)
    for i in range(len(items)):
        place, value = items[i]
        if resource_type(place[0], place[2]) == _OPAQUE:
            try:
                items[i] = place, json.opaque(value)
            except ValueError:
                raise Lwm2mError(_BAD_REQUEST)
    return items
