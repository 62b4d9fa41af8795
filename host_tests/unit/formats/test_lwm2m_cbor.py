"""LwM2M CBOR, content format 11544."""

from payloads import (
    DEVICE,
    DEVICE_ITEMS,
    FLOAT,
    INTEGER,
    OBJLNK,
    check_levels,
    check_values,
    decode,
)
from virtual import raises

from lwm2m.formats import lwm2m_cbor


def read(data, path):
    return decode(lwm2m_cbor, bytes.fromhex(data.replace(" ", "")), path)


def test_what_is_written():
    assert bytes(lwm2m_cbor.encode(DEVICE, [3, 0])).hex() == (
        "a1820300a500654d616b657206a2000101050918640ba100000dc11a6ab13b87"
    )
    single = [(3, 0, [(9, INTEGER, 100)])]
    for path in ([], [3], [3, 0], [3, 0, 9]):
        assert bytes(lwm2m_cbor.encode(single, path)).hex() == "a1820300a1091864"
    several = [(3303, 0, [(5700, FLOAT, (215, -1))]), (3303, 300, [])]
    assert bytes(lwm2m_cbor.encode(several, [3303])).hex() == (
        "a2 82190ce700 a1191644 fb4035800000000000 82190ce719012c a0".replace(" ", "")
    )
    assert bytes(lwm2m_cbor.encode([(9, 0, [(7, OBJLNK, (3, 0))])], [9, 0, 7])).hex() == (
        "a1820900a10763333a30"
    )


def test_every_value_and_level_comes_back():
    check_values(lwm2m_cbor)
    check_levels(lwm2m_cbor)


def test_keys_of_every_form():
    for data in (
        "a1 82 0300 a1 09 1864",
        "a1 83 030009 1864",
        "a1 03 a1 00 a1 09 1864",
        "a1 03 a1 82 0009 1864",
        "a1 81 03 a1 81 00 a1 81 09 1864",
        "bf 03 bf 00 bf 09 1864 ff ff ff",  # as Anjay Lite writes
        "bf 9f 0300 ff bf 09 1864 ff ff",
        "a1 82 190003 1800 b801 1809 1a00000064",
    ):
        for path in ([], [3], [3, 0], [3, 0, 9]):
            assert read(data, path) == [((3, 0, 9), 100)], (data, path)
    assert read("a1 820300 a2 09 1864 06 a2 00 01 01 05", [3, 0]) == [
        ((3, 0, 6, 0), 1),
        ((3, 0, 6, 1), 5),
        ((3, 0, 9), 100),
    ]


def test_what_is_below_the_path():
    assert read("a1 09 1864", [3, 0]) == [((3, 0, 9), 100)]
    assert read("a2 09 1864 06 a1 00 01", [3, 0]) == [((3, 0, 6, 0), 1), ((3, 0, 9), 100)]
    assert read("a1 00 a1 09 1864", [3]) == [((3, 0, 9), 100)]
    assert read("a1 82 0009 1864", [3]) == [((3, 0, 9), 100)]
    assert read("1864", [3, 0, 9]) == [((3, 0, 9), 100)]
    assert read("a2 00 01 01 05", [3, 0, 6]) == [((3, 0, 6, 0), 1), ((3, 0, 6, 1), 5)]
    assert read("05", [3, 0, 6, 1]) == [((3, 0, 6, 1), 5)]
    assert read("a1 00 61 78", [16]) == [((16, -1, 0), "x")]  # Create, the client chooses
    assert read("a1 00 a1 00 61 78", [16]) == [((16, 0, 0), "x")]
    assert read("a1 82 1005 a1 00 61 78", [16]) == [((16, 5, 0), "x")]


def test_empty_and_unknown():
    assert read("a0", [3, 0]) == [] == read("bfff", [3, 0]) == read("a1 820300 a0", [3, 0])
    assert read("a1 1863 01", [3, 0]) == [((3, 0, 99), None)]


def test_what_is_malformed_is_refused():
    for data in (
        "",
        "a1",
        "a1 02",
        "a1 02 01 00",  # more follows
        "a1 20 01",
        "a1 61 32 01",
        "a1 f4 01",
        "a1 80 01",
        "a1 80 a1 02 01",
        "a1 81 61 32 01",
        "a1 81 81 02 01",
        "a1 19ffff 01",
        "a1 1a00010000 01",
        "a2 02 01 02 02",  # twice
        "a2 02 01 830900 02 02",
        "a1 830901 02 01",  # of another Instance
        "a1 830100 02 01",
        "a1 85 0900020101 01",
        "a1 02 a1 00 a1 00 01",
        "a1 02 81 01",
        "a1 02 f6",
        "a1 02 61 31",
        "01",
        "81 01",
        "bf 02 01",
        "bf 02 ff",
        "a1 ff",
        "bbffffffffffffffff 02 01",
        "a1 9bffffffffffffffff 02 01",
        "a1 9f" + "00" * 3000,
        "a101" * 3000,
        "bf01" * 3000,
        "a1" * 3000,
    ):
        raises(0x80, read, data, [9, 0])
    raises(0x80, read, "a1 82 0100 07", [3])
    raises(0x80, read, "a1 00 01", [])
    raises(0x80, read, "a1 82 0000 01", [])
    raises(0x80, read, "01", [])
    assert DEVICE_ITEMS[0][1] == "Maker"
