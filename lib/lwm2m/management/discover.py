"""Discover (LwM2M Core 6.3.2)."""

from micropython import const

from ..formats.number import to_text
from .access import permitted, resource_instances
from .attributes import inherited

_READ_WRITE_EXECUTE = const(0x700)
_MULTIPLE = const(0x800)

_CONTENT = const(0x45)
_BAD_REQUEST = const(0x80)
_NOT_ALLOWED = const(0x85)
_URI_QUERY = const(15)
_LINK_OPTIONS = ((12, 40),)


def discover(answer):
    """What is there at and below a path, with its attributes, as CoRE links."""
    path = answer.path
    if len(path) == 4:
        return _NOT_ALLOWED
    depth = 3 - len(path) if len(path) < 3 else 1
    for query in answer.message.all(_URI_QUERY):
        if query[:6] != b"depth=" or query[6:] not in (b"0", b"1", b"2", b"3"):
            return _BAD_REQUEST
        depth = query[6] - 48
    links = []
    _links(answer, path, depth, links)
    return _CONTENT, _LINK_OPTIONS, ",".join(links).encode()


def _links(answer, path, depth, links):
    obj = answer.obj
    text = "</" + "/".join([str(part) for part in path]) + ">"
    ids = ()
    if len(path) == 1:
        ids = obj.instances
        if obj.version != "1.0":
            quote = '"' if answer.registration.version == "1.0" else ""
            text += ";ver=" + quote + obj.version + quote
    elif len(path) == 2:
        ids = obj.instances[path[1]]
    elif len(path) == 3 and permitted(obj, path, _READ_WRITE_EXECUTE) & _MULTIPLE:
        ids = resource_instances(obj, path)
        text += ";dim=%d" % len(ids)
    place = tuple(path)
    attributes = answer.attributes.get(place, {}) if links else inherited(answer, place, {})
    for name in sorted(attributes):
        text += ";%s=%s" % (name, to_text(attributes[name]))
    links.append(text)
    if depth:
        for ident in sorted(ids):
            _links(answer, path + [ident], depth - 1, links)
