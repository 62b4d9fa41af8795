"""Every program in examples/, on the Unix port, against Eclipse Leshan."""

import contextlib
import os
import pathlib
import signal
import subprocess

import pytest
from tools.devserver.driver import Driver
from tools.devserver.engines.leshan import jars
from tools.devserver.errors import EngineUnavailable

ROOT = pathlib.Path(__file__).resolve().parents[2]
MICROPYTHON = ROOT / "build" / "venv" / "bin" / "micropython"
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def server():
    """Leshan. In CI one that cannot be had is a failure; elsewhere a skip with the reason."""
    try:
        jars.start_jvm()
    except EngineUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with Driver(engine="leshan") as driver:
        yield driver


@contextlib.contextmanager
def running(name: str, server):
    """A program of examples/ while its client is registered; it is ended by Ctrl-C."""
    process = subprocess.Popen(
        [MICROPYTHON, EXAMPLES / name, server.uri],
        env=dict(os.environ, MICROPYPATH="%s:.frozen" % (ROOT / "lib")),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.stdout.close()


def registered(server, endpoint: str):
    """Waits for the registration; returns what reads a value of the client."""
    server.wait_event("registered", endpoint=endpoint, timeout=20)

    def read(path: str):
        answer = server.ask(op="read", endpoint=endpoint, path=path)
        assert answer.get("code") == "2.05", answer
        return answer["value"]

    return read


def test_01_own_sensor(server):
    with running("01_own_sensor.py", server):
        read = registered(server, "own-sensor")
        assert read("/3323/0/5700") == 101325.25
        assert read("/3323/0/5701") == "Pa"


def test_02_notify(server):
    with running("02_notify.py", server):
        first = registered(server, "notify")("/3303/0/5700")
        answer = server.ask(op="observe", endpoint="notify", path="/3303/0/5700")
        assert answer["observed"]
        notification = server.wait_event("notification", endpoint="notify", timeout=10)
        assert notification["value"] > first


def test_03_send_series(server):
    with running("03_send_series.py", server) as process:
        sent = server.wait_event("send", endpoint="send-series", timeout=20)
        assert [each["path"] for each in sent["values"]] == ["/3303/0/5700"] * 10
        assert [each["value"] for each in sent["values"]] == [(215 + i) / 10 for i in range(10)]
        times = [each["time"] for each in sent["values"]]
        assert {after - before for before, after in zip(times, times[1:])} == {900}
        assert process.wait(20) == 0
        assert "Send ended 2.04" in process.stdout.read()


def test_04_slow_probe(server):
    with running("04_slow_probe.py", server):
        registered(server, "slow-probe")
        slow = server.start(op="read", endpoint="slow-probe", path="/3303/0/5700")
        units = server.ask(op="read", endpoint="slow-probe", path="/3303/0/5701")
        assert units["value"] == "Cel"
        assert slow not in server.answers  # the quick answer did not wait for the slow one
        assert server.result(slow)["value"] == 21.5


def test_05_own_transport(server):
    with running("05_own_transport.py", server) as process:
        assert registered(server, "own-transport")("/3/0/0") == "example"
        process.send_signal(signal.SIGINT)
        lines = process.stdout.read().splitlines()
    assert [line for line in lines if line.startswith("sent ")]
    assert [line for line in lines if line.startswith("received ")]


def test_every_example_has_a_test():
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {name[5:] for name in globals() if name.startswith("test_0")}


def test_the_page_lists_every_example():
    page = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.glob("*.py"):
        assert "[%s](%s)" % (path.name, path.name) in page
