"""The server as a process: ports, ends, signals, the fall-back and the demo."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import pytest
from tools.devserver.driver import ROOT, Driver, DriverError
from tools.devserver.engines.leshan import jars

DEMO = str(pathlib.Path(__file__).parent / "demo_with_fake.py")


def run(*arguments, text="", **more):
    command = [sys.executable, "-m", "tools.devserver", *arguments]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, cwd=ROOT, timeout=60, **more
    )


def test_end_of_stdin_ends_after_the_answers(engine):
    done = run("--json", "--port", "0", "--engine", engine, text='{"id": 7, "op": "list"}\n')
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert lines[1] == {"id": 7, "registrations": []}


def test_stop(engine):
    with Driver(engine=engine) as server:
        assert server.ask(op="stop")["stopped"] is True
        assert server.process.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_server(engine, number):
    with Driver(engine=engine) as server:
        assert server.terminate(number, timeout=10) == 0


def test_port_in_use(engine):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        done = run("--json", "--engine", engine, "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "UDP port %d on 127.0.0.1 cannot be bound" % port in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("no.such.host.invalid", "0", "HOST no.such.host.invalid is no address"),
        ("192.0.2.1", "0", "on 192.0.2.1 cannot be bound"),
        ("127.0.0.1", "70000", "PORT 70000 is outside 0 to 65535"),
    ],
)
def test_a_wrong_address(host, port, words):
    done = run("--json", "--engine", "aiocoap", "--host", host, "--port", port)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def without_jars(tmp_path):
    """A start whose jars cannot be fetched: an empty cache and no network."""
    script = tmp_path / "offline.py"
    script.write_text(
        "import sys, pathlib\n"
        "sys.path.insert(0, %r)\n"
        "from tools.devserver import __main__ as entry\n"
        "from tools.devserver.engines.leshan import jars\n"
        "def offline(coordinate, cache):\n"
        "    raise OSError('no network here')\n"
        "jars.resolve = offline\n"
        "jars.fetch.__defaults__ = (jars.SERVER, pathlib.Path(%r))\n"
        "sys.exit(entry.main())\n" % (str(ROOT), str(tmp_path / "maven"))
    )
    return [sys.executable, str(script), "--json", "--port", "0"]


def test_without_jars_aiocoap_serves_and_says_why(tmp_path, jvm):
    done = subprocess.run(
        without_jars(tmp_path), input="", capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[0])["engine"] == "aiocoap"
    [why] = [line for line in done.stderr.splitlines() if "aiocoap serves" in line]
    assert "cannot be fetched from Maven Central" in why
    assert "no network here" in why


def test_leshan_asked_for_by_name_never_falls_back(tmp_path, jvm):
    command = [*without_jars(tmp_path), "--engine", "leshan"]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no network here" in done.stderr


def test_a_warm_cache_needs_no_network(jvm, monkeypatch):
    def resolve(coordinate, cache):
        raise AssertionError("asked the network for %s" % coordinate)

    monkeypatch.setattr(jars, "resolve", resolve)
    assert len(jars.fetch()) == len(jars.locked_jars(jars.SERVER))


def test_leshan_is_up_with_ten_seconds_of_cpu(jvm):
    with Driver(engine="leshan") as server:
        fields = pathlib.Path("/proc/%d/stat" % server.process.pid).read_text().split()
        assert (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK") < 10


def test_coaps_takes_keys_and_tells_none(jvm):
    with Driver("--coaps", engine="leshan") as server:
        assert server.ready["coaps"].startswith("coaps://127.0.0.1:")
        key = "00112233445566778899aabbccddeeff"
        command = {"endpoint": "m1", "identity": "m1", "key": {"hex": key}}
        assert server.ask(op="psk", **command).get("error") is None
        bad = server.ask(op="psk", **{**command, "key": "not-hexadecimal-secret"})
        assert "secret" not in bad["error"]
        server.close()
        assert key not in "\n".join(server.errors)


def test_the_driver_says_what_happened():
    with Driver(engine="aiocoap") as server, pytest.raises(DriverError, match="not within 0.1 s"):
        server.wait_event("registered", timeout=0.1)


@pytest.mark.parametrize("more", [(), ("--no-observe",)])
def test_demo_shows_litres_until_it_is_ended(engine, more):
    command = [sys.executable, DEMO, "--demo", "--nosec", "--engine", engine, "--port", "0", *more]
    lines = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as running:
        for line in running.stdout:
            lines.append(line)
            if sum(each.endswith(" L\n") for each in lines) == 3:
                running.send_signal(signal.SIGINT)
    shown = "".join(lines)
    assert running.returncode == 0, shown
    assert "registered water-1" in shown
    assert re.search(r"12 \d45\.0 L", shown)  # it counts on
    assert "deregistered water-1" in lines[-1]
    assert ("reading it every 2 s" in shown) == bool(more)


def test_it_ends_by_itself_after_its_seconds():
    done = run("--engine", "aiocoap", "--port", "0", "--seconds", "0.2", "--demo", "--nosec")
    assert done.returncode == 0
    assert "deregistered water-1" in done.stdout or "registered" not in done.stdout


def test_demo_says_why_its_meter_failed():
    command = [sys.executable, DEMO, "--demo", "--engine", "aiocoap", "--port", "0", "--fail"]
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
    )
    assert done.returncode == 1
    assert "the meter ended with 1: meter: no such profile" in done.stderr
