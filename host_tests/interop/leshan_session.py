"""A Leshan, what it says of one meter, and a meter that has everything."""

import os
import time

import pytest
from tools.devserver.driver import Driver, DriverError

from .wire import CON, NON

# Every Object that the firmware has but the Event Log. Numbers that a 24-bit float could not hold.
WHOLE = {
    "device": {
        "manufacturer": "Acme",
        "type": "meter",
        "power": [
            {"source": 1, "millivolts": 3800, "milliamperes": 125},
            {"source": 5, "millivolts": 900, "milliamperes": -5},
        ],
    },
    "connectivity": {
        "bearer": 6,
        "available": [6, 7],
        "signal": -90,
        "quality": 20,
        "addresses": ["10.0.0.2", "2001:db8::2"],
        "routers": ["10.0.0.1"],
    },
    "statistics": {"period": 0},
    "portfolio": [{"identity": ["id", "maker", "model", "software"]}],
    "app_data": [{"data": ["first", "second"], "priority": 3}, {"description": "spare"}],
    "temperature": {"value": "123456.789"},
    "battery": {"level": 80, "status": 2, "voltage": "3.6"},
}
LINKS = [
    "</1>;ver=1.2",
    "</1/0>",
    "</3>;ver=1.2",
    "</3/0>",
    "</4>;ver=1.3",
    "</4/0>",
    "</7/0>",
    "</16/0>",
    "</19/0>",
    "</19/1>",
    "</3303>;ver=1.1",
    "</3303/0>",
    "</3411>;ver=1.1",
    "</3411/0>",
    "</3424>;ver=1.1",
    "</3424/0>",
]
SERVER = {"0": 1, "1": 300, "2": 0, "3": 0, "5": 86400, "6": False, "7": "U", "23": False}
DEVICE = {
    "0": "Acme",
    "1": "Water meter",
    "2": "0001",
    "3": "0.1.0",
    "6": {"0": 1, "1": 5},
    "7": {"0": 3800, "1": 900},
    "8": {"0": 125, "1": -5},
    "9": 80,
    "11": {"0": 0},
    "14": "+00:00",
    "15": "Etc/UTC",
    "16": "U",
    "17": "meter",
    "20": 2,
}
MOVING = {"10", "13", "21"}  # of Device: free memory, time, total memory


def begin(port=0) -> Driver:
    """A Leshan that has started. In CI it must be there."""
    try:
        return Driver(engine="leshan", port=port).__enter__()
    except DriverError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("Leshan cannot be had: %s" % str(error).splitlines()[-1])


def still(device: dict) -> dict:
    """A Device Instance as read, without what changes by itself, which must be plausible."""
    assert device["10"] > 0 and device["21"] >= device["10"]
    assert abs(device["13"] - time.time()) < 5
    return {rid: value for rid, value in device.items() if rid not in MOVING}


class Session:
    """Commands to and events of one endpoint."""

    def __init__(self, leshan, endpoint, meter):
        self.leshan = leshan
        self.endpoint = endpoint
        self.meter = meter

    def ask(self, op, path, **more):
        return self.leshan.ask(op=op, endpoint=self.endpoint, path=path, **more)

    def code(self, op, path, **more) -> str:
        """The code that the meter answers with; Leshan itself must not refuse."""
        answer = self.ask(op, path, **more)
        assert "code" in answer, answer
        return answer["code"]

    def read(self, path, form=None, **more):
        """What is there, which must be answered in the format asked for."""
        asked = {"format": form} if form else {}
        answer = self.ask("read", path, **asked, **more)
        assert answer.get("code") == "2.05", answer
        assert not form or answer["format"] == form, answer
        return answer["value"]

    def discover(self, path) -> list:
        """The links at and below a path; the attributes of each sorted by name."""
        answer = self.ask("discover", path)
        assert answer.get("code") == "2.05" and answer["format"] == "link", answer
        return [sorted_link(link) for link in answer["links"]]

    def event(self, kind, **facts):
        return self.leshan.wait_event(kind, endpoint=self.endpoint, **facts)

    def registrations(self):
        found = self.leshan.ask(op="list")["registrations"]
        return [one for one in found if one["endpoint"] == self.endpoint]

    def no_more_events(self, seconds=0.3):
        time.sleep(seconds)
        assert not [e for e in self.leshan.events if e.get("endpoint") == self.endpoint]


class Reports(Session):
    """A session with the meter of reporting_meter.py, which changes and sends at a command."""

    def __init__(self, leshan, endpoint, meter, relay):
        super().__init__(leshan, endpoint, meter)
        self.relay = relay

    def set(self, changes: dict) -> None:
        """The device finds other values: {path: value}."""
        self.run(0, setting(changes))

    def run(self, rid: int, arguments: str) -> None:
        assert self.code("execute", "/33001/0/%d" % rid, arguments=arguments) == "2.04"

    def attach(self, path: str, attributes: str) -> None:
        assert self.code("write-attributes", path, attributes=attributes) == "2.04"

    def observe(self, path: str, **more) -> dict:
        """Observe; the answer, which says that it is observed."""
        answer = self.ask("observe", path, **more)
        assert (answer.get("code"), answer.get("observed")) == ("2.05", True), answer
        return answer

    def composite(self, op: str, paths: list, **more) -> dict:
        """A composite operation's answer, which must be 2.05."""
        answer = self.leshan.ask(op=op, endpoint=self.endpoint, paths=paths, **more)
        assert answer.get("code") == "2.05", answer
        return answer

    def notification(self, path=None, **more) -> dict:
        """The next notification of a path, or of a composite observation."""
        found = self.event("notification", **({"path": path} if path else {}), **more)
        assert found["code"] == "2.05", found
        return found

    def sent(self, **more) -> dict:
        """The next Send: its values by path where all are of now."""
        return self.event("send", **more)

    def notifications(self, start: int = 0) -> list:
        """Those on the wire since the datagram `start`, each once."""
        found = {one.mid: one for one in self.relay.from_meter(start) if one.kind in (CON, NON)}
        return [one for one in found.values() if one.opt.observe is not None]

    def no_more_reports(self, seconds: float) -> None:
        """No notification for so long, nor one that nobody has looked at."""
        time.sleep(seconds)
        kinds = ("notification", "notification-error", "send", "send-error", "server-error")
        mine = [e for e in self.leshan.events if e.get("endpoint") == self.endpoint]
        assert not [e for e in mine if e["event"] in kinds], mine


def setting(changes: dict) -> str:
    """The arguments of reporting_meter's Set; a str is Python, or after ~ a text."""
    texts = []
    for path, value in changes.items():
        text = value if isinstance(value, str) else repr(value).replace(" ", "")
        texts.append("%s=%s" % (path, text))
    return "0='%s'" % ";".join(texts)


def sorted_link(link: str) -> str:
    """A CoRE link whose attributes are in the order of their names."""
    target, *attributes = link.split(";")
    return ";".join([target, *sorted(attributes)])
