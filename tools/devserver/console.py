"""A person at the server: a live screen and a prompt, or plain lines without a terminal."""

import json
import pathlib
import queue
import sys
import threading
import time
from collections.abc import Callable

from . import pages, prompt, screen
from .engine import Engine
from .errors import CommandError


class Console:
    """Ties an engine, a board and whoever types together."""

    def __init__(self) -> None:
        self.board = screen.Board()
        self.engine: Engine | None = None
        self.chosen: str | None = None
        self.live = False
        self.news: queue.SimpleQueue = (
            queue.SimpleQueue()
        )  # lines for the plain output, None ends it
        self.changed: Callable[[], None] = lambda: None
        self.ended = threading.Event()

    def emit(self, event: dict) -> None:
        """An event of the engine's, on any thread."""
        self.board.take(event)
        self.news.put(screen.line(event))
        self.changed()

    def say(self, text: str, colour: str = "") -> None:
        """A line of our own."""
        self.board.say(text, colour)
        self.news.put("%s %s" % (screen.clock(time.time()), text))
        self.changed()

    def serving(self, engine: Engine, seconds: float) -> None:
        """The engine runs."""
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
        """Whom a command is for: who was chosen, or who registered last."""
        present = self.board.endpoints()
        if self.chosen in present:
            return self.chosen
        return present[-1] if present else None

    def obey(self, text: str) -> None:
        """Carry out a typed line; what is wrong with it is said in one line."""
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
        found = {key: answer[key] for key in ("value", "values") if answer.get(key) is not None}
        if found:
            reading = {key: command[key] for key in ("endpoint", "path") if key in command}
            self.board.take({"event": "reading", **reading, **found})
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
        """Serve until told to end or until `seconds` are over."""
        if seconds is not None:
            timer = threading.Timer(seconds, self.end)
            timer.daemon = True
            timer.start()
        if sys.stdin.isatty() and sys.stdout.isatty():
            self.live = True
            run_live(self)
        else:
            threading.Thread(target=self._type, args=(sys.stdin,), daemon=True).start()
            while (text := self.news.get()) is not None:
                print(text, flush=True)

    def _type(self, stream: object) -> None:
        """Lines of a stdin that is no terminal; its end is no reason to end."""
        for text in stream:
            self.obey(text)

    def drain(self) -> None:
        """Print what has happened since the loop ended."""
        while not self.news.empty():
            text = self.news.get()
            if text is not None and not sys.stdout.isatty():
                print(text, flush=True)


def run_live(console: Console) -> None:
    """The whole terminal: rich above, a prompt below."""
    from prompt_toolkit.application import Application
    from prompt_toolkit.formatted_text import ANSI
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.layout import HSplit, Layout, Window
    from prompt_toolkit.layout.controls import FormattedTextControl
    from prompt_toolkit.widgets import TextArea

    def accept(buffer: object) -> bool:
        console.obey(buffer.text)
        return False

    def view() -> ANSI:
        size = application.output.get_size()
        return ANSI(console.board.draw(size.columns, size.rows - 1))

    field = TextArea(height=1, prompt="> ", multiline=False, accept_handler=accept)
    keys = KeyBindings()
    keys.add("c-c")(lambda event: console.end())
    keys.add("c-d")(lambda event: console.end())
    body = HSplit([Window(FormattedTextControl(view)), field])
    application = Application(
        Layout(body, focused_element=field),
        key_bindings=keys,
        full_screen=True,
        refresh_interval=0.5,
    )

    def changed() -> None:
        if console.ended.is_set() and application.is_running and not application.is_done:
            application.loop.call_soon_threadsafe(leave)
        application.invalidate()

    def leave() -> None:
        if application.is_running and not application.is_done:
            application.exit()

    console.changed = changed
    try:
        application.run(pre_run=changed)
    finally:
        console.changed = lambda: None


def log_quietly(log: pathlib.Path) -> None:
    """Python's warnings go where Java's go: not across the screen."""
    import logging

    log.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=log.with_suffix(".python.log"), level=logging.WARNING)
