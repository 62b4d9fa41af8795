"""Structures packed for a record, and what is no packed structure."""

from nvstore.pack import pack, unpack

VALUES = (
    (0, -1, 23, 24, -24, -25, 255, 256, 65535, 65536, -65537, 2**32 - 1, 2**32, 2**62, -(2**62)),
    (2**64 - 1, -(2**64), 2**64, -(2**64) - 1, 10**30, -(10**64), 2**72 - 1, 2**72),
    ("", "meter", "ß" * 30, b"", b"\x00\xff" * 200, bytes(23), bytes(24)),
    (None, True, False, (), ((),), (1, (2, ("a", (b"b", None)))), tuple(range(300))),
)


def test_what_is_packed_is_unpacked_the_same():
    for values in VALUES:
        for value in values + (values,):
            found = unpack(pack(value))
            assert found == value and type(found) is type(value)


def test_small_values_take_a_byte():
    assert pack((0, 23, -24, None, True, ())) == b"\x86\x00\x17\x37\xf6\xf5\x80"
    assert pack((24, 256, "a", b"b")) == b"\x84\x18\x18\x19\x01\x00\x61a\x41b"


def test_a_mantissa_of_more_than_64_bits_is_a_bignum():
    """The examples of RFC 8949, appendix A."""
    assert pack(2**64) == b"\xc2\x49\x01" + bytes(8)
    assert pack(-(2**64) - 1) == b"\xc3\x49\x01" + bytes(8)
    assert pack(2**64 - 1) == b"\x1b" + b"\xff" * 8
    for data in (b"\xc1\x41\x01", b"\xc2\x01", b"\xc2\x61a", b"\xc4\x41\x01"):
        refused(data)


def test_no_prefix_and_nothing_longer_is_taken():
    for values in VALUES:
        data = pack(values)
        for end in range(len(data)):
            refused(data[:end])
        refused(data + b"\x00")


def test_what_is_not_packed_so_is_refused():
    for data in (b"\xa0", b"\xc0\x00", b"\xf7", b"\xfb", b"\x1c", b"\x9f\xff", b"\x9b" + bytes(8)):
        refused(data + bytes(3))
    refused(b"\x9a\xff\xff\xff\xff")
    refused(b"\x61\xff")
    for value in (1.5, [1], {1: 2}, object()):
        try:
            pack((value,))
        except TypeError:
            continue
        raise AssertionError(value)


def refused(data):
    try:
        unpack(data)
    except ValueError:
        return
    raise AssertionError(data)
