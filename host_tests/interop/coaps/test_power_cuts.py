"""A meter that keeps its state, killed and started anew: by Leshan, over coaps.

SIGKILL is its power cut: nothing is said, and nothing is written that was not written before.
"""

import signal

import pytest

from ..meter import wait_until
from .conftest import KEY
from .test_sessions import origin, read, registers, registrations, times

PATH = "/3424/0/1"
SETTINGS = {"registration": {"update_pause": 3}, "coap": {"ack_timeout": 2000}}


def killed(meter) -> None:
    """The power goes."""
    meter.process.send_signal(signal.SIGKILL)
    meter.wait()


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
        count, heard = len(relay.wire), len(relay.capture)
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
