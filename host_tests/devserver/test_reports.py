"""Composite operations, notifications, Send and the history that both engines keep of them."""

import csv
import json
import time

import pytest
from tools.devserver.history.store import newer

PATHS = ["/3424/0/1", "/1/0/1"]
JOINED = " ".join(PATHS)
NOON = 1_700_000_000


def history(server, meter, path):
    return server.ask(op="history", endpoint=meter.endpoint, path=path)


def entries(server, meter, path):
    """The (time, value, source) of each sample."""
    found = history(server, meter, path)
    return [(each["time"], each["value"], each["source"]) for each in found["samples"]]


def until(look, seconds=5.0):
    """Wait for something that no event tells."""
    limit = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < limit
        time.sleep(0.01)
    return found


@pytest.mark.parametrize("form", ["senml-cbor", "senml-json"])
def test_read_composite(server, meter, form):
    asked = {"endpoint": meter.endpoint, "paths": ["/3424/0/1", "/1/0", "/9/0/1"]}
    found = server.ask(op="read-composite", format=form, **asked)
    assert (found["code"], found["format"]) == ("2.05", form)
    assert found["values"]["/3424/0/1"] == 12.345
    assert found["values"]["/1/0"]["1"] == 60
    assert found["values"].get("/9/0/1") is None
    assert [value for _, value, source in entries(server, meter, "/1/0/1")] == [60]


@pytest.mark.parametrize("form", ["senml-cbor", "senml-json"])
def test_read_one_path_in_senml(server, meter, form):
    asked = {"endpoint": meter.endpoint, "path": "/1/0"}
    found = server.ask(op="read", format=form, **asked)
    assert (found["format"], found["value"]) == (form, {"0": 123, "1": 60, "7": "U"})


@pytest.mark.parametrize("form", ["senml-cbor", "senml-json"])
def test_write_composite(server, meter, form):
    values = {"/1/0/1": 90, "/1/0/7": "UQ"}
    asked = {"endpoint": meter.endpoint, "values": values, "format": form}
    assert server.ask(op="write-composite", **asked)["code"] == "2.04"
    assert (meter.values["/1/0/1"], meter.values["/1/0/7"]) == ("90", "UQ")
    asked["values"] = {"/1/0/2": 1}
    assert server.ask(op="write-composite", **asked)["code"] == "4.04"


@pytest.mark.parametrize("confirmable", [True, False])
def test_observe_composite(server, meter, confirmable):
    target = {"endpoint": meter.endpoint, "paths": PATHS}
    found = server.ask(op="observe-composite", **target)
    assert found["observed"] is True
    assert found["values"] == {"/3424/0/1": 12.345, "/1/0/1": 60}
    meter.values["/3424/0/1"] = "13.5"
    assert meter.report(JOINED, None, confirmable) == 1
    event = server.wait_event("notification", endpoint=meter.endpoint)
    assert event["values"] == {"/3424/0/1": 13.5, "/1/0/1": 60}
    assert event["confirmable"] is confirmable
    assert [value for _, value, _ in entries(server, meter, "/3424/0/1")] == [12.345, 13.5]
    assert {source for *_, source in entries(server, meter, "/3424/0/1")} == {"notify"}


def begin(server, meter, paths):
    """Observe a path or several; the target of a cancel and what the meter calls it."""
    kind = "paths" if isinstance(paths, list) else "path"
    target = {"endpoint": meter.endpoint, kind: paths}
    operation = "observe-composite" if kind == "paths" else "observe"
    assert server.ask(op=operation, **target)["observed"] is True
    return target, " ".join(paths) if kind == "paths" else paths


@pytest.mark.parametrize("paths", ["/3424/0/1", PATHS])
def test_an_active_cancel_is_a_request_with_observe_1(server, meter, paths):
    target, name = begin(server, meter, paths)
    assert meter.observers(name) == 1
    assert server.ask(op="cancel", **target)["code"] == "2.05"
    assert meter.seen[-1][-1] == 1
    until(lambda: meter.observers(name) == 0)
    assert "is not observed" in server.ask(op="cancel", **target)["error"]


@pytest.mark.parametrize("confirmable", [True, False])
@pytest.mark.parametrize("paths", ["/3424/0/1", PATHS])
def test_a_passive_cancel_is_a_reset(server, meter, paths, confirmable):
    target, name = begin(server, meter, paths)
    assert "error" not in server.ask(op="cancel", passive=True, **target)
    requests = len(meter.seen)
    assert meter.report(name, None, confirmable) == 1
    until(lambda: meter.resets)
    assert len([each for each in meter.seen[requests:] if each[-1] == 1]) == 0
    if confirmable:
        until(lambda: meter.observers(name) == 0)
    with pytest.raises(AssertionError, match="not within"):
        server.wait_event("notification", timeout=0.05, endpoint=meter.endpoint)


def test_an_observe_that_is_answered_as_a_read(server, meter):
    meter.observable = False
    target = {"endpoint": meter.endpoint, "path": "/3424/0/1"}
    assert server.ask(op="observe", **target)["observed"] is False
    assert [each[1:] for each in entries(server, meter, "/3424/0/1")] == [(12.345, "read")]
    assert "is not observed" in server.ask(op="cancel", **target)["error"]


def test_a_client_that_ends_an_observation(server, meter):
    target, name = begin(server, meter, "/3424/0/1")
    del meter.values["/3424/0/1"]
    meter.report(name, None)
    assert server.wait_event("notification", endpoint=meter.endpoint)["code"] == "4.04"


@pytest.mark.parametrize(
    ("number", "last", "seconds", "expected"),
    [
        (2, 1, 0, True),
        (1, 1, 0, False),
        (1, 2, 0, False),
        (1, 0xFFFFFF, 0, True),
        (0xFFFFFF, 1, 0, False),
        (1, 2, 129, True),
    ],
)
def test_which_notification_is_newer(number, last, seconds, expected):
    assert newer(number, last, seconds) is expected


def test_a_notification_that_was_overtaken_is_not_kept(server, meter):
    target, name = begin(server, meter, "/3424/0/1")
    for number, litres in ((20, 2.0), (19, 1.0), (21, 3.0)):
        meter.report(name, [{"n": name, "v": litres}], True, number)
    server.wait_event("notification", endpoint=meter.endpoint, observe=21)
    assert [value for _, value, _ in entries(server, meter, name)] == [12.345, 2.0, 3.0]
    begin(server, meter, "/3424/0/1")  # numbers begin anew
    meter.notify(name, "4.5")
    server.wait_event("notification", endpoint=meter.endpoint, value=4.5)
    assert [value for _, value, _ in entries(server, meter, name)][-1] == 4.5


def test_mute_send_is_a_write(server, meter):
    meter.values["/1/0/23"] = "0"
    target = {"endpoint": meter.endpoint, "path": "/1/0/23", "value": True, "format": "text"}
    assert server.ask(op="write", **target)["code"] == "2.04"
    assert meter.values["/1/0/23"] == "1"


def test_observing_again_replaces(server, meter):
    target, name = begin(server, meter, "/3424/0/1")
    begin(server, meter, "/3424/0/1")
    meter.notify(name, "14.5")
    assert server.wait_event("notification", endpoint=meter.endpoint)["value"] == 14.5
    assert server.ask(op="cancel", **target)["code"] == "2.05"
    assert "is not observed" in server.ask(op="cancel", **target)["error"]


def test_stored_notifications_have_their_times(server, meter):
    asked = {"endpoint": meter.endpoint, "path": "/3424/0/1", "format": "senml-cbor"}
    assert server.ask(op="observe", **asked)["observed"] is True
    records = [
        {"bn": "/3424/0/1", "bt": NOON, "v": 1.5},
        {"t": 900, "v": 2.5},
        {"t": 1800.25, "v": 3.5},
    ]
    assert meter.report("/3424/0/1", records) == 1
    event = server.wait_event("notification", endpoint=meter.endpoint)
    assert event["value"] == 3.5
    assert [each["time"] for each in event["history"]] == [NOON, NOON + 900, NOON + 1800.25]
    samples = entries(server, meter, "/3424/0/1")
    assert samples[:3] == [
        (NOON, 1.5, "notify"),
        (NOON + 900, 2.5, "notify"),
        (NOON + 1800.25, 3.5, "notify"),
    ]
    assert samples[3][1:] == (12.345, "notify")


def test_stored_composite_notifications(server, meter):
    asked = {"endpoint": meter.endpoint, "paths": PATHS}
    assert server.ask(op="observe-composite", **asked)["observed"] is True
    records = [
        {"bn": "/3424/0/1", "bt": NOON, "v": 1.5},
        {"bn": "/1/0/1", "v": 60},
        {"bn": "/3424/0/1", "bt": NOON + 60, "v": 2.5},
        {"bn": "/1/0/1", "v": 70},
    ]
    assert meter.report(JOINED, records) == 1
    event = server.wait_event("notification", endpoint=meter.endpoint)
    assert event["values"] == {"/3424/0/1": 2.5, "/1/0/1": 70}
    assert entries(server, meter, "/1/0/1")[:2] == [
        (NOON, 60, "notify"),
        (NOON + 60, 70, "notify"),
    ]


@pytest.mark.parametrize("form", [112, 110])
def test_send_with_times_twice(server, meter, form):
    records = [{"bn": "/3424/0/1", "bt": NOON, "v": 1.5}]
    records += [{"t": 900 * index, "v": 1.5 + index / 8} for index in range(1, 96)]
    assert meter.send(records, form) == "2.04"
    event = server.wait_event("send", endpoint=meter.endpoint)
    assert len(event["values"]) == 96
    assert event["values"][95] == {"path": "/3424/0/1", "value": 13.375, "time": NOON + 85500}
    assert meter.send(records[:4], form) == "2.04"
    server.wait_event("send", endpoint=meter.endpoint)
    found = history(server, meter, "/3424/0/1")
    assert (len(found["samples"]), found["duplicates"], found["dropped"]) == (96, 4, 0)
    assert {each["source"] for each in found["samples"]} == {"send"}
    assert found["samples"][1]["time"] == NOON + 900


def test_send_of_now(server, meter):
    before = time.time()
    records = [{"n": "/3424/0/1", "v": 1.25}, {"n": "/3424/0/6", "v": 2}]
    assert meter.send(records) == "2.04"
    assert meter.send(records) == "2.04"
    server.wait_event("send", endpoint=meter.endpoint)
    server.wait_event("send", endpoint=meter.endpoint)
    found = history(server, meter, "/3424/0")
    assert found["duplicates"] == 0  # without a time of the client's no value is a repetition
    assert [each["value"] for each in found["samples"] if each["path"] == "/3424/0/6"] == [2, 2]
    assert all(before - 1 < each["time"] < time.time() + 1 for each in found["samples"])


def test_a_broken_send(server, meter):
    assert meter.send(b"\x81\xa1\x00") == "4.00"


def test_a_send_of_nobody(server, meter):
    meter.deregister()
    code = meter.send([{"n": "/3424/0/1", "v": 1.25}])
    assert code in ("4.04", "4.00")
    if server.ready["engine"] == "aiocoap":
        assert code == "4.04"


def test_integers_stay_exact(server, meter):
    assert meter.send([{"n": "/3424/0/4", "v": (1 << 53) + 1}]) == "2.04"
    server.wait_event("send", endpoint=meter.endpoint)
    [(_, value, _)] = entries(server, meter, "/3424/0/4")
    assert value == (1 << 53) + 1


def test_bodies_in_blocks(server, meter):
    meter.blocks = True
    asked = {"endpoint": meter.endpoint, "paths": ["/1", "/3", "/3424"]}
    found = server.ask(op="observe-composite", **asked)
    assert found["values"]["/3"]["0"]["0"] == "micropython-lwm2m"
    meter.notify("/3424/0/3", "x" * 300)
    assert meter.report("/1 /3 /3424", None) == 1
    event = server.wait_event("notification", endpoint=meter.endpoint)
    assert event["values"]["/3424"]["0"]["3"] == "x" * 300
    assert server.ask(op="read-composite", **asked)["values"]["/3424"]["0"]["3"] == "x" * 300


def test_plot_and_csv(server, meter, tmp_path):
    records = [{"n": "/3424/0/1", "bt": NOON, "v": 1.5}, {"n": "/3424/0/1", "t": 60.5, "v": 2.5}]
    assert meter.send(records) == "2.04"
    server.wait_event("send", endpoint=meter.endpoint)
    target = {"endpoint": meter.endpoint, "path": "/3424/0/1"}
    drawn = server.ask(op="plot", width=60, height=10, **target)["plot"]
    assert len(drawn) == 10
    assert max(map(len, drawn)) <= 60
    file = tmp_path / "water.csv"
    assert server.ask(op="csv", file=str(file), **target)["rows"] == 2
    with open(file, newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    assert rows[0] == ["endpoint", "path", "time", "unix", "value", "source"]
    assert rows[1][1:] == ["/3424/0/1", "2023-11-14T22:13:20.000Z", "1700000000", "1.5", "send"]
    assert rows[2][2:4] == ["2023-11-14T22:14:20.500Z", "1700000060.5"]
    error = server.ask(op="csv", file=str(file), **target)["error"]
    assert str(file) in error
    assert "exists" in error
    assert server.ask(op="csv", file=str(file), force=True, **target)["rows"] == 2


def test_a_history_of_nothing(server, meter):
    for operation, more in (("history", {}), ("plot", {}), ("csv", {"file": "/nowhere/x.csv"})):
        found = server.ask(op=operation, endpoint=meter.endpoint, path="/9/0/1", **more)
        assert "no value of /9/0/1" in found["error"]
        assert "\n" not in json.dumps(found["error"])


def test_the_history_outlives_the_client(server, meter):
    server.ask(op="read", endpoint=meter.endpoint, path="/1/0/1")
    meter.deregister()
    server.wait_event("deregistered", endpoint=meter.endpoint)
    assert [value for _, value, _ in entries(server, meter, "/1/0/1")] == [60]
