"""Meters that register by coaps: the fixtures of the folder above, with another Leshan.

A test for many formats runs with the first of them; with the others it is slow, as are those of
UNHURRIED: the lists of the folder above once more, and what takes seconds.
"""

import pathlib
import shutil

import pytest
from coaps_leshan import KEY, begin, know

from ..meter import MAIN, Meter, configuration
from .decrypting_relay import DecryptingRelay

HERE = pathlib.Path(__file__).parent
UNHURRIED = ("::TestEts", "test_retries_")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """All parameters but the first are slow, and what takes its time."""
    for item in items:
        if HERE in item.path.parents:
            callspec = getattr(item, "callspec", None)
            later = callspec and any(callspec.indices.values())
            if later or any(name in item.nodeid for name in UNHURRIED):
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def leshan():
    """One Leshan for this folder."""
    server = begin()
    yield server
    server.close()


@pytest.fixture
def start(tmp_path, leshan):
    """Starts meters by coaps: start(Leshan's URI or a relay's, changes of the configuration...).

    Leshan knows the key first, unless `key` says that the meter has another one.
    """
    meters = []

    def go(server, main=MAIN, key="", identity="", wrong=False, state="", **changes):
        endpoint = changes["endpoint"]
        if not key:
            know(leshan, endpoint)
        uri = leshan.ready["coaps"] if server == leshan.uri else server
        account = {name: changes.pop(name) for name in ACCOUNT if name in changes}
        config = configuration(uri, **changes)
        account.update(identity=identity or endpoint, key=key or KEY)
        config["servers"][0].update(account)
        # From elsewhere: MicroPython looks beside a program first, and beside these is a `dtls`.
        arguments = ("--state", state) if state else ()
        meters.append(Meter(tmp_path, config, *arguments, main=shutil.copy(main, tmp_path)))
        meters[-1].wrong, meters[-1].state = wrong, state
        return meters[-1]

    yield go
    for meter in meters:
        meter.kill()
        lines = meter.lines
        bad = ("Traceback",) if meter.wrong else ("Traceback", "E ")
        assert not [line for line in lines if line.startswith(bad)], lines
        assert "session established" in "".join(lines) or meter.wrong or meter.state
        log = "".join(lines)
        assert KEY not in log and (not key_of(meter) or key_of(meter) not in log)


ACCOUNT = ("suites", "retry_timer", "retry_count", "sequence_delay")


def key_of(meter) -> str:
    """The key in a meter's configuration."""
    return meter.config["servers"][0]["key"]


@pytest.fixture
def relay(request, leshan, captures):
    """What lies between the meter and Leshan, and reads."""
    relay = DecryptingRelay(leshan.ready["coaps"], bytes.fromhex(KEY))
    yield relay
    relay.close()
    captures.append((request.node.name, relay.port, relay.capture))
