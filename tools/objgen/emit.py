"""An Object as the text of a MicroPython module: its packed table, its ranges, its class."""

import keyword
import re

from . import ranges
from .facts import TYPES, Object, ObjgenError, Resource

WIDTH = 99
OPERATION_FLAGS = {"R": 1, "W": 2, "E": 4}
MULTIPLE = 8
MANDATORY = 16
INDENT = "    "


def entry(resource: Resource) -> bytes:
    """A Resource as the four bytes of a table, see lib/lwm2m/model.py."""
    flags = sum(OPERATION_FLAGS[each] for each in resource.operations)
    flags |= MULTIPLE * resource.multiple | MANDATORY * resource.mandatory
    return resource.id.to_bytes(2, "big") + bytes([flags, TYPES.index(resource.type)])


def packed(thing: Object) -> bytes:
    """The whole table."""
    return b"".join(map(entry, thing.resources))


def plain(text: str) -> str:
    """Text that may stand in a docstring."""
    return text.replace("\\", "/").replace('"', "'")


def cut(text: str, end: str = "") -> str:
    """A line of at most `WIDTH` columns, with `end` after it."""
    room = WIDTH - len(end)
    return (text if len(text) <= room else text[: room - 3] + "...") + end


def entry_line(resource: Resource) -> str:
    """A Resource as a line of a table."""
    text = "".join("\\x%02x" % each for each in entry(resource))
    return cut('%sb"%s"  # %d %s' % (INDENT * 2, text, resource.id, resource.name))


def table_lines(thing: Object) -> list[str]:
    """The table as it stands in a class."""
    if len(thing.resources) == 1:
        bare, _, comment = entry_line(thing.resources[0]).strip().partition("  # ")
        return [cut("%stable = %s  # %s" % (INDENT, bare, comment))]
    lines = [entry_line(each) for each in thing.resources]
    return [INDENT + "table = (", *lines, INDENT + ")"]


def range_lines(thing: Object) -> list[str]:
    """The ranges as they stand in a class; no line without any."""
    found = ranges.table(thing)
    names = {each.id: each.name for each in thing.resources}
    lines = [
        cut("%s%d: %r,  # %s" % (INDENT * 2, rid, both, names[rid])) for rid, both in found.items()
    ]
    return [INDENT + "ranges = {", *lines, INDENT + "}"] if lines else []


def class_name(thing: Object) -> str:
    """An Object's name as that of a class."""
    parts = re.findall("[A-Za-z0-9]+", thing.name)
    name = "".join(each[:1].upper() + each[1:] for each in parts)
    if not name.isidentifier() or keyword.iskeyword(name) or name == "Object":
        return "Object%d" % thing.id
    return name


def checked_name(name: str) -> str:
    """A class name that the user chose."""
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise ObjgenError("%r: not a name for a class; use letters and digits" % name)
    return name


def class_lines(thing: Object, with_ranges: bool) -> list[str]:
    """The body of the class, without its docstring."""
    lines = [INDENT + "oid = %d" % thing.id, INDENT + 'version = "%s"' % thing.version]
    if not thing.multiple:
        lines.append(INDENT + "single = True")
    return lines + table_lines(thing) + (range_lines(thing) if with_ranges else [])


def module(thing: Object, name: str = "", with_ranges: bool = True) -> str:
    """The module of an Object whose values are simply kept; a vendor adds `read` and the like."""
    name = checked_name(name) if name else class_name(thing)
    title = "Object %d, %s %s." % (thing.id, plain(thing.name), thing.version)
    head = [cut('"""' + title, '"""'), "", "from lwm2m.model import Object", "", ""]
    head += ["class %s(Object):" % name, INDENT + '"""%s"""' % usage(thing), ""]
    return "\n".join(head + class_lines(thing, with_ranges)) + "\n"


def usage(thing: Object) -> str:
    """What the docstring of the class says of its argument."""
    if thing.multiple:
        return "Its Instances by ID, each a dict of values by Resource ID."
    return "Its one Instance: {0: a dict of values by Resource ID}."


def table(thing: Object, with_ranges: bool = False) -> str:
    """The table alone, and the ranges if asked for."""
    return "\n".join(table_lines(thing) + (range_lines(thing) if with_ranges else [])) + "\n"
