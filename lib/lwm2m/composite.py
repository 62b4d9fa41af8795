"""Read-Composite, Write-Composite and Observe-Composite (LwM2M Core 6.3.8, 6.3.9 and 6.4.5)."""

from micropython import const

from .model import Lwm2mError
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
_SENML = (110, 112, 320, 322)  # as JSON and CBOR; SenML-ETCH of either
_ANSWERS = {110: 110, 112: 112, 320: 110, 322: 112}


def operate(management, message, now: int):
    """A FETCH or iPATCH without a path."""
    number = message.uint(_CONTENT_FORMAT)
    if number not in _SENML:
        return _UNSUPPORTED_FORMAT
    module, _ = management.format(_ANSWERS[number], _UNSUPPORTED_FORMAT)
    fetch = message.code == _FETCH
    items = module.decode(message.payload(), [], None if fetch else management.model.kind)
    for path, _ in items:
        if len(path) > 4:
            items = ()
    if not items:
        return _BAD_REQUEST
    if fetch:
        return _read(management, message, items, now)
    return _write(management, message, items)


def _write(management, message, items):
    # Every value checked before the first one is written
    found = {}
    for path, value in items:
        if len(path) < 3:
            return _BAD_REQUEST
        obj = management.object(path[0])
        if path[1] not in obj.instances or not obj.entry(path[2]):
            return _NOT_FOUND
        if not obj.entry(path[2]) & _WRITE:
            return _NOT_ALLOWED
        take(obj, found.setdefault(path[:2], {}), path, value)
    targets = []
    for oid, iid in found:
        obj = management.object(oid)
        check(management, obj, iid, found[oid, iid], True)
        targets.append((obj, iid, found[oid, iid], []))
    return apply(management, message, targets, _CHANGED)


def _read(management, message, items, now):
    paths = tuple([path for path, _ in items])
    accept = message.uint(_ACCEPT)
    form = accept
    if form < 0:
        form = _ANSWERS[message.uint(_CONTENT_FORMAT)]
    management.format(form, _NOT_ACCEPTABLE)
    observe = message.uint(_OBSERVE)
    given = None
    if not observe and _URI_QUERY in message.numbers:
        from .attributes import queried

        given = queried(None, (), message)
    if observe > 0:
        management.observer().cancel(message.token)
    content = gather(management, paths)
    response = management.represent(content, (), form, message)
    if observe:
        return response
    form = form, accept
    return management.observer().establish(
        message.token, paths, form, content, response, given, now
    )


def gather(management, paths: tuple) -> list:
    """What is there and readable at all the paths, each Instance once; the root is the path ()."""
    found = {}
    for path in paths:
        for oid in path[:1] or management.model.objects:
            try:
                content = management.collect((oid,) + path[1:])
            except Lwm2mError:
                continue  # as much as there is
            for _, iid, resources in content:
                _merge(found.setdefault((oid, iid), {}), resources)
    content = []
    for oid, iid in sorted(found):
        resources = found[oid, iid]
        content.append((oid, iid, [resources[rid] for rid in sorted(resources)]))
    return content


def _merge(found, resources):
    for one in resources:
        rid, kind, value = one
        if rid in found and isinstance(value, dict):
            value = dict(value)
            value.update(found[rid][2])
        found[rid] = rid, kind, value
