"""OMA's Enabler Test Specification: Read and Discover, LightweightM2M-1.1-int-201 to 266, 652.

By Leshan, except what Leshan cannot ask: Discover with a depth, other versions' defaults.
"""

import json

import pytest

from .decoders import INSTANCE, ITEM, MULTIPLE, RESOURCE, tlv_tree
from .leshan_session import DEVICE, SERVER, sorted_link, still
from .wire import ACCEPT, BAD_REQUEST, CONTENT, GET, LINK_FORMAT, TEXT, TLV, URI_QUERY

MODEL = {"0": "Acme", "1": "Water meter", "2": "0001"}
POWER = ["</3/0/6>;dim=2", "</3/0/7>;dim=2", "</3/0/8>;dim=2"]
DISCOVERED = [
    "</3/0/0>",
    "</3/0/1>",
    "</3/0/2>",
    "</3/0/3>",
    "</3/0/4>",
    "</3/0/5>",
    *POWER,
    "</3/0/9>",
    "</3/0/10>",
    "</3/0/11>;dim=1",
    "</3/0/12>",
    "</3/0/13>",
    "</3/0/14>",
    "</3/0/15>",
    "</3/0/16>",
    "</3/0/17>",
    "</3/0/20>",
    "</3/0/21>",
]


def test_ets_201_query_in_plain_text(whole):
    for rid, value in MODEL.items():
        answer = whole.ask("read", "/3/0/" + rid, format="text", raw=True)
        assert (answer["code"], answer["format"], answer["value"]) == ("2.05", "text", value)
        assert bytes.fromhex(answer["payload"]) == value.encode()
    whole.no_more_events()


def test_ets_203_query_in_tlv(whole):
    """An Object's Read has Object Instance TLVs; an Instance's has Resources at the top."""
    answer = whole.ask("read", "/3/0", format="tlv", raw=True)
    assert (answer["code"], answer["format"]) == ("2.05", "tlv")
    assert still(answer["value"]) == DEVICE
    tree = tlv_tree(bytes.fromhex(answer["payload"]))
    kinds = {ident: kind for kind, ident, _ in tree}
    assert len(kinds) == len(tree)
    assert all(kinds[rid] == RESOURCE for rid in (0, 1, 2, 3, 9, 13, 14, 15, 16, 17))
    assert all(kinds[rid] == MULTIPLE for rid in (6, 7, 8, 11))
    inside = [kind for kind, _, body in tree if kind == MULTIPLE for kind, _, _ in body]
    assert inside == [ITEM] * 7
    answer = whole.ask("read", "/3", format="tlv", raw=True)
    [(kind, ident, tree)] = tlv_tree(bytes.fromhex(answer["payload"]))
    assert (kind, ident) == (INSTANCE, 0) and {ident for _, ident, _ in tree} == set(kinds)


def test_ets_204_query_in_json(whole):
    answer = whole.ask("read", "/3/0", format="json", raw=True)
    assert (answer["code"], answer["format"]) == ("2.05", "json")
    assert still(answer["value"]) == DEVICE
    body = json.loads(bytes.fromhex(answer["payload"]))
    assert body["bn"] == "/3/0/" and {"n": "0", "sv": "Acme"} in body["e"]
    assert {"n": "6/1", "v": 5} in body["e"] and {"n": "8/1", "v": -5} in body["e"]
    for rid, value in MODEL.items():
        assert whole.read("/3/0/" + rid, "json") == value


def test_ets_211_query_in_cbor(whole):
    for path, value, payload in (
        ("/1/0/0", 1, "01"),
        ("/1/0/1", 300, "19012c"),
        ("/1/0/6", False, "f4"),
        ("/1/0/7", "U", "6155"),
        ("/3/0/8/1", -5, "24"),
    ):
        answer = whole.ask("read", path, format="cbor", raw=True)
        assert (answer["code"], answer["format"], answer["value"]) == ("2.05", "cbor", value)
        assert answer["payload"] == payload
    assert whole.code("read", "/1/0", format="cbor") == "4.06"
    assert whole.code("read", "/3/0/7", format="cbor") == "4.06"


def test_ets_221_operations_on_the_security_object(whole):
    for path in ("/0", "/0/0", "/0/0/0", "/0/0/3", "/0/7", "/21", "/21/0"):
        assert whole.code("read", path, format="senml-cbor") == "4.01", path
        assert whole.code("discover", path) == "4.01", path
        assert whole.code("write-attributes", path, attributes="pmin=10") == "4.01", path
    uri = "coap://127.0.0.1:9"
    assert whole.code("write", "/0/0/0", value=uri, format="text") == "4.01"
    assert whole.code("write", "/0/0", value={"0": uri}, format="tlv") == "4.01"
    assert whole.code("execute", "/0/0/4") == "4.01"
    assert whole.code("create", "/0/1", value={"0": uri}) == "4.01"
    assert whole.code("delete", "/0/0") == "4.01"
    assert whole.code("execute", "/1/0/8") == "2.04"
    whole.event("updated")  # the account is as it was: the meter is still at this server
    whole.no_more_events()


def test_ets_222_read_on_object(whole):
    for form in ("tlv", "senml-cbor", "senml-json", "json"):
        assert whole.read("/1", form) == {"0": SERVER}
        device = whole.read("/3", form)
        assert set(device) == {"0"} and still(device["0"]) == DEVICE
    for form in ("text", "opaque", "cbor"):
        assert whole.code("read", "/1", format=form) == "4.06"
    assert whole.code("read", "/9") == "4.04"


def test_ets_223_read_on_object_instance(whole):
    for form in ("tlv", "senml-cbor", "senml-json", "json"):
        assert whole.read("/1/0", form) == SERVER
        assert still(whole.read("/3/0", form)) == DEVICE
    assert whole.code("read", "/1/1") == "4.04"
    assert whole.code("read", "/3/0", format="text") == "4.06"


@pytest.mark.parametrize("form", ["text", "cbor", "tlv", "senml-cbor", "senml-json", "json"])
def test_ets_224_read_on_resource(whole, form):
    for rid in "0167":
        assert whole.read("/1/0/" + rid, form) == SERVER[rid]
    assert whole.read("/3/0/16", form) == "U"
    assert whole.code("read", "/1/0/8", format=form) == "4.05"  # executable
    assert whole.code("read", "/1/0/4", format=form) == "4.05"
    assert whole.code("read", "/1/0/9", format=form) == "4.04"
    assert whole.code("read", "/3/0/18", format=form) == "4.04"  # not in this meter
    assert whole.code("read", "/3/0/99", format=form) == "4.04"


@pytest.mark.parametrize("form", ["text", "cbor", "tlv", "senml-cbor", "senml-json", "json"])
def test_ets_225_read_on_resource_instance(whole, form):
    for path, value in (
        ("/3/0/11/0", 0),
        ("/3/0/7/0", 3800),
        ("/3/0/7/1", 900),
        ("/3/0/8/1", -5),
        ("/16/0/0/2", "model"),
    ):
        answer = whole.ask("read", path, format=form, raw=True)
        assert (answer["code"], answer["format"], answer["value"]) == ("2.05", form, value)
        others = {b"maker", b"software"}
        assert not [one for one in others if one in bytes.fromhex(answer["payload"])]
    assert whole.code("read", "/3/0/11/1", format=form) == "4.04"
    assert whole.code("read", "/3/0/0/0", format=form) == "4.04"  # of a single Resource


def test_ets_237_read_object_without_accept(whole):
    """The client's choice since 1.1: text for one value, else SenML CBOR."""
    answer = whole.ask("read", "/1")
    assert (answer["code"], answer["format"]) == ("2.05", "senml-cbor")
    assert answer["value"] == {"0": SERVER}
    assert whole.ask("read", "/3/0")["format"] == "senml-cbor"
    assert whole.ask("read", "/3/0/7")["format"] == "senml-cbor"
    for path, value in (("/3/0/0", "Acme"), ("/3/0/7/1", 900)):
        answer = whole.ask("read", path)
        assert (answer["format"], answer["value"]) == ("text", value)


@pytest.mark.parametrize(
    "version, one, many", [("1.0", TLV, TLV), ("1.1", TEXT, 112), ("1.2", TEXT, 112)]
)
def test_ets_237_the_default_format_by_version(whole_at, version, one, many):
    peer = whole_at(version=version)
    for path, form in (("/1", many), ("/3/0", many), ("/3/0/0", one), ("/3/0/7", many)):
        answer = peer.read(path)
        assert (answer.code, answer.format) == (CONTENT, form), path
    assert peer.read("/3/0/0", TLV).payload == b"\xc4\x00Acme"
    assert peer.read("/3/0/0").payload == (b"\xc4\x00Acme" if one == TLV else b"Acme")


def test_ets_652_query_firmware_version(whole):
    for form in ("text", "tlv", "senml-cbor", "senml-json", "json", "cbor"):
        assert whole.read("/3/0/3", form) == "0.1.0"


# Discover and Write-Attributes


def test_ets_260_discover(whole):
    assert whole.discover("/3") == ["</3>;ver=1.2", "</3/0>", *DISCOVERED]
    assert whole.discover("/3/0") == ["</3/0>", *DISCOVERED]
    assert whole.code("write-attributes", "/3", attributes="pmin=10&pmax=200") == "2.04"
    assert whole.code("write-attributes", "/3/0/7", attributes="lt=1&gt=6&st=1") == "2.04"
    shown = list(DISCOVERED)
    shown[shown.index(POWER[1])] = "</3/0/7>;dim=2;gt=6;lt=1;st=1"
    assert whole.discover("/3") == ["</3>;pmax=200;pmin=10;ver=1.2", "</3/0>", *shown]
    assert whole.discover("/3/0/7") == [
        "</3/0/7>;dim=2;gt=6;lt=1;pmax=200;pmin=10;st=1",  # inherited at the target
        "</3/0/7/0>",
        "</3/0/7/1>",
    ]
    assert whole.discover("/3/0/0") == ["</3/0/0>;pmax=200;pmin=10"]
    assert whole.discover("/1/0/1") == ["</1/0/1>"]  # of another Object: nothing
    assert whole.code("discover", "/3/1") == "4.04"
    assert whole.code("discover", "/3/0/18") == "4.04"
    whole.no_more_events()  # attributes are no reason for an Update


def test_ets_261_write_attributes_on_a_multiple_resource(whole):
    for path, attributes in (
        ("/3", "pmin=10&pmax=200"),
        ("/3/0", "pmax=320"),
        ("/3/0/7", "lt=1&gt=6&st=1"),
        ("/3/0/7/1", "pmax=30&epmin=1&epmax=25"),
    ):
        assert whole.code("write-attributes", path, attributes=attributes) == "2.04"
    assert whole.discover("/3/0")[0] == "</3/0>;pmax=320;pmin=10"
    assert whole.discover("/3/0/7") == [
        "</3/0/7>;dim=2;gt=6;lt=1;pmax=320;pmin=10;st=1",  # of the Instance, not the Object
        "</3/0/7/0>",
        "</3/0/7/1>;epmax=25;epmin=1;pmax=30",
    ]
    assert "</3/0/7>;dim=2;gt=6;lt=1;st=1" in whole.discover("/3")
    # A name without value takes the attribute away; what remains is as it was
    assert whole.code("write-attributes", "/3/0", attributes="pmax") == "2.04"
    assert whole.code("write-attributes", "/3/0/7", attributes="gt&st") == "2.04"
    assert whole.discover("/3/0/7")[0] == "</3/0/7>;dim=2;lt=1;pmax=200;pmin=10"


def test_ets_261_attributes_that_cannot_be_are_refused_whole(whole_at):
    """By script, for Leshan does not send them. Nothing of a refused request is kept."""
    peer = whole_at()

    def attach(path, *attributes):
        return peer.request(3, path, [(URI_QUERY, one) for one in attributes]).code

    for path, attributes in (
        ("/3/0/9", ("pmin=1", "lt=10", "gt=5")),  # lt must be below gt
        ("/3/0/9", ("pmin=1", "lt=1", "gt=5", "st=2")),  # and lt + 2 st, too
        ("/3/0/9", ("pmin=1", "st=-1")),
        ("/3/0/9", ("pmin=1", "pmax=abc")),
        ("/3/0/9", ("pmin=1", "nothing=1")),
        ("/3/0/0", ("pmin=1", "gt=5")),  # a String
        ("/3/0", ("pmin=1", "gt=5")),  # an Instance
    ):
        assert attach(path, *attributes) == BAD_REQUEST, (path, attributes)
        links = peer.read(path, LINK_FORMAT).payload.decode().split(",")
        assert links[0] == "<%s>" % path
    assert attach("/3/0/9", "lt=1.5", "gt=5.25", "st=1") == 0x44
    shown = sorted_link(peer.read("/3/0/9", LINK_FORMAT).payload.decode())
    assert shown == "</3/0/9>;gt=5.25;lt=1.5;st=1"
    peer.silence(0.2)


def discovered(peer, path, depth) -> list:
    options = [(ACCEPT, LINK_FORMAT), (URI_QUERY, "depth=%s" % depth)]
    answer = peer.request(GET, path, options)
    assert (answer.code, answer.format) == (CONTENT, LINK_FORMAT), answer
    return [sorted_link(link) for link in answer.payload.decode().split(",")]


def test_ets_264_discover_with_depth_1(whole_at):
    peer = whole_at(version="1.2")
    assert discovered(peer, "/3", 1) == ["</3>;ver=1.2", "</3/0>"]
    assert discovered(peer, "/3", 0) == ["</3>;ver=1.2"]
    options = [(URI_QUERY, "pmin=1"), (URI_QUERY, "pmax=10")]
    assert peer.request(3, "/3", options).code == 0x44
    assert discovered(peer, "/3", 1) == ["</3>;pmax=10;pmin=1;ver=1.2", "</3/0>"]
    assert discovered(peer, "/3/0", 1) == ["</3/0>;pmax=10;pmin=1", *DISCOVERED]
    assert discovered(peer, "/3/0/7", 0) == ["</3/0/7>;dim=2;pmax=10;pmin=1"]
    assert discovered(peer, "/19", 1) == ["</19>", "</19/0>", "</19/1>"]


def test_ets_266_discover_with_depth_2_and_3(whole_at):
    peer = whole_at(version="1.2")
    deep = []
    for link in DISCOVERED:
        path, _, dim = link.partition(">;dim=")
        deep.append(link)
        deep += [path + "/%d>" % riid for riid in range(int(dim or 0))]
    assert discovered(peer, "/3", 2) == ["</3>;ver=1.2", "</3/0>", *DISCOVERED]
    assert discovered(peer, "/3", 3) == ["</3>;ver=1.2", "</3/0>", *deep]
    assert discovered(peer, "/3/0", 2) == ["</3/0>", *deep]
    assert discovered(peer, "/3/0", 3) == ["</3/0>", *deep]
    assert discovered(peer, "/3/0/7", 1) == ["</3/0/7>;dim=2", "</3/0/7/0>", "</3/0/7/1>"]
    for wrong in ("4", "-1", "", "x", "01"):
        options = [(ACCEPT, LINK_FORMAT), (URI_QUERY, "depth=" + wrong)]
        assert peer.request(GET, "/3", options).code == BAD_REQUEST, wrong
