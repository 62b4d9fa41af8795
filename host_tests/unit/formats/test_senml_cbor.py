"""SenML CBOR, content format 112: RFC 8428's and the ETS's examples, names, what is refused."""

from payloads import (
    DEVICE,
    DEVICE_ITEMS,
    FLOAT,
    INTEGER,
    OBJLNK,
    OPAQUE,
    check_levels,
    check_values,
    decode,
)
from virtual import raises

from lwm2m.formats import senml_cbor

ETS_257 = "83 a3 21612f 0065312f302f32 021865 a2 0065312f302f36 04f5 a2 0066332f302f3133 0200"


def read(data, path):
    return decode(senml_cbor, bytes.fromhex(data.replace(" ", "")), path)


def refused(data, path=(9, 0)):
    raises(0x80, read, data, list(path))


def test_the_vector_of_ets_257():
    assert read(ETS_257, []) == [
        ((1, 0, 2), 101),
        ((1, 0, 6), True),
        ((3, 0, 13), 0),
    ]


def test_what_is_written():
    body = senml_cbor.encode(DEVICE, [3, 0])
    assert bytes(body).hex() == (
        "86"
        "a321652f332f302f00613003654d616b6572"
        "a20063362f300201"
        "a20063362f310205"
        "a2006139021864"
        "a2006431312f300200"
        "a200623133021a6ab13b87"
    )
    single = [(3, 0, [(9, INTEGER, 100)])]
    assert bytes(senml_cbor.encode(single, [3, 0, 9])).hex() == "81a221662f332f302f39021864"
    timed = bytes(senml_cbor.encode(DEVICE, [3, 0], 1790000007))
    assert timed.hex().startswith("86a421652f332f302f221a6ab13b87006130")
    assert timed.count(bytes.fromhex("221a")) == 1
    single = [(3, 0, [(6, INTEGER, {1: 5})])]
    assert bytes(senml_cbor.encode(single, [3, 0, 6, 1])).hex() == "81a221682f332f302f362f310205"
    assert bytes(senml_cbor.encode(single, [3, 0, 6])).hex() == "81a321672f332f302f362f0061310205"
    assert bytes(senml_cbor.encode([(3, 0, [])], [3, 0])).hex() == "80"
    assert bytes(senml_cbor.encode([(9, 0, [(7, OBJLNK, (3, 0))])], [9, 0, 7])).hex() == (
        "81a221662f392f302f3763766c6f63333a30"
    )
    many = [(9, 0, [(2, INTEGER, {i: i for i in range(30)})])]
    assert bytes(senml_cbor.encode(many, [9, 0, 2])).hex().startswith("981ea321672f392f302f322f00")


def test_every_value_and_level_comes_back():
    check_values(senml_cbor)
    check_levels(senml_cbor)


def test_names_may_be_split_anywhere():
    for data in (
        "81a2 00 66 2f332f302f39 021864",  # n /3/0/9
        "81a2 21 66 2f332f302f39 021864",  # bn /3/0/9
        "81a3 21 62 2f33 00 64 2f302f39 021864",
        "81a3 00 61 39 21 65 2f332f302f 021864",  # n before bn
        "81a3 021864 00 61 39 21 65 2f332f302f",
        "81a2 00 61 39 021864",  # below the request's path
        "81a2 00 65 332f302f39 021864",  # from the root, and inside the request's path
        "81a3 21 60 00 66 2f332f302f39 021864",
        "9fbf 00 7f 63 2f332f 63 302f39 ff 02 1864 ff ff",  # indefinite
        "9801 b802 1800 66 2f332f302f39 1900021a00000064",  # of any width
    ):
        assert read(data, [3, 0]) == [((3, 0, 9), 100)], data
    # a base name lasts
    two = "82 a3 21 65 2f332f302f 00 61 39 02 18 64 a2 00 62 3133 02 00"
    assert read(two, [3]) == [((3, 0, 9), 100), ((3, 0, 13), 0)]
    assert read("81a2 21 66 2f332f302f39 02 05", [3, 0, 9]) == [((3, 0, 9), 5)]
    assert read("81a1 02 05", [3, 0, 9]) == [((3, 0, 9), 5)]
    assert read("81a2 00 61 31 02 05", [3, 0, 6]) == [((3, 0, 6, 1), 5)]


def test_an_instance_that_is_created_may_be_left_out():
    assert read("81a2 00 61 30 03 61 78", [16]) == [((16, -1, 0), "x")]
    assert read("81a2 00 67 2f31362f352f30 03 61 78", [16]) == [((16, 5, 0), "x")]
    refused("81a2 00 63 302f30 03 61 78", [])  # a composite names all from the root


def test_times_and_what_matters_not():
    for more in ("22 1a6ab13b87", "22 fb41daac4ee1e00000", "06 20", "06 f93800", "01 61 43"):
        assert read("81a3 00 61 39 021864 " + more, [3, 0]) == [((3, 0, 9), 100)], more
    assert read("81a4 20 0a 23 61 57 00 61 39 021864", [3, 0]) == [((3, 0, 9), 100)]
    assert read("81a3 00 61 39 021864 63 616263 f5", [3, 0]) == [((3, 0, 9), 100)]
    assert read("80", [3, 0]) == []
    assert read("9fff", [3, 0]) == []


def test_values_and_times_may_be_decimal_fractions_and_bignums():
    for data, value in (
        ("81a2 00 61 33 02 c482 21 196ab3", (27315, -2)),
        ("81a3 00 61 33 22 c482 22 c2 46 010000000000 02 c4 9f 03 c2 41 05 ff", (5, 3)),
        ("9fbf 00 61 33 02 c2 49 010000000000000000 06 c482 20 38 63 ff ff", 1 << 64),
    ):
        assert read(data, [9, 0]) == [((9, 0, FLOAT), value)], data
    assert read("81a2 00 61 32 02 c482 02 03", [9, 0]) == [((9, 0, INTEGER), 300)]
    for data in (
        "81a2 00 61 33 02 c482 21",
        "81a2 00 61 33 02 c482 190191 03",
        "81a2 00 61 32 02 c482 20 03",
        "81a2 00 61 35 08 c241 03",
        "81a2 00 c241 33 02 03",
        "81a3 00 61 33 22 c482 190190 01 02 03",
    ):
        refused(data)


def test_a_base_version_above_10_is_refused():
    for version in ("0a", "05", "f94900"):
        assert read("81a3 20 %s 00 61 39 021864" % version, [3, 0]) == [((3, 0, 9), 100)]
    for version in ("0b", "1903e8", "c24101ff", "f94980", "20", "61 3130", "f4"):
        refused("81a3 20 %s 00 61 32 0201" % version)
    refused("82 a2 00 61 32 0201 a3 20 0b 00 61 33 0201")


def test_unknown_resources_have_no_value():
    assert read("81a2 00 62 3939 021864", [3, 0]) == [((3, 0, 99), None)]


def test_what_is_malformed_is_refused():
    for data in (
        "",
        "80 00",
        "81",
        "81a0",
        "81a1 0061 32",  # no value
        "81a2 0061 32 02",
        "81a3 0061 32 0201 0202",  # two values
        "81a3 0061 32 0201 0361 78",
        "81a3 0061 32 0061 33 0201",  # two names
        "82a2 0061 32 0201 a2 0061 32 0202",  # twice the same
        "81a2 0061 32 0361 31",  # a text, for an Integer
        "81a2 0061 32 0261 31",
        "81a2 0061 31 0261 31",  # a text is no v
        "81a2 0061 32 0401",
        "81a2 0061 34 0401",
        "81a2 0061 35 0861 31",
        "81a2 0061 37 0341 31",
        "81a2 0061 37 63766c6f 01",
        "81a2 0001 0201",
        "81a2 0041 32 0201",
        "81a3 2101 0061 32 0201",
        "81a3 2241 32 0061 32 0201",  # times are numbers
        "81a3 0661 32 0061 32 0201",
        "81a3 06f5 0061 32 0201",
        "81a3 2401 0061 32 0201",  # a base value would be added
        "81a2 0061 32 0501",  # a sum
        "81a3 0061 32 0201 62615f 01",  # must be understood
        "81a3 0061 32 0201 02f5",
        "81a2 0061 78 0201",
        "81a2 0060 0201",
        "81a2 0062 3032 0201",
        "81a2 0062 2d32 0201",
        "81a2 0062 2f32 0201",
        "81a2 0062 322f 0201",
        "81a2 0061 2f 0201",
        "81a2 0066 2f392f312f32 0201",  # of another Instance
        "81a2 0066 2f312f302f32 0201",
        "81a2 0068 2f392f302f322f32 02",
        "81a2 006a 2f392f302f322f322f32 0201",
        "81a2 0065 3635353335 0201",
        "81a2 0061 32 0281 01",
        "81a2 0061 32 02a0",
        "81a2 8000 0201",
        "8101",
        "a2006132 0201",
        "9f a2 0061 32 0201",
        "9f bf 0061 32 0201 ff",
        "9bffffffffffffffff a2 0061 32 0201",
        "81bbffffffffffffffff 0061 32 0201",
        "82 a2 0061 32 0201",
        "81" * 3000,
        "9f" * 3000,
        "9f" + "a0" * 3000,
        "9f" + "bf" * 3000,
    ):
        refused(data)
    refused("81a2 00 65 2f312f30 37 0201", [3])  # outside
    refused("81a2 00 64 2f312f30 0201", [3])  # no Resource, and not to be taken as /3/1/0


def test_numbers_are_exact():
    for kind, value in ((FLOAT, (123456789, -3)), (INTEGER, (1 << 53) - 1)):
        body = bytes(senml_cbor.encode([(9, 0, [(kind, kind, value)])], [9, 0]))
        assert decode(senml_cbor, body, [9, 0]) == [((9, 0, kind), value)]
    assert len(DEVICE_ITEMS) == 6 and OPAQUE == 5
