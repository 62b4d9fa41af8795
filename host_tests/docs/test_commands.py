"""Every shell command of the pages, run; or on the list of those that cannot be run here."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

import pages
import pytest
from pages import PAGES, ROOT

NOT_RUN = {
    "make test": "it would run this test",
    "make test-all": "it would run this test",
    "build/venv/bin/python -m pytest": "it would run tests that are run anyhow",
    "make lint": "CI runs it before the tests",
    "build/venv/bin/python -m host_tests.mutation": "host_tests/mutation runs a sample",
    "build/venv/bin/python -m tools.screenshot": "it needs tmux, and would change a page",
    "make flash": "it needs a board; host_tests/flashing runs it against a boot loader on a pty",
    "make deploy": "it needs a board; host_tests/flashing runs it against MicroPython on a pty",
    "make console": "as make deploy",
    "make provision DEVICES=devices.csv": "host_tests/provision runs it with boards on a pty",
    "esptool": "it needs a board",
    "mpremote mip install": "it needs a board; host_tests/packages installs into the Unix port",
}
# Pages whose commands rest on files that the reader writes: a test follows each of them whole.
WALKED = {
    "docs/adding-a-sensor.md": "host_tests/docs/test_sensor_walk.py",
    "docs/porting-a-board.md": "host_tests/boards/test_porting.py",
}
LONG_S = 300
CONFIGURATION = '{"endpoint": "m1", "servers": [{"uri": "coap://192.0.2.1"}]}'

_done = set()  # commands that ran to their end


def commands(text: str) -> list[str]:
    """The commands of a block, without comments."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line.partition(" #")[0].strip() for line in lines if line.strip()]


BLOCKS = [
    pytest.param(commands(text), id="%s-%d" % (pages.name(page), i))
    for page in PAGES
    if pages.name(page) not in WALKED
    for i, (language, text) in enumerate(pages.fences(page))
    if language == "sh"
]


class Running:
    """A command that goes on until it is ended; its output is read."""

    def __init__(self, command: str, environment: dict):
        self.command = command
        self.output = ""
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.output += line
                self.changed.notify_all()

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Until the output has `text`."""
        with self.changed:
            self.changed.wait_for(lambda: text in self.output, seconds)
            assert text in self.output, (self.command, self.output)

    def end(self, line: str = "") -> int:
        """End it by a line at its prompt, or by Ctrl-C; its status."""
        if self.process.poll() is None:
            if line:
                self.process.stdin.write(line + "\n")
                self.process.stdin.flush()
            else:
                os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
            self.reader.join(5)


def free_port() -> int:
    """One of two free ports next to each other."""
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
        with socket.socket(type=socket.SOCK_DGRAM) as second:
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
        return port


class Shell:
    """Runs a block. Ports 5683 and 5684 are free ones instead, my.json is a file of its own."""

    def __init__(self, folder: pathlib.Path):
        self.environment = dict(os.environ)
        self.port = free_port()
        self.server = None
        self.running = []
        self.file = folder / "my.json"
        self.file.write_text(CONFIGURATION)

    def run(self, command: str) -> None:
        """Run one command, or begin it."""
        if command.startswith("export "):
            self._export(command)
        elif command.startswith("make run"):
            demo = Running(command, self.environment)
            self.running.append(demo)
            demo.wait_for("notification")
            assert demo.end("quit") == 0, demo.output
        elif command.startswith("make server"):
            self._serve(command)
        elif command.startswith("make meter") or " examples/" in command:
            self._register(command)
        elif command not in _done:
            _done.add(command)
            command = command.replace("my.json", str(self.file))
            ran = subprocess.run(
                ["bash", "-c", command],
                cwd=ROOT,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=LONG_S,
            )
            assert ran.returncode == 0, (command, ran.stdout[-2000:], ran.stderr[-2000:])

    def _export(self, command):
        done = subprocess.run(
            ["bash", "-c", command + "; env -0"], env=self.environment, capture_output=True
        )
        lines = done.stdout.decode().split("\0")
        self.environment = dict(line.split("=", 1) for line in lines if line)

    def _ports(self, command):
        return command.replace("5683", str(self.port)).replace("5684", str(self.port + 1))

    def _serve(self, command):
        if "PORT=" not in command:
            command += " PORT=5683"
        self.server = Running(self._ports(command), self.environment)
        self.running.append(self.server)
        self.server.wait_for("serving: engine")

    def _register(self, command):
        if self.server is None:
            self._serve("make server")
        client = Running(self._ports(command), self.environment)
        self.running.append(client)
        self.server.wait_for(" registered ")
        client.wait_for("registered")
        client.end()

    def close(self):
        """End what still runs."""
        if self.server and self.server.process.poll() is None:
            assert self.server.end("quit") == 0, self.server.output
        for each in self.running:
            if each.process.poll() is None:
                os.killpg(each.process.pid, signal.SIGKILL)
                each.process.wait()
                each.reader.join(5)


def reason(command: str) -> str:
    """Why a command is not run; "" where it is."""
    for start, why in NOT_RUN.items():
        if command == start or command.startswith(start + " "):
            return why
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS)
def test_the_pages_commands_run(block, tmp_path):
    shell = Shell(tmp_path)
    try:
        for command in block:
            if not reason(command):
                shell.run(command)
    finally:
        shell.close()


def test_what_is_not_run_is_on_a_page():
    shown = [command for block in BLOCKS for command in block.values[0]]
    for start in NOT_RUN:
        assert any(command.startswith(start) for command in shown), start


@pytest.mark.parametrize("page", PAGES, ids=pages.name)
def test_no_command_is_in_a_block_without_a_fence(page):
    assert not re.findall(
        r"^    (?:make|export|mpremote|build/venv/\S+) ", pages.prose(page), re.M
    )


def test_make_targets_that_are_named_exist():
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for text in pages.commands(page, "make "):
            target = text.split()[1]
            assert "\n%s:" % target in makefile, (pages.name(page), text)


def test_a_page_that_is_not_run_here_has_its_own_test():
    for page, test in WALKED.items():
        assert (ROOT / page).exists()
        assert pathlib.Path(page).name in (ROOT / test).read_text()
