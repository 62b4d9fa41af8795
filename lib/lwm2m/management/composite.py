"""Read-Composite, Write-Composite and Observe-Composite (LwM2M Core 6.3.8, 6.3.9 and 6.4.5)."""

from micropython import const

from ..errors import Lwm2mError
from .access import visible
from .write import apply, check, take

_FETCH = const(5)
_WRITE = const(0x200)

_CHANGED = const(0x44)
_BAD_REQUEST = const(0x80)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_NOT_ACCEPTABLE = const(0x86)
_UNSUPPORTED_FORMAT = const(0x8F)
_OBSERVE = const(6)
_CONTENT_FORMAT = const(12)
_URI_QUERY = const(15)
_ACCEPT = const(17)
# SenML as JSON and CBOR, SenML-ETCH of either: a request's format and that of its answer
_ANSWER_FORMATS = {110: 110, 112: 112, 320: 110, 322: 112}


def operate(answer):
    """A FETCH or iPATCH without a path."""
    message = answer.message
    number = _ANSWER_FORMATS.get(message.uint(_CONTENT_FORMAT))
    if not number:
        return _UNSUPPORTED_FORMAT
    module, _ = answer.format(number, _UNSUPPORTED_FORMAT)
    fetch = message.code == _FETCH
    items = module.decode(message.payload(), [], None if fetch else answer.model.resource_type)
    for path, _ in items:
        if len(path) > 4:
            items = ()
    if not items:
        return _BAD_REQUEST
    if fetch:
        return _read(answer, items, number)
    return _write(answer, items)


def _write(answer, items):
    # Every value checked before the first one is written
    instances = {}
    for path, value in items:
        if len(path) < 3:
            return _BAD_REQUEST
        obj = answer.object(path[0])
        descriptor = obj.descriptor(path[2])
        if path[1] not in obj.instances or not descriptor:
            return _NOT_FOUND
        if not descriptor & _WRITE:
            return _NOT_ALLOWED
        take(obj, instances.setdefault(path[:2], {}), path, value)
    targets = []
    for oid, iid in instances:
        obj = answer.object(oid)
        check(answer.model, obj, iid, instances[oid, iid], True)
        targets.append((obj, iid, instances[oid, iid], []))
    return apply(answer, targets, _CHANGED)


def _read(answer, items, number):
    message = answer.message
    paths = tuple([path for path, _ in items])
    accept = message.uint(_ACCEPT)
    if accept >= 0:
        number = accept
    answer.format(number, _NOT_ACCEPTABLE)
    observe = message.uint(_OBSERVE)
    attributes = None
    if not observe and _URI_QUERY in message.numbers:
        from .attributes import queried

        attributes = queried(None, (), message)
    if observe > 0:
        answer.observer().cancel(message.token)
    content = gather(answer, paths)
    response = answer.represent(content, (), number, message)
    if observe:
        return response
    return answer.observer().establish(
        message.token, paths, (number, accept), content, response, attributes, answer.now
    )


def gather(answer, paths: list | tuple) -> list:
    """What is there and readable at all the paths, each Instance once; the root is the path ()."""
    instances = {}
    for path in paths:
        for oid in path[:1] or [obj.oid for obj in visible(answer.model)]:
            try:
                content = answer.collect((oid,) + path[1:])
            except Lwm2mError:
                continue  # as much as there is
            for _, iid, resources in content:
                _merge(instances.setdefault((oid, iid), {}), resources)
    content = []
    for oid, iid in sorted(instances):
        resources = instances[oid, iid]
        content.append((oid, iid, [resources[rid] for rid in sorted(resources)]))
    return content


def _merge(merged, resources):
    for rid, kind, value in resources:
        if rid in merged and isinstance(value, dict):
            value = dict(value)
            value.update(merged[rid][2])
        merged[rid] = rid, kind, value
