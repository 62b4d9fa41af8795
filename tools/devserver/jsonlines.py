"""JSON lines, for scripts and tests: one command per line of stdin, one answer or event per line
of stdout.

One thread writes: the engine's threads and the reader of stdin only put into its queue. Answers
come in the order of the clients' answers, not of the commands: match them by "id".
"""

import json
import queue
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from . import commands
from .engines.engine import Engine
from .errors import CommandError


def read_lines(stream: TextIO, inbox: queue.SimpleQueue) -> None:
    """Feed the lines of `stream` into the queue, None at its end."""
    for line in stream:
        if line.strip():
            inbox.put(line)
    inbox.put(None)


class JsonLines:
    """The loop between the streams and one engine."""

    def __init__(self, source: TextIO = sys.stdin, sink: TextIO = sys.stdout) -> None:
        self.source = source
        self.sink = sink
        self.inbox: queue.SimpleQueue = (
            queue.SimpleQueue()
        )  # events and answers (dict), lines (str), None
        self.pending = 0
        self.ended = False

    def emit(self, message: dict) -> None:
        """Queue an event or an answer; any thread may."""
        self.inbox.put(message)

    def write(self, message: dict) -> None:
        """One JSON object, one line."""
        self.sink.write(json.dumps(message, separators=(",", ":"), allow_nan=False) + "\n")
        self.sink.flush()

    def run(self, engine: Engine, seconds: float) -> None:
        """Serve until "stop", or until stdin has ended and every command is answered."""
        self.write(
            {"event": "ready", "engine": engine.name, **engine.addresses(), "seconds": seconds}
        )
        threading.Thread(target=read_lines, args=(self.source, self.inbox), daemon=True).start()
        while not (self.ended and not self.pending):
            self.take(engine, self.inbox.get())

    def take(self, engine: Engine, message: object) -> None:
        """Handle one thing from the queue."""
        if message is None:
            self.ended = True
        elif isinstance(message, str):
            self.obey(engine, message)
        else:
            self.pending -= message.pop("answers", 0)
            self.write(message)

    def obey(self, engine: Engine, line: str) -> None:
        """Carry out one line of stdin."""
        self.pending += 1
        number = None
        try:
            command = parse(line)
            number = command.get("id")
            commands.check(command)
        except CommandError as error:
            self.answering(number)({"error": str(error)})
            return
        if command["op"] == "stop":
            self.ended, self.pending = True, 0
            self.write({"id": number, "stopped": True})
            return
        engine.submit(command, self.answering(number))

    def answering(self, number: object) -> Callable[[dict], None]:
        """A `done` that queues the answer under the command's id."""
        return lambda answer: self.inbox.put({"id": number, **answer, "answers": 1})


def parse(line: str) -> dict:
    """The command of one line."""
    try:
        command = json.loads(line)
    except ValueError as error:
        raise CommandError("no JSON: %s" % error) from error
    if not isinstance(command, dict):
        raise CommandError('a command is an object such as {"id": 1, "op": "list"}')
    return command
