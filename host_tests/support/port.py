"""MicroPython's Unix port as the tests start it."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PORT = ROOT / "build" / "venv" / "bin" / "micropython"
PORT_PATH = ("lib", "", "boards/UNIX", "host_tests/support", "host_tests/faults")
TIMEOUT_S = 300


def on_port(arguments: list, timeout: int = TIMEOUT_S) -> subprocess.CompletedProcess:
    """Run the Unix port, which finds lib/ and the tests' helpers."""
    path = ":".join([str(ROOT / p) for p in PORT_PATH] + [".frozen"])
    command = [str(PORT), *map(str, arguments)]
    environment = dict(os.environ, MICROPYPATH=path)
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout
    )
