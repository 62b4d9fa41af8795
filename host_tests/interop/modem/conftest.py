"""Fake modems, scripted servers, OpenSSL before them, and meters, as fixtures."""

import os
import pathlib

import pytest
from host_tests.interop import meter as interop
from host_tests.interop.meter import MAIN, Meter, configuration
from host_tests.interop.scripted import Peer

from .fake_bg95 import FakeBg95
from .front import Front, missing

VENDOR = pathlib.Path(__file__).with_name("vendor")


@pytest.fixture
def peer():
    """A scripted server."""
    server = Peer()
    yield server
    server.close()


@pytest.fixture
def modem():
    """A fake modem that runs; the attributes of it are its faults."""
    fake = FakeBg95()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def front(peer):
    """Makes OpenSSL servers before the scripted one."""
    if missing():
        if os.environ.get("CI") == "true":
            pytest.fail(missing())
        pytest.skip(missing())
    fronts = []

    def make(*arguments, **named):
        fronts.append(Front(peer.port, *arguments, **named))
        return fronts[-1]

    yield make
    for one in fronts:
        one.close()


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts meters: start(URI, changes of the configuration...). They find the vendor's files."""
    path = ":".join([interop.environment()["MICROPYPATH"], str(VENDOR), str(tmp_path)])
    monkeypatch.setattr(interop, "environment", lambda: dict(os.environ, MICROPYPATH=path))
    meters = []

    def go(uri, main=MAIN, **changes):
        meters.append(Meter(tmp_path, configuration(uri, **changes), main=main))
        return meters[-1]

    yield go
    for meter in meters:
        meter.kill()
        print(*meter.lines, sep="\n")
        assert not [line for line in meter.lines if line.startswith("Traceback")], meter.lines
