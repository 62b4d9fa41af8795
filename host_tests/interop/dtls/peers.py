"""Servers that are not ours, each a process that shouts what it hears, and how they are had.

Scandium comes with Leshan; mbedTLS is python-mbedtls's wheel or Debian's; tinydtls is built from
DTLSSocket's source and pion/dtls from Go's module proxy, each once, below build/peers.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MICROPYTHON = ROOT / "build" / "venv" / "bin" / "micropython"
BUILD = ROOT / "build" / "peers"
TINYDTLS = "DTLSSocket==0.2.3"
TOOLS = ("gcc", "make", "autoconf", "automake", "libtool", "python3-dev")
PATIENCE_S = 300  # of the builds
NAMES = {0xC0A8: "PSK-AES128-CCM8", 0xC0A4: "PSK-AES128-CCM", 0xAE: "PSK-AES128-CBC-SHA256"}
FIRST_MS = 50  # the first timer of our openssl_server


class NotHad(Exception):
    """This peer cannot be had here; its text is the reason."""


def apt(*packages):
    """Install Debian packages where that is allowed: on a CI machine."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-q", *command], env=quiet, capture_output=True)


def made(name, what, make):
    """build/peers/NAME, made by `make(folder)` if it is not there, moved once it is whole."""
    digest = hashlib.sha256(what).hexdigest()[:12]
    found = BUILD / ("%s-%s" % (name, digest))
    if not found.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            whole = Path(folder) / "made"
            whole.mkdir()
            try:
                done = make(whole)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise NotHad("%s: %s" % (name, error)) from error
            if done.returncode:
                last = (done.stderr or done.stdout).strip()[-600:]
                raise NotHad("%s does not build: %s" % (name, last))
            try:
                whole.rename(found)
            except OSError:  # another run was quicker
                pass
    return found


def tinydtls():
    """The folder that DTLSSocket is in."""

    def make(folder):
        if not all(shutil.which(tool) for tool in ("gcc", "make", "autoconf", "libtoolize")):
            apt(*TOOLS)
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        command += ["--no-deps", "--target", str(folder), TINYDTLS]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)

    return made("tinydtls", (TINYDTLS + sys.version).encode(), make)


def pion():
    """The folder that the program `peer` is in."""
    go = shutil.which("go") or "/usr/local/go/bin/go"

    def make(folder):
        command = [
            go,
            "build",
            "-mod=readonly",
            "-buildvcs=false",
            "-o",
            str(folder / "peer"),
            ".",
        ]
        return subprocess.run(
            command, cwd=HERE / "pion", capture_output=True, text=True, timeout=PATIENCE_S
        )

    source = b"".join((HERE / "pion" / name).read_bytes() for name in ("main.go", "go.sum"))
    return made("pion", source, make)


def drive(inside, port, steps, identity, key, **job):
    """Run the client under test inside "cpython" or "micropython"; its report."""
    job.update(port=port, steps=steps, identity=identity.hex(), key=key.hex())
    command = [sys.executable if inside == "cpython" else str(MICROPYTHON)]
    path = ":".join(str(ROOT / one) for one in ("lib", "host_tests/support", ""))
    done = subprocess.run(
        [*command, str(HERE / "driver.py")],
        input=json.dumps(job) + "\n",
        env=dict(os.environ, MICROPYPATH=path + ":.frozen"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert key.hex() not in done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class Shouting:
    """A server process; one serves many clients. `lines` is what it printed."""

    def __init__(self, name, port, command, **environment):
        self.port = port
        self.lines = []
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=dict(os.environ, **environment),
        )
        for line in self.process.stdout:
            if line == "ACCEPT\n":
                break
            self.lines.append(line.rstrip())
        else:
            self.close()
            raise NotHad("%s does not start: %s" % (name, " ".join(self.lines[-3:])))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def saw(self, text, seconds=5):
        """Did it print this, or will it soon?"""
        end = time.monotonic() + seconds
        while not any(text in line for line in self.lines):
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def close(self):
        """End it."""
        self.process.kill()
        self.process.wait()


def start(name, port, identity, key, suites, cid=None, cookies=True):
    """A server by its name; `cid` is the length of its Connection IDs where it knows them.

    OpenSSL may be asked to do without cookies. Raises NotHad.
    """
    command = [sys.executable, str(HERE / (name + "_server.py"))]
    environment = {}
    suites = list(suites)
    given = [identity.decode(), key.hex(), *map(str, suites)]
    if name == "pion":
        command = [str(pion() / "peer")]
    if name == "openssl":
        given[2:] = NAMES[suites[0]], str(FIRST_MS), str(int(cookies))
    if name == "tinydtls":
        environment["PYTHONPATH"] = str(tinydtls())
        given = given[:2]
    if name == "mbedtls" and os.environ.get("CI") == "true":
        from .mbedtls_server import library

        try:
            library()
        except OSError:
            apt("libmbedtls14")
    if cid is not None:
        given.insert(0, str(cid))
    return Shouting(name, port, [*command, str(port), *given], **environment)
