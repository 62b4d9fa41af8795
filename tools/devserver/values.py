"""Values and paths as JSON has them.

integer, float, boolean, string as themselves; opaque as {"hex": "00ff"} (taken as {"base64": ...}
too); time as integer seconds since 1970; an object link as "3:0"; a multiple resource, an instance
and an object as a dict by identifier: {"0": ...}. A float that JSON has no number for is "NaN",
"Infinity" or "-Infinity".
"""

import base64
import binascii
import math

from .errors import CommandError

FORMATS = {
    "text": 0,
    "link": 40,
    "opaque": 42,
    "cbor": 60,
    "senml-json": 110,
    "senml-cbor": 112,
    "senml-etch-json": 320,
    "senml-etch-cbor": 322,
    "tlv": 11542,
    "json": 11543,
    "lwm2m-cbor": 11544,
    "old-tlv": 1542,
    "old-json": 1543,
}
NAMES = {number: name for name, number in FORMATS.items()}


def format_number(name: str) -> int:
    """The Content-Format number of a name such as "tlv", or of a number."""
    if name in FORMATS:
        return FORMATS[name]
    if str(name).isdigit() and int(name) < 65536:
        return int(name)
    raise CommandError("format %r is unknown: %s or a number" % (name, ", ".join(FORMATS)))


def format_name(number: int) -> str:
    """The name of a Content-Format number, or the number as text."""
    return NAMES.get(number, str(number))


def parse_path(text: str, least: int = 0, most: int = 4) -> list[int]:
    """The identifiers of an LwM2M path of `least` to `most` levels."""
    levels = text.split("/")[1:] if text != "/" else []
    valid = text.startswith("/") and all(part.isascii() and part.isdigit() for part in levels)
    if not valid or any(int(part) > 65534 for part in levels):
        raise CommandError("path %r is no LwM2M path such as /3/0/0" % text)
    if not least <= len(levels) <= most:
        raise CommandError(
            "path %r has %d levels, not %s" % (text, len(levels), span(least, most))
        )
    return [int(part) for part in levels]


def span(least: int, most: int) -> str:
    """Words for a range of levels."""
    return str(least) if least == most else "%d to %d" % (least, most)


def opaque(value: object) -> bytes:
    """The bytes of {"hex": ...}, {"base64": ...} or a hex string."""
    try:
        if isinstance(value, dict) and "base64" in value:
            return base64.b64decode(value["base64"], validate=True)
        return bytes.fromhex(value["hex"] if isinstance(value, dict) else value)
    except (TypeError, KeyError, ValueError, binascii.Error) as error:
        raise CommandError(
            '%r is no opaque value: {"hex": "00ff"} or {"base64": ...}' % (value,)
        ) from error


def hexed(data: bytes) -> dict:
    """Bytes as JSON has them."""
    return {"hex": bytes(data).hex()}


def number(value: float) -> float | str:
    """A float as JSON has it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def object_link(value: object) -> tuple[int, int]:
    """The two identifiers of "3:0"."""
    parts = value.split(":") if isinstance(value, str) else []
    if len(parts) != 2 or not all(part.isdigit() and int(part) < 65536 for part in parts):
        raise CommandError("%r is no object link such as 3:0" % (value,))
    return int(parts[0]), int(parts[1])


def boolean(value: object) -> bool:
    """True or False, as itself, 1 or 0, or the words for them."""
    known = {"true": True, "1": True, "false": False, "0": False}
    if str(value).lower() not in known:
        raise CommandError("%r is no boolean: true or false" % (value,))
    return known[str(value).lower()]


def whole(value: object) -> int:
    """An integer, also from its digits."""
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise CommandError("%r is no integer" % (value,)) from error


def real(value: object) -> float:
    """A float, also from its digits, NaN or Infinity."""
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise CommandError("%r is no float" % (value,)) from error


def words(value: object) -> str:
    """A string; a number typed at the prompt becomes its digits."""
    if isinstance(value, (dict, list)) or value is None:
        raise CommandError("%r is no string" % (value,))
    return value if isinstance(value, str) else str(value)


def guess_type(value: object) -> str:
    """The LwM2M type of a JSON value when no model knows the resource."""
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "INTEGER"
    if isinstance(value, float):
        return "FLOAT"
    return (
        "OPAQUE" if isinstance(value, dict) and ("hex" in value or "base64" in value) else "STRING"
    )


CHECKS = {
    "STRING": words,
    "INTEGER": whole,
    "UNSIGNED_INTEGER": whole,
    "TIME": whole,
    "FLOAT": real,
    "BOOLEAN": boolean,
    "OPAQUE": opaque,
    "OBJLNK": object_link,
    "CORELINK": words,
}


def typed(value: object, kind: str) -> object:
    """A JSON value as LwM2M type `kind`: bytes for opaque, a pair for an object link."""
    if kind not in CHECKS:
        raise CommandError("a resource of type %s takes no value" % kind)
    return CHECKS[kind](value)


def by_id(value: object, what: str) -> dict[int, object]:
    """A JSON dict by identifier, as {"0": ...}."""
    valid = isinstance(value, dict) and all(str(key).isdigit() for key in value)
    if not valid:
        raise CommandError('%s takes a value by identifier such as {"0": ...}' % what)
    return {int(key): item for key, item in value.items()}
