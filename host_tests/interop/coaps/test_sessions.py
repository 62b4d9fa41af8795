"""Sessions and registrations: wrong keys, new addresses, servers that forget, by Leshan.

`relay` lies in between, reads what goes by, loses it where a test says so, and moves to another
port as a NAT does.
"""

import pathlib
import time

import pytest

from ..meter import wait_until
from ..wire import POST
from .conftest import KEY, begin, know
from .decrypting_relay import ALERT, DecryptingRelay

SLEEPING = pathlib.Path(__file__).with_name("sleeping_meter.py")
OTHER = "0ddba110ddba110ddba110ddba11ba11"
UNKNOWN_IDENTITY = 115
# Attempts that end after 0.7 s, and the next one a second or so later
HASTY = {"dtls": {"first_timeout": 100, "max_retransmit": 2}, "retry_timer": 1}
REGISTERED = r"^I \S+ registered"


def times(meter, pattern: str) -> int:
    return sum(pattern in line for line in meter.lines)


def registers(relay, start: int = 0) -> list:
    """What the meter posted since then: "rd" for a Register, else the location of an Update."""
    return [
        "/".join(one.path) if one.path == ["rd"] else "update"
        for one in relay.from_meter(start)
        if one.code == POST
    ]


def registrations(leshan, endpoint: str) -> list:
    found = leshan.ask(op="list")["registrations"]
    return [one for one in found if one["endpoint"] == endpoint]


def read(leshan, endpoint: str, path: str = "/3/0/1"):
    return leshan.ask(op="read", endpoint=endpoint, path=path).get("value")


# Keys and identities


def test_a_wrong_key_is_silence_and_the_right_one_is_taken_later(leshan, relay, start):
    know(leshan, "wrong-key", OTHER)
    begun = time.monotonic()
    meter = start(relay.uri, endpoint="wrong-key", key=KEY, wrong=True, **HASTY)
    line = meter.wait_log("wrong key")
    assert line.startswith("E ") and line.endswith("wrong key, or unknown identity"), line
    assert not [one for one in relay.wire if one.kind == ALERT and not one.inbound]
    wait_until(lambda: times(meter, "wrong key, or") == 2)
    passed = time.monotonic() - begun
    assert 2 * 0.7 + 1 < passed < 8  # back-off between the attempts
    assert not registrations(leshan, "wrong-key") and not relay.capture
    know(leshan, "wrong-key", KEY)
    meter.wait_log(REGISTERED, 20)
    leshan.wait_event("registered", endpoint="wrong-key")
    assert read(leshan, "wrong-key") == "Water meter"


def test_retries_of_a_wrong_key_come_at_growing_intervals(leshan, relay, start):
    know(leshan, "patient", OTHER)
    dtls = {"first_timeout": 100, "max_retransmit": 0}
    settings = {"retry_timer": 1, "retry_count": 3, "sequence_delay": 86400}
    meter = start(relay.uri, endpoint="patient", key=KEY, wrong=True, dtls=dtls, **settings)
    wait_until(lambda: times(meter, "DTLS ended: no answer") == 3, 15)
    hellos = [one.at for one in relay.hellos()]
    attempts = [at for at, before in zip(hellos, [0, *hellos]) if at - before > 0.5]
    gaps = [after - before for before, after in zip(attempts, attempts[1:])]
    assert len(gaps) == 2 and 1 < gaps[0] < 1.8 and 2 < gaps[1] < 3.2, gaps
    assert not registrations(leshan, "patient")


def test_an_unknown_identity_is_not_registered_until_it_is_known(leshan, relay, start):
    meter = start(relay.uri, endpoint="unknown", identity="nobody", key=KEY, wrong=True, **HASTY)
    meter.wait_log("DTLS ended")
    wait_until(lambda: times(meter, "DTLS ended") == 2)
    assert not registrations(leshan, "unknown") and not relay.capture
    know(leshan, "unknown", KEY, "nobody")
    meter.wait_log(REGISTERED, 20)
    assert read(leshan, "unknown") == "Water meter"


def test_another_ones_identity_does_not_register_this_endpoint(leshan, relay, start):
    """The key of one meter is no key of the others: Leshan refuses, the meter backs off."""
    know(leshan, "mine")
    know(leshan, "theirs", OTHER)
    meter = start(relay.uri, endpoint="theirs", identity="mine", key=KEY, **HASTY)
    meter.wait_log("not registered")
    assert not registrations(leshan, "theirs")


def test_an_alert_ends_the_attempt_is_recorded_and_deletes_nothing(leshan, relay, start):
    """Anybody may forge one, so later the meter tries again; to a session it does nothing."""
    alert = bytes((ALERT, 0xFE, 0xFD, *bytes(7), 9, 0, 2, 2, UNKNOWN_IDENTITY))
    relay.blocked = lambda record: record.inbound
    meter = start(relay.uri, endpoint="alert", wrong=True, **HASTY)
    wait_until(lambda: relay.meter)
    relay.front.sendto(alert, relay.meter)
    assert meter.wait_log("DTLS ended").endswith(
        ": alert %d, unknown identity: is it known there?" % UNKNOWN_IDENTITY
    )
    relay.blocked = None
    meter.wait_log(REGISTERED, 20)
    assert read(leshan, "alert", "/1/0/11") == UNKNOWN_IDENTITY
    count = len(relay.wire)
    relay.front.sendto(alert, relay.meter)
    assert read(leshan, "alert") == "Water meter"
    assert not relay.hellos(count) and times(meter, "DTLS ended") == 1


# Addresses


def test_a_new_address_needs_no_handshake(leshan, relay, start):
    """With a Connection ID the registration goes on, by the next Update at the latest."""
    meter = start(relay.uri, endpoint="moves", lifetime=4)
    before = leshan.wait_event("registered", endpoint="moves")
    for _ in range(2):
        count, heard = len(relay.wire), len(relay.capture)
        relay.move()
        after = leshan.wait_event("updated", endpoint="moves", address=origin(relay))
        assert after["location"] == before["location"]
        assert read(leshan, "moves") == "Water meter"
        assert not relay.hellos(count) and set(registers(relay, heard)) == {"update"}
    assert times(meter, "registered") == 1


def origin(relay) -> str:
    """How Leshan sees the meter."""
    return "coaps://127.0.0.1:%d" % relay.back.getsockname()[1]


# Sessions that end


def test_a_resumed_session_is_updated_not_registered(leshan, relay, start):
    """The meter dials anew: an abbreviated handshake, then an Update."""
    meter = start(relay.uri, main=SLEEPING, endpoint="resumes")
    before = leshan.wait_event("registered", endpoint="resumes")
    count, heard = len(relay.wire), len(relay.capture)
    assert leshan.ask(op="execute", endpoint="resumes", path="/33002/0/1")["code"] == "2.04"
    after = leshan.wait_event("updated", endpoint="resumes")
    assert after["location"] == before["location"]
    meter.wait_log("session resumed")
    assert relay.hellos(count) and registers(relay, heard) == ["update"]
    assert read(leshan, "resumes") == "Water meter"
    assert times(meter, "registered") == 1


def test_an_update_that_is_lost_ends_in_a_resumed_session(leshan, relay, start):
    """Updates are lost until the meter gives one up; then it dials, and resumes."""
    meter = start(relay.uri, endpoint="blocked")
    before = leshan.wait_event("registered", endpoint="blocked")
    heard = len(relay.capture)
    relay.lose = lambda text, inbound: inbound and text[1] == POST
    assert leshan.ask(op="execute", endpoint="blocked", path="/1/0/8")["code"] == "2.04"
    meter.wait_log("update not taken: no answer", 20)
    relay.lose = None
    meter.wait_log("session resumed", 20)
    wait_until(lambda: registers(relay, heard))
    assert set(registers(relay, heard)) == {"update"}
    assert leshan.wait_event("updated", endpoint="blocked")["location"] == before["location"]
    assert read(leshan, "blocked") == "Water meter"


def test_a_stored_session_wakes_without_a_handshake(leshan, relay, start):
    meter = start(relay.uri, main=SLEEPING, endpoint="sleeps")
    before = leshan.wait_event("registered", endpoint="sleeps")
    for number in (1, 2):
        count, heard = len(relay.wire), len(relay.capture)
        answer = leshan.ask(op="execute", endpoint="sleeps", path="/33002/0/0")
        assert answer["code"] == "2.04"
        relay.move()  # it will wake in another cell
        leshan.wait_event("updated", endpoint="sleeps", address=origin(relay))
        assert times(meter, "awake True") == number
        assert registrations(leshan, "sleeps")[0]["location"] == before["location"]
        assert read(leshan, "sleeps") == "Water meter"
        assert all(one.text is None for one in relay.wire[count:])  # 0 bytes of handshake
        assert registers(relay, heard) == ["update"]


def test_a_client_goes_on_after_a_deep_sleep_without_a_word(leshan, relay, start):
    """Another client has the session, the registration and the observations of the first."""
    meter = start(relay.uri, main=SLEEPING, endpoint="hibernates")
    before = leshan.wait_event("registered", endpoint="hibernates")
    path = "/3424/0/1"
    assert leshan.ask(op="observe", endpoint="hibernates", path=path)["code"] == "2.05"
    for number in (1, 2):
        answer = leshan.ask(op="execute", endpoint="hibernates", path="/33002/0/2")
        assert answer["code"] == "2.04"
        wait_until(lambda n=number: times(meter, "rebooting") == n)
        count, heard = len(relay.wire), len(relay.capture)
        leshan.wait_event("notification", endpoint="hibernates")
        wait_until(lambda c=count: len(relay.wire) >= c + 2)
        assert all(record.text is None for record in relay.wire[count:])  # no handshake
        assert registers(relay, heard) == []
        assert registrations(leshan, "hibernates")[0]["location"] == before["location"]
        assert read(leshan, "hibernates") == "Water meter"
    assert times(meter, "registered") == 1


@pytest.fixture
def pair(start):
    """A Leshan of its own that can be made to forget: (server, relay, function)."""
    servers = [begin()]
    relay = DecryptingRelay(servers[0].ready["coaps"], bytes.fromhex(KEY))

    def again(endpoint):
        first = servers[-1]
        ports = [first.ready[scheme].rpartition(":")[2] for scheme in ("coap", "coaps")]
        first.close()
        servers.append(begin("--coaps-port", ports[1], port=int(ports[0])))
        know(servers[-1], endpoint)
        return servers[-1]

    yield servers[0], relay, again
    relay.close()
    for server in servers:
        server.close()


def test_a_server_that_forgot_a_stored_session_gets_two_transmissions(pair, start):
    """Then a handshake, full, and a Register."""
    server, relay, again = pair
    know(server, "forgotten")
    meter = start(
        relay.uri, main=SLEEPING, endpoint="forgotten", key=KEY, coap={"ack_timeout": 300}
    )
    server.wait_event("registered", endpoint="forgotten")
    count, heard = len(relay.wire), len(relay.capture)
    answer = server.ask(op="execute", endpoint="forgotten", path="/33002/0/0")
    assert answer["code"] == "2.04"
    sent = len(relay.data())
    relay.blocked = lambda record: record.inbound  # nobody hears it while the server is away
    server = again("forgotten")
    wait_until(lambda: relay.hellos(count), 10)
    assert times(meter, "awake True") == 1
    assert len(relay.data()) - sent == 2
    relay.blocked = None
    facts = server.wait_event("registered", endpoint="forgotten", timeout=20)
    assert facts["lifetime"] == 300 and "rd" in registers(relay, heard)
    assert times(meter, "session established") == 2 and times(meter, "session resumed") == 0
    assert read(server, "forgotten") == "Water meter"


def test_a_live_session_of_a_server_that_restarted(pair, start):
    """The Update is given up, then comes a handshake in which nothing resumes, and a Register."""
    server, relay, again = pair
    know(server, "restarted")
    meter = start(relay.uri, endpoint="restarted", key=KEY, lifetime=6)
    server.wait_event("registered", endpoint="restarted")
    relay.blocked = lambda record: True
    server = again("restarted")
    count, heard = len(relay.wire), len(relay.capture)
    relay.blocked = None
    facts = server.wait_event("registered", endpoint="restarted", timeout=30)
    assert facts["lifetime"] == 6
    assert len(relay.hellos(count)) >= 1 and "rd" in registers(relay, heard)
    assert times(meter, "session established") == 2 and times(meter, "LwM2M 1.1") == 2
    assert read(server, "restarted") == "Water meter"
