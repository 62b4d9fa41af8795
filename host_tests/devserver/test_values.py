"""Values: JSON to bytes and back, in the engine aiocoap and in Java."""

import pytest
from tools.devserver import values
from tools.devserver.engines.aiocoap import plaintext, tlv
from tools.devserver.errors import CommandError

EVERY_TYPE = [
    ("STRING", "Zähler", "Zähler"),
    ("INTEGER", -5, -5),
    ("INTEGER", (1 << 63) - 1, (1 << 63) - 1),
    ("UNSIGNED_INTEGER", (1 << 64) - 1, (1 << 64) - 1),
    ("FLOAT", 0.1, 0.1),
    ("FLOAT", "Infinity", "Infinity"),
    ("BOOLEAN", True, True),
    ("BOOLEAN", "false", False),
    ("OPAQUE", {"hex": "00ff"}, {"hex": "00ff"}),
    ("OPAQUE", {"base64": "AP8="}, {"hex": "00ff"}),
    ("TIME", 1700000000, 1700000000),
    ("OBJLNK", "3:0", "3:0"),
    ("CORELINK", "</3/0>;pmin=1", "</3/0>;pmin=1"),
]
WRONG = [
    ("INTEGER", "x"),
    ("INTEGER", 1.5),
    ("INTEGER", True),
    ("FLOAT", "x"),
    ("FLOAT", None),
    ("BOOLEAN", "maybe"),
    ("OPAQUE", "zz"),
    ("OPAQUE", {"base64": "*"}),
    ("OBJLNK", "3"),
    ("STRING", {}),
    ("NONE", 1),
]


@pytest.mark.parametrize(("kind", "given", "expected"), EVERY_TYPE)
def test_every_type_through_tlv(kind, given, expected):
    assert tlv.scalar(tlv.scalar_bytes(given, kind), kind) == expected


@pytest.mark.parametrize(("kind", "given", "expected"), EVERY_TYPE)
def test_every_type_through_java(jvm, kind, given, expected):
    from tools.devserver.engines.leshan import java_values

    assert java_values.plain(java_values.java_value(given, kind), kind) == expected


@pytest.mark.parametrize(("kind", "given"), WRONG)
def test_a_wrong_value_is_named(kind, given):
    with pytest.raises(CommandError):
        values.typed(given, kind)


@pytest.mark.parametrize(("kind", "given"), [("INTEGER", 1 << 63), ("UNSIGNED_INTEGER", -1)])
def test_java_ranges(jvm, kind, given):
    from tools.devserver.engines.leshan import java_values

    with pytest.raises(CommandError, match="outside"):
        java_values.java_value(given, kind)


def test_java_nodes_of_every_level(jvm):
    from org.eclipse.leshan.core.model import StaticModel
    from tools.devserver.engines.leshan import java_values, server

    model = StaticModel(server.all_models())
    instance = {"0": "maker", "11": {"0": 1, "1": 3}, "13": 1700000000}
    assert java_values.node_value(java_values.node(model, [3, 0], instance)) == instance
    assert java_values.node_value(java_values.node(model, [3, 0, 11], {"4": 2})) == {"4": 2}
    assert java_values.node_value(java_values.node(model, [3, 0, 11, 4], 2)) == 2
    assert java_values.node_value(java_values.node(model, [3424, 0, 1], 12.5)) == 12.5
    assert java_values.node_value(java_values.node(model, [65000, 0, 1], "any")) == "any"
    with pytest.raises(CommandError, match="identifier"):
        java_values.node(model, [3, 0], {"x": 1})


def test_an_instance_through_tlv():
    held = {"0": 123, "1": 86400, "6": True, "7": "UQ"}
    assert tlv.value([1, 0], tlv.encode([1, 0], held)) == held


def test_long_and_wide_tlv():
    text = "x" * 300
    body = tlv.encode([3, 0, 14], text)
    assert tlv.value([3, 0, 14], body) == text
    assert tlv.decode(tlv.encode_element(tlv.RESOURCE, 5700, b"ab")) == [(3, 5700, b"ab")]


def test_tlv_of_several_instances():
    one = tlv.encode([3424, 0], {"1": 1.5})
    both = tlv.encode_element(0, 0, one) + tlv.encode_element(0, 2, one)
    assert tlv.value([3424], both) == {"0": {"1": 1.5}, "2": {"1": 1.5}}
    assert tlv.value([3424, 2], both) == {"1": 1.5}


def test_a_broken_tlv():
    with pytest.raises(ValueError, match="ends within"):
        tlv.decode(bytes([0xC8, 0, 9, 1]))


@pytest.mark.parametrize(
    ("path", "value", "body"),
    [([1, 0, 1], 60, b"60"), ([1, 0, 6], True, b"1"), ([3, 0, 14], "+01", b"+01")],
)
def test_text(path, value, body):
    assert plaintext.encode(path, value) == body
    assert plaintext.value(path, body) == value


@pytest.mark.parametrize("path", ["3/0", "/3/x", "/3/0/0/0/0", "/70000", "//", "/3/"])
def test_no_path(path):
    with pytest.raises(CommandError):
        values.parse_path(path)


def test_paths():
    assert values.parse_path("/") == []
    assert values.parse_path("/3424/0/1") == [3424, 0, 1]
