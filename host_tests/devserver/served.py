"""`python -m tools.devserver` as `make server` starts it, without a terminal."""

import re
import subprocess
import sys
import threading

from tools.devserver.driver import ROOT

WAIT_S = 60


class Served:
    """The process; its lines are read until the end."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "tools.devserver", *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Served":
        self.reader.start()
        self.wait_for("serving: engine")
        self.uri = re.search(r"coap://[0-9.:]+", self.output)[0]
        return self

    def __exit__(self, *reason: object) -> None:
        self.process.terminate()
        assert self.process.wait(WAIT_S) == 0, self.output
        self.reader.join(WAIT_S)

    def _read(self) -> None:
        for line in self.process.stdout:
            with self.changed:
                self.output += line
                self.changed.notify_all()

    def wait_for(self, text: str) -> None:
        """Until the output has `text`."""
        with self.changed:
            self.changed.wait_for(lambda: text in self.output, WAIT_S)
            assert text in self.output, self.output

    def type(self, line: str, answer: str) -> None:
        """Type a line and wait for what it brings."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.wait_for(answer)
