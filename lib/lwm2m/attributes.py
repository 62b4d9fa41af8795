"""Notification attributes: what servers set, which are in force, what fires (LwM2M Core 5.1)."""

from micropython import const

from .formats.number import from_text
from .management import instances, kind
from .model import Lwm2mError

_READ_WRITE_EXECUTE = const(0x700)
_BOOLEAN = const(4)

_CHANGED = const(0x44)
_BAD_REQUEST = const(0x80)
_NOT_FOUND = const(0x84)
_URI_QUERY = const(15)

_PERIODS = ("pmin", "pmax", "epmin", "epmax", "hqmax")
_LIMITS = ("gt", "lt", "st")
_FLAGS = ("con", "edge")
_NUMERIC = (2, 3, 6, 8)


def write_attributes(management, obj, path: list, message) -> int:
    """Set, or without a value unset, attributes of a path for this server; all or none."""
    given = queried(obj, path, message)  # which looks whether the Resource is there
    if len(path) == 4 and path[3] not in instances(obj, path):
        return _NOT_FOUND
    if len(message.payload()):
        return _BAD_REQUEST
    found = dict(management.attributes.get(tuple(path), {}))
    for name in given:
        if given[name] is None:
            found.pop(name, None)
        else:
            found[name] = given[name]
    management.attributes[tuple(path)] = found
    if not found:
        del management.attributes[tuple(path)]
    if management.reporting:
        management.reporting.replan()
    return _CHANGED


def queried(obj, path, message) -> dict:
    """The attributes in a request's query by name, None without a value; or 4.00."""
    entry = kind(obj, path, _READ_WRITE_EXECUTE) if len(path) > 2 else 0
    given = {}
    try:
        for query in message.all(_URI_QUERY):
            name, equals, text = query.decode().partition("=")
            if name in given:
                raise ValueError
            given[name] = _value(name, text if equals else "0", entry & 255)
            if not equals:
                given[name] = None
        step = given.get("st")
        if step and step[0] < 0 or not consistent(given):
            raise ValueError
    except ValueError:
        raise Lwm2mError(_BAD_REQUEST)
    return given


def _value(name, text, kind):
    # An attribute's value for a Resource of type `kind` (0: a level above); or ValueError
    if name in _LIMITS and kind in _NUMERIC:
        return from_text(text)
    if name in _PERIODS and text.isdigit() and len(text) < 11:
        return int(text)
    if name in _FLAGS and text in ("0", "1") and (name == "con" or kind == _BOOLEAN):
        return int(text)
    raise ValueError


def inherited(management, path, found: dict) -> dict:
    """Add to `found` the attributes in force at a path: those of the levels above, too."""
    for level in range(1, len(path) + 1):
        found.update(management.attributes.get(path[:level], {}))
    return found


def _aligned(values):
    # Decimals, None among them, as integers of one power of ten
    scale = 0
    for one in values:
        if isinstance(one, tuple):
            scale = min(scale, one[1])
    found = []
    for one in values:
        if isinstance(one, tuple):
            one = one[0] * 10 ** (one[1] - scale)
        elif one is not None:
            one *= 10**-scale
        found.append(one)
    return found


def consistent(given: dict) -> bool:
    """Is lt < gt, and lt + 2 st < gt, where they are given (LwM2M Core 5.1.2)?"""
    low, high, step = _aligned([given.get(name) for name in ("lt", "gt", "st")])
    return low is None or high is None or low + 2 * (step or 0) < high


def conditional(given: dict) -> bool:
    """Is there a change condition in force, so that not every change is told?"""
    step = given.get("st")
    if step and not step[0]:
        return False
    for name in _LIMITS:
        if given.get(name) is not None:
            return consistent(given)
    return given.get("edge") is not None


def fires(given: dict, old, new) -> bool:
    """Does the change from one value to another meet a change condition?"""
    if isinstance(old, dict) and isinstance(new, dict):
        for riid in new:
            if riid not in old or fires(given, old[riid], new[riid]):
                return True
        return len(new) != len(old)
    if old == new or old is None or new is None:
        return old != new
    if isinstance(new, bool):
        return new == given.get("edge")
    old, new, low, high, step = _aligned([old, new] + [given.get(n) for n in ("lt", "gt", "st")])
    return (
        low is not None
        and (old < low) != (new < low)
        or high is not None
        and (old > high) != (new > high)
        or step is not None
        and abs(new - old) >= step
    )
