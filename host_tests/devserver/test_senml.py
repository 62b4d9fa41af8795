"""CBOR and SenML of the engine aiocoap, by the rules of their RFCs."""

import json
from decimal import Decimal

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tools.devserver import values
from tools.devserver.engines.aiocoap import cbor, contents, senml
from tools.devserver.errors import CommandError

NOW = 1_800_000_000
SINGLE = (
    some.integers(-(1 << 64), (1 << 64) - 1)
    | some.floats(allow_nan=False)
    | some.text()
    | some.binary()
    | some.booleans()
)
ITEMS = some.recursive(
    SINGLE, lambda inner: some.lists(inner) | some.dictionaries(some.integers(0, 99), inner)
)


@settings(max_examples=60, deadline=None)
@given(ITEMS)
def test_cbor_is_read_as_it_was_written(item):
    assert cbor.decode(cbor.encode(item)) == item


@settings(max_examples=300, deadline=None)
@given(some.binary(max_size=60))
def test_bytes_of_any_kind_are_a_value_or_a_value_error(data):
    for form in (*senml.ALL, contents.LWM2M_CBOR):
        try:
            contents.records(form, data)
        except ValueError:
            pass


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("9f0102ff", [1, 2]),
        ("bf0001ff", {0: 1}),
        ("7f61616162ff", "ab"),
        ("5f41004101ff", b"\0\1"),
        ("a1820300f5", {(3, 0): True}),
        ("f93c00", 1.0),
        ("fa3dcccccd", 0.10000000149011612),
        ("c11a65535f80", 1699962752),
        ("f7", None),
        ("c249010000000000000000", 1 << 64),
        ("c349010000000000000000", -(1 << 64) - 1),
    ],
)
def test_cbor_by_hand(data, expected):
    assert cbor.decode(bytes.fromhex(data)) == expected


@pytest.mark.parametrize("text", ["123456.789", "12", "-0.001", "9007199254740993"])
def test_decimal_fractions(text):
    found = cbor.decode(cbor2.dumps(Decimal(text)))
    assert found == (int(text) if "." not in text else float(text))


# A time, a time as text, a set, a pattern, shared and referring items, an address
TAGGED = ["c1", "c0", "d90102", "d823", "d81c", "d81d", "d90104", "c5", "d81e", "d9d9f7"]


@pytest.mark.parametrize("tag", TAGGED)
@pytest.mark.parametrize("content", [5, "2013-03-21T20:04:00Z", b"\x01", [1, 2], {1: 2}])
def test_other_tags_leave_the_value_as_it_is(tag, content):
    decoded = cbor.decode(bytes.fromhex(tag) + cbor2.dumps(content))
    assert (decoded, type(decoded)) == (content, type(content))


@pytest.mark.parametrize(
    "data",
    [
        *("", "82", "ff", "1c", "6161ff", "81" * 40 + "00", "5f6161ff", "c1" * 40 + "00"),
        *("0000", "e0", "a1f800", "81f820", "c2820102", "c205", "c401", "c48200", "c482f97e0001"),
        *("c4821a7fffffff01", "c4823a7fffffff01", "c25901f4" + "ff" * 500),
    ],
)
def test_broken_cbor(data):
    with pytest.raises(ValueError, match="CBOR"):
        cbor.decode(bytes.fromhex(data))


def decoded(records, form=senml.JSON):
    return [tuple(each) for each in senml.decode(form, json.dumps(records).encode(), NOW)]


def test_base_fields_go_on():
    records = [{"bn": "/3424/0/", "bt": 1.7e9, "n": "1", "v": 5}, {"n": "1", "t": -60, "v": 6}]
    records += [{"bn": "/3/0/", "n": "0", "vs": "x"}]
    assert decoded(records) == [
        ("/3424/0/1", 5, 1.7e9),
        ("/3424/0/1", 6, 1.7e9 - 60),
        ("/3/0/0", "x", 1.7e9),
    ]


def test_base_values_are_added():
    assert decoded([{"bn": "/3424/0/1", "bv": 1 << 60, "v": 1}, {"v": 2}, {}]) == [
        ("/3424/0/1", (1 << 60) + 1, None),
        ("/3424/0/1", (1 << 60) + 2, None),
        ("/3424/0/1", 1 << 60, None),
    ]


def test_small_times_are_relative():
    assert decoded([{"n": "/1/0/1", "v": 5, "t": -30}]) == [("/1/0/1", 5, NOW - 30)]
    assert decoded([{"n": "/1/0/1", "v": 5, "bt": 0}]) == [("/1/0/1", 5, NOW)]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"n": "/3/0/0"}, "no value"),
        ({"n": "3/0/0", "v": 1}, "no LwM2M path"),
        ({"v": 1, "n": 3}, "no text"),
        ({"n": "/3/0/0", "vs": 5}, "the vs 5"),
        ({"n": "/3/0/0", "v": "5"}, "no number"),
        ({"n": "/3/0/0", "v": True}, "no number"),
        ({"n": "/3/0/0", "v": 1, "t": "x"}, "no number"),
        ({"n": "/3/0/0", "v": 1, "must_": 1}, "must be understood"),
        ({"n": "/3/0/0", "vd": "A"}, "the vd"),
    ],
)
def test_a_wrong_record_is_named(record, words):
    with pytest.raises(ValueError, match=words):
        decoded([record])


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"[", b"\xff", b'[{"n":"/1/0/1","v":NaN}]'])
def test_no_pack(body):
    with pytest.raises(ValueError):
        senml.decode(senml.JSON, body)


EVERY_TYPE = [
    ("STRING", "Zähler", "Zähler"),
    ("INTEGER", -5, -5),
    ("UNSIGNED_INTEGER", (1 << 64) - 1, (1 << 64) - 1),
    ("FLOAT", 0.1, 0.1),
    ("BOOLEAN", True, True),
    ("OPAQUE", {"hex": "00ffee"}, {"hex": "00ffee"}),
    ("TIME", NOW, NOW),
    ("OBJLNK", "3:0", "3:0"),
    ("CORELINK", "</3/0>", "</3/0>"),
]


@pytest.mark.parametrize("form", [senml.JSON, senml.CBOR])
@pytest.mark.parametrize(("kind", "given", "expected"), EVERY_TYPE)
def test_every_type(form, kind, given, expected):
    body = senml.encode(form, [senml.value_record("/3/0/0", given, kind)])
    [found] = senml.decode(form, body)
    assert (found.value, type(found.value)) == (expected, type(expected))


def test_what_is_at_a_path():
    records = senml.decode(senml.CBOR, cbor2.dumps([{0: "/3/0/11/0", 2: 0}, {0: "/3/0/9", 2: 80}]))
    assert senml.nest("/3", records) == {"0": {"11": {"0": 0}, "9": 80}}
    assert senml.nest("/", records) == {"3": {"0": {"11": {"0": 0}, "9": 80}}}
    assert senml.nest("/3/0/9", records) == 80
    assert senml.nest("/3/0/90", records) is None
    assert senml.nest("/4", records) is None


def test_lwm2m_cbor():
    body = cbor2.dumps({(3, 0): {9: 80, 11: {0: 0}}, 3424: {0: {1: 12.5, 3: b"\0"}}})
    found = {each.path: each.value for each in contents.records(11544, body)}
    expected = {"/3/0/9": 80, "/3/0/11/0": 0, "/3424/0/1": 12.5, "/3424/0/3": values.hexed(b"\0")}
    assert found == expected


@pytest.mark.parametrize("form", [senml.JSON, senml.CBOR])
@pytest.mark.parametrize("number", [1 << 64, -(1 << 63) - 1])
def test_an_integer_of_more_than_64_bits_is_refused(form, number):
    with pytest.raises(CommandError, match="outside an integer of 64 bits"):
        senml.encode(form, [senml.value_record("/3/0/9", number, "INTEGER")])
