"""What a client and a script see of either engine."""

import pytest


def test_ready_names_engine_and_port(server):
    assert server.ready["engine"] in ("leshan", "aiocoap")
    assert server.ready["coap"] == "coap://127.0.0.1:%d" % server.port
    assert server.port > 0


def test_register_tells_its_facts(server, meter):
    [facts] = server.ask(op="list")["registrations"]
    assert facts["endpoint"] == meter.endpoint
    assert (facts["lifetime"], facts["version"], facts["binding"]) == (60, "1.1", "U")
    assert facts["queue"] is False
    assert "</3424>;ver=1.1" in facts["links"]
    assert "senml-json" in facts["formats"]
    assert facts["location"] == "/" + "/".join(meter.location)


def test_update_changes_the_lifetime(server, meter):
    assert meter.update(lifetime=30) == "2.04"
    assert server.wait_event("updated", endpoint=meter.endpoint)["lifetime"] == 30


def test_update_changes_the_links(server, meter):
    assert meter.update(links="</1/0>,</3/0>") == "2.04"
    assert server.wait_event("updated", endpoint=meter.endpoint)["links"] == ["</1/0>", "</3/0>"]


def test_register_again_replaces(server, meter):
    assert meter.register() == "2.01"
    assert server.wait_event("registered", endpoint=meter.endpoint)["again"] is True
    assert len(server.ask(op="list")["registrations"]) == 1


def test_deregister(server, meter):
    assert meter.deregister() == "2.02"
    server.wait_event("deregistered", endpoint=meter.endpoint)
    assert server.ask(op="list")["registrations"] == []


def test_expiry(server, meter):
    meter.update(lifetime=1)
    server.wait_event("expired", endpoint=meter.endpoint, timeout=15)


def test_a_version_that_is_not_served(server, meter):
    assert meter.register(version="1.2") == "4.12"


def test_update_of_an_unknown_registration(server, meter):
    known, meter.location = meter.location, ("rd", "nobody")
    assert meter.update() == "4.04"
    meter.location = known


@pytest.mark.parametrize("form", ["text", "tlv"])
@pytest.mark.parametrize(
    ("path", "value"),
    [("/3/0/0", "micropython-lwm2m"), ("/3424/0/1", 12.345), ("/1/0/1", 60)],
)
def test_read_one_value(server, meter, path, value, form):
    found = server.ask(op="read", endpoint=meter.endpoint, path=path, format=form)
    assert (found["code"], found["format"], found["value"]) == ("2.05", form, value)


def test_read_shows_the_payload_on_request(server, meter):
    found = server.ask(op="read", endpoint=meter.endpoint, path="/1/0/1", format="tlv", raw=True)
    assert found["payload"] == "c201003c"
    assert found["bytes"] == 4


def test_read_an_instance(server, meter):
    found = server.ask(op="read", endpoint=meter.endpoint, path="/3/0")
    assert found["value"] == {"0": "micropython-lwm2m", "11": {"0": 0}, "16": "U"}


def test_read_of_nothing(server, meter):
    found = server.ask(op="read", endpoint=meter.endpoint, path="/9/0/1")
    assert found["code"] == "4.04"
    assert "value" not in found


def test_write_text(server, meter):
    found = server.ask(op="write", endpoint=meter.endpoint, path="/1/0/1", value=90, format="text")
    assert found["code"] == "2.04"
    assert meter.values["/1/0/1"] == "90"


def test_write_tlv(server, meter):
    server.ask(op="write", endpoint=meter.endpoint, path="/1/0/1", value=120, format="tlv")
    assert meter.seen[-1][:3] == ("PUT", "/1/0/1", bytes([0xC1, 1, 120]))


def test_write_update_of_an_instance(server, meter):
    value = {"1": 70, "7": "UQ"}
    server.ask(op="write", endpoint=meter.endpoint, path="/1/0", value=value, mode="update")
    assert meter.seen[-1][:3] == ("POST", "/1/0", b"\xc1\x01F\xc2\x07UQ")


def test_write_of_the_wrong_type(server, meter):
    found = server.ask(op="write", endpoint=meter.endpoint, path="/1/0/1", value="soon")
    assert found["error"] == "'soon' is no integer"


def test_execute(server, meter):
    assert server.ask(op="execute", endpoint=meter.endpoint, path="/3/0/4")["code"] == "2.04"
    assert server.ask(op="execute", endpoint=meter.endpoint, path="/3/0/5")["code"] == "4.05"


def test_execute_with_arguments(server, meter):
    server.ask(op="execute", endpoint=meter.endpoint, path="/3/0/4", arguments="0='a'")
    assert meter.seen[-1][2] == b"0='a'"


def test_discover_and_attributes(server, meter):
    found = server.ask(op="discover", endpoint=meter.endpoint, path="/3")
    assert found["links"] == ["</3/0/0>"]
    command = {"endpoint": meter.endpoint, "path": "/3424/0/1", "attributes": "pmin=1&pmax=3"}
    assert server.ask(op="write-attributes", **command)["code"] == "2.04"
    assert meter.attributes["/3424/0/1"] == ["pmin=1", "pmax=3"]


def test_observe_notify_cancel(server, meter):
    target = {"endpoint": meter.endpoint, "path": "/3424/0/1"}
    found = server.ask(op="observe", **target)
    assert found["observed"] is True
    assert found["value"] == 12.345
    assert meter.notify("/3424/0/1", "99.5") == 1
    event = server.wait_event("notification", **target)
    assert (event["value"], event["code"]) == (99.5, "2.05")
    assert "error" not in server.ask(op="cancel", **target)
    assert "is not observed" in server.ask(op="cancel", **target)["error"]


def test_a_client_without_observations(server, meter):
    meter.observable = False
    found = server.ask(op="observe", endpoint=meter.endpoint, path="/3424/0/1")
    assert found["observed"] is False
    assert found["value"] == 12.345


def test_a_silent_client_is_a_timeout(server, meter):
    meter.silence()
    found = server.ask(op="read", endpoint=meter.endpoint, path="/3/0/0", timeout=0.5)
    assert found.pop("id")
    assert found == {"error": "timeout"}


def test_an_unknown_endpoint(server):
    found = server.ask(op="read", endpoint="nobody", path="/3/0/0")
    assert found["error"] == "endpoint 'nobody' is not registered"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{nope", "no JSON"),
        ("[1]", "a command is an object"),
        ('{"op": "fly"}', "op 'fly' is none of"),
        ('{"op": "read", "path": "/3"}', "read needs 'endpoint'"),
        ('{"op": "read", "endpoint": "m", "path": "3/0"}', "path '3/0' is no LwM2M path"),
        ('{"op": "read", "endpoint": "m", "path": "/3/x"}', "no LwM2M path"),
        ('{"op": "read", "endpoint": "m", "path": "/3", "format": "xml"}', "format 'xml'"),
        ('{"op": "read", "endpoint": "m", "path": "/3", "timeout": 0}', "timeout 0"),
        ('{"op": "cancel", "endpoint": "m"}', "cancel needs 'path' or 'paths'"),
    ],
)
def test_a_bad_line_gets_one_clear_error(server, line, words):
    server.send_line(line)
    assert words in server.result(None)["error"]


def test_what_aiocoap_cannot(server, meter):
    found = server.ask(op="create", endpoint=meter.endpoint, path="/16", value={"0": {"0": "x"}})
    if server.ready["engine"] == "aiocoap":
        assert found["error"] == "the engine aiocoap cannot create"
    else:
        assert found["code"] == "4.05"  # the scripted meter creates nothing
