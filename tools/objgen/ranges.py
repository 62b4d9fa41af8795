"""Ranges: from the spellings of OMA's files to the low and high end that a Write is checked by.

The ends are integers; those of a Float are integers or (mantissa, exponent of ten), those of a
String or Opaque are lengths in bytes. A list of values gives its lowest and highest, for a check
may let pass what it need not, and may never refuse what is right. None is an open end.
"""

import fractions
import re

from .facts import Object, Resource

NUMBER = r"-?\d+(?:\.\d+)?"
BETWEEN = r" ?(?:\.{2,3}|-) ?"  # 0..255, 1...15, and 0-255 of LwM2M 1.0
CHAIN = re.compile("%s(?:%s%s)*" % (NUMBER, BETWEEN, NUMBER))
LINK = re.compile("(?:^|%s)(%s)" % (BETWEEN, NUMBER))
NAMED = re.compile(r"(-?\d+) ?: ?[\w-]+(?: |$)")  # 0: OFF 1: ON
BYTES = re.compile(r" ?bytes$", re.IGNORECASE)
LENGTHS = ("String", "Opaque")
NUMBERS = ("Integer", "Unsigned Integer", "Time", "Float")
ENDLESS = {  # what 64 bits end anyway
    "Integer": (-(1 << 63), (1 << 63) - 1),
    "Time": (-(1 << 63), (1 << 63) - 1),
    "Unsigned Integer": (0, (1 << 64) - 1),
}


def decimal(text: str) -> tuple[int, int]:
    """A number as (mantissa, exponent), the mantissa without zeros at its end."""
    whole, _, places = text.partition(".")
    places = places.rstrip("0")
    return int(whole + places), -len(places)


def ends(piece: str) -> list[str]:
    """The numbers of a span, a single number or 16-32-48; none where it is none of these."""
    return LINK.findall(piece) if CHAIN.fullmatch(piece) else []


def numbers(text: str) -> list[str]:
    """Every number that a range is made of; none where it has words or other marks."""
    named = NAMED.findall(text)
    if named:
        return [] if NAMED.sub("", text) else named
    pieces = [ends(piece.strip()) for piece in re.split("[,;]", text)]
    return [each for piece in pieces for each in piece] if all(pieces) else []


def end(number: str) -> int | tuple[int, int]:
    """An end as a table has it: an integer where it is one."""
    mantissa, exponent = decimal(number)
    return (mantissa, exponent) if exponent else mantissa


def hull(found: list[str]) -> tuple:
    """The lowest and the highest."""
    ordered = sorted(found, key=fractions.Fraction)
    return end(ordered[0]), end(ordered[-1])


def length(text: str) -> tuple | None:
    """The bounds of a length. A single number is the longest there may be."""
    found = numbers(BYTES.sub("", text))
    if not all(each.isdigit() for each in found):
        return None
    return hull(["0", *found] if len(found) == 1 else found) if found else None


def number(text: str, kind: str) -> tuple | None:
    """The bounds of a number. A single one is none: no Resource has but one value."""
    found = numbers(text)
    if len(found) < 2:
        return None
    low, high = hull(found)
    if kind != "Float" and not (isinstance(low, int) and isinstance(high, int)):
        return None
    return low, high


def bounds(resource: Resource) -> tuple | None:
    """The (low, high) that the range of a Resource says, None where it does not say."""
    if resource.type in LENGTHS:
        return length(resource.range)
    if resource.type in NUMBERS:
        return number(resource.range, resource.type)
    return None


def widened(resource: Resource, found: tuple) -> tuple:
    """Bounds without the ends that say no more than the type does."""
    least, most = ENDLESS.get(resource.type, (None, None))
    low, high = found
    return None if low == least else low, None if high == most else high


def written(resource: Resource) -> bool:
    """Whether a server writes it; without any operation it is a bootstrap server that does."""
    return "W" in resource.operations or not resource.operations


def table(thing: Object) -> dict[int, tuple]:
    """The bounds by Resource ID of what is written."""
    known = [(each, bounds(each)) for each in thing.resources if written(each)]
    found = {each.id: widened(each, both) for each, both in known if both}
    return {rid: each for rid, each in found.items() if each != (None, None)}
