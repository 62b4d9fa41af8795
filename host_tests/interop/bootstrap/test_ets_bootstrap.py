"""ETS 0, 1, 4 to 9 and 12 with the real meter: the bootstrap server's side is scripted."""

import time

import cbor2
import pytest
from bootstrapping import security, server

from ..meter import CALM, Meter, configuration
from ..meter import QUICK as HASTE
from ..scripted import Peer
from ..wire import CHANGED, CONTENT, DELETE, DELETED, GET, NOT_ACCEPTABLE, POST, PUT

TLV = [(12, 11542)]
LINKS = [(17, 40)]
QUICK = {"retry_count": 2, "retry_timer": 1, "sequence_count": 1}


@pytest.fixture
def bs():
    """The bootstrap server."""
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def dm():
    """The server that the meter is to register at."""
    peer = Peer()
    yield peer
    peer.close()


def begun(bs) -> None:
    """Accept the Bootstrap-Request."""
    heard = bs.receive(60)
    assert heard.code == POST and heard.path == ["bs"], heard
    assert heard.query == ["ep=meter", "pct=112"], heard.query
    bs.answer(heard, CHANGED)


def written(bs, uri: str, iid: int = 0) -> None:
    """Write a server's account."""
    assert bs.request(PUT, "/0/%d" % iid, TLV, security(uri, 1)).code == CHANGED
    assert bs.request(PUT, "/1/%d" % iid, TLV, server(1)).code == CHANGED


def discovered(bs) -> list:
    """The links of a Discover of all."""
    heard = bs.request(GET, "/", LINKS)
    assert heard.code == CONTENT and heard.format == 40
    return heard.payload.decode().split(",")


def finish(bs) -> int:
    return bs.request(POST, "/bs").code


def test_ets_0_and_1_client_initiated_bootstrap(bs, dm, meter):
    meter({"uri": bs.uri})
    begun(bs)
    written(bs, dm.uri)
    links = discovered(bs)
    assert links[0] == "</>;lwm2m=1.1"
    for link in ('</0/0>;ssid=1;uri="%s"' % dm.uri, "</0/1>", "</1/0>;ssid=1", "</3/0>"):
        assert link in links, links
    assert finish(bs) == CHANGED
    assert "lt=300" in dm.register().query
    assert dm.read("/1/0/0").payload == b"1"
    assert dm.request(GET, "/0").code == 0x81


def test_ets_4_delete(bs, dm, meter):
    meter({"uri": bs.uri}, [{"uri": dm.uri, "short_server_id": 1, **QUICK}])
    dm.register()
    assert dm.execute("/1/0/9") == CHANGED
    begun(bs)
    for path in ("/0", "/1"):
        assert bs.request(DELETE, path).code == DELETED
    links = discovered(bs)
    assert "</0/1>" in links and "</1>" in links and not [one for one in links if "ssid" in one]
    heard = bs.request(GET, "/1", [(17, 11542)])
    assert heard.code == CONTENT and heard.payload == b""


def test_ets_5_the_trigger(bs, dm, meter):
    meter({"uri": bs.uri}, [{"uri": dm.uri, "short_server_id": 1}])
    dm.register()
    assert dm.execute("/1/0/9") == CHANGED
    begun(bs)
    other = Peer()
    written(bs, other.uri)
    assert finish(bs) == CHANGED
    dm.wait_deregister()
    other.register()
    other.close()


def test_ets_6_a_server_that_works_is_registered_at(bs, dm, meter):
    meter({"uri": bs.uri}, [{"uri": dm.uri, "short_server_id": 1}])
    dm.register()
    bs.silence(2)


def test_ets_7_fallback(bs, dm, meter):
    gone = Peer()
    gone.close()
    meter({"uri": bs.uri}, [{"uri": gone.uri, "short_server_id": 1, **QUICK}], coap=HASTE)
    begun(bs)
    written(bs, dm.uri)
    assert finish(bs) == CHANGED
    dm.register(40)


def test_ets_8_read(bs, dm, meter):
    meter({"uri": bs.uri})
    begun(bs)
    written(bs, dm.uri)
    heard = bs.request(GET, "/1", [(17, 110)])
    assert heard.code == CONTENT and b'"bn":"/1/"' in heard.payload
    assert bs.request(GET, "/2").code == 0x84  # there is no access control here
    assert bs.request(GET, "/0").code == 0x85


def test_ets_9_consistency(bs, dm, meter):
    meter({"uri": bs.uri, "retry_timer": 1}, coap=HASTE)
    begun(bs)
    assert bs.request(PUT, "/1/0/5", [(12, 0)], b"3600").code == CHANGED
    assert finish(bs) == NOT_ACCEPTABLE
    begun(bs)
    written(bs, dm.uri)
    assert finish(bs) == CHANGED
    dm.register()


def test_a_dead_account_leads_back(bs, dm, meter):
    meter({"uri": bs.uri, "retry_timer": 1}, coap=HASTE)
    gone = Peer()
    gone.close()
    begun(bs)
    written(bs, gone.uri)
    quick = b"\xc1\x11\x01\xc1\x12\x01\xc1\x14\x01"  # /1/x/17, 18 and 20
    assert bs.request(PUT, "/1/0", TLV, server(1) + quick).code == CHANGED
    assert finish(bs) == CHANGED
    begun(bs)
    written(bs, dm.uri)
    assert finish(bs) == CHANGED
    dm.register()


def test_requests_lost_and_repeated(bs, dm, meter):
    meter({"uri": bs.uri})
    bs.lose = 2
    begun(bs)
    bs.double = 100
    written(bs, dm.uri)
    assert finish(bs) == CHANGED
    dm.register()


def packed(uri: str) -> bytes:
    """A server's account as a pack in SenML CBOR."""
    name, number, text, flag = 0, 2, 3, 4
    return cbor2.dumps(
        [
            {-2: "/0/0/", name: "0", text: uri},
            {name: "1", flag: False},
            {name: "2", number: 3},
            {name: "10", number: 1},
            {-2: "/1/0/", name: "0", number: 1},
            {name: "1", number: 300},
            {name: "6", flag: False},
            {name: "7", text: "U"},
        ]
    )


def test_ets_12_bootstrap_pack(bs, dm, meter):
    meter({"uri": bs.uri}, version="1.2")
    heard = bs.receive()
    assert heard.code == GET and heard.path == ["bspack"] and heard.query == ["ep=meter"]
    assert int(heard.opt.accept) == 112
    bs.answer(heard, CONTENT, [(12, 112)], packed(dm.uri))
    dm.register()
    bs.silence(1)


def test_ets_12_without_a_pack(bs, dm, meter):
    meter({"uri": bs.uri}, version="1.2")
    bs.answer(bs.receive(), 0x84)
    begun(bs)
    written(bs, dm.uri)
    assert finish(bs) == CHANGED
    dm.register()


def test_the_account_outlives_a_kill_and_the_bootstrap_server_is_not_asked_again(bs, dm, tmp_path):
    config = configuration(bs.uri, bootstrap={"uri": bs.uri}, coap=CALM)
    del config["servers"]
    state = tmp_path / "state"
    first = Meter(tmp_path, config, "--state", str(state))
    begun(bs)
    written(bs, dm.uri)
    assert finish(bs) == CHANGED
    dm.register()
    end = time.monotonic() + 30
    while not list(state.glob("*/objects")) and time.monotonic() < end:
        time.sleep(0.2)
    first.kill()
    bs.drain()
    second = Meter(tmp_path, config, "--state", str(state))
    try:
        assert dm.receive().path[0] == "rd"  # an Update of what it had, or a Register
        bs.silence(1)
    finally:
        second.kill()
