"""Checks of single values and of sections.

A wrong value is a ConfigError whose text is one line: where it stands, what it is, what it must
be instead.
"""

import json

from lwm2m.formats.number import from_text

LACKING = "install it, or make the image with this configuration"  # what to do without a module


class ConfigError(ValueError):
    """A wrong value; the text says where, what, and what it must be."""


def wrong(place: str, value, remedy: str) -> None:
    """Raise the ConfigError of a value at `place` that must be `remedy`."""
    raise ConfigError("%s: %s: must be %s" % (place, json.dumps(value), remedy))


def integer(place: str, value, low: int, high: int) -> int:
    """The value, an integer within limits; or ConfigError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        wrong(place, value, "an integer from %d to %d" % (low, high))
    return value


def string(place: str, value, longest: int) -> str:
    """The value, a text that is neither empty nor longer in bytes; or ConfigError."""
    if not isinstance(value, str) or not 0 < len(value.encode()) <= longest:
        wrong(place, value, "a text of 1 to %d bytes" % longest)
    return value


def boolean(place: str, value) -> bool:
    """The value, true or false; or ConfigError."""
    if not isinstance(value, bool):
        wrong(place, value, "true or false")
    return value


def decimal(value) -> tuple:
    """An integer, or a text of a decimal, as (mantissa, exponent of ten); or ValueError."""
    if isinstance(value, str):
        return from_text(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(value)
    return value, 0


def mapping(place: str, value, known) -> None:
    """Is the value an object whose keys are all `known`? ConfigError else."""
    if not isinstance(value, dict):
        if value and isinstance(value, (list, str)):
            value = "..."  # keys may be in it
        wrong(place or "the file", value, "an object in braces")
    for key in value:
        if key not in known:
            where = place + "." + key if place else key
            raise ConfigError("%s: no such setting; there are %s" % (where, ", ".join(known)))


def fields(section: str) -> list:
    """[name, Resource, kind, least, most] of each setting of a section, see schema.py."""
    return [line.split() for line in section.split(";")]


def checked(place: str, value, section: str, by_resource: bool = False) -> dict:
    """The settings of a section, each by its name or by its Resource; or ConfigError."""
    settings = fields(section)
    mapping(place, value, [line[0] for line in settings])
    values = {}
    for name, rid, kind, low, high in settings:
        if name in value:
            key = int(rid) if by_resource else name
            values[key] = _value(place + "." + name, value[name], kind, int(low), int(high))
    return values


def _value(place, value, kind, low, high):
    if kind == "-":
        return value
    if kind == "i":
        return integer(place, value, low, high)
    if kind == "s":
        return string(place, value, high)
    if kind == "f":
        return boolean(place, value)
    if kind == "d":
        try:
            return decimal(value)
        except ValueError:
            wrong(
                place, value, 'an integer or a text like "21.5" (floats are not exact on boards)'
            )
    if not isinstance(value, list):
        wrong(place, value, "a list")
    values = {}
    for i, item in enumerate(value):
        item = _value("%s[%d]" % (place, i), item, "i" if kind == "I" else "s", low, high)
        values[i] = item.encode() if kind == "B" else item
    return values
