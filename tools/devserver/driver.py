"""The server for tests and scripts: a child process behind a pipe of JSON lines.

with Driver(engine="leshan") as server:
    start_a_client(server.uri)
    server.wait_event("registered", endpoint="m1")
    assert server.ask(op="read", endpoint="m1", path="/3/0/0")["value"] == "us"
"""

import collections
import json
import pathlib
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).parent.parent.parent


class DriverError(AssertionError):
    """The server did not do what the test waited for; the message has its output."""


class Driver:
    """One `python -m tools.devserver --json` and its events, kept in order."""

    module = "tools.devserver"

    def __init__(self, *arguments: str, engine: str | None = "leshan", port: int = 0) -> None:
        command = [sys.executable, "-m", self.module, "--json", "--port", str(port)]
        if engine:
            command += ["--engine", engine]
        self.changed = threading.Condition()
        self.events: list[dict] = []
        self.answers: dict[int, dict] = {}
        self.errors: collections.deque = collections.deque(maxlen=50)
        self.asked = 0
        self.ended = False
        self.process = subprocess.Popen(
            command + list(arguments),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.readers = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read, self._read_errors)
        ]
        for reader in self.readers:
            reader.start()
        self.ready: dict = {}

    def __enter__(self) -> "Driver":
        try:
            self.ready = self.wait_event("ready", timeout=60)
        except DriverError:
            self.close()
            raise
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    @property
    def uri(self) -> str:
        """Where clients register: coap://127.0.0.1:port."""
        return self.ready["coap"]

    @property
    def port(self) -> int:
        """The bound port of coap."""
        return int(self.uri.rsplit(":", 1)[1])

    def _read(self) -> None:
        for line in self.process.stdout:
            message = json.loads(line)
            with self.changed:
                if "event" in message:
                    self.events.append(message)
                else:
                    self.answers[message.get("id")] = message
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _read_errors(self) -> None:
        for line in self.process.stderr:
            self.errors.append(line.rstrip())

    def send_line(self, line: str) -> None:
        """Write one raw line to the server's stdin."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def start(self, **command: object) -> int:
        """Send a command and return its id; `result` waits for the answer."""
        self.asked += 1
        self.send_line(json.dumps({"id": self.asked, **command}))
        return self.asked

    def result(self, number: int | None, timeout: float = 30) -> dict:
        """The answer to the command `number`."""
        return self._wait(lambda: self.answers.pop(number, None), "answer %s" % number, timeout)

    def ask(self, **command: object) -> dict:
        """Send a command and wait for its answer, which comes even when the client's does not."""
        return self.result(self.start(**command), timeout=float(command.get("timeout", 5)) + 25)

    def wait_event(self, kind: str, timeout: float = 10, after: int = 0, **facts: object) -> dict:
        """Take out the first event of `kind` with these facts; waits for it."""
        wanted = {"event": kind, **facts}
        return self._wait(lambda: self._take(wanted, after), "event %r" % wanted, timeout)

    def _take(self, wanted: dict, after: int) -> dict | None:
        for index in range(after, len(self.events)):
            if wanted.items() <= self.events[index].items():
                return self.events.pop(index)
        return None

    def _wait(self, look, what: str, timeout: float) -> dict:
        limit = time.monotonic() + timeout
        with self.changed:
            while (result := look()) is None:
                left = limit - time.monotonic()
                if left <= 0 or self.ended:
                    raise DriverError(self._complaint(what, timeout))
                self.changed.wait(left)
            return result

    def _complaint(self, what: str, timeout: float) -> str:
        state = "the server ended" if self.ended else "not within %g s" % timeout
        return "%s: %s\nevents: %s\nstderr: %s" % (
            what,
            state,
            self.events,
            "\n".join(self.errors),
        )

    def close(self, timeout: float = 15) -> int:
        """End the server through its stdin and return its exit code; kill it if it does not."""
        if self.process.poll() is None:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for reader in self.readers:
            reader.join(5)
        return code

    def terminate(self, number: int = signal.SIGTERM, timeout: float = 15) -> int:
        """End the server by a signal and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout)


class BootstrapDriver(Driver):
    """Leshan's bootstrap server as another process, see engines/leshan/bootstrap.py."""

    module = "tools.devserver.engines.leshan.bootstrap"

    def __init__(self, *arguments: str, port: int = 0) -> None:
        super().__init__(*arguments, engine=None, port=port)
