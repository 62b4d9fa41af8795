"""Both engines, driven through JSON lines, and a scripted meter."""

import os

import pytest
from fake_meter import FakeMeter
from tools.devserver import jars
from tools.devserver.driver import Driver
from tools.devserver.engine import EngineUnavailable


def leshan_or_skip() -> None:
    """In CI a Leshan that cannot be had is a failure; elsewhere a skip with the reason."""
    try:
        jars.start_jvm()
    except EngineUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def jvm():
    """The JVM in this process."""
    leshan_or_skip()


@pytest.fixture(scope="module", params=["leshan", "small"])
def server(request):
    """A running server of each engine."""
    if request.param == "leshan":
        leshan_or_skip()
    with Driver(engine=request.param) as driver:
        yield driver


@pytest.fixture
def meter(server, request):
    """A registered meter whose name is the test's."""
    with FakeMeter(server.uri, request.node.name.partition("[")[0]) as fake:
        assert fake.register() == "2.01"
        server.wait_event("registered", endpoint=fake.endpoint)
        yield fake
        fake.silence(False)
        fake.deregister()
