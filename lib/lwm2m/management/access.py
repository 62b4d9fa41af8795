"""What a server may see and do: closed Objects, the operations of a Resource (LwM2M Core 7.3)."""

from micropython import const

from ..errors import Lwm2mError

_UNAUTHORIZED = const(0x81)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_CLOSED_OBJECTS = (0, 21, 23)  # Security, OSCORE, COSE: no server may see them


def visible(model) -> list:
    """The Objects that servers may see, by their IDs."""
    return [obj for oid, obj in sorted(model.objects.items()) if oid not in _CLOSED_OBJECTS]


def open_object(model, oid: int):
    """An Object that servers may see; or Lwm2mError 4.01 or 4.04."""
    if oid in _CLOSED_OBJECTS:
        raise Lwm2mError(_UNAUTHORIZED)
    return model.object(oid)


def permitted(obj, path: list, operation: int) -> int:
    """The descriptor of the Resource at `path`, if it is there and allows the operation.

    Lwm2mError 4.04 or 4.05 else.
    """
    descriptor = obj.descriptor(path[2])
    if not descriptor or path[2] not in obj.instances[path[1]]:
        raise Lwm2mError(_NOT_FOUND)
    if not descriptor & operation:
        raise Lwm2mError(_NOT_ALLOWED)
    return descriptor


def resource_instances(obj, path: list | tuple) -> dict:
    """The Resource Instances at `path`; none where a single value is, or one that is awaited."""
    value = obj.read(path[1], path[2])
    if hasattr(value, "send"):
        value.close()
    return value if isinstance(value, dict) else {}
