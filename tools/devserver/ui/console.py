"""The console: a live screen and a prompt, or plain lines where there is no terminal."""

import json
import pathlib
import queue
import sys
import threading
import time
from collections.abc import Callable

from ..engines.engine import Engine
from ..errors import CommandError
from . import pages, prompt, screen


class Console:
    """Connects an engine, the screen's state and the typed commands."""

    def __init__(self) -> None:
        self.board = screen.Board()
        self.engine: Engine | None = None
        self.chosen: str | None = None
        self.live = False
        # Lines for the plain output, None ends it. On the live screen: what came since it ended.
        self.news: queue.SimpleQueue = queue.SimpleQueue()
        self.changed: Callable[[], None] = lambda: None
        self.ended = threading.Event()

    def emit(self, event: dict) -> None:
        """Show an event of the engine; any thread may call this."""
        self.board.take(event)
        self._print(screen.line(event))
        self.changed()

    def say(self, text: str, colour: str = "") -> None:
        """Show a line that is not an event."""
        self.board.say(text, colour)
        self._print("%s %s" % (screen.clock(time.time()), screen.clean(text)))
        self.changed()

    def _print(self, text: str) -> None:
        """For the plain output. The live screen has it already, unless it has ended."""
        if not self.live or self.ended.is_set():
            self.news.put(text)

    def serving(self, engine: Engine, seconds: float) -> None:
        """Show that the engine runs."""
        self.engine = engine
        listening = " ".join(engine.addresses().values())
        self.board.title = "%s on %s" % (engine.name, listening)
        self.say("serving: engine %s on %s, up in %.1f s" % (engine.name, listening, seconds))

    def end(self) -> None:
        """Stop the loop below; any thread may."""
        self.ended.set()
        self.news.put(None)
        self.changed()

    def target(self) -> str | None:
        """The endpoint that commands are for: the one chosen, or the one that registered last."""
        present = self.board.endpoints()
        if self.chosen in present:
            return self.chosen
        return present[-1] if present else None

    def obey(self, text: str) -> None:
        """Carry out a typed line; an error in it is shown in one line."""
        self.board.turn(None)  # a page would hide the answer
        self.changed()
        if not text.strip():
            return
        try:
            self._obey(prompt.parse(text, self.target()))
        except CommandError as error:
            self.say(str(error), "red")

    def _obey(self, command: dict) -> None:
        if command["op"] == "quit":
            self.end()
        elif command["op"] == "help":
            self._help()
        elif command["op"] == "use":
            self._use(command["endpoint"])
        else:
            self.engine.submit(command, lambda answer: self.answered(command, answer))

    def _help(self) -> None:
        lines = prompt.help_lines()
        if self.live:
            self.board.turn(pages.Page("help", lambda *size: lines))
            return
        for text in lines:
            self.news.put(text)

    def _use(self, endpoint: str) -> None:
        if endpoint not in self.board.endpoints():
            raise CommandError("endpoint %r is not registered" % endpoint)
        self.chosen = endpoint
        self.say("commands go to %s" % endpoint)

    def answered(self, command: dict, answer: dict) -> None:
        """Show an answer, and keep the value it brings."""
        held = {key: answer[key] for key in ("value", "values") if answer.get(key) is not None}
        if held:
            reading = {key: command[key] for key in ("endpoint", "path") if key in command}
            self.board.take({"event": "reading", **reading, **held})
        if "error" not in answer and command["op"] in ("plot", "history"):
            self._show(command, answer)
            return
        colour = "red" if "error" in answer or "message" in answer else ""
        self.say(screen.answer_text(command, answer), colour)

    def _show(self, command: dict, answer: dict) -> None:
        """A report: a page on the live screen, plain lines without one."""
        if self.live:
            self.board.turn(pages.page(self.engine.history, command))
            self.changed()
            return
        for text in answer.get("plot") or [json.dumps(answer)]:
            self.news.put(screen.clean(text))

    # -- the two ways to show it

    def run(self, seconds: float | None) -> None:
        """Serve until `end` is called or `seconds` are over."""
        if seconds is not None:
            timer = threading.Timer(seconds, self.end)
            timer.daemon = True
            timer.start()
        if sys.stdin.isatty() and sys.stdout.isatty():
            from .live import run_live

            self.live = True
            run_live(self)
        else:
            threading.Thread(target=self._type, args=(sys.stdin,), daemon=True).start()
            while (text := self.news.get()) is not None:
                print(text, flush=True)

    def _type(self, stream: object) -> None:
        """Obey the lines of a stdin that is no terminal; its end does not end the server."""
        for text in stream:
            self.obey(text)

    def drain(self) -> None:
        """Print what has happened since the loop ended."""
        while not self.news.empty():
            text = self.news.get()
            if text is not None:
                print(text, flush=True)


def log_quietly(log: pathlib.Path) -> None:
    """Send Python's warnings to a file beside Java's, not to the screen."""
    import logging

    log.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=log.with_suffix(".python.log"), level=logging.WARNING)
