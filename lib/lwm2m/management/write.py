"""Write, Create and Delete: checked whole, then applied whole (LwM2M Core 6.3.3 to 6.3.6)."""

from micropython import const

from ..errors import Lwm2mError
from .access import permitted, resource_instances

_WRITE = const(0x200)
_MULTIPLE = const(0x800)
_MANDATORY = const(0x1000)
_STRING = const(1)
_OPAQUE = const(5)
_OBJLNK = const(7)
_CORELNK = const(9)

_POST = const(2)
_PUT = const(3)
_DELETE = const(4)
_CREATED = const(0x41)
_DELETED = const(0x42)
_CHANGED = const(0x44)
_BAD_REQUEST = const(0x80)
_NOT_FOUND = const(0x84)
_NOT_ALLOWED = const(0x85)
_UNSUPPORTED_FORMAT = const(0x8F)
_LOCATION_PATH = const(8)
_CONTENT_FORMAT = const(12)
_SINGLE_VALUE = (0, 42, 60)  # formats that carry one value


def operate(answer):
    """A PUT, POST or DELETE that neither executes nor writes attributes."""
    code = answer.message.code
    if code == _DELETE:
        return _delete(answer)
    if code == _POST and len(answer.path) == 1:
        return _create(answer)
    return _write(answer, code == _PUT)


def _write(answer, replace):
    # A PUT replaces; a POST updates an Instance or a multiple Resource
    obj = answer.obj
    path = answer.path
    multiple = 0
    if len(path) < 2:
        return _NOT_ALLOWED
    if len(path) > 2:
        multiple = permitted(obj, path, _WRITE) & _MULTIPLE
        if len(path) == 4 and path[3] not in resource_instances(obj, path):
            return _NOT_FOUND
        if not replace and (len(path) == 4 or not multiple):
            return _NOT_ALLOWED
    iid = path[1]
    resources = decode(answer).get(iid, {})
    for rid in resources:
        if not obj.descriptor(rid) & _WRITE:
            return _NOT_ALLOWED
    if len(path) > 2 and not resources:
        if len(path) == 4 or not multiple:
            return _BAD_REQUEST
        resources[path[2]] = {}
    removed = _removed(obj, iid, resources) if replace and len(path) == 2 else []
    check(answer.model, obj, iid, resources, not replace or len(path) == 4)
    return apply(answer, [(obj, iid, resources, removed)], _CHANGED)


def decode(answer) -> dict:
    """The values of the body by Instance and Resource ID, an unknown Resource left out.

    The Instance ID is -1 where neither the path nor the body has one.
    """
    obj = answer.obj
    path = answer.path
    number = answer.message.uint(_CONTENT_FORMAT)
    if number < 0:
        number = 0
    if number in _SINGLE_VALUE and len(path) < 3:
        raise Lwm2mError(_UNSUPPORTED_FORMAT)
    if number in _SINGLE_VALUE and len(path) == 3 and obj.descriptor(path[2]) & _MULTIPLE:
        raise Lwm2mError(_BAD_REQUEST)
    module, _ = answer.format(number, _UNSUPPORTED_FORMAT)
    instances = {}
    for item, value in module.decode(answer.message.payload(), path, answer.model.resource_type):
        if list(item[: len(path)]) != path:
            raise Lwm2mError(_BAD_REQUEST)
        resources = instances.setdefault(item[1], {})
        # else an optional Resource of a later version
        if len(item) > 2 and obj.descriptor(item[2]):
            take(obj, resources, item, value)
    return instances


def take(obj, resources: dict, item: tuple, value) -> None:
    """Add one decoded value to an Instance's Resources; 4.00 where it is of another shape."""
    rid = item[2]
    multiple = len(item) == 4 or isinstance(value, dict)
    if bool(obj.descriptor(rid) & _MULTIPLE) != multiple:
        raise Lwm2mError(_BAD_REQUEST)
    if len(item) == 4:
        resources.setdefault(rid, {})[item[3]] = value
    else:
        resources[rid] = value


def check(model, obj, iid: int, resources: dict, merge: bool) -> None:
    """Refuse values that are not for their Resources; `merge` those of multiple ones.

    Without a `model` links may lead anywhere.
    """
    for rid in resources:
        value = resources[rid]
        if merge and isinstance(value, dict) and rid in obj.instances[iid]:
            resources[rid] = dict(resource_instances(obj, (obj.oid, iid, rid)))
            resources[rid].update(value)
            value = resources[rid]
        _check(model, obj, iid, rid, value)


def _check(model, obj, iid: int, rid: int, value) -> None:
    """Is a value, or each of a multiple Resource, in range, and does a link lead somewhere?

    Lwm2mError 4.00 where not, or what the Object's own check raises.
    """
    kind = obj.descriptor(rid) & 255
    low, high = obj.ranges.get(rid, (None, None))
    for size in value.values() if isinstance(value, dict) else (value,):
        scale = 1
        if kind in (_STRING, _OPAQUE, _CORELNK):
            size = len(size)
        elif kind == _OBJLNK:
            _check_link(model, size)
            continue
        elif isinstance(size, tuple):  # a decimal
            scale = 10 ** max(-size[1], 0)
            size = size[0] * 10 ** max(size[1], 0)
        if low is not None and size < low * scale or high is not None and size > high * scale:
            raise Lwm2mError(_BAD_REQUEST)
    obj.check(iid, rid, value)


def _check_link(model, link):
    oid, iid = link
    if oid == 65535 and iid == 65535 or not model:
        return
    if oid not in model.objects or iid != 65535 and iid not in model.objects[oid].instances:
        raise Lwm2mError(_BAD_REQUEST)


def _removed(obj, iid, resources):
    # The Resources that a replaced Instance loses; it may not lose a mandatory one
    removed = []
    for rid in obj.instances[iid]:
        descriptor = obj.descriptor(rid)
        if descriptor & _WRITE and rid not in resources:
            if descriptor & _MANDATORY:
                raise Lwm2mError(_BAD_REQUEST)
            removed.append(rid)
    return removed


def apply(answer, targets: list, code: int):
    """Write (Object, Instance ID, values by Resource ID, IDs to remove) each, all or nothing.

    Lwm2mError 5.03 where one of the Resources is being written by a handler that takes its time:
    what fails later could not be undone below what is newer.
    """
    model = answer.model
    places = []
    for obj, iid, resources, removed in targets:
        for rid in removed + list(resources):
            places.append((obj.oid, iid, rid))
    for server in model.servers:
        if server.slow:
            server.slow.claim(places)
    instances = [obj.instances[iid] for obj, iid, _, _ in targets]
    kept = [dict(instance) for instance in instances]
    written = []
    pending = []

    def undo():
        for i in range(len(targets)):
            obj, iid, resources, removed = targets[i]
            instance = instances[i]
            before = kept[i]
            if obj.instances.get(iid) is not instance:
                continue
            for rid in resources:
                value = before.get(rid)
                if (obj, iid, rid) in written and not (value is None or callable(value)):
                    try:
                        obj.write(iid, rid, value)
                    except Exception:  # noqa: BLE001 the first fault is the one to report
                        pass
            for rid in removed + list(resources):
                if rid in before:
                    instance[rid] = before[rid]
                else:
                    instance.pop(rid, None)
        model.registration_changed()
        report()

    def report():
        for (obj, iid, resources, removed), before in zip(targets, kept):
            for rid in removed + list(resources):
                if before.get(rid) != resources.get(rid, -1):
                    model.changed(obj.oid, iid, rid)

    try:
        for obj, iid, resources, removed in targets:
            for rid in removed:
                del obj.instances[iid][rid]
            for rid in resources:
                coroutine = obj.write(iid, rid, resources[rid])
                if hasattr(coroutine, "send"):
                    pending.append(coroutine)
                else:
                    written.append((obj, iid, rid))
        response = answer.changed(pending, code, undo, report)
    except Exception:
        undo()
        raise
    if pending:
        response.places = places
    for obj, iid, _, removed in targets:
        for rid in removed:
            model.forget([obj.oid, iid, rid])
    return response


def _create(answer):
    # A POST to an Object: an Instance of what is in the body, or of nothing
    obj = answer.obj
    model = answer.model
    if not obj.creatable or obj.single and obj.instances:
        return _NOT_ALLOWED
    instances = decode(answer) if len(answer.message.payload()) else {}
    if len(instances) > 1:
        return _BAD_REQUEST
    iid, values = instances.popitem() if instances else (-1, {})
    if iid < 0:
        iid = 0
        while iid in obj.instances:
            iid += 1
    if iid in obj.instances or iid > 65534 or obj.single and iid:
        return _BAD_REQUEST
    resources = {}
    for rid, descriptor in obj.descriptors():
        if descriptor & _WRITE and rid in values:
            resources[rid] = values[rid]
            _check(model, obj, iid, rid, values[rid])
        elif descriptor & _MANDATORY:
            if descriptor & _WRITE:
                return _BAD_REQUEST
            resources[rid] = None  # only the device may know it: what was sent is ignored
    try:
        obj.create(iid, resources)
    except Exception:
        obj.instances.pop(iid, None)
        raise
    model.instance_changed(obj.oid, iid)
    return _CREATED, ((_LOCATION_PATH, str(obj.oid)), (_LOCATION_PATH, str(iid))), b""


def _delete(answer):
    obj = answer.obj
    path = answer.path
    model = answer.model
    if len(path) == 4:
        permitted(obj, path, _WRITE)
        rest = dict(resource_instances(obj, path))
        if path[3] not in rest:
            return _NOT_FOUND
        del rest[path[3]]
        _check(model, obj, path[1], path[2], rest)
        targets = [(obj, path[1], {path[2]: rest}, [])]
        response = apply(answer, targets, _DELETED)
    elif len(path) == 2 and obj.creatable:
        obj.delete(path[1])
        model.instance_changed(obj.oid, path[1])
        response = _DELETED
    else:
        return _NOT_ALLOWED
    model.forget(path)
    return response
