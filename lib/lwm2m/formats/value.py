"""What the content formats share: the names of Resources, and values by their types."""

from micropython import const

from ..model import Lwm2mError
from .number import identifier, integer, to_double

_BAD_REQUEST = const(0x80)
_NOT_ACCEPTABLE = const(0x86)

# Types of values, see model
_FLOAT = const(3)
_OBJLNK = const(7)
_UNSIGNED = const(8)

# Labels of SenML CBOR (RFC 8428 section 6)
_BASE_NAME = const(-2)
_NAME = const(0)
_VALUE = const(2)

# The type of value, see model, that goes with a label; base values and sums (10) are not for us
_KINDS = {-6: 10, -5: 10, -3: 3, -2: 1, 0: 1, 2: 3, 3: 1, 4: 4, 5: 10, 6: 3, 8: 5, "vlo": 1}


def coerce(kind: int, raw):
    """What a payload says (int, decimal pair, str, bool, bytes) as a value of type `kind`.

    None for type 0, a Resource that is not known; Lwm2mError 4.00 where it is of another type.
    """
    if not kind:
        return None
    form = type(raw)
    if form is int:
        form = tuple
    try:
        # Of None, String, Integer, Float, Boolean, Opaque, Time, Objlnk, Unsigned, Corelnk
        if form is (0, str, tuple, tuple, bool, bytes, tuple, str, tuple, str)[kind]:
            if kind == _OBJLNK:
                oid, iid = raw.split(":")
                return identifier(oid, 65536), identifier(iid, 65536)
            if kind == _FLOAT:
                to_double(raw)
            elif form is tuple:
                return integer(raw, kind == _UNSIGNED)
            return raw
    except ValueError:
        pass
    raise Lwm2mError(_BAD_REQUEST)


def single(content: list, path: list) -> tuple:
    """The type and value of the one that was read; Lwm2mError 4.06 where there may be several."""
    for _, name, kind, value in records(content, path):
        if not name:
            return kind, value
    raise Lwm2mError(_NOT_ACCEPTABLE)


def records(content: list, path: list):
    """Yield (base name, name, type, value) of each value; only the first has the base name."""
    level = len(path)
    base = "/" + "/".join(map(str, path))
    for oid, iid, resources in content:
        for rid, kind, value in resources:
            several = isinstance(value, dict)
            for riid in sorted(value) if several else "0":
                name = "/".join(map(str, (oid, iid, rid, riid)[level : 3 + several]))
                if base and level and name:
                    base += "/"
                yield base, name or None, kind, value[riid] if several else value
                base = None


class Reader:
    """A payload: its bytes, and what they say, each Resource once and below the request's path."""

    def __init__(self, data, path, kind_of):
        self.data = data
        self.start = 0
        self.path = list(path)
        self.kind_of = kind_of
        self.items = {}
        self.base = ""

    def read(self, size: int):
        """The next `size` bytes."""
        start = self.start
        self.start = end = start + size
        if not start <= end <= len(self.data):
            raise ValueError
        return self.data[start:end]

    def append(self, ids: list, raw, rooted: bool) -> None:
        """Take the value at `ids`, from the root if `rooted` or if they begin as the path does."""
        path = self.path
        if len(ids) < 3 or ids[: len(path)] != path:
            if rooted or not path:
                raise ValueError
            ids = path + ids
            if len(path) < len(ids) == 2:
                ids.insert(1, -1)
        where = tuple(ids)
        if not 2 < len(ids) < 5 or where in self.items:
            raise ValueError
        self.items[where] = coerce(self.kind_of(ids[0], ids[2]), raw)

    def record(self, fields) -> None:
        """Take a SenML record, pairs of a label as SenML CBOR has it and a value."""
        found = {}
        for label, raw in fields:
            coerce(_KINDS.get(label, 0), raw)
            if label in (3, 4, 8, "vlo"):
                label = _VALUE
            if label in found or str(label)[-1:] == "_":
                raise ValueError
            found[label] = raw
        self.base = found.get(_BASE_NAME, self.base)
        name = self.base + found.get(_NAME, "")
        rooted = name[:1] == "/"
        ids = []
        if name:
            for part in name.split("/")[rooted:]:
                ids.append(identifier(part, 65535))
        self.append(ids, found[_VALUE], rooted)

    def decode(self, walk) -> list:
        """All of it as [(path, value)], as `walk` takes it; Lwm2mError 4.00 if it is wrong."""
        try:
            walk(self)
            if self.start != len(self.data):
                raise ValueError
        except (ValueError, LookupError):
            raise Lwm2mError(_BAD_REQUEST)
        return sorted(self.items.items())
