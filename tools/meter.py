"""Start the water meter on the Unix port, in the foreground: it replaces this process.

For --server or --bootstrap coaps://... the environment has PSK_IDENTITY and PSK_KEY (hexadecimal),
and the meter inherits them: a command line is for everybody to see. The folder of --state is for
its user alone, for what is kept there has keys in it.
"""

import os
import pathlib
import sys
from collections.abc import Mapping

ROOT = pathlib.Path(__file__).resolve().parent.parent
IDENTITY, KEY = "PSK_IDENTITY", "PSK_KEY"


class WrongInput(ValueError):
    """One line for the user: place, value (never a key), remedy."""


def credentials(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """The identity and the key in hex, None where neither is given; or WrongInput."""
    identity, key = environment.get(IDENTITY, ""), environment.get(KEY, "")
    if not identity and not key:
        return None
    size = len(identity.encode(errors="surrogateescape"))
    if not 0 < size <= 128:
        raise WrongInput("%s: %d bytes: must be a text of 1 to 128" % (IDENTITY, size))
    try:
        size = len(bytes.fromhex(key)) if key.isalnum() else 0
    except ValueError:
        size = 0
    if not 16 <= size <= 64:
        raise WrongInput(
            "%s: %d characters, not shown: must be 32 to 128 hexadecimal digits"
            " (16 to 64 bytes), secret and random" % (KEY, len(key))
        )
    return identity, key


def check(arguments: list, environment: Mapping[str, str]) -> None:
    """A coaps server and a key belong together; or WrongInput."""
    pairs = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if "--server" in pairs and "--bootstrap" in pairs:
        raise WrongInput("SERVER and BOOTSTRAP: must be one of them")
    option = "BOOTSTRAP" if "--bootstrap" in pairs else "SERVER"
    server = pairs.get("--" + option.lower(), "")
    given = credentials(environment)
    if server.startswith("coaps:") and given is None:
        raise WrongInput(
            "%s %s: DTLS without a key: must go with %s=name and %s=hex"
            " (or coap://, without security)" % (option, server, IDENTITY, KEY)
        )
    if given and not server.startswith("coaps:"):
        raise WrongInput(
            "%s: given, but %s is %s: must be like coaps://host:port (or unset %s and %s)"
            % (KEY, option, server or "not given", IDENTITY, KEY)
        )


def main(arguments: list) -> None:
    """Check what only this side can say well, then become the meter."""
    micropython = ROOT / "build" / "venv" / "bin" / "micropython"
    if not micropython.exists():
        sys.exit("meter: %s is missing: run it as `make meter`" % micropython)
    try:
        check(arguments, os.environ)
    except WrongInput as error:
        print("meter:", error, file=sys.stderr)
        sys.exit(2)
    os.umask(0o077)
    path = [str(ROOT / part) for part in ("lib", "", "boards/UNIX")]
    environment = dict(os.environ, MICROPYPATH=":".join([*path, ".frozen"]))
    program = [str(micropython), str(ROOT / "boards/UNIX/main.py"), *arguments]
    os.execve(micropython, program, environment)


if __name__ == "__main__":
    main(sys.argv[1:])
