"""Bootstrap by Leshan's own server, then the registration at Leshan: ETS 0, 1, 4, 5 and 7."""

import time

from ..meter import QUICK

KEY = "5ec2e75ec2e75ec2e75ec2e75ec2e75e"
FIRST = "00112233445566778899aabbccddeeff"
SECOND = "ffeeddccbbaa99887766554433221100"


def known(leshan, endpoint, key):
    """Give the server a meter's key."""
    answer = leshan.ask(op="psk", endpoint=endpoint, identity=endpoint, key={"hex": key})
    assert "error" not in answer, answer


def planned(bootstrap, endpoint, *servers, **more):
    """Give the bootstrap server a meter's configuration."""
    answer = bootstrap.ask(op="set", endpoint=endpoint, servers=list(servers), **more)
    assert "error" not in answer, answer


def events(bootstrap, endpoint):
    """What happened with one meter at the bootstrap server."""
    return [event for event in bootstrap.events if event.get("endpoint") == endpoint]


def test_over_coap_to_coap(leshan, bootstrap, meter):
    planned(
        bootstrap, "b1", {"uri": leshan.ready["coap"], "ssid": 7, "iid": 3}, delete=["/0", "/1"]
    )
    started = meter({"uri": bootstrap.ready["coap"]}, endpoint="b1")
    leshan.wait_event("registered", endpoint="b1", timeout=30)
    bootstrap.wait_event("finished", endpoint="b1")
    sent = [event["request"] for event in events(bootstrap, "b1") if event["event"] == "sent"]
    assert sent == ["BootstrapDeleteRequest"] * 2 + ["BootstrapWriteRequest"] * 2 + [
        "BootstrapFinishRequest"
    ]
    codes = [event["code"] for event in events(bootstrap, "b1") if event["event"] == "answered"]
    assert codes == ["DELETED(202)"] * 2 + ["CHANGED(204)"] * 3
    asked = [event for event in events(bootstrap, "b1") if event["event"] == "requested"]
    assert [event["format"] for event in asked] == [112]
    answer = leshan.ask(op="read", endpoint="b1", path="/1/3")
    assert answer["value"]["0"] == 7 and abs(answer["value"]["12"] - time.time()) < 300
    started.interrupt()
    assert started.wait() == 0
    leshan.wait_event("deregistered", endpoint="b1")


def test_over_coaps_to_coaps(leshan, bootstrap, meter):
    known(leshan, "b2", FIRST)
    target = {"uri": leshan.ready["coaps"], "ssid": 1, "identity": "b2", "key": FIRST}
    planned(bootstrap, "b2", target, key=KEY, delete=["/1"])
    account = {"uri": bootstrap.ready["coaps"], "identity": "b2", "key": KEY}
    started = meter(account, endpoint="b2")
    leshan.wait_event("registered", endpoint="b2", timeout=40)
    assert leshan.ask(op="read", endpoint="b2", path="/3/0/2")["value"] == "0001"
    for key in (FIRST, KEY):
        assert not [line for line in started.lines if key in line]


def test_it_discovers_first(leshan, bootstrap, meter):
    planned(bootstrap, "b3", {"uri": leshan.ready["coap"], "ssid": 1}, discover=True)
    meter({"uri": bootstrap.ready["coap"]}, endpoint="b3")
    leshan.wait_event("registered", endpoint="b3", timeout=30)
    first = next(event for event in events(bootstrap, "b3") if event["event"] == "sent")
    assert first["request"] == "BootstrapDiscoverRequest"


def test_keys_are_rotated_by_the_trigger(leshan, bootstrap, meter):
    known(leshan, "b4", FIRST)
    target = {"uri": leshan.ready["coaps"], "ssid": 1, "identity": "b4", "key": FIRST}
    planned(bootstrap, "b4", target, key=KEY)
    account = {"uri": bootstrap.ready["coaps"], "identity": "b4", "key": KEY}
    started = meter(account, endpoint="b4")
    leshan.wait_event("registered", endpoint="b4", timeout=40)
    planned(bootstrap, "b4", dict(target, key=SECOND))
    assert leshan.ask(op="execute", endpoint="b4", path="/1/0/9")["code"] == "2.04"
    known(leshan, "b4", SECOND)  # in time; else a second attempt follows after a minute
    leshan.wait_event("registered", endpoint="b4", timeout=150)
    assert leshan.ask(op="read", endpoint="b4", path="/3/0/2")["value"] == "0001"
    assert len([line for line in started.lines if "session established" in line]) >= 3


def test_a_key_without_encryption_is_refused(leshan, bootstrap, meter):
    target = {"uri": leshan.ready["coaps"], "ssid": 1, "identity": "b5", "key": FIRST}
    planned(bootstrap, "b5", target)
    started = meter({"uri": bootstrap.ready["coap"], "retry_timer": 1}, endpoint="b5")
    assert bootstrap.wait_event("refused", endpoint="b5", timeout=30)["code"].startswith("BAD")
    known(leshan, "b5", FIRST)
    allowed = {"uri": bootstrap.ready["coap"], "keys_in_clear": True}
    started.kill()
    meter(allowed, endpoint="b5")
    leshan.wait_event("registered", endpoint="b5", timeout=40)


def test_ets_7_a_dead_server_leads_to_it(leshan, bootstrap, meter):
    planned(bootstrap, "b6", {"uri": leshan.ready["coap"], "ssid": 1})
    dead = {"uri": "coap://127.0.0.1:9", "retry_count": 2, "retry_timer": 1, "sequence_count": 1}
    started = meter({"uri": bootstrap.ready["coap"]}, [dead], endpoint="b6", coap=QUICK)
    leshan.wait_event("registered", endpoint="b6", timeout=90)
    started.wait_log("asking the bootstrap server")
