"""CBOR, content format 60: RFC 8949's examples, one value of every type, what is refused."""

from payloads import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    OBJLNK,
    OPAQUE,
    STRING,
    TIME,
    UNSIGNED,
    check_values,
    decode,
    same,
)
from virtual import raises

from lwm2m.formats import cbor

# RFC 8949 appendix A, those that are one value of one of our types
READ = (
    (INTEGER, "00", 0),
    (INTEGER, "01", 1),
    (INTEGER, "0a", 10),
    (INTEGER, "17", 23),
    (INTEGER, "1818", 24),
    (INTEGER, "1819", 25),
    (INTEGER, "1864", 100),
    (INTEGER, "1903e8", 1000),
    (INTEGER, "1a000f4240", 1000000),
    (INTEGER, "1b000000e8d4a51000", 1000000000000),
    (UNSIGNED, "1bffffffffffffffff", 18446744073709551615),
    (INTEGER, "20", -1),
    (INTEGER, "29", -10),
    (INTEGER, "3863", -100),
    (INTEGER, "3903e7", -1000),
    (FLOAT, "f90000", (0, 0)),
    (FLOAT, "f98000", (0, 0)),
    (FLOAT, "f93c00", (1, 0)),
    (FLOAT, "fb3ff199999999999a", (11, -1)),
    (FLOAT, "f93e00", (15, -1)),
    (FLOAT, "f97bff", (65504, 0)),
    (FLOAT, "fa47c35000", (100000, 0)),
    (FLOAT, "fa7f7fffff", (34028234663852886, 22)),
    (FLOAT, "fb7e37e43c8800759c", (1, 300)),
    (FLOAT, "f90001", (59604644775390625, -24)),
    (FLOAT, "f90400", (6103515625, -14)),
    (FLOAT, "f9c400", (-4, 0)),
    (FLOAT, "fbc010666666666666", (-41, -1)),
    (BOOLEAN, "f4", False),
    (BOOLEAN, "f5", True),
    (TIME, "c11a514b67b0", 1363896240),
    (OPAQUE, "40", b""),
    (OPAQUE, "4401020304", b"\1\2\3\4"),
    (STRING, "60", ""),
    (STRING, "6161", "a"),
    (STRING, "6449455446", "IETF"),
    (STRING, "62225c", '"\\'),
    (STRING, "62c3bc", "\u00fc"),
    (STRING, "63e6b0b4", "\u6c34"),
    (STRING, "64f0908591", "\U00010151"),
    (STRING, "d82076687474703a2f2f7777772e6578616d706c652e636f6d", "http://www.example.com"),
    (OPAQUE, "5f42010243030405ff", b"\1\2\3\4\5"),
    (STRING, "7f657374726561646d696e67ff", "streaming"),
    (OBJLNK, "63333a30", (3, 0)),
)
WRITTEN = (
    (INTEGER, 23, "17"),
    (INTEGER, 24, "1818"),
    (INTEGER, 256, "190100"),
    (INTEGER, 1 << 32, "1b0000000100000000"),
    (INTEGER, -500, "3901f3"),
    (UNSIGNED, (1 << 64) - 1, "1bffffffffffffffff"),
    (INTEGER, -(1 << 63), "3b7fffffffffffffff"),
    (FLOAT, (1500, -2), "fb402e000000000000"),  # Leshan takes no integers for Floats
    (FLOAT, 7, "fb401c000000000000"),
    (FLOAT, 0, "fb0000000000000000"),
    (FLOAT, (-41, -1), "fbc010666666666666"),
    (FLOAT, (1, 300), "fb7e37e43c8800759c"),
    (TIME, 1790000007, "c11a6ab13b87"),
    (TIME, -1, "c120"),
    (BOOLEAN, True, "f5"),
    (BOOLEAN, False, "f4"),
    (OBJLNK, (66, 65535), "6836363a3635353335"),
    (OPAQUE, b"\1\2", "420102"),
    (OPAQUE, memoryview(b"\1\2"), "420102"),
)


def test_what_rfc_8949_shows_is_read():
    for kind, data, value in READ:
        ((where, decoded),) = decode(cbor, bytes.fromhex(data), [9, 0, kind])
        assert where == (9, 0, kind)
        right = decoded == value if kind == OBJLNK else same(decoded, value)
        assert right, (data, decoded)


NUMBERS = (
    (FLOAT, "c48221196ab3", (27315, -2)),  # RFC 8949 section 3.4.4
    (FLOAT, "c4820a20", (-1, 10)),
    (FLOAT, "c482390122390100", (-257, -291)),
    (FLOAT, "c4823818c249010000000000000000", (1 << 64, -25)),
    (FLOAT, "c4820bc349010000000000000000", (-(1 << 64) - 1, 11)),
    (FLOAT, "c4980221196ab3", (27315, -2)),
    (FLOAT, "c49f2103ff", (3, -2)),
    (FLOAT, "c4821a0000000003", (3, 0)),
    (FLOAT, "d9d9f7c4820103", (3, 1)),  # tag 55799 says nothing
    (FLOAT, "c48219019000", (0, 0)),
    (FLOAT, "c25820" + "00" * 30 + "07d0", (2000, 0)),
    (FLOAT, "c249010000000000000000", (1 << 64, 0)),
    (FLOAT, "c349010000000000000000", (-(1 << 64) - 1, 0)),
    (INTEGER, "c48221196aa4", 273),
    (INTEGER, "c4820203", 300),
    (INTEGER, "c2420100", 256),
    (INTEGER, "c1c2420100", 256),
    (INTEGER, "c340", -1),
    (INTEGER, "c3487fffffffffffffff", -(1 << 63)),
    (UNSIGNED, "c248ffffffffffffffff", (1 << 64) - 1),
    (UNSIGNED, "c24b000000ffffffffffffffff", (1 << 64) - 1),
)


def test_decimal_fractions_and_bignums_are_read_exactly():
    for kind, data, value in NUMBERS:
        ((_, decoded),) = decode(cbor, bytes.fromhex(data), [9, 0, kind])
        assert same(decoded, value), (data, decoded)
    # its digits as they came
    assert decode(cbor, bytes.fromhex("c48221196ab3"), [9, 0, 3]) == [((9, 0, 3), (27315, -2))]


def test_what_is_no_decimal_fraction_or_bignum_is_refused():
    for data in (
        "c4",
        "c480",
        "c4800102ff",
        "c48101",
        "c483010203",
        "c49f01ff",
        "c49f010203ff",
        "c49f0102",
        "c401",
        "c4420102",
        "c4a10102",
        "c482f93c0001",  # only integers make one
        "c48201f93c00",
        "c482f401",
        "c48201f5",
        "c482410101",
        "c482016131",
        "c48201c4820101",
        "c48201" * 2000,
        "c2c500",  # nor does a number in another tag
        "c3c24101",
        "c4c5820001",
        "c48200c500",
        "c201",
        "c36131",
        "c2820102",
        "c2",
        "c24201",
        "c25f4101",
        "c5820102",  # a fraction of two has no place in SenML
    ):
        for kind in (INTEGER, FLOAT, TIME):
            raises(0x80, decode, cbor, bytes.fromhex(data), [9, 0, kind])
    for kind, data in (
        (INTEGER, "c4822003"),  # 0.3
        (INTEGER, "c2488000000000000000"),
        (INTEGER, "c3488000000000000000"),
        (UNSIGNED, "c340"),
        (FLOAT, "c48219013501"),  # 1e309
        (OPAQUE, "c24101"),
        (TIME, "c14101"),
        (STRING, "c2420101"),
        (BOOLEAN, "c24101"),
    ):
        raises(0x80, decode, cbor, bytes.fromhex(data), [9, 0, kind])


def test_numbers_of_absurd_size_are_refused_before_they_are_reckoned_with():
    for data in (
        "c48219019100",
        "c48239019000",
        "c4821b7fffffffffffffff01",
        "c482c249010000000000000000" + "01",
        "c25821" + "00" * 33,
        "c259ffff" + "ff" * 65535,
        "c35f" + "4101" * 30000 + "ff",
    ):
        for kind in (INTEGER, FLOAT, TIME):
            raises(0x80, decode, cbor, bytes.fromhex(data), [9, 0, kind])


def test_what_is_written():
    for kind, value, data in WRITTEN:
        assert bytes(cbor.encode([(9, 0, [(kind, kind, value)])], [9, 0, kind])).hex() == data


def test_every_value_comes_back():
    check_values(cbor)


def test_there_is_one_value_only():
    several = [(9, 0, [(2, INTEGER, {0: 1, 1: 2})])]
    raises(0x86, cbor.encode, several, [9, 0, 2])
    raises(0x86, cbor.encode, [(9, 0, [(2, INTEGER, {})])], [9, 0, 2])
    raises(0x86, cbor.encode, [(9, 0, [(2, INTEGER, 1)])], [9, 0])
    raises(0x86, cbor.encode, [], [9])
    for path in ([], [9], [9, 0]):
        raises(0x80, decode, cbor, b"\x01", path)


def test_what_is_not_known_has_no_value():
    assert decode(cbor, b"\x01", [3, 0, 99]) == [((3, 0, 99), None)]


def test_what_is_not_well_formed_is_refused():
    for data in (
        "",
        "18",
        "1c",
        "1d",
        "1e",
        "1f",
        "1c" + "00" * 16,
        "1f" + "00" * 128,
        "3f",
        "df00",
        "ff",
        "f6",
        "f7",
        "f0",
        "f814",
        "f8ff",
        "fc",
        "f93c",
        "f97c00",
        "f97e00",
        "fa7f800000",
        "fb7ff8000000000000",
        "0101",
        "1903",
        "80",
        "99c400",
        "bb4415af1d78b58c40",
        "9b4415af1d78b58c40",
        "8101",
        "a0",
        "9fff",
        "c1",
        "c0" * 3000,
        "5f" * 3000,
        "7f7f61ffff",
    ):
        for kind in (INTEGER, FLOAT, BOOLEAN):
            raises(0x80, decode, cbor, bytes.fromhex(data), [9, 0, kind])
    for data in ("5a7fffffff00", "5bffffffffffffffff", "4201", "5f01ff", "5f6161ff", "5f41", "5f"):
        raises(0x80, decode, cbor, bytes.fromhex(data), [9, 0, OPAQUE])
    for data in ("f6", "80", "a0"):  # nor by a Resource that is not known
        raises(0x80, decode, cbor, bytes.fromhex(data), [3, 0, 99])
    for data in ("61ff", "8161", "62c328", "7f4161ff", "7f61c361bcff61", "6361", "7f", "7f61c3ff"):
        raises(0x80, decode, cbor, bytes.fromhex(data), [9, 0, STRING])


def test_what_is_of_another_type_is_refused():
    for kind, data in (
        (STRING, "01"),
        (STRING, "4161"),
        (STRING, "f5"),
        (INTEGER, "6131"),
        (INTEGER, "f93e00"),
        (INTEGER, "f5"),
        (INTEGER, "1b8000000000000000"),
        (INTEGER, "3b8000000000000000"),
        (INTEGER, "fb43e0000000000000"),
        (UNSIGNED, "20"),
        (UNSIGNED, "fb43f0000000000000"),
        (FLOAT, "6131"),
        (FLOAT, "f4"),
        (FLOAT, "fb0000000000000001"),  # a subnormal number measures nothing
        (BOOLEAN, "00"),
        (BOOLEAN, "01"),
        (OPAQUE, "6161"),
        (TIME, "6474696d65"),
        (OBJLNK, "6133"),
        (OBJLNK, "65333a303a30"),
        (OBJLNK, "6836353533363a30"),
        (OBJLNK, "642d313a30"),
        (OBJLNK, "6430333a30"),
        (OBJLNK, "43333a30"),
    ):
        raises(0x80, decode, cbor, bytes.fromhex(data), [9, 0, kind])


def test_integers_may_come_as_floats():
    for data, value in (
        ("f94900", 10),
        ("fa4f000000", 2147483648),
        ("fb43d0000000000000", 1 << 62),
        ("fbc3e0000000000000", -(1 << 63)),
    ):
        assert decode(cbor, bytes.fromhex(data), [9, 0, INTEGER]) == [((9, 0, INTEGER), value)]
