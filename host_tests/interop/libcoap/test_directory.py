"""libcoap's Resource Directory takes the meter's registration, over DTLS by OpenSSL and GnuTLS.

Version 4.3.1 frees twice what a DELETE removes, and ends: the meter does not leave here.
"""

import subprocess

import pytest
from host_tests.interop.dtls.conftest import free_port

from .conftest import program

KEY = "0123456789abcdef0123456789abcdef"  # a text for libcoap


@pytest.fixture
def directory():
    """Starts one of coap-rd-*; returns its port, the one above is for coaps."""
    running = []

    def go(kind: str) -> int:
        port = free_port()
        command = [program("coap-rd-" + kind), "-A", "127.0.0.1", "-p", str(port)]
        command += [] if kind == "notls" else ["-k", KEY]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running.append(subprocess.Popen(command, **quiet))
        return port

    yield go
    for process in running:
        process.kill()
        process.wait()


def links(port: int) -> str:
    """The links of the directory: one for each endpoint."""
    uri = "coap://127.0.0.1:%d/.well-known/core" % port
    command = [program("coap-client-notls"), "-B", "5", uri]
    return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout


@pytest.mark.parametrize("kind", ["notls", "openssl", "gnutls"])
def test_registers_at_the_directory(directory, start, kind):
    port = directory(kind)
    account = {"uri": "coap://127.0.0.1:%d" % port}
    if kind != "notls":
        account = {"uri": "coaps://127.0.0.1:%d" % (port + 1), "identity": "meter"}
        account["key"] = KEY.encode().hex()
    meter = start(account["uri"], servers=[account])
    meter.wait_log("registered")
    assert links(port).count("</rd/") == 1
