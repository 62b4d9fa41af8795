"""The log of the real meter, read from Object 20 by Leshan: in blocks, in each format."""

import re

import pytest

from .leshan_session import Session

FORMATS = ("opaque", "text", "cbor", "tlv", "senml-cbor", "senml-json", "json")
RING = 512  # bytes
BLOCKS = {"ack_timeout": 1000, "ack_random": 1000, "szx": 2}  # of 64 bytes


@pytest.fixture
def session(leshan, relay, start, request):
    endpoint = "log-" + request.node.name
    section = {"bytes": RING, "class": 1}
    meter = start(relay.uri, endpoint=endpoint, event_log=section, coap=BLOCKS)
    session = Session(leshan, endpoint, meter)
    session.links = session.event("registered")["links"]
    yield session
    meter.kill()  # before the relay goes


def lines(session, form="opaque") -> list[str]:
    """The lines that the log has, as Leshan reads them; the meter has printed them, too."""
    text = bytes.fromhex(session.read("/20/0/4014", form)["hex"]).decode()
    assert text == "" or text.endswith("\n")
    found = text.splitlines()
    if found:
        session.meter.wait_log(re.escape(found[-1]))
    return found


def test_the_log_is_read_in_blocks_in_each_format(session, relay):
    assert {"</20>;ver=2.1", "</20/0>"} <= set(session.links)
    session.meter.wait_log("registered at")
    for form in FORMATS:
        seen = len(relay.capture)
        assert lines(session, form) == session.meter.lines, form
        blocks = [one.opt.block2 for one in relay.from_meter(seen) if one.opt.block2]
        assert len(blocks) > 1 and not blocks[-1].more, form
    instance = session.read("/20/0", "tlv")
    assert set(instance) == {"4010", "4013", "4014", "4015"}
    assert (instance["4010"], instance["4013"], instance["4015"]) == (1, 2, 0)


def test_a_full_ring_has_the_latest_lines_whole(session):
    for _ in range(4):
        assert session.code("execute", "/3/0/4") == "2.04"
        session.event("registered")
    session.meter.wait_log("registered at")
    kept = lines(session)
    printed = session.meter.lines
    assert len("\n".join(printed)) > RING
    assert 3 <= len(kept) < len(printed) and kept == printed[-len(kept) :]
    assert RING - 120 < len("\n".join(kept)) < RING


def test_the_log_is_stopped_started_and_emptied_by_a_server(session):
    session.meter.wait_log("registered at")
    before = lines(session)
    assert session.code("execute", "/20/0/4012") == "2.04"
    assert session.code("execute", "/3/0/4") == "2.04"
    session.event("registered")
    assert session.read("/20/0/4013") == 3
    assert lines(session) == before
    assert session.code("execute", "/20/0/4011", arguments="0='1'") == "2.04"
    assert lines(session) == before and session.read("/20/0/4013") == 2
    assert session.code("execute", "/20/0/4011") == "2.04"
    assert lines(session) == [] and session.read("/20/0/4013") == 0
    assert session.code("write", "/20/0/4010", value=2) == "2.04"
    assert session.code("write", "/20/0/4015", value=3) == "4.00"
    assert (session.read("/20/0/4010"), session.read("/20/0/4015")) == (2, 0)
    assert session.code("read", "/20/0/4016") == "4.04"
