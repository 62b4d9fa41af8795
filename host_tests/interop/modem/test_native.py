"""The meter on the Unix port registers by the port's own DTLS, at OpenSSL's."""

import os
import socket
import subprocess
import time

import pytest
from host_tests.interop.meter import MICROPYTHON, wait_until
from host_tests.interop.wire import CONTENT

from .front import KEY

ASK = "import tls; print(hasattr(tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT), 'psk_key'))"
NATIVE = {"backend": "native"}


@pytest.fixture(autouse=True)
def able():
    """The port as it is installed may be too old."""
    ran = subprocess.run([MICROPYTHON, "-c", ASK], capture_output=True, text=True, timeout=20)
    if ran.stdout.strip() != "True":
        if os.environ.get("CI") == "true":
            pytest.fail("this port's tls has no pre-shared keys")
        pytest.skip("this port's tls has no pre-shared keys")


@pytest.mark.parametrize(
    ("cipher", "suites", "log"),
    [
        ("PSK-AES128-GCM-SHA256", None, "GCM"),
        ("PSK-AES128-CBC-SHA256", [0xAE], "CBC-SHA256"),
        ("PSK", None, "GCM"),
    ],
)
def test_it_registers_by_native_dtls(peer, front, start, cipher, suites, log):
    account = front(cipher).account
    if suites:
        account["suites"] = suites
    meter = start(account["uri"], servers=[account], dtls=NATIVE)
    peer.register()
    meter.wait_log("session established, suite TLS-PSK-WITH-AES-128-" + log)
    for _ in range(3):
        assert peer.read("/3/0/0").code == CONTENT
    meter.interrupt()
    peer.wait_deregister()
    assert meter.wait() == 0
    assert not [line for line in meter.lines if KEY.hex() in line or "0123456789" in line]


def test_lost_flights_are_sent_again_by_the_timer(start):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(5)
        uri = "coaps://127.0.0.1:%d" % silent.getsockname()[1]
        account = {"uri": uri, "identity": "x", "key": KEY.hex()}
        meter = start(uri, servers=[account], dtls={**NATIVE, "max_retransmit": 2})
        times = []
        for _ in range(3):
            silent.recv(2000)
            times.append(time.monotonic())
        assert 0.8 < times[1] - times[0] < 1.5
        assert 1.8 < times[2] - times[1] < 2.6
        meter.wait_log("DTLS ended: no answer", 10)
        assert meter.running()


def test_a_server_that_is_not_there_is_a_loss(start):
    account = {"uri": "coaps://127.0.0.1:9", "identity": "x", "key": KEY.hex()}
    meter = start(account["uri"], servers=[account], dtls={**NATIVE, "max_retransmit": 1})
    meter.wait_log("DTLS ended: no answer", 10)


def test_the_servers_goodbye_leads_to_a_new_session(peer, front, start):
    server = front()
    meter = start(server.account["uri"], servers=[server.account], dtls=NATIVE)
    peer.register()
    wait_until(lambda: "registered" in " ".join(meter.lines))
    server.process.stdin.close()  # it ends: close_notify
    meter.wait_log("DTLS ended: closed by the server")
    assert meter.running()


@pytest.mark.parametrize(
    ("dtls", "key", "suites", "line"),
    [
        ({"backend": "nativ"}, KEY, None, 'dtls.backend: "nativ": must be the name of a backend'),
        ({"backend": 1}, KEY, None, "dtls.backend: 1: must be the name of a backend"),
        ({**NATIVE, "mtu": 512}, KEY, None, "dtls.mtu: cannot be set for the backend native"),
        (NATIVE, bytes(64), None, "key: must be of at most 96 digits for the backend native"),
        (NATIVE, KEY, [0xC0A4], "suites: [49316]: must be suites that this firmware's tls has"),
    ],
)
def test_wrong_values_are_one_line(start, dtls, key, suites, line):
    account = {"uri": "coaps://127.0.0.1:9", "identity": "x", "key": key.hex()}
    if suites:
        account["suites"] = suites
    meter = start(account["uri"], servers=[account], dtls=dtls)
    assert meter.wait() == 2
    assert len(meter.lines) == 1 and line in meter.lines[0], meter.lines
