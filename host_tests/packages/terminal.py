"""A terminal that mpremote connects to, with a board's console at its other end."""

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MPREMOTE = Path(sys.executable).parent / "mpremote"
MICROPYTHON = Path(sys.executable).parent / "micropython"
_RAW_PASTE = b"\x05A\x01"
_LOOK_S = 0.1  # how often a thread looks whether it is to end


class Terminal:
    """A pseudo terminal; what mpremote writes to `path` goes to `write`."""

    def __init__(self, write: Callable[[bytes], object]):
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._open = True
        self.path = os.ttyname(self._slave)
        self._write = write
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while self._open:
            if select.select([self._master], [], [], _LOOK_S)[0]:
                self._write(os.read(self._master, 4096))

    def show(self, data: bytes) -> None:
        """Give mpremote what the board has printed; it may wait for mpremote until `end`."""
        while data and self._open:
            select.select([], [self._master], [], _LOOK_S)
            with contextlib.suppress(BlockingIOError):  # full: mpremote does not read
                data = data[os.write(self._master, data) :]

    def end(self) -> None:
        """Nothing waits for mpremote any more, and `show` drops what it is given."""
        self._open = False
        self._thread.join()

    def close(self) -> None:
        """Close both ends; nobody calls `show` any more."""
        self.end()
        os.close(self._slave)
        os.close(self._master)

    def mpremote(self, *words: str, timeout: float = 60) -> str:
        """Run mpremote from the repository's root; return what it printed, or fail with it."""
        command = [str(MPREMOTE), "connect", self.path, "resume", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


class UnixBoard:
    """MicroPython's Unix port with its REPL on a terminal, in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        master, slave = os.openpty()
        tty.setraw(slave)
        environment = dict(os.environ, MICROPYPATH=".frozen")
        self._program = subprocess.Popen(
            [str(MICROPYTHON)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=folder,
        )
        os.close(slave)
        self._master = master
        self.terminal = Terminal(lambda data: os.write(master, data))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                data = os.read(self._master, 4096)
            except OSError:  # the program has ended
                return
            self.terminal.show(data)

    def close(self) -> None:
        """End the program."""
        self._program.terminate()
        self._program.wait()
        self.terminal.end()
        self._thread.join()
        self.terminal.close()
        os.close(self._master)


class EmulatedBoard:
    """The console of an emulated METER_PPP on a terminal; `board` is running."""

    def __init__(self, board):
        self.terminal = Terminal(self._type)
        self._board, self._open = board, True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _type(self, data: bytes) -> None:
        """Type as mpremote does, but for raw paste: the emulated USB may lose its flow control."""
        if data == _RAW_PASTE:
            self.terminal.show(b"R\x00")
        else:
            self._board.write(data)

    def _serve(self) -> None:
        shown = 0
        while self._open:
            data = bytes(self._board.console.output[shown:])
            shown += len(data)
            if data:
                self.terminal.show(data)
            else:
                self._board.wake_console()
                time.sleep(0.02)

    def close(self) -> None:
        """End the terminal; the board runs on."""
        self._open = False
        self.terminal.end()
        self._thread.join()
        self.terminal.close()
