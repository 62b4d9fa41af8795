"""OMA's Enabler Test Specification: the Objects.

241, 680, 685, 701, 901, 905, 1630, 1635, 1901, by Leshan; byte by byte by script.
"""

import time

import pytest

from .decoders import tlv
from .leshan_session import DEVICE, LINKS, SERVER, still
from .wire import (
    BAD_REQUEST,
    CHANGED,
    CONTENT_FORMAT,
    CREATED,
    DELETE,
    DELETED,
    GET,
    LINK_FORMAT,
    NOT_ALLOWED,
    NOT_FOUND,
    POST,
    TLV,
)

STRUCTURED = ["tlv", "senml-cbor", "senml-json", "json"]
HEADERS = 28  # of IPv4 and UDP
PORTFOLIO = {"0": "id", "1": "maker", "2": "model", "3": "software"}


def assert_links(session, links):
    """One Update with exactly these links, and no other event."""
    facts = session.event("updated")
    assert facts["links"] == links and facts["lifetime"] == 300
    session.no_more_events()


def with_links(*more, without=()):
    """The links of a registration, in the order of their IDs."""

    def ids(link):
        return [int(part) for part in link.split(">")[0].strip("</").split("/")]

    return sorted([one for one in LINKS if one not in without] + list(more), key=ids)


# Device


def test_ets_241_reboot_by_leshan(whole):
    assert whole.code("write-attributes", "/3", attributes="pmin=10") == "2.04"
    before = whole.registrations()[0]["address"]
    assert whole.code("execute", "/3/0/4") == "2.04"
    facts = whole.event("registered")
    assert facts["again"] is True and facts["links"] == LINKS and facts["address"] != before
    assert still(whole.read("/3/0")) == DEVICE
    assert whole.discover("/3")[0] == "</3>;ver=1.2"  # attributes go with the registration
    whole.no_more_events()


def test_factory_reset_brings_back_what_the_maker_gave(whole):
    """Identity and server accounts survive; what servers wrote, made or attached does not."""
    assert whole.code("write", "/3/0/14", value="+02:00", format="text") == "2.04"
    assert whole.code("create", "/16", value={"0": {"0": "new"}}) == "2.01"
    assert "</16/1>" in whole.event("updated")["links"]
    assert whole.code("write", "/19/0/0/0", value={"hex": "00"}, format="opaque") == "2.04"
    assert whole.code("execute", "/3/0/5") == "2.04"
    facts = whole.event("registered")
    assert facts["again"] is True and facts["links"] == LINKS
    assert still(whole.read("/3/0")) == DEVICE
    assert whole.read("/1/0") == SERVER
    assert whole.read("/19/0/0/0") == {"hex": b"first".hex()}
    whole.no_more_events()


def test_device_reset_error_code(whole):
    assert whole.code("execute", "/3/0/12") == "2.04"
    assert whole.read("/3/0/11") == {"0": 0}
    for arguments in ("0", "0='a'", "0='a',1,2='b'"):
        assert whole.code("execute", "/3/0/12", arguments=arguments) == "2.04"


def test_execute_arguments_are_checked(whole_at):
    """By script: Leshan sends none that are wrong."""
    peer = whole_at()
    for payload in (b"x", b"0,", b"0='a", b"0=a", b"0,0", b"10", b",", b"\xff"):
        answer = peer.request(POST, "/3/0/12", [(CONTENT_FORMAT, 0)], payload)
        assert answer.code == BAD_REQUEST, payload
    assert peer.request(POST, "/3/0/12", [(CONTENT_FORMAT, 0)], b"0='a',1").code == CHANGED
    assert peer.execute("/3/0/0") == NOT_ALLOWED
    assert peer.execute("/3/0/99") == NOT_FOUND
    assert peer.execute("/3/1/4") == NOT_FOUND
    peer.silence(0.3)


def test_ets_680_device_cannot_be_created(whole):
    for path in ("/3", "/3/1"):
        for form in STRUCTURED if path != "/3" else ["tlv"]:
            assert whole.code("create", path, value={"0": "mine"}, format=form) == "4.05"
    assert set(whole.read("/3")) == {"0"} and still(whole.read("/3/0")) == DEVICE
    whole.no_more_events()


def test_ets_685_device_cannot_be_deleted(whole):
    for path in ("/3/0", "/1/0", "/4/0", "/7/0", "/3424/0"):
        assert whole.code("delete", path) == "4.05"
    for path in ("/3/1", "/16/9"):
        assert whole.code("delete", path) == "4.04"
    assert still(whole.read("/3/0")) == DEVICE and whole.read("/1/0") == SERVER
    whole.no_more_events()


# Connectivity


@pytest.mark.parametrize("form", STRUCTURED)
def test_ets_701_connectivity_monitoring(whole, form):
    assert whole.read("/4/0", form) == {
        "0": 6,
        "1": {"0": 6, "1": 7},
        "2": -90,
        "3": 20,
        "4": {"0": "10.0.0.2", "1": "2001:db8::2"},
        "5": {"0": "10.0.0.1"},
    }
    assert whole.read("/4/0/0", form) == 6
    assert whole.read("/4/0/1", form) == {"0": 6, "1": 7}
    assert whole.read("/4/0/2", form) == -90
    assert whole.read("/4/0/4/1", form) == "2001:db8::2"
    assert whole.code("write", "/4/0/2", value=-1, format="tlv") == "4.05"


def test_ets_701_what_the_board_knows_by_itself(leshan, start):
    """Without a word in the configuration the Unix port says what Linux says."""
    start(leshan.uri, endpoint="bare", connectivity={})
    leshan.wait_event("registered", endpoint="bare")
    found = leshan.ask(op="read", endpoint="bare", path="/4/0", format="tlv")["value"]
    assert {"0", "1", "2", "4"} <= set(found)
    assert found["0"] in (21, 41) and found["1"] == {"0": found["0"]}
    assert found["4"] == {"0": "127.0.0.1"}  # by which it talks to this server


def collected(peer) -> tuple:
    """/7/0: data sent and received in kB, longest and average message."""
    found = tlv(peer.read("/7/0", TLV).payload, "/7/0")
    return tuple(int.from_bytes(found["/7/0/%d" % rid], "big") for rid in (2, 3, 4, 5))


def test_ets_901_connectivity_statistics_exactly(whole_at):
    """Every datagram between Start and Stop, of which the script knows the sizes."""
    peer = whole_at()
    peer.read("/3", TLV)
    assert collected(peer) == (0, 0, 0, 0)  # nothing is counted before Start
    begun = len(peer.capture) + 1  # from the answer to Start
    assert peer.execute("/7/0/6") == CHANGED
    for _ in range(8):
        peer.read("/3/0", 112)
    ended = len(peer.capture) + 1  # to the request that stops
    assert peer.execute("/7/0/7") == CHANGED
    peer.read("/3", TLV)
    sizes = [(one.inbound, len(one.data) + HEADERS) for one in peer.capture[begun:ended]]
    sent = sum(size for inbound, size in sizes if inbound)
    received = sum(size for inbound, size in sizes if not inbound)
    longest = max(size for _, size in sizes)
    expected = sent // 1000, received // 1000, longest, (sent + received) // len(sizes)
    assert expected[:2] == (2, 0) and expected[2] > 240
    assert collected(peer) == expected
    assert collected(peer) == expected  # stopped
    assert peer.execute("/7/0/6") == CHANGED  # anew from nothing
    assert collected(peer)[0] == 0


def test_ets_901_connectivity_statistics_by_leshan(whole):
    nothing = {"2": 0, "3": 0, "4": 0, "5": 0, "8": 0}
    assert whole.read("/7/0") == nothing
    assert whole.code("execute", "/7/0/6") == "2.04"
    for _ in range(5):
        whole.read("/3/0", "senml-json")
    assert whole.code("execute", "/7/0/7") == "2.04"
    found = whole.read("/7/0", "tlv")
    assert 2 <= found["2"] < 6 and found["3"] == 0 and 60 < found["5"] < found["4"] < 1300
    whole.read("/3/0", "senml-json")
    assert whole.read("/7/0", "senml-cbor") == found
    assert whole.code("read", "/7/0/6", format="tlv") == "4.05"
    whole.no_more_events()


@pytest.mark.parametrize("form", ["text", *STRUCTURED])
def test_ets_905_collection_period(whole, form):
    """ETS lets it collect for a longer period; here it is a second."""
    assert whole.code("write", "/7/0/8", value=-1, format=form) == "4.00"
    assert whole.code("write", "/7/0/8", value=1, format=form) == "2.04"
    assert whole.read("/7/0/8", form) == 1
    assert whole.code("execute", "/7/0/6") == "2.04"
    whole.read("/3/0", "senml-json")
    whole.read("/3/0", "senml-json")
    time.sleep(1.1)
    first = whole.read("/7/0", "tlv")
    assert first["2"] >= 1 and first["8"] == 1
    whole.read("/3/0", "senml-json")
    assert whole.read("/7/0", "tlv") == first  # the period is over
    whole.no_more_events()


# Portfolio


def test_ets_1630_create_a_portfolio_instance(whole_at):
    """The bytes of ETS, whose 80 00 2B is 88 00 2B: an Instance 1 with two identities."""
    peer = whole_at()
    first, second = b"Host Device ID #1", b"Host Device Model #1"
    body = b"\x08\x01\x2e\x88\x00\x2b\x48\x00\x11" + first + b"\x48\x02\x14" + second
    assert len(body) == 3 + 0x2E
    answer = peer.request(POST, "/16", [(CONTENT_FORMAT, TLV)], body)
    assert answer.code == CREATED and answer.opt.location_path == ("16", "1")
    update = peer.wait_update()
    assert not update.query and update.format == LINK_FORMAT
    assert b"</16/0>,</16/1>,</19/0>" in update.payload
    assert peer.read("/16/1", TLV).payload == body[3:]
    links = b"</16>,</16/0>,</16/0/0>;dim=4,</16/1>,</16/1/0>;dim=2"
    assert peer.read("/16", LINK_FORMAT).payload == links
    # The same ID once more is a conflict, and changes nothing
    again = b"\x08\x01\x08\x86\x00" + b"\x41\x00A\x41\x01B"
    assert peer.request(POST, "/16", [(CONTENT_FORMAT, TLV)], again).code == BAD_REQUEST
    assert peer.read("/16/1", TLV).payload == body[3:]
    peer.silence(0.3)


@pytest.mark.parametrize("form", STRUCTURED)
def test_ets_1630_create_by_leshan(whole, form):
    """With an ID that the server chose; one that is taken, or without the mandatory: 4.00."""
    identity = {"0": "Host Device ID #1", "2": "Host Device Model #1"}
    answer = whole.ask("create", "/16/7", value={"0": identity}, format=form)
    assert (answer["code"], answer["location"]) == ("2.01", "16/7")
    assert_links(whole, with_links("</16/7>"))
    assert whole.read("/16", form) == {"0": {"0": PORTFOLIO}, "7": {"0": identity}}
    assert whole.discover("/16")[-2:] == ["</16/7>", "</16/7/0>;dim=2"]
    for taken in ("/16/7", "/16/0"):
        assert whole.code("create", taken, value={"0": {"0": "x"}}, format=form) == "4.00"
    assert whole.read("/16", form) == {"0": {"0": PORTFOLIO}, "7": {"0": identity}}
    whole.no_more_events()


def test_ets_1630_the_client_numbers_the_instance(whole):
    for iid in ("1", "2"):
        answer = whole.ask("create", "/16", value={"0": {"0": "new " + iid}}, format="tlv")
        assert (answer["code"], answer["location"]) == ("2.01", "16/" + iid)
        assert "</16/%s>" % iid in whole.event("updated")["links"]
    assert whole.code("delete", "/16/1") == "2.02"
    assert_links(whole, with_links("</16/2>"))
    answer = whole.ask("create", "/16", value={"0": {"0": "again"}}, format="tlv")
    assert answer["location"] == "16/1"
    assert_links(whole, with_links("</16/1>", "</16/2>"))
    assert whole.read("/16/1/0") == {"0": "again"}


def test_ets_1635_delete_all_portfolio_instances(whole):
    assert whole.code("create", "/16", value={"0": {"0": "new"}}, format="tlv") == "2.01"
    assert "</16/1>" in whole.event("updated")["links"]
    assert whole.code("write-attributes", "/16/0", attributes="pmin=10") == "2.04"
    assert whole.code("delete", "/16/0") == "2.02"
    assert "</16/0>" not in whole.event("updated")["links"]
    assert whole.code("read", "/16/0") == "4.04"
    assert whole.code("delete", "/16/1") == "2.02"
    assert_links(whole, with_links("</16>", without=["</16/0>"]))
    assert whole.discover("/16") == ["</16>"]
    answer = whole.ask("read", "/16", format="tlv", raw=True)
    assert (answer["code"], answer["payload"], answer["value"]) == ("2.05", "", {})
    assert whole.code("delete", "/16/1") == "4.04"
    # What comes into its place has nothing of it
    assert whole.code("create", "/16/0", value={"0": {"0": "new"}}, format="tlv") == "2.01"
    assert_links(whole, LINKS)
    assert whole.discover("/16") == ["</16>", "</16/0>", "</16/0/0>;dim=1"]


def test_ets_1635_delete_a_resource_instance(whole_at):
    """Since 1.2; by script, for Leshan cannot."""
    peer = whole_at(version="1.2")
    assert peer.request(DELETE, "/16/0/0/1").code == DELETED
    assert peer.request(GET, "/16/0/0/1").code == NOT_FOUND
    assert peer.request(DELETE, "/16/0/0/1").code == NOT_FOUND
    assert set(tlv(peer.read("/16/0/0", TLV).payload, "/16/0/0")) == {
        "/16/0/0/0",
        "/16/0/0/2",
        "/16/0/0/3",
    }
    assert peer.request(DELETE, "/16/0/0").code == NOT_ALLOWED
    assert peer.request(DELETE, "/16").code == NOT_ALLOWED
    assert peer.request(DELETE, "/3/0/7/0").code == NOT_ALLOWED  # cannot be written
    peer.silence(0.3)


# BinaryAppDataContainer


@pytest.mark.parametrize("form", ["opaque", "cbor", "text", *STRUCTURED])
def test_ets_1901_binary_app_data(whole, form):
    every = {"hex": bytes(range(256)).hex()}
    assert whole.code("write", "/19/0/0/0", value=every, format=form) == "2.04"
    answer = whole.ask("read", "/19/0/0/0", format=form, raw=True)
    assert (answer["code"], answer["format"], answer["value"]) == ("2.05", form, every)
    if form == "opaque":
        assert answer["payload"] == every["hex"]
    second = {"hex": b"second".hex()}
    assert whole.read("/19", "tlv") == {
        "0": {"0": {"0": every, "1": second}, "1": 3},
        "1": {"0": {"0": {"hex": ""}}, "3": "spare"},
    }
    assert whole.code("write", "/19/0/0/9", value=every, format=form) == "4.04"
    whole.no_more_events()


@pytest.mark.parametrize("form", STRUCTURED)
def test_ets_1901_instances_of_binary_app_data(whole, form):
    fresh = {"0": {"0": {"hex": "00ff"}, "5": {"hex": ""}}, "1": 255, "3": "new", "5": 7}
    assert whole.code("create", "/19/2", value=fresh, format=form) == "2.01"
    assert_links(whole, with_links("</19/2>"))
    assert whole.read("/19/2", form) == fresh
    for wrong in ({"1": 1}, {**fresh, "1": 256}, {**fresh, "3": "x" * 33}):
        assert whole.code("create", "/19/3", value=wrong, format=form) == "4.00", wrong
    assert whole.code("read", "/19/3") == "4.04"
    changes = {"1": 0, "2": 1790000007}
    assert whole.code("write", "/19/2", value=changes, mode="update", format=form) == "2.04"
    assert whole.read("/19/2", form) == {**fresh, **changes}
    assert whole.code("delete", "/19/2") == "2.02"
    assert_links(whole, LINKS)
