"""CoAP message codec (RFC 7252 section 3): `Message.parse` reads a datagram, `encode` builds one.

One Message serves a peer for ever: it keeps the datagram it read and notes where the options lie,
so that reading allocates little (making an instance costs twice as much as parsing into one).
"""

from micropython import const

_NUMBER_LIMIT = const(61)  # options from here on: this endpoint knows none

# One byte an option number: 0 is unknown, else bits 0-3 the longest value (9 is empty only, 15 any
# to 255), bit 4 an empty value is malformed, bit 5 repeatable (RFC 7252 section 5.10, RFC 7641,
# RFC 7959): 1 If-Match, 3 Uri-Host, 4 ETag, 5 If-None-Match, 6 Observe, 7 Uri-Port,
# 8 Location-Path, 11 Uri-Path, 12 Content-Format, 14 Max-Age, 15 Uri-Query, 17 Accept,
# 20 Location-Query, 23 Block2, 27 Block1, 28 Size2, 35 Proxy-Uri, 39 Proxy-Scheme, 60 Size1
_RULES = (
    b"\x00\x28\x00\x1f\x38\x09\x03\x02\x2f\x00\x00\x2f\x02\x00\x04\x2f\x00\x02\x00\x00\x2f\x00\x00\x03"
    b"\x00\x00\x00\x03\x04\x00\x00\x00\x00\x00\x00\x1f\x00\x00\x00\x1f\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04"
)

SILENCE = -1  # what an application returns to a request that it must not answer

# What CoapError says besides response codes:
_UNREADABLE = const(1)  # not CoAP version 1: to be ignored
_MALFORMED = const(2)  # a message format error: a CON gets a Reset (RFC 7252 section 4.2)


class CoapError(Exception):
    """`code` is the response code to answer with (0x80 is 4.00), or says what no answer is for:

    1, not CoAP version 1, or 2, a message format error.
    """

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


def code_of(error: Exception) -> int:
    """The code to answer an exception with: a CoapError's, 5.03 for a full heap, else 5.00."""
    if isinstance(error, CoapError):
        return error.code
    return 0xA3 if isinstance(error, MemoryError) else 0xA0


def whole(response):
    """A response as (code, options, payload), where it is a code alone."""
    return (response, (), b"") if isinstance(response, int) else response


class Message:
    """A received message, valid until the next one is parsed into it.

    `numbers` are its option numbers, `spans` where each value lies (start << 12 | end); `bad` is
    the number of a critical option that is unknown, malformed or wrongly repeated, else 0.
    """

    def __init__(self):
        self.numbers = []
        self.spans = []

    def parse(self, data: bytes) -> None:
        """Read a datagram. Raises CoapError(1) or CoapError(2)."""
        size = len(data)
        if not 3 < size < 4096 or data[0] >> 6 != 1:  # a span has 12 bits an end
            raise CoapError(_UNREADABLE)
        code = data[1]
        i = 4 + (data[0] & 15)
        # Classes 1, 3, 6 and 7 are reserved; an Empty message has four bytes (sections 3 and 4.1).
        if i > 12 or i > size or 0xCA >> (code >> 5) & 1 or not code and size > 4:
            raise CoapError(_MALFORMED)
        self.data = data
        self.kind = data[0] >> 4 & 3
        self.code = code
        self.mid = data[2] << 8 | data[3]
        self.token = data[4:i]
        self.bad = 0
        self.body = None
        self.start = size
        self.numbers.clear()
        self.spans.clear()
        if i < size:
            self._options(data, i, size)

    def _options(self, data, i, size):
        numbers = self.numbers
        spans = self.spans
        number = 0
        while i < size:
            delta = data[i]
            i += 1
            if delta == 0xFF:
                if i == size:
                    raise CoapError(_MALFORMED)
                self.start = i
                return
            length = delta & 15
            delta >>= 4
            if delta > 12:
                number += _extended(data, i, delta)
                i += delta - 12
            else:
                number += delta
            if length > 12:
                delta = length - 12
                length = _extended(data, i, length)
                i += delta
            end = i + length
            if end > size:
                raise CoapError(_MALFORMED)
            if number == 11 and length < 256 or self._acceptable(number, length):
                numbers.append(number)
                spans.append(i << 12 | end)
            i = end

    def _acceptable(self, number, length):
        # Does an option obey its rules? If not, an elective one is ignored, a critical one is bad.
        rule = _RULES[number] if number < _NUMBER_LIMIT else 0
        limit = rule & 15
        if limit > 8:
            limit = 0 if limit < 15 else 1034 if number == 35 else 255
        if (
            length > limit
            or rule & 0x10
            and not length
            or not rule & 0x20
            and number in self.numbers
        ):
            rule = 0
        if not rule and number & 1:
            self.bad = number
        return rule

    def payload(self) -> memoryview:
        """The payload, without a copy; after a block-wise transfer the whole body."""
        if self.body is not None:
            return memoryview(self.body)
        return memoryview(self.data)[self.start :]

    def find(self, number: int) -> bytes | None:
        """The value of the first option `number`, or None."""
        numbers = self.numbers
        return self._value(self.spans[numbers.index(number)]) if number in numbers else None

    def _value(self, span):
        return self.data[span >> 12 : span & 0xFFF]

    def uint(self, number: int) -> int:
        """The value of the first option `number` as an unsigned integer; -1 where it is absent."""
        value = self.find(number)
        return -1 if value is None else int.from_bytes(value, "big")

    def decimal(self, i: int) -> int:
        """The option at index `i` as an ID: up to five digits without leading zeros; else -1."""
        span = self.spans[i]
        i = span >> 12
        span &= 0xFFF
        value = 0
        if not 0 < span - i < 6 or self.data[i] == 48 and span - i > 1:
            return -1
        while i < span:
            digit = self.data[i] - 48
            if not 0 <= digit < 10:
                return -1
            value = value * 10 + digit
            i += 1
        return value

    def all(self, number: int) -> list:
        """The values of every option `number`, in their order."""
        values = []
        for option, span in zip(self.numbers, self.spans):
            if option == number:
                values.append(self._value(span))
        return values

    def key(self) -> list:
        """What requests of one block-wise transfer share: method, options but the blocks' own.

        A host and a port are always ours. Of what is asked for, not sent, the query does not count
        either, for a notification has none; nor the format, without which Californium asks for
        later blocks of a FETCH's response.
        """
        key = [self.code]
        for number, span in zip(self.numbers, self.spans):
            if number not in (3, 6, 7, 23, 27, 28, 60) and (
                number not in (12, 15) or self.code not in (1, 5)
            ):
                key += number, self._value(span)
        return key


def _extended(data, i, nibble):
    # The option delta or length whose nibble is 13 or 14, from the bytes at i (section 3.1).
    nibble -= 12
    if nibble > 2 or i + nibble > len(data):
        raise CoapError(_MALFORMED)
    return int.from_bytes(data[i : i + nibble], "big") + (nibble << 8) - 243  # 13 or 269


def uint_bytes(value: int) -> bytes:
    """An option's unsigned integer, without leading zeros (RFC 7252 section 3.2)."""
    return value.to_bytes(8, "big").lstrip(b"\0")


def insert(options: list, number: int, value) -> None:
    """Put an option into its place in an ordered list of (number, value)."""
    i = len(options)
    while i and options[i - 1][0] > number:
        i -= 1
    options.insert(i, (number, value))


def encode_options(options) -> bytes:
    """Ascending (number, value) as bytes; a value is bytes, str or int."""
    last = 0
    out = b""
    for number, value in options:
        if isinstance(value, int):
            value = uint_bytes(value)
        elif isinstance(value, str):
            value = value.encode()
        delta, tail = _nibble(number - last)
        length, more = _nibble(len(value))
        out += bytes((delta << 4 | length,)) + tail + more + value
        last = number
    return out


def _nibble(value):
    # An option's delta or length in its first byte, and the bytes that extend it
    if value < 13:
        return value, b""
    if value < 269:
        return 13, bytes((value - 13,))
    value -= 269
    return 14, bytes((value >> 8, value & 255))


def encode(kind: int, code: int, mid: int, token=b"", options=b"", payload=b"") -> bytearray:
    """Build a datagram. `options` are ascending (number, value), or bytes of `encode_options`."""
    if not isinstance(options, bytes):
        options = encode_options(options)
    start = 4 + len(token)
    end = start + len(options)
    # Of its right size at once: a bytearray that grows leaves its smaller selves as garbage
    out = bytearray(end + len(payload) + 1 if payload else end)
    out[0] = 0x40 | kind << 4 | len(token)
    out[1] = code
    out[2] = mid >> 8
    out[3] = mid & 255
    out[4:start] = token
    out[start:end] = options
    if payload:
        out[end] = 0xFF
        out[end + 1 :] = payload
    return out
