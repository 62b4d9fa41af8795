"""The meter as a program: Ctrl-C, wrong configurations, several servers."""

import json
import subprocess
import time

import pytest

from . import wire
from .meter import MAIN, MICROPYTHON, TWO_SERVERS, configuration, environment

KEY = "5ec2e75ec2e75ec2e75ec2e75ec2e75e"
COAPS = {"uri": "coaps://a:5684", "identity": "meter", "key": KEY}


def test_ctrl_c_de_registers(peer, registered):
    time.sleep(0.3)
    registered.interrupt()
    leaving = peer.wait_deregister()
    assert not leaving.payload
    assert registered.wait() == 0
    assert registered.lines[-1].endswith("de-registered: 2.02")


@pytest.mark.parametrize("round", range(5))
def test_ctrl_c_amidst_requests_de_registers(peer, registered, round):
    """It may strike anywhere in the meter's code."""
    for _ in range(3):
        peer.read("/3")
    peer.send(peer.build(wire.GET, "/3"))
    time.sleep(0.0002 * round)
    registered.interrupt()
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:
        heard = peer.receive()
        if heard.code == wire.DELETE:
            peer.answer(heard, wire.DELETED)
            break
    assert registered.wait() == 0


def test_ctrl_c_with_a_server_gone_ends_within_seconds(peer, registered):
    time.sleep(0.2)
    peer.close()
    registered.interrupt()
    begun = time.monotonic()
    assert registered.wait(8) == 0
    assert time.monotonic() - begun < 6.5


def test_ctrl_c_before_registration_ends_at_once(peer, start):
    meter = start(peer)
    peer.wait_register()
    meter.interrupt()
    assert meter.wait(3) == 0
    peer.drain()
    assert not [datagram for datagram in peer.capture if datagram.data[1] == wire.DELETE]


def test_two_servers_at_once(make_peer, start, monkeypatch):
    first, second = make_peer(), make_peer(location=["b", "c", "d"])
    monkeypatch.setenv("SECOND_SERVER", second.uri)
    meter = start(first, main=TWO_SERVERS)
    assert "lt=300" in first.register().query
    assert "lt=120" in second.register().query
    assert first.read("/1/0/0").payload == b"1"
    assert second.read("/1/1/0").payload == b"2"
    assert second.write("/1/1/1", "240") == wire.CHANGED
    assert second.wait_update().query == ["lt=240"]
    first.silence(0.3)
    time.sleep(0.1)
    meter.interrupt()
    first.wait_deregister()
    second.wait_deregister()
    assert meter.wait() == 0


def run(*arguments: str):
    """The meter to its end, without a server."""
    command = [MICROPYTHON, MAIN, *arguments]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=20, check=False
    )


def refused(done) -> str:
    """The one line with which a configuration was refused."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("meter: "), done.stderr
    return lines[0]


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"endpoint": ""}, "endpoint"),
        ({"endpoint": "x" * 129}, "endpoint"),
        ({"endpoint": 5}, "endpoint"),
        ({"version": "2.0"}, "version"),
        ({"version": 1.1}, "version"),
        ({"servers": []}, "servers"),
        ({"servers": {}}, "servers"),
        ({"servers": [{}]}, "servers[0].uri"),
        ({"servers": [{"uri": "coap://"}]}, "servers[0].uri"),
        ({"servers": [{"uri": "coaps://a:5684"}]}, "servers[0].identity: null"),
        ({"servers": [{**COAPS, "uri": "coaps://a:0"}]}, "servers[0].uri"),
        ({"servers": [{**COAPS, "identity": "i" * 129}]}, "servers[0].identity"),
        ({"servers": [{**COAPS, "key": None}]}, "servers[0].key: must be 32 to 128 hex"),
        ({"servers": [{**COAPS, "key": KEY[2:]}]}, "servers[0].key: must be 32 to 128 hex"),
        ({"servers": [{**COAPS, "key": KEY[1:] + "g"}]}, "servers[0].key: must be"),
        ({"servers": [{**COAPS, "suites": 0xC0A8}]}, "servers[0].suites: 49320"),
        ({"servers": [{**COAPS, "suites": [0xC0A8, 47]}]}, "servers[0].suites[1]: 47"),
        ({"servers": [{**COAPS, "secret": KEY}]}, "servers[0].secret"),
        ({"servers": COAPS}, "servers"),
        ({"servers": [[COAPS]]}, "servers[0]"),
        ({"servers": [KEY]}, "servers[0]"),
        ([{"servers": [COAPS]}], "the file"),
        ({"dtls": {"first_timeout": 99}}, "dtls.first_timeout"),
        ({"dtls": {"mtu": 1281}}, "dtls.mtu"),
        ({"servers": [{"uri": "coap://a:0"}]}, "servers[0].uri"),
        ({"servers": [{"uri": "coap://a:65536"}]}, "servers[0].uri"),
        ({"servers": [{"uri": "coap://a:x"}]}, "servers[0].uri"),
        ({"servers": [{"uri": "coap://::1:5683"}]}, "servers[0].uri"),
        ({"servers": [{"uri": "localhost"}]}, "servers[0].uri"),
        ({"servers": [{"uri": "coap://a", "lifetime": 0}]}, "servers[0].lifetime"),
        ({"servers": [{"uri": "coap://a", "lifetime": "9"}]}, "servers[0].lifetime"),
        ({"servers": [{"uri": "coap://a", "short_server_id": 0}]}, "short_server_id"),
        ({"servers": [{"uri": "coap://a"}, {"uri": "coap://b"}]}, "servers"),
        ({"servers": [{"uri": "coap://a", "life": 9}]}, "servers[0].life"),
        ({"device": {"serial": 7}}, "device.serial"),
        ({"device": {"colour": "red"}}, "device.colour"),
        ({"device": []}, "device"),
        ({"water": {"litres_per_pulse": 0.1}}, "water.litres_per_pulse"),
        ({"water": {"litres_per_pulse": "0"}}, "water.litres_per_pulse"),
        ({"water": {"litres_per_pulse": "-1"}}, "water.litres_per_pulse"),
        ({"water": {"litres_per_pulse": "ten"}}, "water.litres_per_pulse"),
        ({"water": {"litres_per_pulse": None}}, "water.litres_per_pulse"),
        ({"water": {"kind": ""}}, "water.kind"),
        ({"water": {"flow": []}}, "water.flow"),
        ({"water": {"flow": [[10]]}}, "water.flow[0]"),
        ({"water": {"flow": [[10, 1], [0, 1]]}}, "water.flow[1][0]"),
        ({"water": {"flow": [[10, -1]]}}, "water.flow[0][1]"),
        ({"coap": {"ack_timeout": 99}}, "coap.ack_timeout"),
        ({"coap": {"szx": 7}}, "coap.szx"),
        ({"coap": {"nstart": True}}, "coap.nstart"),
        ({"coap": {"timeout": 5}}, "coap.timeout"),
        ({"log": "much"}, "log"),
        ({"sever": []}, "sever"),
        ([], "the file"),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_line(tmp_path, wrong, place):
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(wrong))
    line = refused(run("--config", str(file)))
    assert str(file) in line and place in line, line
    assert "must be" in line or "there are" in line, line  # the remedy
    assert KEY[:8] not in line


def test_a_file_that_is_no_json_is_refused_in_one_line(tmp_path):
    for content in (b"", b"{", b'{"endpoint": a}', b"\xff\xfe", b"{} x", b"[" * 5000):
        file = tmp_path / "wrong.json"
        file.write_bytes(content)
        assert str(file) in refused(run("--config", str(file))), content
    assert "/no/such/file" in refused(run("--config", "/no/such/file"))
    assert str(tmp_path) in refused(run("--config", str(tmp_path)))


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["--server"], "--server"),
        (["--server", "coaps://a"], "--server: servers[0].identity: null"),
        (["--endpoint", ""], "endpoint"),
        (["--speed", "9"], "--speed"),
        (["meter.json"], "meter.json"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_line(arguments, place):
    assert place in refused(run(*arguments))


def test_arguments_go_over_the_file(peer, tmp_path):
    from .meter import Meter

    meter = Meter(
        tmp_path, configuration("coap://127.0.0.1:1"), "--server", peer.uri, "--endpoint", "other"
    )
    try:
        register = peer.register()
        assert "ep=other" in register.query and "lt=300" in register.query
    finally:
        meter.kill()


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"PSK_KEY": KEY}, "servers[0].identity: null"),
        ({"PSK_IDENTITY": "meter"}, "servers[0].key: must be 32 to 128 hexadecimal digits"),
        ({"PSK_IDENTITY": "meter", "PSK_KEY": KEY[1:]}, "servers[0].key: must be"),
    ],
)
def test_a_key_of_the_environment_that_is_wrong(monkeypatch, environment, place):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    line = refused(run("--server", "coaps://127.0.0.1:1"))
    assert line.startswith("meter: --server: " + place) and KEY[1:] not in line
