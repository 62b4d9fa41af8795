"""Octet stream, content format 42."""

from payloads import INTEGER, OPAQUE, decode
from virtual import raises

from lwm2m.formats import opaque


def test_bytes_both_ways():
    for value in (b"", b"\x00\xff", bytes(3000)):
        for path, there in (([9, 0, 5], value), ([9, 0, 5, 7], {7: value})):
            assert bytes(opaque.encode([(9, 0, [(5, OPAQUE, there)])], path)) == value
            assert decode(opaque, value, path) == [(tuple(path), value)]
    assert decode(opaque, b"\x00", [3, 0, 99]) == [((3, 0, 99), None)]


def test_other_types_and_several_values_are_refused():
    raises(0x86, opaque.encode, [(9, 0, [(2, INTEGER, 1)])], [9, 0, 2])
    raises(0x86, opaque.encode, [(9, 0, [(5, OPAQUE, {0: b"", 1: b""})])], [9, 0, 5])
    raises(0x86, opaque.encode, [(9, 0, [(5, OPAQUE, b"")])], [9, 0])
    for path in ([9, 0, 1], [9, 0, 2], [9, 0], [9], []):
        raises(0x80, decode, opaque, b"1", path)
