"""Keys pushed to the running devserver: a device that was made registers there over coaps."""

import json
import os
import re
import socket
import stat
import subprocess
import sys

import pytest
from tools.boards.board import ROOT
from tools.devserver.driver import Driver
from tools.devserver.engines.leshan import jars
from tools.devserver.errors import EngineUnavailable

sys.path.append(str(ROOT / "host_tests" / "devserver"))

from served import Served  # noqa: E402


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The socket of the server of this test, for its process and for what tells it keys."""
    path = tmp_path / "sock"
    monkeypatch.setenv("DEVSERVER_SOCKET", str(path))
    return path


@pytest.fixture
def leshan():
    """In CI a Leshan that cannot be had is a failure; elsewhere a skip with the reason."""
    try:
        jars.start_jvm()
    except EngineUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def ask(path, text):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        with line.makefile("rw") as stream:
            stream.write(text + "\n")
            stream.flush()
            return json.loads(stream.readline())


def test_a_batch_registers_at_leshan_with_the_keys_that_were_pushed(leshan, place, tmp_path):
    with Served("--engine", "leshan", "--coaps", "--port", "0", "--no-observe") as server:
        uri = re.search(r"coaps://[0-9.:]+", server.output)[0]
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        (tmp_path / "d.csv").write_text("endpoint\nurn:dev:ops:0002B3-water-1\nm2\n")
        command = [sys.executable, "-m", "tools.provision", "batch", str(tmp_path / "d.csv")]
        command += ["--server", uri, "--out", str(tmp_path / "out"), "--push"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "devserver: 2 keys known there" in done.stderr
        config = next((tmp_path / "out" / "devices").glob("urn*.json"))
        meter = [sys.executable, str(ROOT / "tools" / "meter.py"), "--config", str(config)]
        with subprocess.Popen(meter, stdout=subprocess.DEVNULL) as process:
            try:
                server.wait_for("registered urn:dev:ops:0002B3-water-1")
            finally:
                process.terminate()


def test_only_keys_are_taken_there(place):
    with Served("--engine", "aiocoap", "--port", "0", "--no-observe"):
        assert ask(place, '{"op": "list"}') == {"error": "only psk here"}
        assert "needs 'identity'" in ask(place, '{"op": "psk", "endpoint": "m"}')["error"]
        assert "no JSON" in ask(place, "psk")["error"]
        assert "object" in ask(place, "5")["error"]
        # A second server leaves the socket of the first alone.
        with Served("--engine", "aiocoap", "--port", "0", "--no-observe"):
            pass
        assert ask(place, '{"op": "list"}') == {"error": "only psk here"}
    assert not place.exists()


def test_a_socket_that_a_killed_server_has_left_is_replaced(place):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    with Served("--engine", "aiocoap", "--port", "0", "--no-observe"):
        assert ask(place, '{"op": "list"}') == {"error": "only psk here"}


def test_scripts_have_no_such_socket(place):
    with Driver(engine="aiocoap"):
        assert not place.exists()
