"""Notification attributes: what servers set, which are in force, what fires (LwM2M Core 5.1)."""

from micropython import const

from ..errors import Lwm2mError
from ..formats.number import from_text
from .access import permitted, resource_instances

_READ_WRITE_EXECUTE = const(0x700)
_BOOLEAN = const(4)
_NEVER = const(0xFFFFFFFFFFF)

_CHANGED = const(0x44)
_BAD_REQUEST = const(0x80)
_NOT_FOUND = const(0x84)
_URI_QUERY = const(15)

_PERIODS = ("pmin", "pmax", "epmin", "epmax", "hqmax")
_LIMITS = ("gt", "lt", "st")
_FLAGS = ("con", "edge")
_NUMERIC = (2, 3, 6, 8)


def write_attributes(answer) -> int:
    """Set, or without a value unset, attributes of a path for this server; all or none."""
    path = tuple(answer.path)
    written = queried(answer.obj, path, answer.message)  # which looks if the Resource is there
    if len(path) == 4 and path[3] not in resource_instances(answer.obj, path):
        return _NOT_FOUND
    if len(answer.message.payload()):
        return _BAD_REQUEST
    attributes = dict(answer.attributes.pop(path, {}))
    attributes.update(written)
    for name in written:
        if written[name] is None:
            del attributes[name]
    if attributes:
        answer.attributes[path] = attributes
    answer.registration.revision += 1
    if answer.reporting:
        answer.reporting.replan()
    return _CHANGED


def queried(obj, path, message) -> dict:
    """The attributes in a request's query by name, None without a value; or 4.00."""
    kind = permitted(obj, path, _READ_WRITE_EXECUTE) & 255 if len(path) > 2 else 0
    attributes = {}
    try:
        for query in message.all(_URI_QUERY):
            name, equals, text = query.decode().partition("=")
            if name in attributes:
                raise ValueError
            attributes[name] = _value(name, text if equals else "0", kind)
            if not equals:
                attributes[name] = None
        step = attributes.get("st")
        if step and step[0] < 0 or not consistent(attributes):
            raise ValueError
    except ValueError:
        raise Lwm2mError(_BAD_REQUEST)
    return attributes


def _value(name, text, kind):
    # An attribute's value for a Resource of type `kind` (0: a level above); or ValueError
    if name in _LIMITS and kind in _NUMERIC:
        return from_text(text)
    if name in _PERIODS and text.isdigit() and len(text) < 11:
        return int(text)
    if name in _FLAGS and text in ("0", "1") and (name == "con" or kind == _BOOLEAN):
        return int(text)
    raise ValueError


def inherited(answer, path: tuple, attributes: dict) -> dict:
    """Add to `attributes` those in force at a path: what was set there, and on levels above."""
    for level in range(1, len(path) + 1):
        attributes.update(answer.attributes.get(path[:level], {}))
    return attributes


def _aligned(values):
    # Decimals, None among them, as integers of one power of ten
    scale = min([value[1] for value in values if isinstance(value, tuple)] + [0])
    aligned = []
    for value in values:
        if isinstance(value, tuple):
            value = value[0] * 10 ** (value[1] - scale)
        elif value is not None:
            value *= 10**-scale
        aligned.append(value)
    return aligned


def consistent(attributes: dict) -> bool:
    """Is lt < gt, and lt + 2 st < gt, where they are set (LwM2M Core 5.1.2)?"""
    low, high, step = _aligned([attributes.get(name) for name in ("lt", "gt", "st")])
    return low is None or high is None or low + 2 * (step or 0) < high


def in_force(attributes: dict) -> tuple:
    """What attributes come to at a path: (pmin, pmax, epmin, epmax, con, hqmax, conditions).

    Periods are in ms, never where there is none; hqmax is -1 without one; conditions are None
    where every change is reported, else what `fires` takes.
    """
    get = attributes.get
    pmin = get("pmin", 0) * 1000
    pmax = get("pmax", 0) * 1000
    epmin = get("epmin", 0) * 1000
    epmax = get("epmax", 0) * 1000
    step = get("st")
    conditions = [get("gt"), get("lt"), step, get("edge")]
    if step and not step[0] or conditions == [None] * 4 or not consistent(attributes):
        conditions = None
    return (
        pmin,
        pmax if pmax and pmax >= pmin else _NEVER,
        epmin,
        epmax if epmax > epmin else _NEVER,
        get("con"),
        get("hqmax", -1),
        conditions,
    )


def fires(conditions: list, old, new) -> bool:
    """Does the change from one value to another meet a change condition?"""
    if isinstance(old, dict) and isinstance(new, dict):
        for riid in new:
            if riid not in old or fires(conditions, old[riid], new[riid]):
                return True
        return len(new) != len(old)
    if old == new or old is None or new is None:
        return old != new
    if isinstance(new, bool):
        return new == conditions[3]
    old, new, high, low, step = _aligned([old, new] + conditions[:3])
    return (
        low is not None
        and (old < low) != (new < low)
        or high is not None
        and (old > high) != (new > high)
        or step is not None
        and abs(new - old) >= step
    )
