"""Pages of the live screen: a plot that follows its resource, and the latest of a history."""

import json
from collections.abc import Callable

from ..errors import CommandError
from ..history import reports
from ..history.store import History


class Page:
    """Lines shown in place of the log until Enter; drawn for each refresh, at the current size."""

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
    """The last samples, one per line, below the counts of all."""
    described = history.describe(endpoint, path)
    samples = described.pop("samples")
    head = {**described, "samples": len(samples)}
    return [json.dumps(each) for each in [head, *samples[-max(1, height - 1) :]]]
