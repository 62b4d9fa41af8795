"""CoAP messages for the tests: a tiny encoder that builds anything; aiocoap's codec reads them."""

import aiocoap

CON, NON, ACK, RST = range(4)
GET, POST, PUT, DELETE, FETCH, IPATCH = 1, 2, 3, 4, 5, 7
EMPTY, CREATED, DELETED, CHANGED, CONTENT, CONTINUE = 0x00, 0x41, 0x42, 0x44, 0x45, 0x5F
BAD_REQUEST, UNAUTHORIZED, BAD_OPTION, FORBIDDEN = 0x80, 0x81, 0x82, 0x83
NOT_FOUND, NOT_ALLOWED, NOT_ACCEPTABLE = 0x84, 0x85, 0x86
PRECONDITION_FAILED, TOO_LARGE, UNSUPPORTED_FORMAT = 0x8C, 0x8D, 0x8F

OBSERVE = 6
LOCATION_PATH, URI_PATH, CONTENT_FORMAT, URI_QUERY, ACCEPT = 8, 11, 12, 15, 17
BLOCK2, BLOCK1 = 23, 27
TEXT, LINK_FORMAT, TLV = 0, 40, 11542


def uint(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _nibble(value: int) -> tuple:
    if value < 13:
        return value, b""
    if value < 269:
        return 13, bytes((value - 13,))
    return 14, (value - 269).to_bytes(2, "big")


def encode(kind: int, code: int, mid: int, token=b"", options=(), payload=b"") -> bytes:
    """Any message; `options` are (number, value), a value bytes, str or int, in any order."""
    out = bytearray((0x40 | kind << 4 | len(token), code)) + mid.to_bytes(2, "big") + token
    last = 0
    for number, value in sorted(options, key=lambda option: option[0]):
        if isinstance(value, int):
            value = uint(value)
        elif isinstance(value, str):
            value = value.encode()
        delta, more = _nibble(number - last)
        length, yet_more = _nibble(len(value))
        out += bytes((delta << 4 | length,)) + more + yet_more + value
        last = number
    if payload:
        out += b"\xff" + payload
    return bytes(out)


def path(text: str) -> list:
    """The Uri-Path options of "/3/0/0"."""
    return [(URI_PATH, segment) for segment in text.strip("/").split("/") if segment]


class Heard:
    """A message from the meter, as aiocoap understands it."""

    def __init__(self, data: bytes, at: float):
        self.data = data
        self.at = at
        message = aiocoap.Message.decode(data)
        self.message = message
        self.kind = int(message.mtype)
        self.code = int(message.code)
        self.mid = message.mid
        self.token = message.token
        self.opt = message.opt
        self.payload = message.payload
        self.path = list(message.opt.uri_path)
        self.query = list(message.opt.uri_query)

    @property
    def format(self):
        return None if self.opt.content_format is None else int(self.opt.content_format)

    def __repr__(self):
        return "<%s %d.%02d mid=%d %s?%s %r>" % (
            ("CON", "NON", "ACK", "RST")[self.kind],
            self.code >> 5,
            self.code & 31,
            self.mid,
            "/".join(self.path),
            "&".join(self.query),
            self.payload,
        )
