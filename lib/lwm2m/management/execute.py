"""Execute (LwM2M Core 6.3.5)."""

from micropython import const

from ..errors import Lwm2mError
from .access import permitted

_EXECUTE = const(0x400)

_BAD_REQUEST = const(0x80)
_UNSUPPORTED_FORMAT = const(0x8F)
_CONTENT_FORMAT = const(12)
_TEXT_PLAIN = const(0)


def execute(answer):
    """Run the Resource at the path with the arguments in the payload."""
    path = answer.path
    permitted(answer.obj, path, _EXECUTE)
    if answer.message.uint(_CONTENT_FORMAT) > _TEXT_PLAIN:
        return _UNSUPPORTED_FORMAT
    argument = bytes(answer.message.payload())
    check_arguments(argument)
    pending = answer.obj.execute(path[1], path[2], argument)
    return answer.changed([pending] if hasattr(pending, "send") else ())


def check_arguments(argument: bytes) -> None:
    """The syntax of an Execute's arguments: 0='text',1 with single, unique digits; or 4.00."""
    try:
        text = argument.decode()
    except ValueError:  # no UTF-8
        text = "x"
    seen = ""
    while text:
        digit = text[0]
        rest = text[1:]
        if rest[:2] == "='":
            _, quote, rest = rest[2:].partition("'")
            if not quote:
                digit = "x"
        if not "0" <= digit <= "9" or digit in seen or rest[:1] not in ("", ",") or rest == ",":
            raise Lwm2mError(_BAD_REQUEST)
        seen += digit
        text = rest[1:]
