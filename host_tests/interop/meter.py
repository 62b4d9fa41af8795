"""The real meter as a process: started with a configuration, its log read, stopped by Ctrl-C."""

import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MICROPYTHON = ROOT / "build" / "venv" / "bin" / "micropython"
MAIN = ROOT / "boards" / "UNIX" / "main.py"
SLOW = ROOT / "host_tests" / "interop" / "slow_meter.py"  # the same with slow handlers
# In a folder of its own: beside it the folder modem would be taken for lib/modem
TWO_SERVERS = ROOT / "host_tests" / "interop" / "programs" / "two_server_meter.py"
REPORTING = ROOT / "host_tests" / "interop" / "reporting_meter.py"  # it changes, it sends
# The quickest that the configuration allows: 100, 200, 400, 800, 1600 ms, without spread.
QUICK = {"ack_timeout": 100, "ack_random": 1000}
CALM = {"ack_timeout": 1000, "ack_random": 1000}  # nothing is repeated on a busy machine


def configuration(uri: str, **changes) -> dict:
    """A configuration for one server at `uri`; `lifetime` goes to the server's account."""
    server = {"uri": uri, "short_server_id": 1, "lifetime": changes.pop("lifetime", 300)}
    whole = {"endpoint": "meter", "servers": [server], "coap": dict(QUICK), "log": 4}
    whole["registration"] = {"update_pause": 0}  # lifetimes of seconds
    whole.update(changes)
    return whole


class Meter:
    """boards/UNIX/main.py under MicroPython, or another `main` like it."""

    def __init__(self, directory: pathlib.Path, config: dict, *arguments: str, main=MAIN):
        file = directory / "meter.json"
        file.write_text(json.dumps(config))
        self.config = config
        self.lines = []
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [MICROPYTHON, main, "--config", file, *arguments],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip())
                self._changed.notify_all()

    def wait_log(self, pattern: str, timeout: float = 10) -> str:
        """The first line of the log, earlier or to come, that matches `pattern`."""

        def matching():
            return next((line for line in self.lines if re.search(pattern, line)), None)

        with self._changed:
            self._changed.wait_for(matching, timeout)
            line = matching()
            assert line, "no %r in the meter's log: %r" % (pattern, self.lines)
            return line

    def running(self) -> bool:
        return self.process.poll() is None

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def wait(self, timeout: float = 10) -> int:
        """The exit status, once it has ended."""
        status = self.process.wait(timeout)
        self._reader.join(5)
        return status

    def kill(self) -> None:
        if self.running():
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        self.process.stdout.close()

    def cpu_ns(self) -> int:
        return cpu_ns(self.process.pid)


def environment() -> dict:
    path = [str(ROOT / part) for part in ("lib", "", "boards/UNIX", "host_tests/support")]
    return dict(os.environ, MICROPYPATH=":".join([*path, ".frozen"]))


def cpu_ns(pid: int) -> int:
    """Processor time that a process has used, nanoseconds."""
    total = 0
    for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    if total:
        return total
    # A kernel without schedstat: in ticks of 10 ms.
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def wait_until(condition, timeout: float = 10) -> None:
    """Poll `condition` until it holds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "not within %g s" % timeout
        time.sleep(0.02)


def whole_seconds(passed: float) -> int:
    """The whole seconds after which something came, by how many had passed.

    On a busy machine it comes late, by up to 0.7 s here; and it seems early, by up to 0.3 s, where
    what is counted from came late.
    """
    return int(passed + 0.3)
