"""A board that runs MicroPython, over mpremote's transport; its errors are one line."""

import contextlib
import hashlib
import io
import struct
import time
from collections.abc import Callable, Iterator

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from .failure import FlashError

_CHUNK = 512  # bytes of a file per command: a board's buffer takes them, and 4 times as text
_QUIET_S = 5  # of silence until it counts as gone
_LONG_S = 120  # of a command that works, such as a hash of all files

_IDENTITY = """
import sys, os
try:
    import machine
    _id = machine.unique_id()
except (ImportError, AttributeError):
    _id = b""
print(repr((_id.hex(), sys.version.split("; ")[-1], getattr(sys.implementation, "_machine", ""))))
"""
_HASHES = """
import hashlib
def _hash(path):
    try:
        with open(path, "rb") as f:
            h = hashlib.sha256()
            while 1:
                b = f.read(512)
                if not b:
                    return h.digest()
                h.update(b)
    except OSError:
        return b""
"""
_WALK = """
import os
def _walk(folder):
    try:
        for e in list(os.ilistdir(folder)):
            p = folder.rstrip("/") + "/" + e[0]
            if e[1] & 0x4000:
                _walk(p)
            else:
                print(repr(p), end=",")
    except OSError:
        pass
"""


class Repl:
    """The raw REPL of one board; a context manager. What ran is interrupted."""

    def __init__(self, port: str, baud: int = 115200):
        self.port = port
        self._transport = None
        # mpremote prints what it got instead of a prompt.
        with self._one_line(), contextlib.redirect_stdout(io.StringIO()):
            self._transport = SerialTransport(port, baud, timeout=_QUIET_S)
            # A write would wait for ever for a board that reads nothing.
            self._transport.serial.write_timeout = _QUIET_S
            self._enter()

    def _enter(self) -> None:
        try:
            self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_QUIET_S)
        except TransportError:
            # A program that was about to catch the first Ctrl-C is interrupted by the second.
            self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_QUIET_S)

    def __enter__(self) -> "Repl":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the raw REPL and close the port."""
        if self._transport is None:
            return
        with contextlib.suppress(OSError, serial.SerialException, TransportError):
            self._transport.exit_raw_repl()
        with contextlib.suppress(OSError, serial.SerialException):
            self._transport.close()
        self._transport = None

    @contextlib.contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except TransportExecError as error:
            last = error.error_output.strip().splitlines()[-1:] or ["no message"]
            raise FlashError("%s: the board says %s" % (self.port, last[0])) from error
        except (serial.SerialException, OSError) as error:
            self.close()
            raise FlashError("%s: the board went away: plug it in again" % self.port) from error
        except (TransportError, struct.error, ValueError, SyntaxError) as error:
            self.close()
            raise FlashError(
                "%s: no prompt of MicroPython: is its console closed (production mode), or "
                "another firmware on it?" % self.port
            ) from error

    def run(self, source: str) -> str:
        """Run a program; return what it printed."""
        if self._transport is None:
            raise FlashError("%s: the board went away: plug it in again" % self.port)
        with self._one_line():
            output, errors = self._transport.exec_raw(source, timeout=_LONG_S)
            if errors:
                raise TransportExecError(1, errors.decode("utf-8", "replace"))
            return output.decode("utf-8", "replace").replace("\r\n", "\n")

    def start(self, source: str) -> None:
        """Run a program that ends the connection, such as a reset."""
        # A little later: a reset at once would drop what is still in the USB buffers.
        with self._one_line():
            self._transport.exec_raw_no_follow("import time\ntime.sleep_ms(150)\n" + source)
        time.sleep(0.05)
        with contextlib.suppress(OSError, serial.SerialException):
            self._transport.close()
        self._transport = None

    def evaluate(self, expression: str) -> object:
        """Return the value of an expression."""
        with self._one_line():
            return self._transport.eval(expression)

    def identity(self) -> tuple[str, str, str]:
        """Return the unique ID in hex, MicroPython's version text, and the machine's name."""
        import ast

        with self._one_line():
            return ast.literal_eval(self.run(_IDENTITY))

    def paths(self, folder: str) -> list[str]:
        """Return the paths of all files in and below a folder; [] where there is none."""
        import ast

        self.run(_WALK)
        with self._one_line():
            return sorted(ast.literal_eval("[%s]" % self.run("_walk(%r)" % folder)))

    def read(self, path: str) -> bytes:
        """Return a file's content, its hash compared."""
        with self._one_line():
            data = bytes(self._transport.fs_readfile(path, chunk_size=_CHUNK))
        if self.hashes([path])[0] != hashlib.sha256(data).digest():
            raise FlashError("%s: %s changed while it was read: try again" % (self.port, path))
        return data

    def write(self, path: str, data: bytes, progress: Callable | None = None) -> None:
        """Write a file, its folders with it; `progress(bytes, of bytes)`."""
        folder = ""
        for part in path.split("/")[1:-1]:
            folder += "/" + part
            self.run(
                "import os\ntry:\n os.mkdir(%r)\nexcept OSError as e:\n"
                " if e.errno != 17:\n  raise" % folder
            )
        with self._one_line():
            self._transport.fs_writefile(path, data, _CHUNK, progress)

    def hashes(self, paths: list[str]) -> list[bytes]:
        """Return the SHA-256 of files, b"" of one that is not there."""
        if not paths:
            return []
        self.run(_HASHES)
        return [self.evaluate("_hash(%r)" % path) for path in paths]
