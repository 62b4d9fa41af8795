"""Who is observed and who is polled."""

import socket
import time

import pytest
from fake_meter import FakeMeter
from served import Served
from tools.devserver import demo
from tools.devserver.ui.watcher import Watcher, instances

LINKS = [
    "</>;ct=110",
    "</0/0>",
    "</1>;ver=1.1",
    "</1/0>",
    "</3/0>",
    "</3424>;ver=1.1",
    "</3424/2>",
]


class Console:
    """Answers as a client with or without observations."""

    def __init__(self, observed):
        self.observed = observed
        self.asked = []
        self.said = []
        self.engine = self

    def ask(self, command):
        self.asked.append("%(op)s %(path)s" % command)
        return {"code": "2.05", "value": 1.5, "observed": self.observed}

    def emit(self, event):
        pass

    def say(self, text, colour=""):
        self.said.append(text)


def register(watcher):
    watcher.emit({"event": "registered", "endpoint": "m", "links": LINKS})
    watcher._observe(*watcher.new.get(timeout=1))


def watched(observed, chosen=lambda event: [demo.VOLUME], poll=True):
    console = Console(observed)
    watcher = Watcher(console, chosen, poll)
    register(watcher)
    return console, watcher


def test_who_notifies_is_not_polled():
    console, watcher = watched(True)
    assert (console.asked, watcher.polled) == (["observe " + demo.VOLUME], set())


@pytest.mark.parametrize(
    ("notified", "polled"),
    [
        ({"path": demo.VOLUME, "value": 2}, set()),
        ({"path": "/3/0/9", "value": 2}, {("m", demo.VOLUME)}),
    ],
)
def test_polling_ends_when_notifications_begin(notified, polled):
    console, watcher = watched(False)
    assert watcher.polled == {("m", demo.VOLUME)}
    watcher.emit({"event": "notification", "endpoint": "m", **notified})
    assert watcher.polled == polled


def test_who_is_gone_is_not_polled():
    console, watcher = watched(False)
    watcher.emit({"event": "deregistered", "endpoint": "other"})
    assert watcher.polled == {("m", demo.VOLUME)}
    watcher.emit({"event": "deregistered", "endpoint": "m"})
    assert watcher.polled == set()


def test_registering_again_observes_again():
    console, watcher = watched(False)
    console.observed = True
    register(watcher)
    assert (console.asked, watcher.polled) == (["observe " + demo.VOLUME] * 2, set())
    assert len(console.said) == 1


def test_every_instance_is_observed_but_those_of_keys_and_accounts():
    console, watcher = watched(True, instances, poll=False)
    assert console.asked == ["observe /3/0", "observe /3424/2"]
    assert console.said == []


def test_what_a_client_does_not_observe_is_said_once_and_not_polled():
    console, watcher = watched(False, instances, poll=False)
    assert console.said == ["m does not observe /3/0 /3424/2"]
    assert watcher.polled == set()


def free_port():
    with socket.socket(type=socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def wait_observed(meter, times):
    """Until each of its instances, apart from the server's account, was observed so often."""
    wanted = [("GET", path, 0) for path in ("/3/0", "/3424/0")]
    deadline = time.monotonic() + 60
    while [meter.seen.count(each) for each in wanted] != [times] * 2:
        assert time.monotonic() < deadline, meter.seen
        time.sleep(0.05)
    assert ("GET", "/1/0", 0) not in meter.seen


def test_a_server_observes_a_new_client_and_again_after_a_restart_of_either(engine):
    port = str(free_port())
    arguments = ("--engine", engine, "--port", port)
    uri = "coap://127.0.0.1:" + port
    with FakeMeter(uri, "m1") as meter:
        with Served(*arguments):
            meter.register()
            wait_observed(meter, 1)
        with Served(*arguments):  # its clients register again: it does not know them
            meter.register()
            wait_observed(meter, 2)
            with FakeMeter(uri, "m1") as restarted:
                restarted.register()
                wait_observed(restarted, 1)


def test_with_no_observe_a_server_observes_nothing():
    arguments = ("--engine", "aiocoap", "--port", "0", "--no-observe")
    with Served(*arguments) as server, FakeMeter(server.uri, "m1") as meter:
        meter.register()
        server.wait_for("registered m1")
        server.type("read /3/0/0 as xml", "format 'xml' is unknown: text, link")
        server.type("read /3/0/9", "4.04 Not Found")
        server.type("read /3/0/0", "2.05 Content micropython-lwm2m")
        assert [each[2] for each in meter.seen] == [None, None]
