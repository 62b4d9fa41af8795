"""A meter that keeps its state, killed and started anew: by Leshan, over coaps.

SIGKILL is its power cut: nothing is said, and nothing is written that was not written before.
"""

import signal
import time

import pytest

from ..meter import wait_until
from .conftest import KEY, know
from .test_sessions import origin, read, registers, registrations, times

PATH = "/3424/0/1"
SETTINGS = {"registration": {"update_pause": 3}, "coap": {"ack_timeout": 2000}}


def killed(meter) -> None:
    """The power goes."""
    meter.process.send_signal(signal.SIGKILL)
    meter.wait()


def quiet(relay) -> int:
    """How many records went by, once no more are under way to the meter."""
    count = -1
    while count < len(relay.wire):
        count = len(relay.wire)
        time.sleep(0.5)
    return count


def kept(folder, name: str) -> int:
    """How many bytes the record has."""
    files = [folder / side / name for side in ("0", "1")]
    return max((file.stat().st_size for file in files if file.exists()), default=0)


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def observed(start, leshan, relay, state, endpoint: str, **settings):
    """A meter that is registered, observed, and has written all that."""
    meter = start(relay.uri, endpoint=endpoint, state=state, **{**SETTINGS, **settings})
    leshan.wait_event("registered", endpoint=endpoint)
    wait_until(lambda: kept(state, "1"))
    before = kept(state, "1")
    assert leshan.ask(op="observe", endpoint=endpoint, path=PATH)["code"] == "2.05"
    wait_until(lambda: kept(state, "1") > before)
    return meter


def again(start, relay, state, endpoint: str, **settings):
    """The power is back. Not with `know`: a key given again ends the sessions of its identity."""
    return start(relay.uri, endpoint=endpoint, state=state, key=KEY, **{**SETTINGS, **settings})


def test_reset_to_first_notification_is_two_datagrams(leshan, relay, start, state):
    meter = observed(start, leshan, relay, state, "cut")
    location = registrations(leshan, "cut")[0]["location"]
    for moves in (False, True, False):
        killed(meter)
        count, heard = quiet(relay), len(relay.capture)
        if moves:
            relay.move()  # it starts at another address
        meter = again(start, relay, state, "cut")
        wait_until(lambda c=count: len(relay.wire) >= c + 2)
        assert [record.inbound for record in relay.wire[count : count + 2]] == [True, False]
        leshan.wait_event("updated", endpoint="cut", address=origin(relay))  # soon
        assert read(leshan, "cut") == "Water meter"
        assert all(record.text is None for record in relay.wire[count:])  # no handshake
        assert registers(relay, heard) == ["update"]
        assert registrations(leshan, "cut")[0]["location"] == location
        assert not times(meter, "registered") and not times(meter, "session")


def test_a_reboot_by_the_server_goes_on_too(leshan, relay, start, state):
    meter = observed(start, leshan, relay, state, "reboots")
    count, heard = len(relay.wire), len(relay.capture)
    assert leshan.ask(op="execute", endpoint="reboots", path="/3/0/4")["code"] == "2.04"
    meter.wait_log("which knows it")
    leshan.wait_event("updated", endpoint="reboots")
    assert read(leshan, "reboots") == "Water meter"
    assert all(record.text is None for record in relay.wire[count:])  # no handshake, no goodbye
    assert registers(relay, heard) == ["update"] and times(meter, "registered at") == 1


def test_a_server_that_has_forgotten_the_session_is_registered_at_by_itself(
    leshan, relay, start, state
):
    meter = observed(start, leshan, relay, state, "forgets")
    killed(meter)
    know(leshan, "forgets")  # which ends its session
    count, heard = len(relay.wire), len(relay.capture)
    meter = again(start, relay, state, "forgets", coap={"ack_timeout": 300})
    leshan.wait_event("registered", endpoint="forgets", timeout=20)
    assert read(leshan, "forgets") == "Water meter"
    assert len(relay.hellos(count)) in (1, 2) and "rd" in registers(relay, heard)
    assert times(meter, "given up") <= 1


def test_damaged_records_cost_a_handshake_and_nothing_else(leshan, relay, start, state):
    meter = observed(start, leshan, relay, state, "damaged")
    assert leshan.ask(op="write", endpoint="damaged", path="/1/0/1", value=555)["code"] == "2.04"
    wait_until(lambda: kept(state, "objects"))
    killed(meter)
    for side in ("0", "1"):
        file = state / side / "1"
        if file.exists():
            file.write_bytes(file.read_bytes()[:-1] + b"!")
    meter = again(start, relay, state, "damaged")
    meter.wrong = True  # an error in its log
    assert leshan.wait_event("registered", endpoint="damaged", lifetime=555)["again"]
    assert read(leshan, "damaged") == "Water meter"


def test_ctrl_c_leaves_nothing_of_the_registration(leshan, relay, start, state):
    meter = observed(start, leshan, relay, state, "leaves")
    meter.interrupt()
    assert meter.wait() == 0
    assert not registrations(leshan, "leaves") and not kept(state, "1")
