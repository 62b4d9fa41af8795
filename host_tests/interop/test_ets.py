"""OMA's Enabler Test Specification 1.2, registration: LightweightM2M-1.1-int-101 to 107, 241."""

import time

import pytest

from .scripted import links
from .wire import CHANGED, CREATED, LINK_FORMAT, NOT_FOUND, URI_QUERY, Heard


def query(heard) -> dict:
    """The Uri-Query as a dictionary; each key may come once."""
    pairs = [part.partition("=")[::2] for part in heard.query]
    assert len(dict(pairs)) == len(pairs), heard.query
    return dict(pairs)


def options(heard) -> list:
    return sorted({int(option.number) for option in heard.opt.option_list()})


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_ets_101_initial_registration(peer, start, version):
    meter = start(peer, version=version, lifetime=86400, endpoint="urn:dev:ops:000000-w&=-1")
    register = peer.wait_register()
    assert query(register) == {
        "ep": "urn:dev:ops:000000-w&=-1",
        "lt": "86400",
        "lwm2m": version,
    }  # b is U by default, and left out
    assert options(register) == [11, 12, URI_QUERY]
    assert register.format == LINK_FORMAT
    found = links(register.payload)
    assert found == {
        "/1": "ver=1.2",
        "/1/0": "",
        "/3": "ver=1.2",
        "/3/0": "",
        "/3424": "ver=1.1",
        "/3424/0": "",
    }  # no Security, no OSCORE; the version at the Object, never at an Instance
    peer.grant(register)
    meter.wait_log("registered")
    assert peer.read("/1/0/1").payload == b"86400"


@pytest.mark.parametrize(
    "location",
    [["rd", "7"], ["a"], ["rd", "x" * 40, "ü/&?=", "y" * 255]],
    ids=["two", "one", "four with odd signs"],
)
def test_ets_101_a_location_of_any_segments_is_kept(make_peer, start, location):
    peer = make_peer(location=location)
    meter = start(peer)
    peer.register()
    assert peer.execute("/1/0/8") == CHANGED
    peer.wait_update()  # it looks at the path
    meter.interrupt()
    peer.wait_deregister()
    assert meter.wait() == 0


def test_ets_102_registration_update(peer, start):
    start(peer, coap={"ack_timeout": 2000})
    peer.register()
    assert peer.write("/1/0/1", "20") == CHANGED
    written = time.monotonic()
    update = peer.wait_update()
    assert update.query == ["lt=20"]
    assert options(update) == [11, URI_QUERY] and not update.payload
    update = peer.wait_update(20 - (time.monotonic() - written))
    assert options(update) == [11] and not update.payload  # in time, and nothing changed
    assert peer.read("/1/0/1").payload == b"20"


def test_ets_103_deregistration(peer, registered):
    assert peer.execute("/1/0/4") == CHANGED
    deregister = peer.wait_deregister()
    assert options(deregister) == [11] and not deregister.payload
    registered.wait_log("de-registered")
    peer.silence(1)  # the Disable Timeout is a day by default
    peer.send(peer.build(1, "/3/0/0"))
    peer.silence(0.5)  # a server that it has left is not answered
    assert registered.running()


def test_ets_103_registers_again_after_the_disable_timeout(peer, registered):
    assert peer.write("/1/0/5", "1") == CHANGED
    assert peer.execute("/1/0/4") == CHANGED
    left = peer.wait_deregister().at
    register = peer.register()
    assert 0.9 < register.at - left < 2.5
    assert query(register)["lt"] == "300"


def test_ets_104_registration_update_trigger(peer, registered):
    for _ in range(3):
        assert peer.execute("/1/0/8") == CHANGED
        update = peer.wait_update()
        assert options(update) == [11] and not update.payload


def test_ets_105_discarded_register_update(peer, registered):
    before = query(Heard(peer.capture[0].data, 0))  # the first Register
    assert peer.execute("/1/0/8") == CHANGED
    update = peer.receive()
    assert update.path == peer.location
    peer.answer(update, NOT_FOUND)
    peer.location = ["rd", "another"]
    register = peer.register()
    assert query(register) == before and register.format == LINK_FORMAT
    assert links(register.payload)["/3/0"] == ""
    assert peer.execute("/1/0/8") == CHANGED
    peer.wait_update()  # at the new location


def test_ets_107_extending_the_lifetime(peer, start):
    """ETS says 60 and 120 seconds; here it is 3 and 6."""
    start(peer, lifetime=3)
    assert query(peer.register())["lt"] == "3"
    assert peer.write("/1/0/1", "6") == CHANGED
    written = time.monotonic()
    update = peer.wait_update()
    assert update.query == ["lt=6"] and update.at - written < 1
    following = peer.wait_update(6)
    assert following.at - update.at < 6 and not following.query
    assert following.at - update.at > 2  # by the new lifetime, not by the old one


def test_ets_241_reboot(peer, registered):
    assert peer.execute("/3/0/4") == CHANGED
    registered.wait_log("rebooting")
    register = peer.register()
    assert query(register) == {"ep": "meter", "lt": "300", "lwm2m": "1.1"}
    assert peer.read("/3/0/0").payload == b"micropython-lwm2m"
    registered.interrupt()
    peer.wait_deregister()
    assert registered.wait() == 0


def test_a_created_without_location_is_no_registration(peer, start):
    meter = start(peer)
    peer.answer(peer.wait_register(), CREATED)
    meter.wait_log("not registered")
    peer.send(peer.build(1, "/3/0/0"))
    peer.silence(0.5)
