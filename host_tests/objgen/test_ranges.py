"""Every spelling of a range that OMA's files have."""

import pytest
from tools.objgen import ranges, registry
from tools.objgen.facts import Resource

SPELLINGS = [
    ("Integer", "0..255", (0, 255)),
    ("Integer", "-24..24", (-24, 24)),
    ("Integer", "-30..-120", (-120, -30)),
    ("Integer", "1...15", (1, 15)),
    ("Integer", "0 .. 7", (0, 7)),
    ("Integer", "0-65535", (0, 65535)),
    ("Integer", "5, 10, 15, 20", (5, 20)),
    ("Integer", "0,1,2", (0, 2)),
    ("Integer", "0..247, 255", (0, 255)),
    ("Integer", "0: disabled 1: normal 255: non_responsive", (0, 255)),
    ("Unsigned Integer", "0: RELEASE 3: DOUBLE-CLICK", (0, 3)),
    ("Unsigned Integer", "0..18446744073709551615", (0, (1 << 64) - 1)),
    ("Integer", "0..9223372036854775807", (0, (1 << 63) - 1)),
    ("Time", "0..10", (0, 10)),
    ("Float", "0..1", (0, 1)),
    ("Float", "0.00..100.00", (0, 100)),
    ("Float", "0.000001..1.0", ((1, -6), 1)),
    ("Float", "-100.5..100.5", ((-1005, -1), (1005, -1))),
    ("Float", "0; 3.8..20.5", (0, (205, -1))),
    ("String", "0..255", (0, 255)),
    ("String", "1..64 Bytes", (1, 64)),
    ("String", "32 bytes", (0, 32)),
    ("String", "64", (0, 64)),
    ("String", "10,26", (10, 26)),
    ("Opaque", "16,32,48", (16, 48)),
    ("Opaque", "16-32-48 bytes", (16, 48)),
    ("Integer", "", None),
    ("Integer", "255", None),
    ("Integer", "1 bytes", None),
    ("Integer", "8-Bits", None),
    ("Integer", "2 Instances", None),
    ("Integer", "<7 to >12.5", None),
    ("Integer", "0..1.5", None),
    ("Integer", "0: OFF, else ON", None),
    ("Float", "ON;OFF", None),
    ("Boolean", "0..65535", None),
    ("Objlnk", "0..1", None),
    ("String", "-1..5", None),
    ("String", "as LwM2M Core says", None),
]
NOT_UNDERSTOOD = {
    (1, 22), (19, 1), (19, 5), (20, 4010), (20, 4013), (20, 4015), (2053, 6), (2053, 7), (2053, 8),
    (2053, 9), (3387, 802), (3418, 22), (10308, 7),
}  # fmt: skip


def resource(kind, text, operations="RW"):
    return Resource(1, "name", operations, False, False, kind, text)


@pytest.mark.parametrize(("kind", "text", "expected"), SPELLINGS)
def test_a_spelling(kind, text, expected):
    assert ranges.bounds(resource(kind, text)) == expected


def test_what_of_the_registry_is_not_understood():
    found = {
        (thing.id, each.id)
        for thing in registry.load()
        for each in thing.resources
        if each.range and ranges.bounds(each) is None
    }
    assert found == NOT_UNDERSTOOD


def test_an_end_that_the_type_has_anyway_is_open():
    most = (1 << 64) - 1
    assert ranges.widened(resource("Unsigned Integer", ""), (0, 255)) == (None, 255)
    assert ranges.widened(resource("Unsigned Integer", ""), (1, most)) == (1, None)
    assert ranges.widened(resource("Integer", ""), (0, most >> 1)) == (0, None)
    assert ranges.widened(resource("Float", ""), (0, 1)) == (0, 1)


def test_only_what_is_written_is_in_the_table():
    assert ranges.table(registry.find(1)) == {26: (0, 1), 27: (None, 255)}
    assert ranges.table(registry.find(3303)) == {}
    assert ranges.table(registry.find(0))[10] == (1, 65534)
