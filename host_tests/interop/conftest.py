"""The scripted peer and the meter as fixtures; every capture goes to tshark at the end."""

import os

import pytest

from . import pcap
from .leshan_session import LINKS, WHOLE, Reports, Session, begin
from .meter import CALM, MAIN, REPORTING, Meter, configuration
from .relay import Relay
from .scripted import Peer

LAST = "test_tshark_decodes_every_capture"
_captures = pytest.StashKey[list]()


def pytest_collection_modifyitems(items):
    """The captures are checked when all of them are there."""
    items.sort(key=lambda item: item.name == LAST)


@pytest.fixture(scope="session")
def captures(pytestconfig):
    """(test, port, datagrams) of every test of this session so far."""
    return pytestconfig.stash.setdefault(_captures, [])


@pytest.fixture
def make_peer(request, captures):
    """Makes scripted peers, by default on a free port of 127.0.0.1."""
    peers = []

    def make(*arguments, **named):
        peers.append(Peer(*arguments, **named))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()
        sound = [datagram for datagram in peer.capture if datagram.sound]
        captures.append((request.node.name, peer.port, sound))


@pytest.fixture
def peer(make_peer):
    return make_peer()


@pytest.fixture
def start(tmp_path):
    """Starts meters: start(peer or URI, changes of the configuration...)."""
    meters = []

    def go(server, main=MAIN, **changes):
        config = configuration(server if isinstance(server, str) else server.uri, **changes)
        meters.append(Meter(tmp_path, config, main=main))
        if isinstance(server, Peer):
            server.alive = meters[-1].running
        return meters[-1]

    yield go
    for meter in meters:
        meter.kill()
        lines = meter.lines
        assert not [line for line in lines if line.startswith(("Traceback", "E "))], lines


@pytest.fixture
def registered(peer, start):
    """A meter that is registered at `peer`."""
    meter = start(peer)
    peer.register()
    return meter


@pytest.fixture(scope="session")
def leshan():
    """One Leshan for all modules: its start takes seconds."""
    server = begin()
    yield server
    server.close()


@pytest.fixture
def whole(leshan, start, request):
    """A meter with every Object, registered at Leshan, and what Leshan says of it."""
    endpoint = "whole-" + request.node.name
    meter = start(leshan.uri, endpoint=endpoint, **WHOLE)
    session = Session(leshan, endpoint, meter)
    facts = session.event("registered")
    assert facts["links"] == LINKS and facts["lifetime"] == 300
    return session


@pytest.fixture
def relay(request, leshan, captures):
    """What lies between the meter and Leshan, and records."""
    relay = Relay(leshan.uri)
    yield relay
    relay.close()
    captures.append((request.node.name, relay.port, relay.capture))


@pytest.fixture
def reports(leshan, relay, start, request):
    """A meter with every Object that changes and sends at a command, registered at Leshan."""
    endpoint = "reports-" + request.node.name
    meter = start(relay.uri, main=REPORTING, endpoint=endpoint, coap=CALM, **WHOLE)
    session = Reports(leshan, endpoint, meter, relay)
    session.event("registered")
    yield session
    meter.kill()  # before the relay goes


@pytest.fixture
def whole_at(peer, start):
    """Starts a meter with every Object that registers at the scripted peer; returns the peer."""

    def go(**changes):
        start(peer, **{**WHOLE, **changes})
        peer.register()
        return peer

    return go


@pytest.fixture(scope="session")
def tshark():
    found = pcap.find_tshark()
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("tshark is missing: apt-get install tshark")
        pytest.skip("tshark is not installed")
    return found
