"""The meter at npm's lwm2m-node-lib 1.4.0, a server of LwM2M 1.0 in JavaScript."""

import pytest
from host_tests.interop.dtls.conftest import cannot, free_port
from host_tests.interop.dtls.peers import NotHad

from .peer import NodeLib


@pytest.fixture(scope="module")
def server():
    try:
        found = NodeLib(free_port())
    except NotHad as error:
        cannot(str(error))
    yield found
    found.close()


@pytest.fixture
def meter(server, start, request):
    """A registered meter; `name` is its endpoint.

    Its notifications are not confirmable: the library does not acknowledge them, for its requests
    go through its own proxy.
    """
    name = request.node.name.partition("[")[0]
    account = {"uri": server.uri, "lifetime": 60, "confirm": 0}
    meter = start(server.uri, servers=[account], endpoint=name, temperature={"value": "21.5"})
    meter.name = name
    meter.registered = server.wait(event="registered", endpoint=name)
    meter.wait_log("registered")
    return meter


def test_registers_updates_and_leaves(server, meter):
    heard = meter.registered
    assert heard["lifetime"] == "60" and heard["version"] == "1.1"
    assert "</3424/0>" in heard["payload"] and "</3303/0>" in heard["payload"]
    assert server.ask("write", meter.name, 1, 0, 1, "77")["result"] == ""
    assert server.wait(event="updated", endpoint=meter.name)["lifetime"] == "77"
    before = len(server.heard)
    assert server.ask("execute", meter.name, 1, 0, 8, "")["result"] == ""
    server.wait(event="updated", endpoint=meter.name, after=before)
    meter.interrupt()
    server.wait(event="deregistered", endpoint=meter.name)
    assert meter.wait() == 0


def test_registers_by_lwm2m_1_0_with_versions_in_quotes(server, start):
    start(server.uri, endpoint="old", version="1.0")
    heard = server.wait(event="registered", endpoint="old")
    assert heard["version"] == "1.0" and '</3424>;ver="1.1"' in heard["payload"]
    assert server.ask("read", "old", 3, 0, 0)["result"] == "micropython-lwm2m"


def test_reads_writes_and_what_is_not_there(server, meter):
    assert server.ask("read", meter.name, 3, 0, 0)["result"] == "micropython-lwm2m"
    assert server.ask("read", meter.name, 3303, 0, 5700)["result"] == "21.5"
    assert server.ask("write", meter.name, 3, 0, 14, "+03:00")["result"] == ""
    assert server.ask("read", meter.name, 3, 0, 14)["result"] == "+03:00"
    assert server.ask("read", meter.name, 3, 0, 99)["error"] == "RESOURCE_NOT_FOUND"
    assert server.ask("write", meter.name, 3, 0, 0, "x")["error"] == "CLIENT_ERROR"
    assert server.ask("write", meter.name, 1, 0, 1, "soon")["error"] == "CLIENT_ERROR"
    assert server.ask("create", meter.name, 3303, 5)["error"] != ""


def test_discovers_with_attributes(server, meter):
    assert "</3/0/13>" in server.ask("discover", meter.name, 3)["result"]
    assert server.ask("discover", meter.name, 3303, 0)["result"].startswith("</3303/0>,")
    attributes = {"pmin": 1, "pmax": 5}
    assert server.ask("writeAttributes", meter.name, 3303, 0, 5700, attributes)["result"] == ""
    found = server.ask("discover", meter.name, 3303, 0, 5700)["result"]
    assert found == "</3303/0/5700>;pmax=5;pmin=1"


def test_observes_the_water(server, meter):
    first = float(server.ask("observe", meter.name, 3424, 0, 1)["result"])
    heard = server.wait(event="notified", endpoint=meter.name, path="3424/0/1")
    assert float(heard["value"]) > first
    server.wait(event="notified", endpoint=meter.name, after=server.heard.index(heard) + 1)


def test_leaves_although_a_notification_is_not_acknowledged(server, start):
    meter = start(server.uri, endpoint="leaves")
    server.wait(event="registered", endpoint="leaves")
    assert "result" in server.ask("observe", "leaves", 3424, 0, 1)
    server.wait(event="notified", endpoint="leaves")
    meter.interrupt()
    server.wait(event="deregistered", endpoint="leaves")
    assert meter.wait() == 0
