"""Information reporting by script: what Leshan 2.0.0-M18 cannot ask, and what it does not show.

ETS 312 and 313 (attributes in the Observe, of LwM2M 1.2), 302 and 303 datagram by datagram, the
attributes con and edge, the exact vector of 257, SenML-ETCH. Short periods, as for Leshan.
"""

import time

import cbor2
import pytest

from . import decoders, wire
from .leshan_session import setting
from .meter import CALM, REPORTING, whole_seconds
from .scripted import PATIENCE
from .wire import (
    ACCEPT,
    BAD_REQUEST,
    BLOCK1,
    CHANGED,
    CON,
    CONTENT,
    CONTENT_FORMAT,
    CONTINUE,
    FETCH,
    GET,
    IPATCH,
    NON,
    OBSERVE,
    POST,
    PUT,
    URI_QUERY,
)

SENML_CBOR, ETCH_JSON, ETCH_CBOR = 112, 320, 322
REST = 0.2  # s, in which nothing more comes


@pytest.fixture
def meter(whole_at):
    """The scripted peer of a meter that is registered there as of LwM2M 1.2."""
    return whole_at(main=REPORTING, version="1.2", coap=CALM)


def change(peer, changes: dict) -> None:
    heard = peer.request(POST, "/33001/0/0", payload=setting(changes).encode())
    assert heard.code == CHANGED


def level(peer, value: int) -> None:
    change(peer, {"/3/0/9": value})


def attach(peer, path: str, query: str) -> int:
    return peer.request(PUT, path, queries(query)).code


def queries(text: str) -> list:
    return [(URI_QUERY, part) for part in text.split("&") if part]


def observe(peer, path: str, query: str = ""):
    """Observe; the answer, which is observed."""
    heard = peer.request(GET, path, [(OBSERVE, b""), *queries(query)])
    assert heard.code == CONTENT and heard.opt.observe is not None, heard
    return heard


def notification(peer, observed, timeout=PATIENCE):
    """The next message, a notification to `observed`; acknowledged if it wants that."""
    heard = peer.receive(timeout)
    assert heard.token == observed.token and heard.code == CONTENT, heard
    assert heard.opt.observe > observed.opt.observe and heard.format == observed.format
    if heard.kind == CON:
        peer.acknowledge(heard)
    return heard


def after(heard, earlier) -> int:
    """So many whole seconds after another message."""
    return whole_seconds(heard.at - earlier.at)


# ETS 312 and 313


def test_ets_312_attributes_in_the_request(meter):
    """ETS says 5 and 15 s; here it is 1 and 2. The account's 0 and 600 do not count."""
    assert meter.write("/1/0/3", "600") == CHANGED
    first = observe(meter, "/3/0/9", "pmin=1&pmax=2")
    level(meter, 79)
    seen = [notification(meter, first) for _ in range(2)]
    assert [(after(one, first), one.payload) for one in seen] == [(1, b"79"), (3, b"79")]


def test_ets_313_attributes_in_the_request_win(meter):
    """ETS says 10 s in the request and 60 s attached; here it is 1 and 60."""
    assert attach(meter, "/3/0/9", "pmin=0&pmax=60") == CHANGED
    first = observe(meter, "/3/0/9", "pmax=1")
    assert [after(notification(meter, first), first) for _ in range(2)] == [1, 2]
    links = meter.request(GET, "/3/0/9", [(ACCEPT, 40)]).payload
    assert b"pmax=60" in links  # what is attached stays as it is


def test_attributes_in_the_request_are_of_this_observation_only(meter):
    first = observe(meter, "/3/0/9", "gt=90")
    second = observe(meter, "/3/0/20")
    level(meter, 85)
    change(meter, {"/3/0/20": 5})
    notification(meter, second)
    level(meter, 95)
    assert notification(meter, first).payload == b"95"
    meter.silence(REST)


WRONG = ("pmin=x", "gt=5&lt=10", "lt=1&gt=5&st=2", "st=-1", "edge=1", "pmin=1&pmin=2", "a=1")


def test_wrong_attributes_are_refused_and_nothing_is_observed(meter):
    """Leshan would not send some of these."""
    for query in WRONG:
        heard = meter.request(GET, "/3/0/9", [(OBSERVE, b""), *queries(query)])
        assert heard.code == BAD_REQUEST and heard.opt.observe is None, query
        assert attach(meter, "/3/0/9", query) == BAD_REQUEST, query
    level(meter, 1)
    meter.silence(REST)


# ETS 302 and 303


@pytest.mark.parametrize(("mode", "kind"), [("1", CON), ("0", NON)], ids=["CON", "NON"])
def test_ets_302_a_reset_ends_one_observation(meter, mode, kind):
    """Of non-confirmable ones a Reset to an older notification does, too."""
    assert attach(meter, "/3/0", "con=" + mode) == CHANGED
    first = observe(meter, "/3/0/9")
    second = observe(meter, "/3/0/20")
    level(meter, 79)
    heard = meter.receive()
    assert (heard.token, heard.kind) == (first.token, kind)
    if kind == NON:
        level(meter, 78)
        assert meter.receive().payload == b"78"
    meter.reset(heard)
    meter.wait_update()  # a server that was restarted resets, too: does it know the meter?
    level(meter, 77)
    change(meter, {"/3/0/20": 5})
    assert notification(meter, second).payload == b"5"
    meter.silence(REST)


def test_ets_303_cancel_by_the_token(meter):
    """The answer has the value and no Observe option."""
    first = observe(meter, "/3/0/9")
    second = observe(meter, "/3/0/20")
    options = [*wire.path("/3/0/9"), (OBSERVE, 1)]
    mid = meter.next_mid()
    meter.send(wire.encode(CON, GET, mid, first.token, options))
    heard = meter.receive()
    assert (heard.code, heard.payload, heard.opt.observe) == (CONTENT, b"80", None)
    level(meter, 79)
    change(meter, {"/3/0/20": 5})
    notification(meter, second)
    meter.silence(REST)


def test_a_newer_value_takes_the_place_of_one_that_is_not_acknowledged(meter):
    """The Observe number grows, the old value is not sent again (RFC 7641 section 4.5.2)."""
    first = observe(meter, "/3/0/9")
    level(meter, 79)
    old = meter.receive()
    level(meter, 78)
    while (new := meter.receive()).data == old.data:
        pass
    assert new.payload == b"78" and new.token == first.token and new.mid != old.mid
    assert new.opt.observe > old.opt.observe
    meter.acknowledge(new)
    meter.drain()
    meter.silence(REST)


def test_a_later_block_is_of_what_was_notified(meter):
    """Not of the value of now; the ETag says so."""
    first = observe(meter, "/19/1/0")
    change(meter, {"/19/1/0": "{0:bytes(range(256))*6}"})
    start = notification(meter, first)
    assert start.opt.block2.more and start.opt.etag
    change(meter, {"/19/1/0": "{0:bytes(7)}"})
    newer = meter.receive()
    meter.acknowledge(newer)
    following = meter.request(GET, "/19/1/0", [(wire.BLOCK2, start.opt.block2.size_exponent | 16)])
    whole = start.payload + following.payload
    if following.opt.etag == start.opt.etag:
        assert bytes(range(256)) * 6 in whole
    else:  # it was given up for the newer one
        assert following.code != CONTENT or following.opt.etag != start.opt.etag


# The attributes of LwM2M 1.2


def test_con_by_attribute_and_by_account(meter):
    """An attribute wins; of a composite one any path with it."""
    for path, query in (("/3/0/9", "con=0"), ("/3/0/20", "con=1")):
        assert attach(meter, path, query) == CHANGED
    first = observe(meter, "/3/0/9")
    second = observe(meter, "/3/0/20")
    level(meter, 1)
    assert notification(meter, first).kind == NON
    change(meter, {"/3/0/20": 5})
    assert notification(meter, second).kind == CON
    both = composite(meter, ["/3/0/9", "/3/0/20"])
    level(meter, 2)
    kinds = {}
    for _ in range(2):
        heard = meter.receive()
        kinds[heard.token] = heard.kind
        if heard.kind == CON:
            meter.acknowledge(heard)
    assert kinds == {first.token: NON, both.token: CON}
    meter.silence(REST)


@pytest.mark.parametrize("edge", [0, 1])
def test_edge(meter, edge):
    """Falling or rising edges only."""
    first = observe(meter, "/33001/0/4", "edge=%d" % edge)
    for flag in (True, False, True, False):
        change(meter, {"/33001/0/4": flag})
    for _ in range(2):
        assert notification(meter, first).payload == b"%d" % edge
    meter.silence(REST)


# Composite operations


def names(paths) -> bytes:
    return cbor2.dumps([{0: path} for path in paths])


def composite(peer, paths, form=SENML_CBOR, number=0):
    options = [(CONTENT_FORMAT, form), (OBSERVE, number)]
    heard = peer.request(FETCH, "", options, names(paths))
    assert heard.code == CONTENT, heard
    return heard


def test_ets_257_the_exact_vector(meter):
    vector = "83A321612F0065312F302F320218 65A20065312F302F3604F5A20066332F302F31330200".replace(
        " ", ""
    )
    options = [(CONTENT_FORMAT, SENML_CBOR)]
    assert meter.request(IPATCH, "", options, bytes.fromhex(vector)).code == CHANGED
    assert meter.read("/1/0/2").payload == b"101" and meter.read("/1/0/6").payload == b"1"
    assert 0 <= int(meter.read("/3/0/13").payload) < 10


def test_ets_235_the_root(meter):
    """A FETCH of `/` and one of all Objects are the same, and have no secret."""
    options = [(CONTENT_FORMAT, SENML_CBOR), (ACCEPT, SENML_CBOR)]
    answers = []
    for paths in (["/"], ["/1", "/3", "/4", "/7", "/16", "/19", "/3303", "/3411", "/33001"]):
        heard = meter.request(FETCH, "", options, names(paths))
        found = decoders.senml_cbor(heard.payload, "/")
        answers.append({path for path in found if not path.startswith("/3424/")})
    assert answers[0] == answers[1]
    assert not [path for path in answers[0] if path.split("/")[1] in ("0", "21", "23")]


@pytest.mark.parametrize(("form", "answer"), [(ETCH_CBOR, 112), (ETCH_JSON, 110)])
def test_senml_etch(meter, form, answer):
    """A FETCH and an iPATCH as SenML-ETCH (RFC 8790), which Leshan does not speak."""
    asked = names(["/1/0/1", "/3/0/16"])
    pack = cbor2.dumps([{0: "/1/0/5", 2: 17}, {0: "/16/0/0/0", 3: "etched"}])
    if form == ETCH_JSON:
        asked = b'[{"n":"/1/0/1"},{"n":"/3/0/16"}]'
        pack = b'[{"n":"/1/0/5","v":17},{"n":"/16/0/0/0","vs":"etched"}]'
    heard = meter.request(FETCH, "", [(CONTENT_FORMAT, form)], asked)
    assert (heard.code, heard.format) == (CONTENT, answer)
    read = decoders.senml_cbor if answer == SENML_CBOR else decoders.senml_json
    assert read(heard.payload, "/") == {"/1/0/1": 300, "/3/0/16": "U"}
    assert meter.request(IPATCH, "", [(CONTENT_FORMAT, form)], pack).code == CHANGED
    assert meter.read("/1/0/5").payload == b"17"
    assert meter.read("/16/0/0/0").payload == b"etched"


def test_ets_304_and_305_each_notification_has_all_paths(meter):
    """In one message with one number; a FETCH with Observe 1 and the same token ends it."""
    first = composite(meter, ["/3/0/9", "/3/0/16"])
    start = time.monotonic()
    change(meter, {"/3/0/9": 5})
    heard = notification(meter, first)
    assert heard.at - start < 1
    found = decoders.senml_cbor(heard.payload, "/")
    assert found == {"/3/0/9": 5, "/3/0/16": "U"}
    options = [(CONTENT_FORMAT, SENML_CBOR), (OBSERVE, 1)]
    mid = meter.next_mid()
    asked = names(["/3/0/9", "/3/0/16"])
    meter.send(wire.encode(CON, FETCH, mid, first.token, options, asked))
    assert meter.receive().opt.observe is None
    level(meter, 6)
    meter.silence(REST)


def test_an_observe_composite_in_blocks(meter):
    """120 paths; Leshan 2.0.0-M18 cannot send an Observe by Block1 (SendFailedException)."""
    body = names(["/3/0/9"] + ["/16/%d" % iid for iid in range(120)])
    token = b"list"
    number = 0
    while True:
        more = len(body) > 512 * (number + 1)
        options = [(CONTENT_FORMAT, SENML_CBOR), (OBSERVE, 0)]
        options.append((BLOCK1, number << 4 | more << 3 | 5))
        part = body[512 * number : 512 * (number + 1)]
        meter.send(wire.encode(CON, FETCH, meter.next_mid(), token, options, part))
        heard = meter.receive()
        if not more:
            break
        assert heard.code == CONTINUE and heard.opt.observe is None
        number += 1
    assert number > 1 and heard.code == CONTENT and heard.opt.observe is not None
    assert decoders.senml_cbor(heard.payload, "/")["/16/0/0/1"] == "maker"
    level(meter, 3)
    assert decoders.senml_cbor(notification(meter, heard).payload, "/")["/3/0/9"] == 3
