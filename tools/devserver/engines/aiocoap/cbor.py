"""CBOR (RFC 8949) by cbor2, with what a body of LwM2M may hold: numbers, texts, bytes, booleans,
null, lists and maps. A key that is an array becomes a tuple.
"""

import io
from collections.abc import Callable
from fractions import Fraction

import cbor2

DEEPEST = 16  # levels of lists, maps and tags
LONGEST = 64  # bytes of an integer: those of LwM2M have 8
UNSIGNED_BIGNUM, NEGATIVE_BIGNUM, DECIMAL_FRACTION = 2, 3, 4


def unsigned(content: bytes, _: bool) -> int:
    """The integer of tag 2."""
    if not isinstance(content, bytes) or len(content) > LONGEST:
        raise ValueError("CBOR has a big integer of %r" % (content,))
    return int.from_bytes(content, "big")


def negative(content: bytes, _: bool) -> int:
    """The integer of tag 3."""
    return ~unsigned(content, _)


def decimal_fraction(content: list, _: bool) -> int | float:
    """The number of tag 4, an integer where it is one; ValueError for an absurd exponent."""
    exponent, mantissa = content
    if not -400 < exponent < 400:
        raise ValueError("CBOR has a decimal fraction of exponent %d" % exponent)
    exact = Fraction(mantissa) * Fraction(10) ** exponent
    return exact.numerator if exact.denominator == 1 else float(exact)


class Tags(dict):
    """The decoders of the tags; every other tag is ignored and its content is the value.

    cbor2 would make times, sets, patterns, addresses or shared lists of some.
    """

    def __missing__(self, tag: int) -> Callable:
        return lambda content, immutable: content


TAGS = Tags(
    {
        UNSIGNED_BIGNUM: unsigned,
        NEGATIVE_BIGNUM: negative,
        DECIMAL_FRACTION: decimal_fraction,
    }
)


def decode(data: bytes) -> object:
    """The one item that `data` holds; ValueError where it is broken or none that LwM2M has."""
    stream = io.BytesIO(data)
    try:
        decoder = cbor2.CBORDecoder(stream, semantic_decoders=TAGS, max_depth=DEEPEST)
        item = decoder.decode()
    except cbor2.CBORDecodeError as error:
        reason = error.__cause__ or error
        raise ValueError("CBOR of %d bytes is broken: %s" % (len(data), reason)) from error
    if stream.tell() != len(data):
        raise ValueError("CBOR ends at %d of %d bytes" % (stream.tell(), len(data)))
    return checked(item)


def checked(item: object) -> object:
    """`item` with None for undefined; ValueError where it holds a simple value of no meaning."""
    if isinstance(item, list):
        return [checked(part) for part in item]
    if isinstance(item, dict):
        return {checked(key): checked(part) for key, part in item.items()}
    if item is cbor2.undefined:
        return None
    if isinstance(item, cbor2.CBORSimpleValue):
        raise ValueError("CBOR has a simple value %d" % item.value)
    return item


def encode(item: object) -> bytes:
    """The bytes of an item, of definite length, floats as doubles."""
    return cbor2.dumps(item)
