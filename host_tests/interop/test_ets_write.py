"""OMA's Enabler Test Specification: Write, LightweightM2M-1.1-int-205 to 256, 651; blockwise_3.

By Leshan; byte by byte by script where ETS says the bytes.
"""

import random
import time
import zlib

import pytest

from . import wire
from .leshan_session import DEVICE, LINKS, SERVER, WHOLE, Session, still
from .meter import QUICK
from .wire import (
    BAD_REQUEST,
    CHANGED,
    CONTENT_FORMAT,
    NOT_ALLOWED,
    POST,
    PUT,
    TLV,
    UNSUPPORTED_FORMAT,
)

WRITABLE = {rid: value for rid, value in SERVER.items() if rid != "0"}
STRUCTURED = ["tlv", "senml-cbor", "senml-json", "json"]
SINGLE = ["text", "cbor", *STRUCTURED]


def updated(session, lifetime):
    """One Update with this lifetime, which left the links as they were; no other event."""
    facts = session.event("updated")
    assert (facts["lifetime"], facts["links"], facts["binding"]) == (lifetime, LINKS, "U")
    session.no_more_events()


def set_one_by_one(whole, form, values):
    """Each Resource of /1/0 is written alone, read back, and no other changes."""
    server = dict(SERVER)
    for rid, value in values.items():
        assert whole.read("/1/0/" + rid) != value
        assert whole.code("write", "/1/0/" + rid, value=value, format=form) == "2.04"
        server[rid] = value
        assert whole.read("/1/0/" + rid, form) == value
        assert whole.read("/1/0", "senml-cbor") == server
    for rid in values:
        assert whole.code("write", "/1/0/" + rid, value=SERVER[rid], format=form) == "2.04"
    assert whole.read("/1/0", "tlv") == SERVER
    whole.no_more_events()  # what the server knows has not changed


def test_ets_205_set_in_plain_text(whole):
    set_one_by_one(whole, "text", {"2": 101, "3": 1010, "5": 2000})


def test_ets_212_set_in_cbor(whole):
    set_one_by_one(whole, "cbor", {"2": 101, "3": 1010, "6": True})


def test_ets_215_set_in_tlv(whole_at):
    """The bytes of ETS: a partial update, then a replacement that restores."""
    peer = whole_at()

    def send(code, payload):
        return peer.request(code, "/1/0", [(CONTENT_FORMAT, TLV)], bytes.fromhex(payload)).code

    changed = "c10265 c20303f2 c20507d0 c10601 c10755"
    assert send(POST, changed) == CHANGED
    whole = "c10001c201012c" + changed.replace(" ", "") + "c11700"
    assert peer.read("/1/0", TLV).payload.hex() == whole
    peer.silence(0.3)  # the lifetime was not written: no Update
    restored = "c201012c c10200 c10300 c40500015180 c10600 c10755"
    assert send(PUT, restored) == CHANGED
    assert peer.read("/1/0", TLV).payload.hex() == "c10001" + restored.replace(" ", "")
    # A replacement takes away what it does not have
    assert send(PUT, "c201012c c10600 c10755") == CHANGED
    assert peer.read("/1/0", TLV).payload.hex() == "c10001c201012cc10600c10755"
    assert peer.read("/1/0/2").code == wire.NOT_FOUND
    # but nothing mandatory: the Lifetime is missing
    assert send(PUT, "c10601 c10755") == BAD_REQUEST
    assert peer.read("/1/0", TLV).payload.hex() == "c10001c201012cc10600c10755"
    peer.silence(0.3)


@pytest.mark.parametrize("form", STRUCTURED)
def test_ets_215_220_233_234_set_an_instance(whole, form):
    """Partial update, then replacement, in TLV (215), JSON (220), SenML CBOR (233), JSON (234)."""
    partly = {"2": 101, "3": 1010, "5": 2000, "6": True}
    assert whole.code("write", "/1/0", value=partly, mode="update", format=form) == "2.04"
    assert whole.read("/1/0", form) == {**SERVER, **partly}
    whole.no_more_events()
    assert whole.code("write", "/1/0", value=WRITABLE, mode="replace", format=form) == "2.04"
    assert whole.read("/1/0", form) == SERVER
    whole.no_more_events()
    less = {"1": 240, "6": True, "7": "U"}
    assert whole.code("write", "/1/0", value=less, mode="replace", format=form) == "2.04"
    assert whole.read("/1/0", form) == {"0": 1, **less}
    updated(whole, 240)


@pytest.mark.parametrize("form", STRUCTURED)
def test_ets_226_partial_update_of_an_instance(whole, form):
    values = {"1": 120, "6": True}
    assert whole.code("write", "/1/0", value=values, mode="update", format=form) == "2.04"
    updated(whole, 120)
    assert whole.read("/1/0", form) == {**SERVER, **values}


@pytest.mark.parametrize("form", SINGLE)
def test_ets_227_replace_a_resource(whole, form):
    assert whole.code("write", "/1/0/1", value=63, format=form) == "2.04"
    updated(whole, 63)
    assert whole.read("/1/0") == {**SERVER, "1": 63}


def test_ets_227_one_update_with_nothing_but_the_lifetime(whole_at):
    peer = whole_at()
    assert peer.write("/1/0/1", "63") == CHANGED
    update = peer.wait_update()
    assert update.query == ["lt=63"] and not update.payload
    assert peer.write("/1/0/1", "63") == CHANGED  # it is that already
    assert peer.write("/1/0/6", "1") == CHANGED
    peer.silence(0.5)


@pytest.mark.parametrize("form", SINGLE)
def test_ets_228_write_a_resource_instance(whole, form):
    identity = {"0": "id", "1": "maker", "2": "model", "3": "software"}
    for riid in identity:
        path = "/16/0/0/" + riid
        assert whole.code("write", path, value="test" + riid, format=form) == "2.04"
        identity[riid] = "test" + riid
        assert whole.read("/16/0/0") == identity  # and no other
    assert whole.code("write", "/16/0/0/4", value="test", format=form) == "4.04"
    assert whole.read("/16/0/0") == identity
    whole.no_more_events()  # the Instances of an Object are the same


@pytest.mark.parametrize("form", STRUCTURED)
def test_ets_233_234_set_a_multiple_resource(whole, form):
    """Replaced by PUT, Instance by Instance by POST; the same in each format."""
    parts = {"1": "B", "7": "new"}
    assert whole.code("write", "/16/0/0", value=parts, mode="update", format=form) == "2.04"
    merged = {"0": "id", "1": "B", "2": "model", "3": "software", "7": "new"}
    assert whole.read("/16/0/0", form) == merged
    assert whole.code("write", "/16/0/0", value=parts, mode="replace", format=form) == "2.04"
    assert whole.read("/16/0/0", form) == parts
    assert whole.discover("/16/0/0") == ["</16/0/0>;dim=2", "</16/0/0/1>", "</16/0/0/7>"]
    assert whole.code("write", "/16/0", value={"0": {"0": "A"}}, format=form) == "2.04"
    assert whole.read("/16/0", form) == {"0": {"0": "A"}}
    whole.no_more_events()


def test_ets_256_write_operation_failure(whole):
    for form in SINGLE:
        assert whole.code("write", "/1/0/0", value=7, format=form) == "4.05"
    for path, value in (("/3/0/0", "mine"), ("/3/0/10", 1), ("/7/0/2", 1)):
        assert whole.code("write", path, value=value, format="text") == "4.05"
    assert whole.read("/1/0") == SERVER and still(whole.read("/3/0")) == DEVICE
    # Together with what may be written, nothing is: writes are checked whole
    for form in STRUCTURED:
        for mode in ("update", "replace"):
            values = {**WRITABLE, "0": 7, "1": 60}
            answer = whole.code("write", "/1/0", value=values, mode=mode, format=form)
            assert answer == "4.05"
            assert whole.read("/1/0") == SERVER
    assert whole.code("write", "/1/1/1", value=60, format="text") == "4.04"
    assert whole.code("write", "/9/0/1", value=60, format="text", type="integer") == "4.04"
    assert whole.code("write", "/3/0/99", value=60, format="text", type="integer") == "4.04"
    whole.no_more_events()


@pytest.mark.parametrize(
    "path, form, payload, code",
    [
        ("/1/0/1", 0, b"abc", BAD_REQUEST),
        ("/1/0/1", 0, b"", BAD_REQUEST),
        ("/1/0/1", 0, b"1.5", BAD_REQUEST),
        ("/1/0/1", 0, b"-1", BAD_REQUEST),  # no such lifetime
        ("/1/0/1", 60, b"\x62ab", BAD_REQUEST),
        ("/1/0/1", 60, b"\x01\x02", BAD_REQUEST),
        ("/1/0/6", 0, b"2", BAD_REQUEST),
        ("/1/0/6", 60, b"\x01", BAD_REQUEST),
        ("/1/0/7", 0, b"T", BAD_REQUEST),  # a binding that it has not
        ("/3/0/14", 0, b"x" * 17, BAD_REQUEST),
        ("/19/0/1", 0, b"256", BAD_REQUEST),
        ("/3/0/4", 0, b"x", NOT_ALLOWED),  # executable
        ("/1/0/1", 42, b"60", BAD_REQUEST),
        ("/1/0/1", 40, b"60", UNSUPPORTED_FORMAT),
        ("/1/0/1", 50, b"60", UNSUPPORTED_FORMAT),
        ("/1/0", 0, b"60", UNSUPPORTED_FORMAT),
        ("/1", TLV, b"\xc1\x01\x3c", NOT_ALLOWED),
        ("/1/0", TLV, b"\xc4\x01\x3c", BAD_REQUEST),  # ends too early
        ("/1/0", TLV, b"\xc3\x01\x00\x00\x3c", BAD_REQUEST),  # an integer of three bytes
        ("/1/0", 112, b"\x81\xa2\x00\x66/1/0/1", BAD_REQUEST),
        ("/1/0", 110, b'[{"n":"/3/0/14","vs":"x"}]', BAD_REQUEST),  # outside the path
        ("/1/0", 110, b'[{"n":"/1/0/1","vs":"60"}]', BAD_REQUEST),  # a text
        ("/1/0", 11543, b'{"bn":"/1/0/","e":[{"n":"1","sv":"60"}]}', BAD_REQUEST),
    ],
)
def test_ets_256_what_is_wrong_gets_its_code(peer, whole_at, path, form, payload, code):
    """By script: Leshan does not send such bodies."""
    whole_at()
    before = peer.read("/1/0", TLV).payload, peer.read("/3/0/14").payload
    request = peer.build(PUT, path, [(CONTENT_FORMAT, form)], payload)
    assert peer.exchange(request, sound=False).code == code  # tshark calls it malformed, too
    assert (peer.read("/1/0", TLV).payload, peer.read("/3/0/14").payload) == before
    peer.silence(0.2)


def test_ets_651_device_access_to_resources(whole_at):
    """The bytes of ETS: time, UTC offset and timezone; then a replacement that restores."""
    peer = whole_at()

    def send(code, payload):
        return peer.request(code, "/3/0", [(CONTENT_FORMAT, TLV)], payload).code

    def offset():
        return int(peer.read("/3/0/13").payload) - time.time()

    assert abs(offset()) < 2
    there = b"\xc8\x0f\x0cEurope/Paris"
    assert send(POST, bytes.fromhex("c40d5182428f c60e") + b"+02:00" + there) == CHANGED
    assert abs(int(peer.read("/3/0/13").payload) - 0x5182428F) < 3  # it runs on
    assert peer.read("/3/0/14").payload == b"+02:00"
    assert peer.read("/3/0/15").payload == b"Europe/Paris"
    now = int(time.time()).to_bytes(4, "big")
    restore = b"\xc4\x0d" + now + b"\xc6\x0e+00:00" + b"\xc7\x0fEtc/UTC"
    assert send(PUT, restore) == CHANGED
    assert abs(offset()) < 2
    assert peer.read("/3/0/14").payload == b"+00:00"
    assert peer.read("/3/0/15").payload == b"Etc/UTC"
    assert peer.read("/3/0/0").payload == b"Acme"  # what cannot be written stays
    peer.silence(0.3)


@pytest.mark.parametrize("form", STRUCTURED)
def test_ets_651_by_leshan(whole, form):
    values = {"13": 1367491215, "14": "+02:00", "15": "Europe/Paris"}
    assert whole.code("write", "/3/0", value=values, mode="update", format=form) == "2.04"
    device = whole.read("/3/0", form)
    assert 0 <= device["13"] - 1367491215 < 3
    assert (device["14"], device["15"]) == ("+02:00", "Europe/Paris")
    values = {"13": int(time.time()), "14": "+00:00", "15": "Etc/UTC"}
    assert whole.code("write", "/3/0", value=values, mode="replace", format=form) == "2.04"
    assert still(whole.read("/3/0", form)) == DEVICE
    whole.no_more_events()


# Zephyr's


@pytest.fixture
def roomy(leshan, start, request):
    """A meter that takes bodies of 4,096 bytes and the overhead of their format."""
    endpoint = "roomy-" + request.node.name
    coap = {**QUICK, "body_limit": 6144}
    meter = start(leshan.uri, endpoint=endpoint, **{**WHOLE, "coap": coap})
    session = Session(leshan, endpoint, meter)
    session.event("registered")
    return session


@pytest.mark.parametrize("form", ["opaque", "tlv", "senml-cbor", "cbor"])
def test_zephyr_blockwise_3(roomy, form):
    """4,096 bytes into /19/0/0/0 by Block1, read back by Block2 in TLV and SenML CBOR."""
    data = random.Random(form).randbytes(4096)
    answer = roomy.ask("write", "/19/0/0/0", value={"hex": data.hex()}, format=form, timeout=20)
    assert answer.get("code") == "2.04", answer
    for back in ("tlv", "senml-cbor"):
        answer = roomy.ask("read", "/19/0/0", format=back, timeout=20)
        assert (answer.get("code"), answer["format"]) == ("2.05", back), answer
        assert answer["bytes"] > 4096
        assert set(answer["value"]) == {"0", "1"}
        found = bytes.fromhex(answer["value"]["0"]["hex"])
        assert zlib.crc32(found) == zlib.crc32(data) and found == data
        assert answer["value"]["1"] == {"hex": b"second".hex()}
    roomy.no_more_events()


def test_zephyr_blockwise_3_is_refused_where_there_is_no_room(whole):
    """By default bodies are collected to 2,048 bytes."""
    data = bytes(4096).hex()
    answer = whole.ask("write", "/19/0/0/0", value={"hex": data}, format="opaque", timeout=20)
    assert answer.get("code") == "4.13", answer
    assert whole.read("/19/0/0/0", "opaque") == {"hex": b"first".hex()}
