"""The message codec: every option form, every malformed form (RFC 7252 section 3)."""

from virtual import ACK, CON, NON, RST, parse, parts, raises

from coap.message import Message, encode, insert, uint_bytes

UNREADABLE, MALFORMED = 1, 2


def test_four_bytes_are_an_empty_message():
    assert parts(b"\x40\x00\x12\x34") == (CON, 0, 0x1234, b"", [], b"")
    assert bytes(encode(CON, 0, 0x1234)) == b"\x40\x00\x12\x34"


def test_every_kind_and_message_id_is_kept():
    for kind in (CON, NON, ACK, RST):
        for mid in (0, 1, 255, 256, 0xFFFF):
            code = 0 if kind == RST else 0x45
            assert parts(encode(kind, code, mid))[:3] == (kind, code, mid)


def test_every_token_length_up_to_8():
    for length in range(9):
        token = bytes(range(length))
        assert parts(encode(CON, 1, 7, token, ((11, "a"),), b"p")) == (
            CON,
            1,
            7,
            token,
            [(11, b"a")],
            b"p",
        )


def test_option_deltas_of_every_form():
    # elective and unknown ones are left out, so the delta is seen by the known option behind it
    for first in (0, 1, 12, 13, 14, 267, 268, 269, 270, 1000, 65532):
        datagram = encode(NON, 2, 1, b"", ((first, b""), (first + 3, b"\x01\x02")), b"x")
        message = parse(datagram)
        assert bytes(message.payload()) == b"x"
    head = bytes(encode(CON, 1, 1))
    assert bytes(encode(CON, 1, 1, b"", ((12, b""),))) == head + b"\xc0"
    assert bytes(encode(CON, 1, 1, b"", ((13, b""),))) == head + b"\xd0\x00"
    assert bytes(encode(CON, 1, 1, b"", ((268, b""),))) == head + b"\xd0\xff"
    assert bytes(encode(CON, 1, 1, b"", ((269, b""),))) == head + b"\xe0\x00\x00"
    assert bytes(encode(CON, 1, 1, b"", ((65535, b""),))) == head + b"\xe0\xfe\xf2"
    assert bytes(encode(CON, 1, 1, b"", ((65804, b""),))) == head + b"\xe0\xff\xff"


def test_option_lengths_of_every_form():
    head = bytes(encode(CON, 1, 1))
    for length, form in (
        (0, b"\xb0"),
        (12, b"\xbc"),
        (13, b"\xbd\x00"),
        (255, b"\xbd\xf2"),
    ):
        value = b"v" * length
        assert bytes(encode(CON, 1, 1, b"", ((11, value),))) == head + form + value
        assert parts(head + form + value)[4] == [(11, value)]
    for length, form in (
        (268, b"\xdd\x16\xff"),
        (269, b"\xde\x16\x00\x00"),
        (1034, b"\xde\x16\x02\xfd"),
    ):
        value = b"v" * length
        assert bytes(encode(CON, 1, 1, b"", ((35, value),))) == head + form + value
        assert parts(head + form + value)[4] == [(35, value)]
    longest = bytes(encode(CON, 1, 1, b"", ((2, bytes(65804)),)))
    assert longest == head + b"\x2e\xff\xff" + bytes(65804)
    try:
        encode(CON, 1, 1, b"", ((2, bytes(65805)),))
    except ValueError:
        return
    raise AssertionError("65805 bytes fit no option")


def test_delta_and_length_both_extended():
    message = encode(CON, 2, 1, b"t", ((60, 300), (3000, b"z" * 300), (3001, b"")), b"p")
    assert parse(message).uint(60) == 300
    assert parse(message).bad == 3001
    assert parts(message)[5] == b"p"


def test_option_values_are_bytes_text_or_integers():
    options = ((7, 5683), (11, "straße"), (12, 0), (14, 0xFFFFFFFF), (15, b"\x00"))
    message = parse(encode(CON, 1, 1, b"", options))
    assert message.uint(7) == 5683
    assert message.find(11) == "straße".encode()
    assert message.find(12) == b"" and message.uint(12) == 0
    assert message.uint(14) == 0xFFFFFFFF
    assert message.find(15) == b"\x00"
    assert message.uint(60) == -1
    assert message.find(60) is None


def test_unsigned_options_have_no_leading_zeros():
    for value, expected in ((0, b""), (1, b"\x01"), (255, b"\xff"), (256, b"\x01\x00")):
        assert uint_bytes(value) == expected
    assert uint_bytes(0xFFFFFFFF) == b"\xff\xff\xff\xff"


def test_leading_zeros_in_a_received_integer_are_accepted():
    assert parse(b"\x40\x01\x00\x01\xc2\x00\x28").uint(12) == 40


def test_repeated_paths_keep_their_order():
    message = parse(encode(CON, 1, 1, b"", ((11, "3"), (11, ""), (11, "0"), (15, "a"))))
    assert message.all(11) == [b"3", b"", b"0"]
    assert message.find(11) == b"3"
    assert message.all(8) == []


def test_insert_keeps_options_in_order():
    options = [(11, "a"), (12, 0)]
    for number in (60, 4, 11, 27):
        insert(options, number, number)
    assert [option[0] for option in options] == [4, 11, 11, 12, 27, 60]
    assert options[2] == (11, 11)  # behind those of its own number


def test_a_wrong_version_or_a_stump_is_unreadable():
    for data in (b"", b"\x40", b"\x40\x01\x00", b"\x00\x01\x00\x01", b"\x80\x01\x00\x01"):
        raises(UNREADABLE, Message().parse, data)
    raises(UNREADABLE, Message().parse, b"\xc0\x00\x00\x01")


def test_token_lengths_9_to_15_are_malformed():
    for length in range(9, 16):
        raises(MALFORMED, Message().parse, bytes([0x40 | length, 1, 0, 1]) + bytes(20))


def test_a_truncated_token_is_malformed():
    for length in range(1, 9):
        raises(MALFORMED, Message().parse, bytes([0x40 | length, 1, 0, 1]) + bytes(length - 1))


def test_reserved_classes_are_malformed():
    for code in range(256):
        data = bytes([0x40, code, 0, 1])
        if code >> 5 in (1, 3, 6, 7):
            raises(MALFORMED, Message().parse, data)
        else:
            assert parse(data).code == code


def test_empty_with_anything_behind_it_is_malformed():
    raises(MALFORMED, Message().parse, b"\x40\x00\x00\x01\xff\x01")
    raises(MALFORMED, Message().parse, b"\x41\x00\x00\x01\x01")
    raises(MALFORMED, Message().parse, b"\x60\x00\x00\x01\x00")


def test_nibble_15_is_malformed_but_for_the_marker():
    for head in (0xF0, 0xF1, 0xFE, 0x0F, 0x1F, 0xEF):
        raises(MALFORMED, Message().parse, bytes([0x40, 1, 0, 1, head]) + bytes(300))


def test_a_marker_without_payload_is_malformed():
    raises(MALFORMED, Message().parse, b"\x40\x01\x00\x01\xff")
    raises(MALFORMED, Message().parse, b"\x40\x01\x00\x01\xb1a\xff")


def test_an_option_past_the_end_is_malformed():
    whole = bytes(
        encode(CON, 1, 1, b"tok", ((11, "segment"), (35, b"x" * 20), (60, 9), (2000, b"y" * 300)))
    )
    ends = set()
    message = parse(whole)
    for span in message.spans:
        ends.add(span & 0xFFF)
    ends.add(len(whole))
    ends.add(7)
    refused = 0
    for size in range(5, len(whole)):
        try:
            Message().parse(whole[:size])
            assert size in ends
        except Exception as error:  # noqa: BLE001 its code is looked at
            assert getattr(error, "code", 0) == MALFORMED
            refused += 1
    assert refused == len(whole) - 5 - len([e for e in ends if 5 <= e < len(whole)])


def test_truncated_extended_deltas_and_lengths_are_malformed():
    for tail in (
        b"\xd0",
        b"\xe0",
        b"\xe0\x00",
        b"\x0d",
        b"\x0e",
        b"\x0e\x00",
        b"\xdd\x00",
        b"\xee\x00\x00\x00",
    ):
        raises(MALFORMED, Message().parse, b"\x40\x01\x00\x01" + tail)


def test_a_datagram_longer_than_spans_can_say_is_unreadable():
    fits = bytes(encode(CON, 2, 1, b"", ((11, "a"),), bytes(4095 - 7)))
    assert len(fits) == 4095
    assert len(parse(fits).payload()) == 4088
    raises(UNREADABLE, Message().parse, fits + b"\x00")


def test_an_unknown_critical_option_is_bad_and_an_elective_one_ignored():
    for number in (9, 13, 61, 2053, 65001):
        assert parse(encode(CON, 1, 1, b"", ((number, b"x"),))).bad == number
    for number in (2, 10, 62, 258, 2048, 65000):
        message = parse(encode(CON, 1, 1, b"", ((number, b"x"),)))
        assert message.bad == 0 and message.numbers == []


def test_a_critical_option_of_the_wrong_length_is_bad():
    wrong = ((1, 9), (3, 0), (3, 256), (5, 1), (7, 3), (11, 256), (15, 256), (17, 3), (23, 4))
    wrong += ((27, 4), (35, 0), (35, 1035), (39, 0), (39, 256))
    for number, length in wrong:
        assert parse(encode(CON, 1, 1, b"", ((number, bytes(length)),))).bad == number


def test_an_elective_option_of_the_wrong_length_is_ignored():
    for number, length in ((4, 0), (4, 9), (6, 4), (8, 256), (12, 3), (14, 5), (28, 5), (60, 5)):
        message = parse(encode(CON, 1, 1, b"", ((number, bytes(length)),)))
        assert message.bad == 0 and message.numbers == []


def test_lengths_at_their_limits_are_accepted():
    limits = ((1, 0), (1, 8), (3, 1), (3, 255), (4, 1), (4, 8), (5, 0), (6, 3), (7, 0), (7, 2))
    limits += ((8, 0), (8, 255), (11, 0), (12, 2), (14, 4), (15, 0), (17, 2), (20, 255), (23, 3))
    limits += ((27, 0), (28, 4), (35, 1), (35, 1034), (39, 1), (60, 4))
    for number, length in limits:
        message = parse(encode(CON, 1, 1, b"", ((number, bytes(length)),)))
        assert message.bad == 0 and message.numbers == [number]


def test_a_repeated_option_that_may_not_repeat():
    for number in (3, 5, 7, 17, 23, 27, 35, 39):
        value = b"" if number == 5 else b"a"
        assert parse(encode(CON, 1, 1, b"", ((number, value), (number, value)))).bad == number
    for number in (6, 12, 14, 28, 60):
        message = parse(encode(CON, 1, 1, b"", ((number, b"\x01"), (number, b"\x02"))))
        assert message.bad == 0 and message.uint(number) == 1
    for number in (1, 4, 8, 11, 15, 20):
        message = parse(encode(CON, 1, 1, b"", ((number, b"a"), (number, b"b"))))
        assert message.bad == 0 and message.all(number) == [b"a", b"b"]


def test_one_message_serves_many_datagrams():
    message = Message()
    message.parse(bytes(encode(CON, 1, 1, b"token", ((9, b"x"), (11, "a")), b"payload")))
    assert message.bad == 9
    message.body = b"of a transfer"
    assert bytes(message.payload()) == b"of a transfer"
    message.parse(bytes(encode(ACK, 0x45, 2)))
    assert (message.kind, message.code, message.mid, message.bad) == (ACK, 0x45, 2, 0)
    assert message.numbers == [] and bytes(message.token) == b""
    assert bytes(message.payload()) == b""


def test_a_transfers_key_leaves_out_the_blocks():
    def key(code, *options):
        return parse(encode(CON, code, 1, b"", options)).key()

    plain = key(3, (11, "a"), (15, "b"))
    blocks = ((23, 17), (27, 3), (28, 9), (60, 99))
    assert plain == key(3, (3, "h"), (6, 0), (7, 1), (11, "a"), (15, "b"), *blocks)
    others = (
        key(2, (11, "a"), (15, "b")),
        key(3, (11, "b"), (15, "b")),
        key(3, (11, "a")),
        key(3, (11, "ab"), (15, "")),
        key(3, (11, "a"), (12, 0), (15, "b")),
    )
    for other in others:
        assert other != plain
    for code in (1, 5):  # what is asked for
        asked = key(code, (11, "a"), (17, 40))
        assert asked == key(code, (3, "h"), (11, "a"), (12, 0), (15, "b"), (17, 40))
        assert asked != key(code, (11, "a")) and asked != key(code, (11, "a"), (17, 0))
