"""A socket of this host through which its owner's programs tell a running server keys.

Lines of JSON, as `--json` has them, but only the command `psk`. The socket's folder and the
socket itself are the owner's only.
"""

import contextlib
import json
import os
import pathlib
import socket
import threading

from . import commands
from .engines.engine import Engine
from .errors import CommandError
from .jsonlines import parse

_USUAL = pathlib.Path(__file__).parent.parent.parent / "build" / "devserver.sock"
PATH = pathlib.Path(os.environ.get("DEVSERVER_SOCKET") or _USUAL)
OPS = ("psk",)


class Door:
    """The socket of one engine; a server without it serves all the same."""

    def __init__(self, engine: Engine, path: pathlib.Path = PATH):
        self.engine = engine
        self.path = path
        self.socket: socket.socket | None = None

    def open(self) -> bool:
        """Listen; False where another server does, or the folder is not to be written to."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if _answers(self.path):
                raise OSError
            self.path.unlink(missing_ok=True)
            mask = os.umask(0o177)
            try:
                listener.bind(str(self.path))
            finally:
                os.umask(mask)
            listener.listen(1)
        except OSError:
            listener.close()
            return False
        self.socket = listener
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        return True

    def close(self) -> None:
        """Listen no more."""
        if self.socket is not None:
            self.socket.shutdown(socket.SHUT_RDWR)  # which ends `accept`, as close does not
            self.socket.close()
            self.path.unlink(missing_ok=True)
            self.socket = None

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:  # it was closed
                return
            with line, contextlib.suppress(OSError, ValueError):
                stream = line.makefile("rw")
                for text in stream:
                    stream.write(json.dumps(self._answer(text)) + "\n")
                    stream.flush()

    def _answer(self, text: str) -> dict:
        try:
            command = commands.check(parse(text))
            if command["op"] not in OPS:
                raise CommandError("only %s here" % ", ".join(OPS))
        except CommandError as error:
            return {"error": str(error)}
        return self.engine.ask(command)


def _answers(path: pathlib.Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        try:
            trial.connect(str(path))
        except OSError:
            return False
    return True
