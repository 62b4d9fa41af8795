"""Discover (LwM2M Core 6.3.2)."""

from micropython import const

from .attributes import inherited
from .formats.number import to_text
from .management import instances, kind

_READ_WRITE_EXECUTE = const(0x700)
_MULTIPLE = const(0x800)

_CONTENT = const(0x45)
_BAD_REQUEST = const(0x80)
_NOT_ALLOWED = const(0x85)
_URI_QUERY = const(15)
_LINK_OPTIONS = ((12, 40),)


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
    where = tuple(path)
    shown = management.attributes.get(where, {}) if links else inherited(management, where, {})
    for name in sorted(shown):
        text += ";%s=%s" % (name, to_text(shown[name]))
    links.append(text)
    if depth:
        for ident in sorted(ids):
            _links(management, obj, path + [ident], depth - 1, links)
