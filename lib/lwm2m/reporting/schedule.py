"""When an observation is evaluated and when it is notified (LwM2M Core 5.1.2, 6.4).

Functions over an Observation and its plan, a tuple of what `attributes.rule` says of each of
its paths: nothing is read, sent or waited for here. Times are ms, 0xFFFFFFFFFFF is never. An
observation's `state` has two bits for each of its paths, those of the first path lowest.
"""

from binascii import crc32

from micropython import const

from ..management.attributes import fires

_NEVER = const(0xFFFFFFFFFFF)

# The two bits: something changed since it was evaluated, and (shifted by one) it is to be
# notified as soon as pmin allows
_UNEVALUATED = const(1)

_READ = const(0x100)


def pause(state: int, plan: tuple, which: int) -> int:
    """The shortest period at any path: number `which` of its attributes in force, or the next one.

    The next one where bit 0 of the path's `state` is not set: epmin (2) else epmax, and with a
    state shifted by one pmin (0) else pmax.
    """
    shortest = _NEVER
    for in_force in plan:
        period = in_force[which if state & 1 else which + 1]
        if period < shortest:
            shortest = period
        state >>= 2
    return shortest


def note_change(observations: list, objects: dict, oid: int, iid: int, rid: int) -> bool:
    """Note that a Resource changed, or with rid -1 an Instance; is it observed? No garbage."""
    observed = False
    for observation in observations:
        path = observation.path
        state = 0
        if path[0] == oid:
            state = _covers(path, iid, rid, objects[oid])
        elif isinstance(path[0], tuple):  # a composite one
            bit = _UNEVALUATED
            for part in path:
                if (not part or part[0] == oid) and _covers(part, iid, rid, objects[oid]):
                    state |= bit
                bit <<= 2
        if state:
            observation.state |= state
            observation.next_look = 0
            observed = True
    return observed


def _covers(path, iid, rid, obj):
    # Is a Resource of an Object, or with rid -1 an Instance, at, above or below a path?
    size = len(path)
    if size > 1 and path[1] != iid:
        return False
    return rid < 0 or (path[2] == rid if size > 2 else bool(obj.descriptor(rid) & _READ))


def meets(observation, i: int, value, conditions: list | None) -> bool:
    """Does what is there now meet the change conditions; without any, is it another value?"""
    last = observation.last
    old = last[i] if isinstance(last, list) else last
    if isinstance(value, bool):  # an edge is one since the latest evaluation
        if isinstance(last, list):
            last[i] = value
        else:
            observation.last = value
    return fires(conditions, old, value) if conditions else old != value


def pick(content: list, path: tuple):
    """What is remembered of `path` in what was collected: of an Object or Instance a checksum."""
    size = len(path)
    if size > 2:
        for oid, iid, resources in content:
            if iid == path[1] and oid == path[0]:
                for rid, _, value in resources:
                    if rid == path[2]:
                        return _brief(value.get(path[3]) if size > 3 else value)
        return None
    checksum = 0
    for instance in content:
        if size and instance[:size] == path:
            for resource in instance[2]:
                checksum = crc32(str(resource).encode(), checksum)
    return checksum & 0x3FFFFFFF


def _brief(value):
    # A text or opaque by its checksum, so that an observation stays small
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, str):
        value = value.encode()
    return crc32(value) & 0x3FFFFFFF if isinstance(value, bytes) else value
