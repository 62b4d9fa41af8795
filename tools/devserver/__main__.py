"""`python -m tools.devserver`: an LwM2M server to develop meters against."""

import argparse
import os
import pathlib
import signal
import sys

from .. import meter
from .door import Door
from .engines import start
from .engines.engine import DEFAULT_PORT, Settings
from .errors import DevserverError, StartError
from .jsonlines import JsonLines

LOG = pathlib.Path(__file__).parent.parent.parent / "build" / "devserver.log"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(prog="python -m tools.devserver", description=__doc__)
    add = options.add_argument
    add(
        "--engine",
        choices=start.ENGINES,
        help="default: leshan, or aiocoap where Leshan is unavailable",
    )
    add("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    add("--port", type=int, help="UDP port, 0 for any (default: %d)" % DEFAULT_PORT)
    add("--coaps", action="store_true", help="serve DTLS with pre-shared keys too (leshan only)")
    add("--nosec", action="store_true", help="no DTLS for the meter of --demo")
    add("--coaps-port", type=int, default=0, help="default: the port after --port")
    add("--awake", type=float, help="seconds a queue-mode client counts as awake (leshan: 93)")
    add("--json", action="store_true", help="commands and events as JSON lines, for scripts")
    add("--demo", action="store_true", help="start a water meter too and show its litres")
    add(
        "--bootstrap",
        action="store_true",
        help="the meter of --demo knows a bootstrap server only",
    )
    add("--no-observe", action="store_true", help="do not observe the clients that register")
    add("--seconds", type=float, help="end after this time (not with --json)")
    add("--endpoint", default="water-1", help="the meter's name (default: %(default)s)")
    return options


def known_key(options: argparse.Namespace) -> dict | None:
    """The command that adds the key of the environment, None where there is none."""
    try:
        credentials = meter.credentials(os.environ)
    except meter.WrongInput as error:
        raise StartError(str(error)) from None
    if credentials is None:
        return None
    key = {"hex": credentials[1]}
    return {"op": "psk", "endpoint": options.endpoint, "identity": credentials[0], "key": key}


def settings(options: argparse.Namespace) -> Settings:
    """What the engine needs of the command line."""
    port = DEFAULT_PORT if options.port is None else options.port
    return Settings(options.host, port, options.coaps, options.coaps_port, options.awake)


def notice(text: str) -> None:
    """Write one line to stderr."""
    print("devserver: %s" % text, file=sys.stderr, flush=True)


def interrupt(number: int, frame: object) -> None:
    """Ctrl-C and SIGTERM end the server alike: through every `finally`."""
    raise KeyboardInterrupt


def serve_json(options: argparse.Namespace) -> None:
    """--json."""
    lines = JsonLines()
    engine, seconds = start.start(options.engine, settings(options), lines.emit, notice)
    try:
        lines.run(engine, seconds)
    finally:
        engine.stop()


def serve_person(options: argparse.Namespace) -> None:
    """The screen and the prompt."""
    from .ui.console import Console, log_quietly
    from .ui.watcher import Watcher, instances

    log_quietly(LOG)
    console = Console()
    watcher = Watcher(console, (lambda event: []) if options.no_observe else instances)
    wanted, key = settings(options), known_key(options)
    wanted.coaps = wanted.coaps or key is not None
    engine, seconds = start.start(options.engine, wanted, watcher.emit, console.say, LOG)
    door = Door(engine)
    try:
        console.serving(engine, seconds)
        door.open()
        watcher.start()
        if key is not None:
            answer = engine.ask(key)
            console.say(answer.get("error", "%(endpoint)s has a key as %(identity)s" % key))
        console.run(options.seconds)
    finally:
        door.close()
        watcher.stop()
        engine.stop()
        console.drain()


def serve(options: argparse.Namespace) -> int:
    """Serve in the way that was asked for; return the exit code."""
    if options.json:
        serve_json(options)
        return 0
    if options.demo:
        from .demo import run_demo

        return run_demo(options, settings(options), LOG)
    serve_person(options)
    return 0


def main() -> int:
    """Run; an error for the user is one line and exit code 1."""
    options = parser().parse_args()
    if options.nosec and options.coaps:
        notice("--nosec and --coaps: must be one of them")
        return 2
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)  # explicitly: a shell's background job ignores it
    try:
        return serve(options)
    except DevserverError as error:
        notice(str(error))
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends already
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
