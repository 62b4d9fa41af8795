"""What Tab offers at the prompt: commands, clients, paths, formats; and the lines typed before."""

import os
import pathlib
from collections.abc import Iterable

from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from .. import values
from . import prompt, screen

ALONE = ("list", "help", "quit", "exit")
OF_ENDPOINTS = ("use", "psk", *prompt.REPORTS)
OF_PATHS = ("readc", "observec", "cancelc")


class Words(Completer):
    """Completes the word before the cursor, from what the clients have shown so far."""

    def __init__(self, board: "screen.Board") -> None:
        self.board = board

    def get_completions(self, document: Document, event: object) -> Iterable[Completion]:
        """Every word that begins as the one at the cursor does."""
        before = document.text_before_cursor
        *earlier, word = before.split(" ")
        for each, shown in self.offered([part for part in earlier if part], word):
            if each.startswith(word):
                yield Completion(each, -len(word), display_meta=shown)

    def offered(self, earlier: list[str], word: str) -> Iterable[tuple[str, str]]:
        """What may stand behind the `earlier` words, and a word about it."""
        if not earlier:
            return [(name, does) for name, (_, _, does) in prompt.WORDS.items()]
        name, *more = earlier
        if name not in prompt.WORDS or name in ALONE:
            return []
        if more and more[-1] == "as":
            return [(each, "") for each in values.FORMATS]
        if name in OF_ENDPOINTS and not more and not word.startswith("/"):
            return [(each, "") for each in self.board.endpoints()]
        if name in ("use", "psk"):
            return []
        if not more or name in OF_PATHS or (name in OF_ENDPOINTS and not more[-1].startswith("/")):
            return self.paths()
        return [] if name in OF_ENDPOINTS else [("as", "a format")]

    def paths(self) -> list[tuple[str, str]]:
        """The paths that clients have registered or sent, each with its name."""
        known = self.board.paths()
        return [(path, (screen.resource_facts(path) or {}).get("name", "")) for path in known]


class KeptHistory(FileHistory):
    """The lines typed, in a file that outlives the process; a line with a key is not kept."""

    def store_string(self, string: str) -> None:
        """Add a line to the file."""
        if not string.lstrip().startswith("psk"):
            super().store_string(string)


def state_file() -> pathlib.Path:
    """Where the history is, as the XDG Base Directory Specification has it."""
    state = os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local" / "state"
    return pathlib.Path(state) / "micropython-lwm2m" / "history"


def history() -> History:
    """The lines typed in this and earlier runs; of this run only where no file can be written."""
    path = state_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
    except OSError:
        return InMemoryHistory()
    return KeptHistory(str(path))
