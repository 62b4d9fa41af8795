"""Meters that register by coaps: the fixtures of the folder above, with another Leshan.

A test for many formats runs with the first of them; with the others it is slow, as are those of
UNHURRIED: the lists of the folder above once more, and what takes seconds.
"""

import os
import pathlib
import shutil

import pytest
from tools.devserver.driver import Driver, DriverError

from ..meter import MAIN, Meter, configuration
from .opened import Opened

KEY = "5ec2e75ec2e75ec2e75ec2e75ec2e75e"
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


def begin(*arguments: str, port: int = 0) -> Driver:
    """A Leshan that serves coaps. In CI it must be there."""
    try:
        return Driver("--coaps", *arguments, engine="leshan", port=port).__enter__()
    except DriverError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("Leshan cannot be had: %s" % str(error).splitlines()[-1])


def know(server: Driver, endpoint: str, key: str = KEY, identity: str = "") -> None:
    """Tell Leshan an endpoint's key."""
    answer = server.ask(op="psk", endpoint=endpoint, identity=identity or endpoint, key=key)
    assert "error" not in answer, answer


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

    def go(server, main=MAIN, key="", identity="", wrong=False, **changes):
        endpoint = changes["endpoint"]
        if not key:
            know(leshan, endpoint)
        uri = leshan.ready["coaps"] if server == leshan.uri else server
        account = {name: changes.pop(name) for name in ACCOUNT if name in changes}
        config = configuration(uri, **changes)
        account.update(identity=identity or endpoint, key=key or KEY)
        config["servers"][0].update(account)
        # From elsewhere: MicroPython looks beside a program first, and beside these is a `dtls`.
        meters.append(Meter(tmp_path, config, main=shutil.copy(main, tmp_path)))
        meters[-1].wrong = wrong
        return meters[-1]

    yield go
    for meter in meters:
        meter.kill()
        lines = meter.lines
        bad = ("Traceback",) if meter.wrong else ("Traceback", "E ")
        assert not [line for line in lines if line.startswith(bad)], lines
        assert "dtls established" in "".join(lines) or meter.wrong
        told = "".join(lines)
        assert KEY not in told and (not key_of(meter) or key_of(meter) not in told)


ACCOUNT = ("suites", "retry_timer", "retry_count", "sequence_delay")


def key_of(meter) -> str:
    """The key in a meter's configuration."""
    return meter.config["servers"][0]["key"]


@pytest.fixture
def relay(request, leshan, captures):
    """What lies between the meter and Leshan, and reads."""
    relay = Opened(leshan.ready["coaps"], bytes.fromhex(KEY))
    yield relay
    relay.close()
    captures.append((request.node.name, relay.port, relay.capture))
