"""What the content formats share: the names of Resources, and values by their types."""

from micropython import const

from ..errors import Lwm2mError
from .number import digits, integer, to_double

_BAD_REQUEST = const(0x80)
_NOT_ACCEPTABLE = const(0x86)

# Types of values, see model
_FLOAT = const(3)
_OBJLNK = const(7)
_UNSIGNED = const(8)

# Labels of SenML CBOR (RFC 8428 section 6)
_BASE_VERSION = const(-1)
_BASE_NAME = const(-2)
_NAME = const(0)
_VALUE = const(2)

_SENML_VERSION = const(10)  # of SenML

# The type of value, see model, that goes with a label; a base value (10) is not for us
_KINDS = {-5: 10, -3: 3, -2: 1, -1: 8, 0: 1, 2: 3, 3: 1, 4: 4, 6: 3, 8: 5, "vlo": 1}


def coerce(kind: int, value):
    """What a payload says (int, decimal pair, str, bool, bytes) as a value of type `kind`.

    None for type 0, a Resource that is not known; ValueError where it is of another type.
    """
    if not kind:
        return None
    form = type(value)
    if form is int:
        form = tuple
    # Of String, Integer, Float, Boolean, Opaque, Time, Objlnk, Unsigned, Corelnk
    if form is not (0, str, tuple, tuple, bool, bytes, tuple, str, tuple, str)[kind]:
        raise ValueError
    if kind == _OBJLNK:
        oid, iid = value.split(":")
        return digits(oid, 65536), digits(iid, 65536)
    if kind == _FLOAT:
        to_double(value)
    elif form is tuple:
        return integer(value, kind == _UNSIGNED)
    return value


def single(values: list, path: list) -> tuple:
    """The type and value of the one that was read; Lwm2mError 4.06 where there may be several."""
    for _, name, kind, value, _ in records(values, path):
        if not name:
            return kind, value
    raise Lwm2mError(_NOT_ACCEPTABLE)


def records(values: list, path: list, since=None):
    """Yield (base name, name, type, value, time) of each value; only the first has the base name.

    The time is None, or that of an Instance, the fourth part of it, relative to `since`.
    """
    level = len(path)
    base = "/" + "/".join(map(str, path))
    for oid, iid, resources, *time in values:
        for rid, kind, value in resources:
            several = isinstance(value, dict)
            for riid in sorted(value) if several else "0":
                name = "/".join(map(str, (oid, iid, rid, riid)[level : 3 + several]))
                if base and level and name:
                    base += "/"
                item = value[riid] if several else value
                yield base, name or None, kind, item, time and time[0] - since or None
                base = None


class Reader:
    """A payload: its bytes, and what they say, each Resource once and below the request's path."""

    def __init__(self, data, path, resource_type):
        self.data = data
        self.start = 0
        self.path = path
        self.resource_type = resource_type
        self.items = {}
        self.base = ""

    def read(self, count: int):
        """The next `count` bytes."""
        start = self.start
        self.start = end = start + count
        if not start <= end <= len(self.data):
            raise ValueError
        return self.data[start:end]

    def append(self, ids: list, value, abs: bool) -> None:
        """Take the value at `ids`, from the root if `abs` or if they begin as the path does."""
        path = self.path
        if not self.resource_type:  # a composite Read has names only
            self.items[tuple(ids)] = None
            return
        if len(ids) < 3 or ids[: len(path)] != path:
            if abs or not path:
                raise ValueError
            ids = path + ids
            if len(path) < len(ids) == 2:
                ids.insert(1, -1)
        where = tuple(ids)
        if not 2 < len(ids) < 5 or where in self.items:
            raise ValueError
        self.items[where] = coerce(self.resource_type(ids[0], ids[2]), value)

    def update(self, items) -> None:
        """Take a SenML record, pairs of a label as SenML CBOR has it and a value."""
        fields = {}
        for label, value in items:
            value = coerce(_KINDS.get(label, 0), value)
            if label == _BASE_VERSION and value > _SENML_VERSION:
                raise ValueError
            if label in (3, 4, 8, "vlo"):
                label = _VALUE
            if label in fields or str(label).endswith("_"):
                raise ValueError
            fields[label] = value
        self.base = fields.get(_BASE_NAME, self.base)
        name = self.base + fields.get(_NAME, "")
        rooted = name.startswith("/")
        ids = []
        if name[rooted:]:
            for part in name.split("/")[rooted:]:
                ids.append(digits(part, 65535))
        self.append(ids, self.resource_type and fields[_VALUE], rooted)

    def decode(self, read) -> list:
        """All of it as [(path, value)], as `read` takes it; Lwm2mError 4.00 if it is wrong."""
        try:
            read(self)
            if self.start != len(self.data):
                raise ValueError
        except (ValueError, LookupError):
            raise Lwm2mError(_BAD_REQUEST)
        return sorted(self.items.items())
