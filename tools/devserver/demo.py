"""`make run`: the server, a water meter as a child process, and its litres on the screen."""

import argparse
import contextlib
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import threading

from .. import meter as meter_tool
from .engines import start
from .engines.engine import Engine, Settings, probe
from .errors import StartError
from .ui.console import Console, log_quietly
from .ui.watcher import Watcher

ROOT = pathlib.Path(__file__).parent.parent.parent
METER_LOG = ROOT / "build" / "meter.log"
VOLUME = "/3424/0/1"
PATIENCE = 10.0  # seconds the meter has to de-register
KEY_LENGTH = 16  # bytes


def meter_command(uri: str, endpoint: str, option: str = "--server") -> list[str]:
    """How the meter is started; it runs in the foreground and de-registers on SIGINT.

    `uri` is that of its server, or with the option --bootstrap of its bootstrap server.

    Its key is not in here, but in its environment: everybody sees a command line.
    """
    meter = str(ROOT / "tools" / "meter.py")
    return [sys.executable, meter, option, uri, "--endpoint", endpoint]


class Meter:
    """The child process."""

    def __init__(self, command: list[str], environment: dict, ended) -> None:
        METER_LOG.parent.mkdir(parents=True, exist_ok=True)
        self.stopping = False
        with open(METER_LOG, "wb") as log:
            # a session of its own: Ctrl-C reaches it once, through us, while the server listens
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=self._wait, args=(ended,), daemon=True).start()

    def _wait(self, ended) -> None:
        self.process.wait()
        if not self.stopping:
            ended()

    def stop(self) -> int:
        """Let it de-register; its exit code."""
        self.stopping = True
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def last_words(self) -> str:
        """The last line it wrote."""
        lines = METER_LOG.read_text(errors="replace").split("\n")
        return next((text.strip() for text in reversed(lines) if text.strip()), "it wrote nothing")


def free_port(settings: Settings, chosen: bool, say) -> None:
    """Without --port, a taken default port is no reason not to run: any other will do."""
    if chosen:
        return
    for port in (settings.port, settings.port + 1)[: 1 + settings.coaps]:
        try:
            probe(settings.host, port)
        except StartError:
            say("UDP port %d is taken: any free port serves instead" % port)
            settings.port = 0
            return


def credentials(engine: Engine, endpoint: str) -> tuple[str, dict]:
    """Where the meter registers, and its environment: with a new key where there is DTLS."""
    environment = dict(os.environ)
    for name in (meter_tool.IDENTITY, meter_tool.KEY):
        environment.pop(name, None)
    addresses = engine.addresses()
    if "coaps" not in addresses:
        return addresses["coap"], environment
    key = secrets.token_hex(KEY_LENGTH)
    command = {"op": "psk", "endpoint": endpoint, "identity": endpoint, "key": {"hex": key}}
    answer = engine.ask(command)
    if "error" in answer:
        raise StartError("endpoint %r cannot have a key: %s" % (endpoint, answer["error"]))
    environment.update({meter_tool.IDENTITY: endpoint, meter_tool.KEY: key})
    return addresses["coaps"], environment


def run_demo(options: argparse.Namespace, settings: Settings, log: pathlib.Path) -> int:
    """Server and meter until Ctrl-C or --seconds; 0 unless the meter failed."""
    log_quietly(log)
    console = Console()
    watcher = Watcher(console, lambda event: [VOLUME], poll=True)
    if not options.nosec and not settings.coaps:
        settings.coaps, settings.insist = True, False
    free_port(settings, options.port is not None, console.say)
    engine, took = start.start(options.engine, settings, watcher.emit, console.say, log)
    try:
        console.serving(engine, took)
        if settings.coaps and "coaps" not in engine.addresses():
            console.say("the engine %s has no DTLS: the meter has no security" % engine.name)
        watcher.start()
        return with_meter(console, watcher, options)
    finally:
        engine.stop()


def reachable(uri: str) -> str:
    """Where a client of this machine finds a server that listens on every address."""
    return uri.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def with_meter(console: Console, watcher: Watcher, options: argparse.Namespace) -> int:
    """The meter's life: it ends first, while the server can still take its De-register."""
    uri, environment = credentials(console.engine, options.endpoint)
    uri, option, bootstrap = reachable(uri), "--server", None
    if options.bootstrap:
        from .bootstrap import Bootstrap

        bootstrap = Bootstrap(console.say)
        option = "--bootstrap"
    try:
        if bootstrap:
            uri, environment = bootstrap.configure(options.endpoint, uri, environment)
        command = meter_command(uri, options.endpoint, option)
        return alive(console, watcher, options, Meter(command, environment, console.end))
    finally:
        if bootstrap:
            bootstrap.stop()


def alive(console: Console, watcher: Watcher, options: argparse.Namespace, meter: Meter) -> int:
    """Show what the meter does until all ends; 0 unless it failed."""
    try:
        with contextlib.suppress(KeyboardInterrupt):
            console.run(options.seconds)
        failed = meter.process.poll()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the end takes seconds: once is enough
        watcher.stop()
        if console.live and meter.process.poll() is None:
            console.say("the meter de-registers")
            console.drain()
        meter.stop()
        console.drain()
    if failed:
        print("the meter ended with %d: %s" % (failed, meter.last_words()), file=sys.stderr)
        return 1
    return 0
