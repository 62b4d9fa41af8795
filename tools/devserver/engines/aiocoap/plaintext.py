"""Single values in plain text (LwM2M core, 7.4.1)."""

import base64
import binascii

from ... import values
from . import tlv


def value(path: list[int], data: bytes) -> object:
    """The value of a text body, as JSON has it; a string where no model knows the type."""
    text = data.decode()
    kind = tlv.kind_of(path) if len(path) > 2 else None
    if kind in ("INTEGER", "UNSIGNED_INTEGER", "TIME"):
        return int(text)
    if kind == "FLOAT":
        return values.number(float(text))
    if kind == "BOOLEAN":
        return text == "1"
    if kind == "OPAQUE":
        return opaque(text)
    return text


def opaque(text: str) -> dict:
    """Base64 text as JSON has bytes."""
    try:
        return values.hexed(base64.b64decode(text, validate=True))
    except binascii.Error as error:
        raise ValueError("%r is no base64" % text) from error


def encode(path: list[int], held: object) -> bytes:
    """The text body of a JSON value."""
    kind = tlv.kind_of(path) or values.guess_type(held)
    typed = values.typed(held, kind)
    if kind == "BOOLEAN":
        return b"1" if typed else b"0"
    if kind == "OPAQUE":
        return base64.b64encode(typed)
    if kind == "OBJLNK":
        return b"%d:%d" % typed
    return str(typed).encode()
