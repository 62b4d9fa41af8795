"""Numbers and IDs at the limits of what the formats take, and one beyond."""

import struct

from payloads import decode
from virtual import raises

from lwm2m.formats import cbor, json_oma, lwm2m_cbor, senml_cbor, senml_json, text, tlv
from lwm2m.formats.number import from_ieee, from_text, to_double, to_text

TWO_64 = 18446744073709551616


def no_number(function, *arguments):
    """Does it raise ValueError?"""
    try:
        function(*arguments)
    except ValueError:
        return True
    return False


def test_decimals_are_digits_up_to_29_places_and_exponents_beyond():
    assert to_text((1, -29)) == "0." + "0" * 28 + "1" and to_text((12, -30)) == "12e-30"
    assert to_text((1, 29)) == "1" + "0" * 29 and to_text((12, 30)) == "12e30"
    assert to_text((0, -2)) == "0.00" and to_text((-1, -2)) == "-0.01"


def test_text_of_64_characters_and_exponents_of_400_are_the_most():
    assert from_text("1" * 64) == (int("1" * 64), 0)
    assert no_number(from_text, "1" * 65)
    assert from_text("1e400") == (1, 400) and from_text("1e-400") == (1, -400)
    assert from_text("1.5e-399") == (15, -400)
    for wrong in ("1e401", "1e-401", "1.5e-400"):
        assert no_number(from_text, wrong), wrong


def test_doubles_are_rounded_half_to_even_in_their_last_place():
    for integer in ((1 << 55) + 4, (1 << 55) + 5, (1 << 55) + 12, (1 << 56) - 1, (1 << 54) + 2):
        assert to_double(integer) == struct.pack(">d", float(integer)), integer
        assert to_double(-integer) == struct.pack(">d", float(-integer)), integer


def test_the_greatest_double_and_what_lies_beyond():
    greatest = (1 << 1024) - (1 << 971)
    assert to_double(greatest).hex() == "7fefffffffffffff"
    assert to_double(greatest + (1 << 969)).hex() == "7fefffffffffffff"
    for beyond in (greatest + (1 << 970), 1 << 1024, (1, 309)):
        assert no_number(to_double, beyond)
    assert no_number(from_ieee, bytes.fromhex("7ff0000000000000"))


def test_subnormal_doubles_are_refused_both_ways():
    assert to_double(from_ieee(bytes.fromhex("0010000000000000"))).hex() == "0010000000000000"
    for digits in ("000fffffffffffff", "0000000000000001", "800fffffffffffff"):
        assert no_number(from_ieee, bytes.fromhex(digits))


def test_every_power_of_two_comes_back_in_the_fewest_digits():
    for power in range(-1022, 1024):
        double = ((power + 1023) << 52).to_bytes(8, "big")
        mantissa, exponent = from_ieee(double)
        assert to_double((mantissa, exponent)) == double and len(str(mantissa)) < 18
    # half a unit below is half as much as above
    assert from_ieee(struct.pack(">d", 9007199254740992.0)) == (9007199254740992, 0)
    assert from_ieee(bytes.fromhex("7f000000")) == (17014118, 31)


def test_integers_below_2_64_are_exact_in_cbor_and_others_the_shortest():
    for integer in (TWO_64 - 2048, TWO_64 // 2 + 2048, (1 << 53) + 2, (1 << 52) + 1):
        assert from_ieee(struct.pack(">d", float(integer)), True) == (integer, 0)
    mantissa, exponent = from_ieee(struct.pack(">d", float(TWO_64 + 4096)), True)
    assert exponent > 0 and len(str(mantissa)) < 18


def test_object_links_have_ids_to_65535():
    for form, right, wrong in (
        (text, (b"65535:65535",), (b"65536:0", b"0:65536")),
        (cbor, (b"\x6b65535:65535",), (b"\x6765536:0", b"\x670:65536")),
        (
            senml_json,
            (b'[{"vlo":"65535:65535"}]',),
            (b'[{"vlo":"65536:0"}]', b'[{"vlo":"0:65536"}]'),
        ),
        (tlv, (b"\xc4\x07\xff\xff\xff\xff",), (b"\xc5\x07\x00\x01\x00\x00\x00",)),
    ):
        for data in right:
            assert decode(form, data, [9, 0, 7]) == [((9, 0, 7), (65535, 65535))]
        for data in wrong:
            raises(0x80, decode, form, data, [9, 0, 7])


def test_integers_have_64_bits_in_every_format():
    low, high = -(1 << 63), (1 << 63) - 1
    for value in (low, high):
        for form, data in (
            (text, b"%d" % value),
            (senml_json, b'[{"v":%d}]' % value),
            (cbor, (b"\x1b" if value > 0 else b"\x3b") + high.to_bytes(8, "big")),
            (tlv, b"\xc8\x02\x08" + (value & (TWO_64 - 1)).to_bytes(8, "big")),
        ):
            assert decode(form, data, [9, 0, 2]) == [((9, 0, 2), value)], data
    for value in (low - 1, high + 1):
        raises(0x80, decode, text, b"%d" % value, [9, 0, 2])
        raises(0x80, decode, senml_json, b'[{"v":%d}]' % value, [9, 0, 2])
    for value in (TWO_64, -1):
        raises(0x80, decode, text, b"%d" % value, [9, 0, 8])
        raises(0x80, decode, senml_json, b'[{"v":%d}]' % value, [9, 0, 8])


def test_samples_have_their_times_relative_to_the_base_time():
    samples = [(9, 0, [(2, 2, value)], at) for at, value in ((1000, 5), (1060, 6), (940, 7))]
    assert senml_json.encode(samples, [9, 0, 2], 1000) == (
        b'[{"bn":"/9/0/2","bt":1000,"v":5},{"t":60,"v":6},{"t":-60,"v":7}]'
    )
    body = bytes(senml_cbor.encode(samples, [9, 0, 2], 1000))
    assert body.hex() == "83a321662f392f302f32221903e80205a206183c0206a206383b0207"


def test_names_alone_are_kept_in_order_without_a_value_each_once():
    for form, body in (
        (senml_json, b'[{"n":"/9/0/2"},{"n":"/3"},{"n":"/9/0/2"},{"bn":"/9/1","v":1}]'),
        (senml_cbor, bytes.fromhex("82a100662f392f302f32a100622f33")),
    ):
        names = form.decode(memoryview(body), [], None)
        expected = [((3,), None), ((9, 0, 2), None), ((9, 1), None)]
        assert names == expected[: len(names)] and len(names) == 2 + (form is senml_json)


def test_tlv_has_ids_of_one_byte_to_255_and_of_two_above():
    for ident, head in (
        (0, "4100"),
        (254, "41fe"),
        (255, "41ff"),
        (256, "610100"),
        (511, "6101ff"),
        (65534, "61fffe"),
    ):
        body = bytes(tlv.encode([(9, 0, [(2, 2, {ident: 7})])], [9, 0, 2, ident]))
        assert body.hex() == head + "07"
        assert decode(tlv, body, [9, 0, 2]) == [((9, 0, 2, ident), 7)]
    body = bytes(tlv.encode([(9, 0, [(2, 2, {256: 1000})])], [9, 0, 2, 256]))
    assert body.hex() == "62010003e8"


def test_tlv_writes_every_type_as_the_specification_has_it():
    for kind, value, expected in (
        (4, True, "c10401"),
        (4, False, "c10400"),
        (7, (1, 258), "c40700010102"),
        (7, (65535, 65535), "c407ffffffff"),
        (3, (15, -1), "c803083ff8000000000000"),
        (5, b"\1", "c10501"),
        (2, -1, "c102ff"),
        (8, 255, "c108ff"),
    ):
        assert bytes(tlv.encode([(9, 0, [(kind, kind, value)])], [9, 0])).hex() == expected


def test_tlv_of_multiple_resources_known_and_not():
    body = b"\x86\x02\x41\x00\x05\x41\x01\xfe" + b"\x83\x4d\x41\x00\x05"
    assert decode(tlv, body, [9, 0]) == [
        ((9, 0, 2, 0), 5),
        ((9, 0, 2, 1), -2),
        ((9, 0, 77, 0), None),
    ]


def test_text_is_of_one_value_that_a_path_names():
    content = [(9, 0, [(2, 2, {0: 5, 7: -6})])]
    assert bytes(text.encode(content, [9, 0, 2, 7])) == b"-6"
    for path in ([9], [9, 0], [9, 0, 2]):
        raises(0x86, text.encode, content, path)
    raises(0x86, text.encode, [(9, 0, [(2, 2, 5)])], [9, 0])
    for wrong in (b"1e309", b"-1e309", b"1e-320"):
        raises(0x80, decode, text, wrong, [9, 0, 3])


def test_times_between_seconds_are_floats_in_senml_cbor():

    body = bytes(senml_cbor.encode([(9, 0, [(2, 2, 5)])], [9, 0, 2], (1790000007125, -3)))
    assert body.hex() == "81a321662f392f302f3222fb41daac4ee1c800000205"


def test_lwm2m_cbor_has_ids_to_65534_and_no_empty_key():
    for data, items in (
        ("a18209" + "00a10205", [((9, 0, 2), 5)]),
        ("a1820919fffea10205", [((9, 65534, 2), 5)]),
        ("a1820900a102a119fffe05", [((9, 0, 2, 65534), 5)]),
        ("a1840900020705", [((9, 0, 2, 7), 5)]),
    ):
        assert decode(lwm2m_cbor, bytes.fromhex(data), []) == items, data
    for data in (
        "a1820919ffffa10205",
        "a1820900a119ffff05",
        "a180a1820900a10205",
        "a1820900a180a10205",
        "a18509000207" + "0105",
    ):
        raises(0x80, decode, lwm2m_cbor, bytes.fromhex(data), [])


def test_json_of_1_0_has_times_that_are_numbers_and_other_labels_that_are_not_looked_at():
    for right in (
        b'{"x":1,"y":"z","e":[{"n":"2","v":5}]}',
        b'{"e":[{"n":"2","v":5,"t":-1.5,"x":1,"y":2}],"bt":5}',
        b' \t\r\n{"e":[{"n":"2","v":5}]} \t\r\n',
    ):
        assert decode(json_oma, right, [9, 0]) == [((9, 0, 2), 5)]
    for wrong in (
        b'{"e":[{"n":"2","v":5,"t":"x"}]}',
        b'{"bt":"x","e":[{"n":"2","v":5}]}',
        b'{"bn":5,"e":[{"n":"2","v":5}]}',
    ):
        raises(0x80, decode, json_oma, wrong, [9, 0])


def test_tlv_of_instances_and_of_levels_that_a_path_does_not_have():
    for path, body, items in (
        ([9], b"\x03\x04\xc1\x02\x05", [((9, 4, 2), 5)]),
        ([9], b"\x00\x04", [((9, 4), None)]),
        ([9], b"\xc1\x02\x05", [((9, -1, 2), 5)]),
        ([9, 4], b"\x03\x04\xc1\x02\x05", [((9, 4, 2), 5)]),
        ([9, 4], b"\xc0\x01", [((9, 4, 1), "")]),
        ([9, 4], b"\x80\x02", [((9, 4, 2), {})]),
        ([9, 4, 1], b"\x41\x07x", [((9, 4, 1, 7), "x")]),
    ):
        assert decode(tlv, body, path) == items, body
    for path, body in (
        ([9, 4, 2], b"\x03\x04\xc1\x02\x05"),
        ([9, 4], b"\x41\x07\x05"),
        ([9], b"\x03\x04\x41\x02\x05"),
        ([9, 4], b"\x83\x02\xc1\x00\x05"),
        ([9, 4], b"\x83\x02\x03\x00\x05"),
    ):
        raises(0x80, decode, tlv, body, path)
