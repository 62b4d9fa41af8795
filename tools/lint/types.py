"""Annotations of lib/ and firmware/, checked by mypy with MicroPython's type stubs.

Signatures are annotated, attributes are not: one that starts as None and gets its value later is
no finding. The options are in pyproject.toml; the stubs are in build/typings, apart from
build/venv, for in it they would hide CPython's own modules.
"""

import os
import subprocess
import sys
from pathlib import Path

from .sources import ROOT

TYPINGS = ROOT / "build" / "typings"
_CHECKED = ("lib", "firmware")
_STARTS_AS_NONE = (
    'variable has type "None"',
    '"None" has no attribute',
    'original type "None"',
)


def check(root: Path) -> list[str]:
    """Return mypy's errors in lib/ and firmware/, those in the stubs left out."""
    folders = [name for name in _CHECKED if (root / name).is_dir()]
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--custom-typeshed-dir", str(TYPINGS), "--cache-dir", str(ROOT / "build/mypy")]
    paths = os.pathsep.join(str(path) for path in (root / "lib", root, TYPINGS))
    done = subprocess.run(
        [*command, *folders],
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": paths},
    )
    if done.returncode not in (0, 1):
        return ["mypy: %s" % (done.stderr or done.stdout).strip()]
    return [line for line in done.stdout.splitlines() if _counts(line)]


def _counts(line: str) -> bool:
    ours = line.startswith(tuple(folder + "/" for folder in _CHECKED)) and ": error: " in line
    return ours and not any(text in line for text in _STARTS_AS_NONE)
