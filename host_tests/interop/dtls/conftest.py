"""OpenSSL's server, and the client under test on both interpreters.

A peer that cannot start is a skip with its reason on a laptop, a failure in CI.
"""

import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from . import peers
from .peers import NAMES

IDENTITY = b"meter-0001"
KEY = bytes(range(0x30, 0x40))


def cannot(reason):
    """Skip, or fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port():
    """A UDP port that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class OpenSsl:
    """`openssl s_server`; `lines` is what it printed, `say` has it send a line to its client."""

    def __init__(self, tmp_path, suites=(0xC0A8,), key=KEY, options=(), config="", name=IDENTITY):
        self.port = free_port()
        version = [] if "-dtls1" in options else ["-dtls1_2"]
        command = ["openssl", "s_server", *version, "-accept", "127.0.0.1:%d" % self.port]
        command += ["-nocert", "-psk", key.hex(), "-psk_identity", name.decode()]
        ciphers = ":".join(NAMES.get(suite, suite) for suite in suites)
        command += ["-cipher", ciphers + ":@SECLEVEL=0", *options]
        environment = dict(os.environ)
        if config:
            file = tmp_path / "openssl.cnf"
            file.write_text(
                "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n" + config
            )
            environment["OPENSSL_CONF"] = str(file)
        self.lines = []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            bufsize=0,
        )
        threading.Thread(target=self._read, daemon=True).start()
        if not self.saw("ACCEPT", 10):
            self.close()
            cannot("openssl s_server: " + " ".join(self.lines))

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())

    def saw(self, text, seconds=5):
        """Did it print this, or will it soon?"""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(text in line for line in self.lines):
                return True
            time.sleep(0.01)
        return False

    def say(self, text):
        """Have it send a line."""
        self.process.stdin.write(text.encode() + b"\n")

    def answer(self, heard, text):
        """In the background: when it has printed `heard`, send `text`."""

        def wait():
            if self.saw(heard, 30):
                self.say(text)

        threading.Thread(target=wait, daemon=True).start()

    def close(self):
        """End it."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def openssl(tmp_path):
    """Starts servers."""
    if not shutil.which("openssl"):
        cannot("openssl is not installed: apt-get install openssl")
    servers = []

    def go(**arguments):
        servers.append(OpenSsl(tmp_path, **arguments))
        return servers[-1]

    yield go
    for server in servers:
        server.close()


@pytest.fixture(params=["cpython", "micropython"])
def drive(request):
    """Runs the client under test; its report."""
    return driver(request.param)


def driver(interpreter):
    """The function that runs it on one of the interpreters."""

    def go(server, *steps, identity=IDENTITY, key=KEY, **job):
        return peers.drive(interpreter, server.port, steps, identity, key, **job)

    return go


@pytest.fixture(scope="session")
def shouting():
    """Servers by name and the length of their CIDs, started when first asked for."""
    servers = {}
    reasons = {}  # of those that cannot be had: nothing is built twice in vain

    def get(name, cid=None):
        if (name, cid) not in servers and name not in reasons:
            try:
                found = peers.start(name, free_port(), IDENTITY, KEY, NAMES, cid)
                servers[name, cid] = found
            except peers.NotHad as error:
                reasons[name] = str(error)
        if name in reasons:
            cannot(reasons[name])
        return servers[name, cid]

    yield get
    for server in servers.values():
        server.close()


@pytest.fixture(scope="session")
def scandium(shouting):
    """Californium's DTLS by the length of its CIDs; tools/env.py leshan brings it."""
    return lambda cid: shouting("scandium", cid)
