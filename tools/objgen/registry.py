"""The registry: one data file of facts about Objects, a line for each Object and each Resource.

A Resource is [ID, name, operations, type, range, units] without the empty ones at its end; after
the letters of its operations stand `*` where it is multiple and `!` where it is mandatory. The
same marks stand in an Object's line: [ID, name, version, LwM2M version, marks, [Resources]].
"""

import functools
import json
import pathlib

from .facts import Object, ObjgenError, Resource

FILE = pathlib.Path(__file__).parent / "registry.json"
HINT = "make it anew: python -m tools.objgen import DIR"


def marks(thing: Object | Resource) -> str:
    """`*` for multiple, `!` for mandatory."""
    return "*" * thing.multiple + "!" * thing.mandatory


def line(values: list) -> str:
    """A list as compact JSON."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def resource_line(resource: Resource) -> str:
    """A Resource as its line of the file."""
    values = [resource.id, resource.name, resource.operations + marks(resource)]
    values += [resource.type, resource.range, resource.units]
    while values[-1] == "":
        values.pop()
    return line(values)


def object_lines(thing: Object) -> str:
    """An Object as its lines of the file."""
    head = line([thing.id, thing.name, thing.version, thing.lwm2m, marks(thing)])
    return head[:-1] + ",[\n" + ",\n".join(map(resource_line, thing.resources)) + "]]"


def dumps(objects: list[Object]) -> str:
    """The text of the file, the same whatever the order of `objects`."""
    ordered = sorted(objects, key=Object.order)
    return "[\n" + ",\n".join(map(object_lines, ordered)) + "\n]\n"


def parse_resource(
    ident: int, name: str, letters: str, kind: str = "", limits: str = "", units: str = ""
) -> Resource:
    """A Resource from its line of the file."""
    operations = letters.rstrip("*!")
    return Resource(ident, name, operations, "*" in letters, "!" in letters, kind, limits, units)


def parse_object(
    ident: int, name: str, version: str, lwm2m: str, letters: str, resources: list
) -> Object:
    """An Object from its lines of the file."""
    parsed = tuple(parse_resource(*each) for each in resources)
    return Object(ident, name, version, lwm2m, "*" in letters, "!" in letters, parsed)


@functools.cache
def load(file: pathlib.Path = FILE) -> tuple[Object, ...]:
    """Every Object of the file, by ID and version."""
    try:
        return tuple(parse_object(*each) for each in json.loads(file.read_text("utf-8")))
    except OSError as error:
        raise ObjgenError("%s: %s; %s" % (file, error.strerror, HINT)) from error
    except (TypeError, ValueError) as error:
        raise ObjgenError("%s: not a registry (%s); %s" % (file, error, HINT)) from error


def find(ident: int, file: pathlib.Path = FILE) -> Object:
    """The latest version of an Object; ObjgenError where there is none."""
    for thing in reversed(load(file)):
        if thing.id == ident:
            return thing
    raise ObjgenError("%d: no Object of the registry; give the file of its XML" % ident)
