"""The self-test of a board at a port, or of the Unix port: one line of JSON."""

import json
import os
import subprocess

from tools.boards.board import ROOT
from tools.flash.repl import Repl

from .failure import ProvisionError

# The health test is that of the sources: an image may have it in a unit of another name.
SOURCES = (ROOT / "firmware" / "entropy.py", ROOT / "firmware" / "selftest.py")
_START = "\nmain(healthy)\n"
_TIMEOUT_S = 60


def on_board(port: str) -> dict:
    """Send the test to a board's prompt; return what it found."""
    with Repl(port) as repl:
        for source in SOURCES:
            repl.run(source.read_text())
        return _result(repl.run(_START), port)


def on_unix() -> dict:
    """Run it on the Unix port."""
    micropython = ROOT / "build" / "venv" / "bin" / "micropython"
    path = ":".join(str(ROOT / part) for part in ("lib", "", "boards/UNIX"))
    environment = {**os.environ, "MICROPYPATH": path + ":.frozen"}
    program = "".join("exec(%r)\n" % source.read_text() for source in SOURCES) + _START
    done = subprocess.run(
        [str(micropython), "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
    )
    return _result(done.stdout, "UNIX")


def _result(output: str, where: str) -> dict:
    lines = [line for line in output.splitlines() if line.startswith("{")]
    try:
        return json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise ProvisionError(
            "%s: the self-test said nothing that is its result" % where
        ) from error
