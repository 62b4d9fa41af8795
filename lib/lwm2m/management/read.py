"""Read (LwM2M Core 6.3.1): one value as text, or all that is readable at and below a path."""

from micropython import const

from ..errors import Lwm2mError, NoValue
from .access import permitted

_READ = const(0x100)

_CONTENT = const(0x45)
_NOT_FOUND = const(0x84)
_NOT_ACCEPTABLE = const(0x86)
_TEXT_PLAIN = const(0)


def read(answer, number: int):
    """Answer a GET in the content format `number`, -1 where none is asked for."""
    path = answer.path
    if number < 0:
        number = answer.default(path)
    module, option = answer.format(number, _NOT_ACCEPTABLE)
    if number == _TEXT_PLAIN and len(path) == 3:  # the common case, with little garbage
        obj = answer.obj
        descriptor = permitted(obj, path, _READ)
        value = obj.read(path[1], path[2])
        if not hasattr(value, "send"):
            return _CONTENT, option, module.encode_value(descriptor & 255, picked(value, path))
        value.close()  # asked once more below
    path = tuple(path)
    return answer.represent(answer.collect(path), path, number, answer.message)


def collect(obj, path: tuple) -> list:
    """What is readable at `path` as the formats take it: (Object, Instance, Resources) each.

    Resources are (ID, type, value), where the value may still be a coroutine.
    """
    if path[1:] and path[1] not in obj.instances:
        raise Lwm2mError(_NOT_FOUND)
    content = []
    for iid in path[1:2] or sorted(obj.instances):
        resources = _resource(obj, path) if len(path) > 2 else _readable(obj, iid)
        content.append((path[0], iid, resources))
    return content


def picked(value, path):
    """Of a multiple Resource the Resource Instance that a path of four IDs names; or 4.04."""
    if value is None:
        raise NoValue(_NOT_FOUND)
    if len(path) < 4:
        return value
    if not isinstance(value, dict) or path[3] not in value:
        raise Lwm2mError(_NOT_FOUND)
    return {path[3]: value[path[3]]}


def _resource(obj, path):
    # The Resource or Resource Instance at `path`
    descriptor = permitted(obj, path, _READ)
    value = obj.read(path[1], path[2])
    return [(path[2], descriptor & 255, value if hasattr(value, "send") else picked(value, path))]


def _readable(obj, iid):
    # The readable Resources of an Instance
    resources = []
    for rid in sorted(obj.instances[iid]):
        descriptor = obj.descriptor(rid)
        if descriptor & _READ:
            value = obj.read(iid, rid)
            if value is not None:
                resources.append((rid, descriptor & 255, value))
    return resources


def awaited(content: list) -> list | None:
    """Where values that were collected are coroutines: (Resources, index) each; None: nowhere."""
    waiting = None
    for _, _, resources in content:
        for i in range(len(resources)):
            if hasattr(resources[i][2], "send"):
                waiting = waiting or []
                waiting.append((resources, i))
    return waiting
