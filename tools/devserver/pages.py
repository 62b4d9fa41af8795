"""Pages of the live screen: a plot that follows its resource, and the latest of a history."""

import json
from collections.abc import Callable

from . import reports
from .errors import CommandError
from .history import History


class Page:
    """What stands in place of the log until Enter; drawn anew each time, at the size there is."""

    def __init__(self, title: str, draw: Callable[[int, int], list[str]]) -> None:
        self.title = "%s (Enter closes it)" % title
        self.draw = draw

    def lines(self, width: int, height: int) -> list[str]:
        """The page now, or in one line what keeps it from being drawn."""
        try:
            return self.draw(width, height)
        except CommandError as error:
            return [str(error)]


def page(history: History, command: dict) -> Page:
    """The page of a `plot` or `history` command."""
    endpoint, path = command["endpoint"], command["path"]
    title = "%s %s %s" % (command["op"], endpoint, path)
    if command["op"] == "plot":
        return Page(title, lambda *size: reports.plot_lines(history, endpoint, path, *size))
    return Page(title, lambda _, height: latest(history, endpoint, path, height))


def latest(history: History, endpoint: str, path: str, height: int) -> list[str]:
    """The last samples, one a line, under what was left out."""
    found = history.describe(endpoint, path)
    samples = found.pop("samples")
    head = {**found, "samples": len(samples)}
    return [json.dumps(each) for each in [head, *samples[-max(1, height - 1) :]]]
