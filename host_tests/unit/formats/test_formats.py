"""Content formats: exact numbers, plain text, TLV, link format (LwM2M Core 7.4)."""

import struct

from session import meter_model
from virtual import raises

from lwm2m.formats import core_link, number, text, tlv
from lwm2m.formats.number import from_ieee, from_text, to_double, to_text
from lwm2m.management.access import visible

STRING, INTEGER, FLOAT, BOOLEAN, OPAQUE, TIME, OBJLNK, UNSIGNED, CORELNK = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
)
EXACT = (
    ("0", (0, 0)),
    ("1", (1, 0)),
    ("-1", (-1, 0)),
    ("123456.789", (123456789, -3)),
    ("4294967.295", (4294967295, -3)),
    ("9007199254740991", ((1 << 53) - 1, 0)),
    ("-0.001", (-1, -3)),
    ("0.1", (1, -1)),
    ("99999999.999", (99999999999, -3)),
    ("1000000", (1, 6)),
    ("0.000001", (1, -6)),
)


def encoded(form, path, kind, value):
    """The value at `path` in a format."""
    if len(path) == 4:
        value = {path[3]: value}
    return bytes(form.encode([(path[0], path[1], [(path[2], kind, value)])], path))


def decoded(form, rid, kind, data):
    """The value of a single Resource in a format."""
    ((path, value),) = form.decode(memoryview(data), [1, 0, rid], lambda oid, rid: kind)
    assert path == (1, 0, rid)
    return value


def number_error(function, *arguments):
    try:
        function(*arguments)
    except ValueError:
        return True
    return False


def same(a, b):
    """Are two decimals the same number?"""
    exponent = min(a[1], b[1])
    return a[0] * 10 ** (a[1] - exponent) == b[0] * 10 ** (b[1] - exponent)


def test_decimals_are_written_exactly():
    for digits, decimal in EXACT:
        assert to_text(decimal) == digits
    assert to_text(42) == "42" and to_text(-7) == "-7"
    assert to_text((5, -1)) == "0.5" and to_text((-5, -3)) == "-0.005"
    assert to_text((1500, -3)) == "1.500"  # the places of a register stay


def test_decimals_are_read_exactly():
    for digits, decimal in EXACT:
        assert same(from_text(digits), decimal)
    assert from_text("+1.5") == (15, -1) and from_text(".5") == (5, -1)
    assert from_text("5.") == (5, 0) and from_text("1e3") == (1, 3)
    assert from_text("-1.25E-2") == (-125, -4)


def test_what_is_no_number_is_refused():
    wrong = (
        "",
        "-",
        "+",
        ".",
        "--1",
        "+-1",
        "1..2",
        "1,5",
        "0x10",
        "nan",
        "inf",
        "1e",
        "e5",
        "1-",
    )
    for digits in wrong + ("1e1000", "9" * 65, " 1", "1 "):
        assert number_error(from_text, digits), digits


def test_doubles_are_the_nearest():
    for digits, decimal in EXACT:
        assert to_double(decimal) == struct.pack(">d", float(digits)), digits
    assert to_double(3) == struct.pack(">d", 3.0)
    assert to_double(((1 << 53) + 1, 0)) == struct.pack(">d", float(1 << 53))  # half to even
    assert to_double(((1 << 53) + 3, 0)) == struct.pack(">d", float((1 << 53) + 4))
    assert to_double(((1 << 54) - 1, 0)) == struct.pack(">d", float(1 << 54))  # carries


def test_doubles_that_do_not_exist_are_refused():
    assert number_error(to_double, (1, 400)) and number_error(to_double, (1, -400))
    assert number_error(from_ieee, bytes.fromhex("7ff0000000000000"))
    assert number_error(from_ieee, bytes.fromhex("7ff8000000000001"))
    assert number_error(from_ieee, bytes.fromhex("ff800000"))
    assert number_error(from_ieee, b"\x00" * 5)


def test_floats_and_doubles_are_read_as_the_shortest_decimal():
    for digits, decimal in EXACT:
        assert same(from_ieee(to_double(decimal)), decimal), digits
    assert from_ieee(bytes.fromhex("3dcccccd")) == (1, -1)
    assert from_ieee(bytes.fromhex("bf800000")) == (-1, 0)
    assert from_ieee(bytes(4)) == (0, 0) and from_ieee(bytes.fromhex("80000000")) == (0, 0)


def test_every_double_comes_back():
    for i in range(400):
        mantissa = (i * 7919 + 1) ** 3
        decimal = mantissa if i & 1 else -mantissa, i % 30 - 15
        double = to_double(decimal)
        assert to_double(from_ieee(double)) == double
        single = struct.pack(">I", (i * 10000019 + 77) % 0x7F000000 + 0x00800000)
        read = from_ieee(single)
        assert struct.pack(">f", struct.unpack(">d", to_double(read))[0]) == single


def test_text_of_every_type():
    for kind, value, expected in (
        (STRING, "gr\u00fcn", "gr\u00fcn".encode()),
        (STRING, "", b""),
        (INTEGER, -42, b"-42"),
        (UNSIGNED, (1 << 64) - 1, b"18446744073709551615"),
        (FLOAT, (123456789, -3), b"123456.789"),
        (BOOLEAN, True, b"1"),
        (BOOLEAN, False, b"0"),
        (OPAQUE, b"\x00\xff", b"AP8="),
        (TIME, 1367491215, b"1367491215"),
        (OBJLNK, (66, 65535), b"66:65535"),
        (CORELNK, "</3>", b"</3>"),
    ):
        assert encoded(text, [3, 0, 1], kind, value) == expected
        assert decoded(text, 1, kind, expected) == value


def test_text_that_is_none_of_its_type_is_refused():
    for kind, wrong in (
        (STRING, b"\xff"),
        (INTEGER, b""),
        (INTEGER, b"-"),
        (INTEGER, b"1.5"),
        (INTEGER, b"9223372036854775808"),
        (INTEGER, b"-9223372036854775809"),
        (INTEGER, b"1" * 21),
        (UNSIGNED, b"-1"),
        (UNSIGNED, b"18446744073709551616"),
        (TIME, b"today"),
        (FLOAT, b"nan"),
        (BOOLEAN, b"true"),
        (BOOLEAN, b"2"),
        (BOOLEAN, b""),
        (OBJLNK, b"1"),
        (OBJLNK, b"1:2:3"),
        (OBJLNK, b"65536:0"),
        (OBJLNK, b"-1:0"),
    ):
        raises(0x80, decoded, text, 1, kind, wrong)
    assert decoded(text, 1, INTEGER, b"-9223372036854775808") == -(1 << 63)


def test_base64_in_text_is_exact_as_in_senml_json():
    for right, value in ((b"", b""), (b"AP8=", b"\x00\xff"), (b"+/8=", b"\xfb\xff")):
        assert decoded(text, 1, OPAQUE, right) == value
    for wrong in (
        b"A P8=",
        b"AP8= ",
        b" AP8=",
        b"AP8=\n",
        b"AP\r\n8=",
        b"AP8=AP8=",
        b"AP8==",
        b"A=P8",
        b"=AP8",
        b"AP8",
        b"AP9=",  # bits that say nothing
        b"-_8=",
        b"*",
        b"=",
    ):
        raises(0x80, decoded, text, 1, OPAQUE, wrong)


def test_the_largest_integer_and_digits_that_are_none():
    assert decoded(text, 1, UNSIGNED, b"18446744073709551615") == (1 << 64) - 1
    assert number_error(number.from_digits, "01") and number_error(number.from_digits, " 1")


def test_text_has_one_value_only():
    raises(0x86, encoded, text, [3, 0, 11], INTEGER, {0: 1})


DEVICE = [  # OMA's example of Object 3, LwM2M Core 7.4.3.3.1
    (0, STRING, "Open Mobile Alliance"),
    (1, STRING, "Lightweight M2M Client"),
    (2, STRING, "345000123"),
    (3, STRING, "1.0"),
    (6, INTEGER, {0: 1, 1: 5}),
    (7, INTEGER, {0: 3800, 1: 5000}),
    (8, INTEGER, {0: 125, 1: 900}),
    (9, INTEGER, 100),
    (10, INTEGER, 15),
    (11, INTEGER, {0: 0}),
    (13, TIME, 1367491215),
    (14, STRING, "+02:00"),
    (16, STRING, "U"),
]
DEVICE_TLV = bytes.fromhex(
    "C800144F70656E204D6F62696C6520416C6C69616E6365"
    "C801164C69676874776569676874204D324D20436C69656E74"
    "C80209333435303030313233"
    "C303312E30"
    "8606410001410105"
    "88070842000ED842011388"
    "870841007D42010384"
    "C10964"
    "C10A0F"
    "830B410000"
    "C40D5182428F"
    "C60E2B30323A3030"
    "C11055"
)


def test_tlv_of_an_instance_is_omas_example():
    assert bytes(tlv.encode([(3, 0, DEVICE)], [3, 0])) == DEVICE_TLV
    whole = bytes(tlv.encode([(3, 0, DEVICE)], [3]))
    assert whole == bytes.fromhex("080079") + DEVICE_TLV


def test_tlv_of_several_instances_is_omas_example():
    # LwM2M Core 7.4.3.3.2: Access Control with two Instances, and Object 1
    first = [(0, INTEGER, 1), (1, INTEGER, 0), (2, INTEGER, {127: 7}), (3, INTEGER, 127)]
    second = [(0, INTEGER, 3), (1, INTEGER, 0), (2, INTEGER, {127: 7, 310: 1}), (3, INTEGER, 127)]
    assert bytes(tlv.encode([(2, 0, first), (2, 2, second)], [2])) == bytes.fromhex(
        "08000EC10001C101008302417F07C1037F080212C10003C101008702417F0761013601C1037F"
    )
    server = [(0, INTEGER, 1), (1, INTEGER, 86400), (6, BOOLEAN, True), (7, STRING, "U")]
    assert bytes(tlv.encode([(1, 0, server)], [1])) == bytes.fromhex(
        "08000FC10001C40100015180C10601C10755"
    )


def test_tlv_of_a_resource_and_a_resource_instance():
    assert encoded(tlv, [3, 0, 9], INTEGER, 100) == b"\xc1\x09\x64"
    assert encoded(tlv, [3, 0, 7, 1], INTEGER, 5000) == b"\x42\x01\x13\x88"
    multiple = encoded(tlv, [3, 0, 7], INTEGER, {1: 5000, 0: 3800})
    assert bytes(multiple) == bytes.fromhex("88070842000ED842011388")


def test_tlv_lengths_and_ids_of_every_form():
    for size, head in (
        (7, b"\xc7"),
        (8, b"\xc8"),
        (255, b"\xc8"),
        (256, b"\xd0"),
        (65536, b"\xd8"),
    ):
        out = encoded(tlv, [1, 0, 5], OPAQUE, bytes(size))
        width = len(out) - size - 2
        assert out[:2] == head + b"\x05"
        assert int.from_bytes(out[2 : 2 + width], "big") == (size if size > 7 else 0)
        assert decoded(tlv, 5, OPAQUE, out) == bytes(size)
    out = encoded(tlv, [1, 0, 5518], INTEGER, 1)
    assert out == b"\xe1\x15\x8e\x01"
    assert decoded(tlv, 5518, INTEGER, out) == 1


def test_tlv_integers_take_1_2_4_or_8_bytes():
    for value, size in (
        (0, 1),
        (127, 1),
        (-128, 1),
        (128, 2),
        (-129, 2),
        (32767, 2),
        (32768, 4),
        (-(1 << 31), 4),
        (1 << 31, 8),
        ((1 << 63) - 1, 8),
        (-(1 << 63), 8),
    ):
        out = encoded(tlv, [1, 0, 1], INTEGER, value)
        assert len(out) - 2 - (size > 7) == size
        assert decoded(tlv, 1, INTEGER, out) == value
    for value, size in ((255, 1), (256, 2), (65535, 2), ((1 << 32) - 1, 4), ((1 << 64) - 1, 8)):
        out = encoded(tlv, [1, 0, 1], UNSIGNED, value)
        assert len(out) - 2 - (size > 7) == size
        assert decoded(tlv, 1, UNSIGNED, out) == value


def test_tlv_of_every_type_comes_back():
    for kind, value in (
        (STRING, "gr\u00fcn"),
        (OPAQUE, b"\x00\xff"),
        (FLOAT, (123456789, -3)),
        (BOOLEAN, True),
        (BOOLEAN, False),
        (TIME, -5),
        (OBJLNK, (3, 65535)),
        (CORELNK, "</3>"),
    ):
        out = encoded(tlv, [1, 0, 9], kind, value)
        assert decoded(tlv, 9, kind, out) == value


def test_tlv_that_does_not_fit_is_refused():
    whole = encoded(tlv, [1, 0, 5], OPAQUE, bytes(300))
    for size in range(1, len(whole)):
        raises(0x80, decoded, tlv, 5, OPAQUE, whole[:size])
    raises(0x80, decoded, tlv, 5, OPAQUE, b"\x01\x05\x01")


def test_tlv_has_no_id_65535_as_no_other_format_has():
    def kind_of(oid, rid):
        return INTEGER

    def read(body, path):
        return tlv.decode(memoryview(body), path, kind_of)

    ids = b"\x61\xff\xfe\x05"  # Resource Instance 65534
    assert read(ids, [3, 0, 6]) == [((3, 0, 6, 65534), 5)]
    assert read(b"\x84\x06" + ids, [3, 0]) == [((3, 0, 6, 65534), 5)]
    none = b"\x61\xff\xff\x05"
    for path, body in (
        ([3, 0, 6], none),
        ([3, 0], b"\x84\x06" + none),
        ([3], b"\x06\x00\x84\x06" + none),
        ([3, 0], b"\xe1\xff\xff\x05"),
        ([3, 0], b"\xa4\xff\xff" + ids),
        ([3], b"\x24\xff\xff" + ids),
    ):
        raises(0x80, read, body, path)


def test_tlv_values_of_the_wrong_size_or_kind_are_refused():
    for kind, value in (
        (INTEGER, bytes(3)),
        (INTEGER, b""),
        (INTEGER, bytes(5)),
        (BOOLEAN, b"\x02"),
        (BOOLEAN, bytes(2)),
        (OBJLNK, bytes(3)),
        (FLOAT, bytes(3)),
        (FLOAT, bytes.fromhex("7f800000")),
        (STRING, b"\xff\xfe"),
    ):
        body = bytes([0xC0 | len(value), 1]) + value
        raises(0x80, decoded, tlv, 1, kind, body)


def test_links_name_versions_on_objects_only_and_hide_security():
    model = meter_model()
    expected = "</1>;ver=1.2,</1/0>,</3>;ver=1.2,</3/0>,</3424>;ver=1.1,</3424/0>"
    assert bytes(core_link.registration(visible(model), "1.1")) == expected.encode()
    assert b'</3424>;ver="1.1"' in bytes(core_link.registration(visible(model), "1.0"))


def test_links_of_objects_without_instances_and_with_many():
    model = meter_model()
    model.object(3424).instances.clear()
    model.object(3).version = "1.0"
    model.object(3).instances[7] = {}
    model.object(3).instances[2] = {}
    listing = bytes(core_link.registration(visible(model), "1.1"))
    assert listing == b"</1>;ver=1.2,</1/0>,</3/0>,</3/2>,</3/7>,</3424>;ver=1.1"
    model.object(3424).version = "1.0"
    assert bytes(core_link.registration(visible(model), "1.1")).endswith(b",</3424>")
