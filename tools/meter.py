"""Start the water meter on the Unix port, in the foreground: it replaces this process."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main(arguments: list) -> None:
    micropython = ROOT / "build" / "venv" / "bin" / "micropython"
    if not micropython.exists():
        sys.exit("meter: %s is missing: run it as `make meter`" % micropython)
    path = [str(ROOT / part) for part in ("lib", "firmware", "boards/UNIX")]
    environment = dict(os.environ, MICROPYPATH=":".join([*path, ".frozen"]))
    program = [str(micropython), str(ROOT / "boards/UNIX/main.py"), *arguments]
    os.execve(micropython, program, environment)


if __name__ == "__main__":
    main(sys.argv[1:])
