"""libcoap's programs, from Debian: a client that asks, and a directory that is registered at."""

import shutil
import subprocess

import pytest
from host_tests.interop.dtls.conftest import cannot
from host_tests.interop.dtls.peers import apt


def program(name: str) -> str:
    """The path of a program of libcoap3-bin, which CI installs; elsewhere a skip without it."""
    if not shutil.which(name):
        apt("libcoap3-bin")
    found = shutil.which(name)
    if not found:
        cannot("%s is missing: apt-get install libcoap3-bin" % name)
    return found


@pytest.fixture
def client(peer, start):
    """Runs libcoap's client at a meter, from the address and port of the server of the meter."""
    path = program("coap-client-notls")
    meter = start(peer, temperature={"value": "21.5"})
    peer.register()
    meter.wait_log("registered")
    peer.close()
    meter_port = peer.meter[1]

    def ask(where: str, *options: str) -> str:
        """What it printed: the payload, or the code and what was said of an error."""
        uri = "coap://127.0.0.1:%d/%s" % (meter_port, where)
        command = [path, "-B", "20", "-a", "127.0.0.1", "-p", str(peer.port), *options, uri]
        ran = subprocess.run(command, capture_output=True, timeout=40)
        assert ran.returncode == 0, ran.stderr
        return (ran.stdout + ran.stderr).decode("latin-1")

    return ask
