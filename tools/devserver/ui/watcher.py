"""Observes every client that registers, at its first Register and at each one after that."""

import queue
import threading
from collections.abc import Callable

from .console import Console
from .screen import event_values, linked_paths

PERIOD = 2.0  # seconds between polls of a client without observations
# What holds keys and accounts, or says who may do what: it is not for observing.
LEFT_OUT = (0, 1, 2, 21)


def instances(event: dict) -> list[str]:
    """The Object Instances that a registration lists, the ones of accounts and keys apart."""
    paths = [path for path in linked_paths(event) if path.count("/") == 2]
    return [path for path in paths if int(path.split("/")[1]) not in LEFT_OUT]


class Watcher:
    """Observes paths of every client; `poll` reads those that a client does not observe."""

    def __init__(
        self, console: Console, chosen: Callable[[dict], list[str]], poll: bool = False
    ) -> None:
        self.console = console
        self.chosen = chosen
        self.poll = poll
        self.polled: set[tuple[str, str]] = set()  # of endpoint and path
        self.new: queue.SimpleQueue = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def emit(self, event: dict) -> None:
        """An event of the engine's, on its way to the console."""
        self.console.emit(event)
        if event["event"] == "registered":
            self.new.put((event["endpoint"], self.chosen(event)))
        elif event["event"] in ("deregistered", "expired"):
            gone = [each for each in self.polled.copy() if each[0] == event["endpoint"]]
            self.polled.difference_update(gone)
        elif event["event"] == "notification":
            notified = [(event["endpoint"], path) for path, _ in event_values(event)]
            self.polled.difference_update(notified)

    def start(self) -> None:
        """Begin to watch, once the engine runs."""
        self.thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self.new.put(None)

    def _run(self) -> None:
        while True:
            try:
                registered = self.new.get(timeout=PERIOD)
            except queue.Empty:
                for endpoint, path in sorted(self.polled.copy()):
                    self._ask("read", endpoint, path)
                continue
            if registered is None:
                return
            self._observe(*registered)

    def _observe(self, endpoint: str, paths: list[str]) -> None:
        refused = []
        for path in paths:
            if self._ask("observe", endpoint, path).get("observed"):
                self.polled.discard((endpoint, path))
            else:
                refused.append(path)
        new = [path for path in refused if (endpoint, path) not in self.polled]
        if new and self.poll:
            self.polled.update((endpoint, path) for path in new)
            self.console.say("%s observes nothing: reading it every %g s" % (endpoint, PERIOD))
        elif new:
            self.console.say("%s does not observe %s" % (endpoint, " ".join(new)))

    def _ask(self, operation: str, endpoint: str, path: str) -> dict:
        answer = self.console.engine.ask({"op": operation, "endpoint": endpoint, "path": path})
        if answer.get("value") is not None:
            reading = {"event": "reading", "endpoint": endpoint, "path": path}
            self.console.emit({**reading, "value": answer["value"]})
        elif operation == "read" and "error" in answer:
            self.console.say("read %s of %s: %s" % (path, endpoint, answer["error"]), "red")
        return answer
