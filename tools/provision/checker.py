"""The firmware's own check of configurations, one process for any number of files."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from .failure import ProvisionError

_SCRIPT = Path(__file__).with_name("on_host.py")


def sections() -> dict:
    """Return the tables from which the firmware checks, see on_host.py."""
    return json.loads(_run("sections", ""))


def refusals(paths: Iterable[Path]) -> list[str]:
    """Return for each file why the firmware refuses it, "" where it does not."""
    paths = list(paths)
    lines = _run("check", "".join("%s\n" % path for path in paths)).splitlines()
    return [json.loads(line) for line in lines] if paths else []


def _run(action: str, text: str) -> str:
    command = [sys.executable, str(_SCRIPT), action]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        reason = done.stderr.strip().splitlines() or ["no message"]
        raise ProvisionError("the configuration cannot be checked: %s" % reason[-1])
    return done.stdout
