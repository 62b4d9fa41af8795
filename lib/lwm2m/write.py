"""Write, Create and Delete: checked whole, then applied whole (LwM2M Core 6.3.3 to 6.3.6)."""

from micropython import const

from .management import kind
from .model import Lwm2mError

_WRITE = const(0x200)
_EXECUTE = const(0x400)
_MULTIPLE = const(0x800)
_MANDATORY = const(0x1000)
_STRING = const(1)
_FLOAT = const(3)
_BOOLEAN = const(4)
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
        return _delete(management, obj, path)
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
        if item[0] != obj.oid or len(path) > 1 and item[1] != path[1]:
            raise Lwm2mError(_BAD_REQUEST)
        rid = item[2]
        entry = obj.entry(rid)
        if not entry:
            if len(path) > 2:
                raise Lwm2mError(_NOT_FOUND)
            continue  # an optional Resource of a later version
        resources = found.setdefault(item[1], {})
        multiple = len(item) == 4 or isinstance(value, dict)
        if bool(entry & _MULTIPLE) != multiple:
            raise Lwm2mError(_BAD_REQUEST)
        if len(item) == 4:
            resources.setdefault(rid, {})[item[3]] = value
        else:
            resources[rid] = value
    return found


def _check(management, obj, iid, rid, value):
    # Is one value, or each of a multiple Resource, within range, and does its link lead somewhere?
    entry = obj.entry(rid)
    low, high = obj.ranges.get(rid, (None, None))
    for one in value.values() if isinstance(value, dict) else (value,):
        size = one
        if entry & 255 in (_STRING, _OPAQUE, _CORELNK):
            size = len(one)
        elif entry & 255 == _OBJLNK:
            _check_link(management.model, one)
            continue
        elif entry & 255 in (_BOOLEAN, _FLOAT):
            continue
        if low is not None and size < low or high is not None and size > high:
            raise Lwm2mError(_BAD_REQUEST)
    obj.check(iid, rid, value)


def _check_link(model, link):
    oid, iid = link
    if oid == 65535 and iid == 65535:
        return
    if oid not in model.objects or iid != 65535 and iid not in model.objects[oid].instances:
        raise Lwm2mError(_BAD_REQUEST)


def _write(management, obj, path, message, replace):
    if len(path) > 2:
        found_kind = kind(obj, path, _WRITE)
        if len(path) == 4 and path[3] not in obj.instances[path[1]][path[2]]:
            return _NOT_FOUND
        if not replace and (len(path) == 4 or not found_kind & _MULTIPLE):
            return _NOT_ALLOWED
    iid = path[1]
    resources = _decode(management, obj, path, message).get(iid, {})
    old = obj.instances[iid]
    for rid in resources:
        if not obj.entry(rid) & _WRITE:
            return _NOT_ALLOWED
        if rid not in old and len(path) > 2:
            return _NOT_FOUND
    if len(path) == 3 and not resources:
        if not found_kind & _MULTIPLE:
            return _BAD_REQUEST
        resources = {path[2]: {}}
    gone = ()
    if replace and len(path) == 2:
        gone = _gone(obj, old, resources)
    for rid, value in resources.items():
        if isinstance(value, dict) and (not replace or len(path) == 4):
            resources[rid] = merged = dict(old.get(rid) or {})
            merged.update(value)
        _check(management, obj, iid, rid, value)
    return management.changed(message, _apply(obj, iid, resources, gone))


def _gone(obj, old, resources):
    # The Resources that a replaced Instance loses; it may not lose a mandatory one
    gone = []
    for rid in old:
        entry = obj.entry(rid)
        if entry & _WRITE and rid not in resources:
            if entry & _MANDATORY:
                raise Lwm2mError(_BAD_REQUEST)
            gone.append(rid)
    return gone


def _apply(obj, iid, resources, gone):
    # All or nothing: a driver's refusal half-way brings the old values back
    old = dict(obj.instances[iid])
    slow = []
    try:
        for rid in gone:
            del obj.instances[iid][rid]
        for rid, value in resources.items():
            waiting = obj.write(iid, rid, value)
            if hasattr(waiting, "send"):
                slow.append(waiting)
    except Exception:
        obj.instances[iid] = old
        raise
    return slow


def _create(management, obj, path, message):
    if not obj.creatable:
        return _NOT_ALLOWED
    found = {}
    if len(message.payload()):
        found = _decode(management, obj, path, message)
    if len(found) > 1:
        return _BAD_REQUEST
    iid, resources = found.popitem() if found else (-1, {})
    if iid < 0:
        iid = 0
        while iid in obj.instances:
            iid += 1
    if iid in obj.instances or iid > 65534:
        return _BAD_REQUEST
    for rid in tuple(resources):
        if not obj.entry(rid) & _WRITE:
            del resources[rid]  # a value that only the device may know
    for rid, entry in obj.entries():
        if entry & _MANDATORY and entry & _WRITE and rid not in resources:
            return _BAD_REQUEST
    for rid, value in resources.items():
        _check(management, obj, iid, rid, value)
    obj.create(iid, resources)
    management.model.listing += 1
    management.changed(message, None)
    return _CREATED, ((_LOCATION_PATH, str(obj.oid)), (_LOCATION_PATH, str(iid))), b""


def _delete(management, obj, path):
    if len(path) == 4:
        kind(obj, path, _WRITE)
        values = obj.instances[path[1]][path[2]]
        if not isinstance(values, dict) or path[3] not in values:
            return _NOT_FOUND
        rest = dict(values)
        del rest[path[3]]
        obj.write(path[1], path[2], rest)
    elif len(path) == 2 and obj.creatable:
        obj.delete(path[1])
        management.model.listing += 1
    else:
        return _NOT_ALLOWED
    management.forget(path)
    management.model.changes += 1
    return _DELETED
