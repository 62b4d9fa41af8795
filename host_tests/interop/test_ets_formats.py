"""Every content format both ways, ETS 231 to 234; Zephyr's asynchronous tests.

What Leshan understands is understood by an independent decoder, too. By script what Leshan has
not: LwM2M CBOR, and SenML as other servers write it.
"""

import base64
import time

import cbor2
import pytest

from . import wire
from .decoders import DECODERS, flat, senml_cbor, tlv, tlv_value
from .leshan_session import DEVICE, SERVER, Session, still
from .meter import SLOW
from .wire import ACK, CHANGED, CON, CONTENT, CONTENT_FORMAT, EMPTY, GET, POST, PUT, TLV

STRUCTURED = ["tlv", "senml-cbor", "senml-json", "json"]
SINGLE = ["text", "cbor", *STRUCTURED]
SENML_CBOR, LWM2M_CBOR = 112, 11544
PATHS = [
    "/1",
    "/1/0",
    "/1/0/6",
    "/3/0/16",
    "/3/0/7",
    "/3/0/8/1",
    "/3/0/11/0",
    "/4/0",
    "/16",
    "/16/0/0",
    "/19",
    "/19/0",
    "/19/0/0",
    "/19/0/0/1",
    "/3303",
    "/3303/0/5700",
    "/3411/0",
]


def agrees(answer, form, path):
    """Leshan and an independent decoder read the same values out of an answer."""
    assert (answer["code"], answer["format"]) == ("2.05", form), (path, answer)
    expected = flat(answer["value"], path)
    found = DECODERS[form](bytes.fromhex(answer["payload"]), path)
    if form == "tlv":
        assert set(found) == set(expected), path
        found = {where: tlv_value(found[where], expected[where]) for where in found}
    if form == "json":  # its opaque values are texts
        for where, value in expected.items():
            if isinstance(value, dict):
                expected[where] = base64.b64encode(bytes.fromhex(value["hex"])).decode()
    assert found == expected, path
    return answer["value"]


@pytest.mark.parametrize("form", STRUCTURED)
def test_ets_203_204_231_232_independent_decoders_agree(whole, form):
    """TLV (203), JSON (204), SenML JSON (231), SenML CBOR (232), on every kind of path."""
    for path in PATHS:
        agrees(whole.ask("read", path, format=form, raw=True), form, path)
    device = agrees(whole.ask("read", "/3", format=form, raw=True), form, "/3")
    assert still(device["0"]) == DEVICE


@pytest.mark.parametrize("form", ["senml-json", "senml-cbor"])
def test_ets_231_232_query(whole, form):
    assert whole.read("/1", form) == {"0": SERVER}
    assert still(whole.read("/3/0", form)) == DEVICE
    assert whole.read("/3/0/16", form) == "U"
    assert whole.read("/3/0/11", form) == {"0": 0}
    assert whole.read("/3/0/11/0", form) == 0


def test_ets_233_set_in_senml_cbor(whole_at):
    """With base names as any server may write them."""
    peer = whole_at()

    def send(code, path, records):
        body = cbor2.dumps(records)
        return peer.request(code, path, [(CONTENT_FORMAT, SENML_CBOR)], body).code

    assert send(POST, "/1/0", [{-2: "/1/0/", 0: "1", 2: 20}, {0: "6", 4: True}]) == CHANGED
    assert peer.wait_update().query == ["lt=20"]
    assert peer.read("/1/0/6").payload == b"1"
    assert send(PUT, "/16/0/0/0", [{0: "/16/0/0/0", 3: "test"}]) == CHANGED
    assert peer.read("/16/0/0/0").payload == b"test"
    assert send(PUT, "/1/0/1", [{-2: "/1/0/1", 2: 60}]) == CHANGED
    assert peer.wait_update().query == ["lt=60"]
    portfolio = [{-2: "/16/0/", 0: "0/0", 3: "A"}, {0: "0/3", 3: "D"}]
    assert send(POST, "/16/0", portfolio) == CHANGED
    found = senml_cbor(peer.read("/16/0/0", SENML_CBOR).payload, "")
    assert list(found.values()) == ["A", "maker", "model", "D"]
    peer.silence(0.3)


def test_ets_234_set_in_senml_json(whole_at):
    peer = whole_at()

    def send(code, path, body):
        return peer.request(code, path, [(CONTENT_FORMAT, 110)], body).code

    assert send(POST, "/1/0", b'[{"bn":"/1/0/","n":"1","v":20},{"n":"6","vb":true}]') == CHANGED
    assert peer.wait_update().query == ["lt=20"]
    assert peer.read("/1/0/6").payload == b"1"
    assert send(PUT, "/16/0/0/0", b' [ {"n" : "/16/0/0/0", "vs":"\\u00fc\\n"} ] ') == CHANGED
    assert peer.read("/16/0/0/0").payload == "ü\n".encode()
    assert send(PUT, "/1/0/1", b'[{"bn":"/1/0/1","v":6e1}]') == CHANGED
    assert peer.wait_update().query == ["lt=60"]
    peer.silence(0.3)


def test_lwm2m_cbor_both_ways(whole_at):
    """11544, which Leshan has not; the same values as in TLV."""
    peer = whole_at(version="1.2")
    for path in PATHS:
        answer = peer.read(path, LWM2M_CBOR)
        assert (answer.code, answer.format) == (CONTENT, LWM2M_CBOR), path
        found = DECODERS["lwm2m-cbor"](answer.payload, path)
        other = tlv(peer.read(path, TLV).payload, path)
        assert {p: tlv_value(other[p], found[p]) for p in other} == found, path

    def send(code, path, body):
        return peer.request(code, path, [(CONTENT_FORMAT, LWM2M_CBOR)], body).code

    assert send(POST, "/1/0", cbor2.dumps({1: {0: {1: 20, 6: True}}})) == CHANGED
    assert peer.wait_update().query == ["lt=20"]
    assert peer.read("/1/0/6").payload == b"1"
    assert send(PUT, "/16/0/0", cbor2.dumps({(16, 0, 0): {0: "A", 5: "B"}})) == CHANGED
    found = DECODERS["lwm2m-cbor"](peer.read("/16/0/0", LWM2M_CBOR).payload, "")
    assert found == {"/16/0/0/0": "A", "/16/0/0/5": "B"}
    assert send(PUT, "/1/0/1", b"\xbf\x83\x01\x00\x01\x18\x3c\xff") == CHANGED  # no length
    assert peer.wait_update().query == ["lt=60"]
    assert send(PUT, "/1/0/1", cbor2.dumps({(1, 0, 1): "60"})) == wire.BAD_REQUEST
    assert send(PUT, "/1/0/1", cbor2.dumps({(3, 0, 14): "x"})) == wire.BAD_REQUEST
    peer.silence(0.3)


@pytest.mark.parametrize("form", ["old-tlv", "old-json", "50", "link"])
def test_formats_that_it_has_not(whole_at, form):
    """4.06 to a Read, 4.15 to a Write; link format is for Discover only."""
    number = {"old-tlv": 1542, "old-json": 1543, "50": 50, "link": 40}[form]
    peer = whole_at()
    if number != 40:
        assert peer.read("/3/0", number).code == wire.NOT_ACCEPTABLE
    body = b"\xc1\x01\x3c" if number == 1542 else b"60"
    answer = peer.request(PUT, "/1/0/1", [(CONTENT_FORMAT, number)], body)
    assert answer.code == wire.UNSUPPORTED_FORMAT
    assert peer.read("/1/0/1").payload == b"300"
    peer.silence(0.2)


# Exact numbers


@pytest.mark.parametrize("form", SINGLE)
def test_integers_and_times_are_exact(whole, form):
    assert whole.code("write", "/19/0", value={"2": 1}, mode="update", format="tlv") == "2.04"
    for path, values in (
        ("/1/0/5", (0, 127, 128, 255, 65535, 1 << 31, (1 << 32) - 1, (1 << 53) - 1)),
        ("/19/0/2", (1790000007, 0, 4294967295, 1 << 40)),
    ):
        for value in values:
            assert whole.code("write", path, value=value, format=form) == "2.04", value
            assert whole.read(path, "text") == value
            if form == "cbor" and path == "/19/0/2":  # of a Time Leshan wants tag 1: by script
                continue
            assert whole.read(path, form) == value
    if form in ("text", "cbor", "tlv", "senml-cbor"):  # Leshan's JSON has doubles
        most = (1 << 63) - 1
        assert whole.code("write", "/1/0/5", value=most, format=form) == "2.04"
        assert whole.read("/1/0/5", form) == most


def test_a_time_in_cbor(whole_at):
    """With tag 1 or without."""
    peer = whole_at()
    options = [(CONTENT_FORMAT, TLV)]
    assert peer.request(POST, "/19/0", options, b"\xc1\x02\x01").code == CHANGED
    options = [(CONTENT_FORMAT, 60)]
    for body in (cbor2.dumps(1790000007), b"\xc1" + cbor2.dumps(1790000008)):
        assert peer.request(PUT, "/19/0/2", options, body).code == CHANGED
        answer = peer.read("/19/0/2", 60)
        assert (answer.code, answer.format) == (CONTENT, 60)
        assert answer.payload in (body[-5:], b"\xc1" + body[-5:])
    peer.silence(0.2)


@pytest.mark.parametrize("form", SINGLE)
def test_a_measured_value_is_exact(whole, form):
    """A 24-bit float would make 123456.79 of it."""
    answer = whole.ask("read", "/3303/0/5700", format=form, raw=True)
    assert (answer["code"], answer["format"], answer["value"]) == ("2.05", form, 123456.789)
    if form in ("text", "senml-json", "json"):
        assert b"123456.789" in bytes.fromhex(answer["payload"])
    for rid in ("5601", "5602"):
        assert whole.read("/3303/0/" + rid, form) == 123456.789


@pytest.fixture
def slow(leshan, start, request):
    """A meter with a display whose text takes a second to read, write and clear."""
    endpoint = "slow-" + request.node.name
    meter = start(leshan.uri, main=SLOW, endpoint=endpoint, coap={"ack_timeout": 2000})
    session = Session(leshan, endpoint, meter)
    assert "</3341/0>" in session.event("registered")["links"]
    return session


@pytest.mark.parametrize("form", SINGLE)
def test_floats_are_exact_both_ways(slow, form):
    path = "/3341/0/5548"
    for value in (123456.789, 4294967.295, float((1 << 53) - 1), -0.001, 0.0, 1e-7, 1e20):
        assert slow.code("write", path, value=value, format=form) == "2.04", value
        assert slow.read(path, form) == value
        assert slow.read(path, "tlv") == value


# Zephyr's asynchronous tests: answers that take a second


def meanwhile(slow, **command):
    """The answer to a slow command, during which the meter answers others at once."""
    begun = time.monotonic()
    number = slow.leshan.start(endpoint=slow.endpoint, **command)
    time.sleep(0.1)
    for _ in range(3):
        assert slow.read("/3/0/0") == "micropython-lwm2m"
    between = time.monotonic() - begun
    answer = slow.leshan.result(number)
    assert between < 0.8 and time.monotonic() - begun > 0.95
    return answer


@pytest.mark.parametrize("form", SINGLE)
def test_zephyr_async_read(slow, form):
    answer = meanwhile(slow, op="read", path="/3341/0/5527", format=form)
    assert (answer["code"], answer["format"], answer["value"]) == ("2.05", form, "hello")
    if form in STRUCTURED:
        answer = meanwhile(slow, op="read", path="/3341/0", format=form)
        assert (answer["code"], answer["value"]) == ("2.05", {"5527": "hello", "5548": 0})


@pytest.mark.parametrize("form", SINGLE)
def test_zephyr_async_write(slow, form):
    path = "/3341/0/5527"
    answer = meanwhile(slow, op="write", path=path, value="slowly", format=form)
    assert answer["code"] == "2.04"
    assert slow.read(path, form) == "slowly"
    if form in STRUCTURED:
        values = {"5527": "both", "5548": 2.5}
        answer = meanwhile(
            slow, op="write", path="/3341/0", value=values, mode="update", format=form
        )
        assert answer["code"] == "2.04"
        assert slow.read("/3341/0", form) == values
    slow.no_more_events()


def test_zephyr_async_execute(slow):
    assert meanwhile(slow, op="execute", path="/3341/0/5530")["code"] == "2.04"
    assert slow.read("/3341/0/5527") == ""
    slow.no_more_events()


def test_zephyr_async_exchange(peer, start):
    """An empty acknowledgement at once, then one confirmable response; asked twice, done once."""
    start(peer, main=SLOW, coap={"ack_timeout": 2000})
    peer.register()
    request = peer.build(GET, "/3341/0/5527")
    peer.send(request)
    begun = time.monotonic()
    heard = peer.receive()
    assert (heard.kind, heard.code) == (ACK, EMPTY) and heard.at - begun < 0.5
    peer.send(request)  # once more, while it is under way
    again = peer.receive()
    assert (again.kind, again.code, again.mid) == (ACK, EMPTY, heard.mid)
    response = peer.receive()
    assert (response.kind, response.code, response.payload) == (CON, CONTENT, b"hello")
    assert response.token == wire.Heard(request, 0).token and response.at - begun > 0.95
    peer.acknowledge(response)
    peer.silence(2.5)  # not said again, and only one Read ran
