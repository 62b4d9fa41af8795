"""Who is observed and who is polled."""

import pytest
from tools.devserver import demo


class Console:
    """Answers as a client with or without observations."""

    def __init__(self, observed):
        self.observed = observed
        self.asked = []
        self.said = []
        self.engine = self

    def ask(self, command):
        self.asked.append(command["op"])
        return {"code": "2.05", "value": 1.5, "observed": self.observed}

    def emit(self, event):
        pass

    def say(self, text, colour=""):
        self.said.append(text)


def watched(observed):
    console = Console(observed)
    watcher = demo.Watcher(console)
    watcher.emit({"event": "registered", "endpoint": "m"})
    watcher._observe(watcher.new.get(timeout=1))
    return console, watcher


def test_who_notifies_is_not_polled():
    console, watcher = watched(True)
    assert (console.asked, watcher.polled) == (["observe"], set())


@pytest.mark.parametrize(
    ("told", "polled"),
    [({"path": demo.VOLUME, "value": 2}, set()), ({"path": "/3/0/9", "value": 2}, {"m"})],
)
def test_polling_ends_when_notifications_begin(told, polled):
    console, watcher = watched(False)
    assert watcher.polled == {"m"}
    watcher.emit({"event": "notification", "endpoint": "m", **told})
    assert watcher.polled == polled


def test_registering_again_observes_again():
    console, watcher = watched(False)
    console.observed = True
    watcher.emit({"event": "registered", "endpoint": "m"})
    watcher._observe(watcher.new.get(timeout=1))
    assert (console.asked, watcher.polled) == (["observe", "observe"], set())
    assert len(console.said) == 1
