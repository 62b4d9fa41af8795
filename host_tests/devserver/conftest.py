"""Both engines, driven through JSON lines, and a scripted meter."""

import itertools
import os

import pytest
from fake_meter import FakeMeter
from tools.devserver.driver import Driver
from tools.devserver.engines.leshan import jars
from tools.devserver.errors import EngineUnavailable

NUMBERS = itertools.count()


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


@pytest.fixture(params=["leshan", "aiocoap"])
def engine(request):
    """The name of each engine."""
    if request.param == "leshan":
        request.getfixturevalue("jvm")
    return request.param


@pytest.fixture(scope="module", params=["leshan", "aiocoap"])
def server(request):
    """A running server of each engine."""
    if request.param == "leshan":
        leshan_or_skip()
    with Driver(engine=request.param) as driver:
        yield driver


@pytest.fixture
def meter(server, request):
    """A registered meter whose name no other test has."""
    name = "%s-%d" % (request.node.originalname, next(NUMBERS))
    with FakeMeter(server.uri, name) as fake:
        assert fake.register() == "2.01"
        server.wait_event("registered", endpoint=fake.endpoint)
        yield fake
        fake.silence(False)
        fake.deregister()
