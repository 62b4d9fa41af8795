"""The real meter at Eclipse Leshan: what Leshan saw is asked of Leshan."""

import time

import pytest

from .leshan_session import Session, begin, still

LINKS = ["</1>;ver=1.2", "</1/0>", "</3>;ver=1.2", "</3/0>", "</3424>;ver=1.1", "</3424/0>"]
DEVICE = {
    "0": "Acme",
    "1": "Water meter",
    "2": "0001",
    "3": "0.1.0",
    "11": {"0": 0},
    "14": "+00:00",
    "15": "Etc/UTC",
    "16": "U",
    "17": "meter",
}


@pytest.fixture
def session(leshan, start, request):
    endpoint = "urn:dev:ops:000000-" + request.node.name
    device = {"manufacturer": "Acme", "type": "meter"}
    meter = start(leshan.uri, endpoint=endpoint, device=device)
    yield Session(leshan, endpoint, meter)
    meter.kill()


def test_it_registers(session):
    facts = session.event("registered")
    assert facts["links"] == LINKS
    assert (facts["version"], facts["lifetime"], facts["binding"]) == ("1.1", 300, "U")
    assert facts["queue"] is False and facts["again"] is False
    [registration] = session.registrations()
    assert registration["location"] == facts["location"]
    session.no_more_events()


def test_1_2_steps_down_to_1_1(leshan, start):
    """Leshan serves 1.0 and 1.1."""
    meter = start(leshan.uri, endpoint="steps", version="1.2")
    assert leshan.wait_event("registered", endpoint="steps")["version"] == "1.1"
    meter.wait_log("LwM2M 1.1")


def test_1_0_registers_at_leshan_which_refuses_its_quotes(leshan, start):
    """LwM2M 1.0 has versions in quotes; Leshan 2.0.0-M18 answers 4.00 to that, even at lwm2m=1.0.

    The same Register follows once without; later Updates of the list are without, too.
    """
    meter = start(leshan.uri, endpoint="old", version="1.0", app_data=[])
    facts = leshan.wait_event("registered", endpoint="old")
    assert facts["version"] == "1.0" and LINKS[0] in facts["links"]
    meter.wait_log("LwM2M 1.0")
    create = leshan.ask(op="create", endpoint="old", path="/19/5", value={"0": {"0": "aa"}})
    assert create["code"] == "2.01", create
    assert "</19/5>" in leshan.wait_event("updated", endpoint="old")["links"]
    assert not [line for line in meter.lines if "not taken" in line or "not registered" in line]


def test_a_written_lifetime_comes_back_in_an_update(session):
    location = session.event("registered")["location"]
    assert session.ask("write", "/1/0/1", value=120)["code"] == "2.04"
    facts = session.event("updated")
    assert (facts["lifetime"], facts["location"]) == (120, location)
    assert facts["links"] == LINKS  # the Update left them as they were
    assert session.ask("write", "/1/0/1", value=240, format="tlv")["code"] == "2.04"
    assert session.event("updated")["lifetime"] == 240
    assert session.ask("read", "/1/0/1")["value"] == 240
    session.no_more_events()


@pytest.mark.parametrize("form", ["text", "tlv"])
def test_a_resource_is_read(session, form):
    session.event("registered")
    for path, value in (("/3/0/0", "Acme"), ("/3/0/16", "U"), ("/1/0/1", 300), ("/1/0/6", False)):
        answer = session.ask("read", path, format=form)
        assert (answer["code"], answer["format"], answer["value"]) == ("2.05", form, value)
    volumes = [session.ask("read", "/3424/0/1", format=form)["value"]]
    time.sleep(1.5)
    volumes.append(session.ask("read", "/3424/0/1", format=form)["value"])
    assert 0 <= volumes[0] < volumes[1] < 0.01  # litres a second by the default flow, in m3


def test_instances_and_objects_are_read(session):
    session.event("registered")
    instance = session.ask("read", "/3/0", format="tlv")
    assert (instance["code"], instance["format"]) == ("2.05", "tlv")
    assert still(instance["value"]) == DEVICE
    whole = session.ask("read", "/3", format="tlv")["value"]
    assert set(whole) == {"0"} and still(whole["0"]) == DEVICE
    server = session.ask("read", "/1", format="tlv")["value"]["0"]
    assert (server["0"], server["1"], server["7"]) == (1, 300, "U")
    assert set(session.ask("read", "/3424/0", format="tlv")["value"]) == {"1", "3", "4"}


def test_what_is_not_there_gets_its_code(session):
    session.event("registered")
    for path, code in (
        ("/0/0/0", "4.01"),
        ("/3/1", "4.04"),
        ("/3/0/9", "4.04"),
        ("/3424/1", "4.04"),
        ("/3/0/4", "4.05"),
    ):
        assert session.ask("read", path)["code"] == code, path
    assert session.ask("write", "/3/0/0", value="mine")["code"] == "4.05"
    assert session.ask("read", "/3/0/0")["value"] == "Acme"


def test_the_update_trigger(session):
    session.event("registered")
    assert session.ask("execute", "/1/0/8")["code"] == "2.04"
    facts = session.event("updated")
    assert (facts["lifetime"], facts["links"]) == (300, LINKS)
    session.no_more_events()


def test_disable(session):
    session.event("registered")
    assert session.ask("write", "/1/0/5", value=1)["code"] == "2.04"
    assert session.ask("execute", "/1/0/4")["code"] == "2.04"
    left = session.event("deregistered")["time"]
    assert session.registrations() == []
    assert 0.9 < session.event("registered")["time"] - left < 3
    assert session.ask("read", "/3/0/0")["value"] == "Acme"


def test_reboot_registers_again(session):
    before = session.event("registered")
    assert session.ask("execute", "/3/0/4")["code"] == "2.04"
    after = session.event("registered")
    assert after["again"] is True and after["address"] != before["address"]
    assert session.ask("read", "/3/0/0")["value"] == "Acme"


def test_an_update_comes_before_the_lifetime_ends(leshan, start):
    start(leshan.uri, endpoint="short", lifetime=2)
    leshan.wait_event("registered", endpoint="short")
    for _ in range(3):
        assert leshan.wait_event("updated", endpoint="short", timeout=2)["lifetime"] == 2
    expired = [e for e in leshan.events if e["event"] == "expired"]
    assert "short" not in [e["endpoint"] for e in expired]


def test_ctrl_c_de_registers(session):
    session.event("registered")
    time.sleep(0.2)
    session.meter.interrupt()
    session.event("deregistered")
    assert session.meter.wait() == 0
    assert session.registrations() == []


def test_a_server_that_forgot_gets_a_new_registration(start):
    """Leshan ends, and another one comes up at the same port without memory."""
    first = begin()
    try:
        meter = start(first.uri, lifetime=6, coap={"ack_timeout": 1000})
        first.wait_event("registered")
    finally:
        first.close()
    second = begin(first.port)
    try:
        facts = second.wait_event("registered", timeout=25)
        assert facts["links"] == LINKS and facts["lifetime"] == 6
    finally:
        second.close()
    meter.wait_log("update not taken: 4.04")
