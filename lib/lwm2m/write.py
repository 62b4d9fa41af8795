"""Write, Create and Delete: checked whole, then applied whole (LwM2M Core 6.3.3 to 6.3.6)."""

from micropython import const

from .management import instances, kind
from .model import Lwm2mError

_WRITE = const(0x200)
_EXECUTE = const(0x400)
_MULTIPLE = const(0x800)
_MANDATORY = const(0x1000)
_STRING = const(1)
_OPAQUE = const(5)
_OBJLNK = const(7)
_CORELNK = const(9)

_POST = const(2)
_PUT = const(3)
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


def operate(management, obj, path: list, message):
    """A PUT, POST or DELETE that is no Execute and no Write-Attributes; answers as `handle`."""
    code = message.code
    if code == _POST and len(path) == 1:
        return _create(management, obj, path, message)
    if code > _PUT:
        return _delete(management, obj, path, message)
    if len(path) < 2:
        return _NOT_ALLOWED
    return _write(management, obj, path, message, code == _PUT)


def _decode(management, obj, path, message):
    # The values of the body by Instance and Resource ID, each Resource checked
    number = message.uint(_CONTENT_FORMAT)
    if number < 0:
        number = 0
    if number in _SINGLE_VALUE and len(path) < 3:
        raise Lwm2mError(_UNSUPPORTED_FORMAT)
    if number in _SINGLE_VALUE and len(path) == 3 and obj.entry(path[2]) & _MULTIPLE:
        raise Lwm2mError(_BAD_REQUEST)
    module, _ = management.format(number, _UNSUPPORTED_FORMAT)
    found = {}
    for item, value in module.decode(message.payload(), path, management.model.kind):
        if list(item[: len(path)]) != path:
            raise Lwm2mError(_BAD_REQUEST)
        resources = found.setdefault(item[1], {})
        # else an optional Resource of a later version
        if len(item) > 2 and obj.entry(item[2]):
            take(obj, resources, item, value)
    return found


def take(obj, resources: dict, item: tuple, value) -> None:
    """Add one decoded value to an Instance's Resources; 4.00 where it is of another shape."""
    rid = item[2]
    multiple = len(item) == 4 or isinstance(value, dict)
    if bool(obj.entry(rid) & _MULTIPLE) != multiple:
        raise Lwm2mError(_BAD_REQUEST)
    if len(item) == 4:
        resources.setdefault(rid, {})[item[3]] = value
    else:
        resources[rid] = value


def _check(management, obj, iid, rid, value):
    # Is one value, or each of a multiple Resource, within range, and does its link lead somewhere?
    entry = obj.entry(rid)
    low, high = obj.ranges.get(rid, (None, None))
    for size in value.values() if isinstance(value, dict) else (value,):
        scale = 1
        if entry & 255 in (_STRING, _OPAQUE, _CORELNK):
            size = len(size)
        elif entry & 255 == _OBJLNK:
            _check_link(management.model, size)
            continue
        elif isinstance(size, tuple):  # a decimal
            scale = 10 ** max(-size[1], 0)
            size = size[0] * 10 ** max(size[1], 0)
        if low is not None and size < low * scale or high is not None and size > high * scale:
            raise Lwm2mError(_BAD_REQUEST)
    obj.check(iid, rid, value)


def _check_link(model, link):
    oid, iid = link
    if oid == 65535 and iid == 65535:
        return
    if oid not in model.objects or iid != 65535 and iid not in model.objects[oid].instances:
        raise Lwm2mError(_BAD_REQUEST)


def _write(management, obj, path, message, replace):
    multiple = 0
    if len(path) > 2:
        multiple = kind(obj, path, _WRITE) & _MULTIPLE
        if len(path) == 4 and path[3] not in instances(obj, path):
            return _NOT_FOUND
        if not replace and (len(path) == 4 or not multiple):
            return _NOT_ALLOWED
    iid = path[1]
    resources = _decode(management, obj, path, message).get(iid, {})
    for rid in resources:
        if not obj.entry(rid) & _WRITE:
            return _NOT_ALLOWED
    if len(path) > 2 and not resources:
        if len(path) == 4 or not multiple:
            return _BAD_REQUEST
        resources[path[2]] = {}
    gone = []
    if replace and len(path) == 2:
        _gone(obj, obj.instances[iid], resources, gone)
    check(management, obj, iid, resources, not replace or len(path) == 4)
    return apply(management, message, [(obj, iid, resources, gone)], _CHANGED)


def check(management, obj, iid: int, resources: dict, merge: bool) -> None:
    """Refuse values that are not for their Resources; `merge` those of multiple ones."""
    for rid in resources:
        value = resources[rid]
        if merge and isinstance(value, dict) and rid in obj.instances[iid]:
            resources[rid] = dict(instances(obj, (obj.oid, iid, rid)))
            resources[rid].update(value)
            value = resources[rid]
        _check(management, obj, iid, rid, value)


def _gone(obj, old, resources, gone):
    # The Resources that a replaced Instance loses; it may not lose a mandatory one
    for rid in old:
        entry = obj.entry(rid)
        if entry & _WRITE and rid not in resources:
            if entry & _MANDATORY:
                raise Lwm2mError(_BAD_REQUEST)
            gone.append(rid)


def apply(management, message, targets: list, code: int):
    """Write the checked Resources of some Instances, (Object, ID, Resources, those that go) each.

    All or nothing: a driver's refusal half-way, or later, brings the old values back.
    """
    kept = [dict(obj.instances[iid]) for obj, iid, _, _ in targets]
    written = []
    slow = []

    def undo():
        for (obj, iid, resources, gone), old in zip(targets, kept):
            now = obj.instances.get(iid)
            if now is None:
                continue
            for rid in resources:
                if (obj, rid) in written and not (old.get(rid) is None or callable(old[rid])):
                    try:
                        obj.write(iid, rid, old[rid])
                    except Exception:  # noqa: BLE001 the fault that we are here for is told
                        pass
            for rid in gone + list(resources):
                if rid in old:
                    now[rid] = old[rid]
                else:
                    now.pop(rid, None)
        management.model.touch()
        tell()

    def tell():
        for (obj, iid, resources, gone), old in zip(targets, kept):
            for rid in gone + list(resources):
                if old.get(rid) != resources.get(rid, -1):
                    management.model.changed(obj.oid, iid, rid)

    try:
        for obj, iid, resources, gone in targets:
            for rid in gone:
                del obj.instances[iid][rid]
            for rid in resources:
                waiting = obj.write(iid, rid, resources[rid])
                if hasattr(waiting, "send"):
                    slow.append(waiting)
                else:
                    written.append((obj, rid))
        answer = management.changed(message, slow, code, undo, tell)
    except Exception:
        undo()
        raise
    for obj, iid, _, gone in targets:
        for rid in gone:
            management.model.forget([obj.oid, iid, rid])
    return answer


def _create(management, obj, path, message):
    if not obj.creatable or obj.single and obj.instances:
        return _NOT_ALLOWED
    found = {}
    if len(message.payload()):
        found = _decode(management, obj, path, message)
    if len(found) > 1:
        return _BAD_REQUEST
    iid, given = found.popitem() if found else (-1, {})
    if iid < 0:
        iid = 0
        while iid in obj.instances:
            iid += 1
    if iid in obj.instances or iid > 65534 or obj.single and iid:
        return _BAD_REQUEST
    resources = {}
    for rid, entry in obj.entries():
        if entry & _WRITE and rid in given:
            resources[rid] = given[rid]
            _check(management, obj, iid, rid, given[rid])
        elif entry & _MANDATORY:
            if entry & _WRITE:
                return _BAD_REQUEST
            resources[rid] = None  # only the device may know it: what was given is ignored
    try:
        obj.create(iid, resources)
    except Exception:
        obj.instances.pop(iid, None)
        raise
    management.model.listed(obj.oid, iid)
    management.changed(message, None)
    return _CREATED, ((_LOCATION_PATH, str(obj.oid)), (_LOCATION_PATH, str(iid))), b""


def _delete(management, obj, path, message):
    if len(path) == 4:
        kind(obj, path, _WRITE)
        rest = dict(instances(obj, path))
        if path[3] not in rest:
            return _NOT_FOUND
        del rest[path[3]]
        _check(management, obj, path[1], path[2], rest)
        answer = apply(management, message, [(obj, path[1], {path[2]: rest}, [])], _DELETED)
    elif len(path) == 2 and obj.creatable:
        obj.delete(path[1])
        management.model.listed(obj.oid, path[1])
        answer = management.changed(message, None, _DELETED)
    else:
        return _NOT_ALLOWED
    management.model.forget(path)
    return answer
