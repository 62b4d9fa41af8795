"""Discover and Write-Attributes (LwM2M Core 6.3.2 and 6.3.7; attributes: 5.1.1)."""

from micropython import const

from .formats.number import from_text, to_text
from .management import instances, kind
from .model import Lwm2mError

_READ_WRITE_EXECUTE = const(0x700)
_MULTIPLE = const(0x800)
_BOOLEAN = const(4)

_CHANGED = const(0x44)
_CONTENT = const(0x45)
_BAD_REQUEST = const(0x80)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_URI_QUERY = const(15)
_LINK_OPTIONS = ((12, 40),)

_PERIODS = ("pmin", "pmax", "epmin", "epmax", "hqmax")
_LIMITS = ("gt", "lt", "st")
_FLAGS = ("con", "edge")
_NUMERIC = (2, 3, 6, 8)


def _shown(attributes):
    out = ""
    for name in sorted(attributes):
        out += ";%s=%s" % (name, to_text(attributes[name]))
    return out


def _inherited(management, path):
    # The attributes in force at a path: those of the levels above, too
    found = {}
    for level in range(1, len(path) + 1):
        found.update(management.attributes.get(tuple(path[:level]), {}))
    return found


def discover(management, obj, path: list, message):
    """What is there at and below a path, with its attributes, as CoRE links."""
    if len(path) == 4:
        return _NOT_ALLOWED
    depth = 3 - len(path) if len(path) < 3 else 1
    for query in message.all(_URI_QUERY):
        if query[:6] != b"depth=" or query[6:] not in (b"0", b"1", b"2", b"3"):
            return _BAD_REQUEST
        depth = query[6] - 48
    links = []
    _links(management, obj, path, depth, links)
    return _CONTENT, _LINK_OPTIONS, ",".join(links).encode()


def _links(management, obj, path, depth, links):
    text = "</" + "/".join([str(part) for part in path]) + ">"
    ids = ()
    if len(path) == 1:
        ids = obj.instances
        if obj.version != "1.0":
            quote = '"' if management.registration.version == "1.0" else ""
            text += ";ver=" + quote + obj.version + quote
    elif len(path) == 2:
        ids = obj.instances[path[1]]
    elif len(path) == 3 and kind(obj, path, _READ_WRITE_EXECUTE) & _MULTIPLE:
        ids = instances(obj, path)
        text += ";dim=%d" % len(ids)
    if links:
        text += _shown(management.attributes.get(tuple(path), {}))
    else:
        text += _shown(_inherited(management, path))
    links.append(text)
    if depth:
        for ident in sorted(ids):
            _links(management, obj, path + [ident], depth - 1, links)


def write_attributes(management, obj, path: list, message) -> int:
    """Set, or without a value unset, attributes of a path for this server; all or none."""
    entry = 0
    if len(path) > 2:
        entry = kind(obj, path, _READ_WRITE_EXECUTE)
        if len(path) == 4 and path[3] not in instances(obj, path):
            return _NOT_FOUND
    if len(message.payload()):
        return _BAD_REQUEST
    found = dict(management.attributes.get(tuple(path), {}))
    given = {}
    for query in message.all(_URI_QUERY):
        try:
            name, equals, text = query.decode().partition("=")
        except UnicodeError:
            return _BAD_REQUEST
        if name in given:
            return _BAD_REQUEST
        given[name] = value(name, text, entry & 255) if equals else None
        if given[name] is None:
            value(name, "0", entry & 255)  # is there such an attribute here?
            found.pop(name, None)
        else:
            found[name] = given[name]
    _consistent(given)
    management.attributes[tuple(path)] = found
    if not found:
        del management.attributes[tuple(path)]
    return _CHANGED


def value(name: str, text: str, kind: int):
    """An attribute's value for a Resource of type `kind` (0: a level above); or 4.00."""
    try:
        if name in _LIMITS and kind in _NUMERIC:
            return from_text(text)
        if name in _PERIODS and text.isdigit() and len(text) < 11:
            return int(text)
        if name in _FLAGS and text in ("0", "1") and (name == "con" or kind == _BOOLEAN):
            return int(text)
    except ValueError:
        pass
    raise Lwm2mError(_BAD_REQUEST)


def _consistent(given):
    # lt < gt and lt + 2 st < gt, where one request sets them (LwM2M Core 5.1.2)
    low = given.get("lt")
    high = given.get("gt")
    if given.get("st") is not None and given["st"][0] < 0:
        raise Lwm2mError(_BAD_REQUEST)
    if low is None or high is None:
        return
    step = given.get("st") or (0, 0)
    scale = min(low[1], high[1], step[1])
    low, high, step = [m * 10 ** (e - scale) for m, e in (low, high, step)]
    if low + 2 * step >= high:
        raise Lwm2mError(_BAD_REQUEST)
