"""Leshan's two servers, a process each, and meters that know the bootstrap server only."""

import os

import coaps_leshan
import pytest
from tools.devserver.driver import BootstrapDriver, DriverError

from ..meter import CALM, Meter, configuration


@pytest.fixture(scope="module")
def leshan():
    """The server that meters are to register at: coap and coaps."""
    server = coaps_leshan.begin()
    yield server
    server.close()


@pytest.fixture(scope="module")
def bootstrap():
    """The bootstrap server: coap and coaps. In CI it must be there."""
    try:
        server = BootstrapDriver().__enter__()
    except DriverError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("Leshan's bootstrap server cannot be had: %s" % error)
    yield server
    server.close()


@pytest.fixture
def meter(tmp_path):
    """Starts meters; they are ended when the test is."""
    begun = []

    def start(bootstrap: dict, servers=None, **changes) -> Meter:
        whole = configuration("coap://127.0.0.1:1", **changes)
        whole["coap"] = changes.get("coap", CALM)
        whole["dtls"] = {"first_timeout": 1000}
        whole["bootstrap"] = bootstrap
        if servers is None:
            del whole["servers"]
        else:
            whole["servers"] = servers
        folder = tmp_path / str(len(begun))
        folder.mkdir()
        begun.append(Meter(folder, whole))
        return begun[-1]

    yield start
    for started in begun:
        started.kill()
