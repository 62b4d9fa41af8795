"""Keep build/venv holding the pinned wheels of the named groups: `python3 tools/env.py GROUP...`.

Quick when nothing changed: one hash a group. Standard library only, for it runs before anything
is installed.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / "build" / "venv"
STAMP = VENV / "groups.json"


def fail(reason: str) -> None:
    sys.exit("set-up: " + reason)


def groups() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]


def digest(pins: list) -> str:
    return hashlib.sha256("\n".join(pins).encode()).hexdigest()


def run(command: list, what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        errors = [line for line in lines if "ERROR" in line or "error" in line]
        fail("%s failed: %s" % (what, (errors or lines)[0].strip()))


def make_venv() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 what runs first says it best
        fail("Python %d.%d is too old: 3.11 or newer is needed" % sys.version_info[:2])
    VENV.parent.mkdir(exist_ok=True)
    print("set-up: making build/venv", file=sys.stderr)
    run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        "python3 -m venv (Debian: the package python3-venv has it)",
    )


def main(names: list) -> None:
    known = groups()
    for name in names:
        if name not in known:
            fail("no group %r in pyproject.toml; there are %s" % (name, ", ".join(known)))
    done = {}
    if STAMP.exists():
        done = json.loads(STAMP.read_text())
    else:
        make_venv()
    missing = [name for name in names if done.get(name) != digest(known[name])]
    if not missing:
        return
    print("set-up: installing", ", ".join(missing), file=sys.stderr)
    pins = [pin for name in missing for pin in known[name]]
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "install", "-q", *pins], "pip install")
    done.update({name: digest(known[name]) for name in missing})
    STAMP.write_text(json.dumps(done, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:] or ["run"])
