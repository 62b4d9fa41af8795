"""The history by itself: order, bounds, repetitions, and the shapes that values come in."""

import pytest
from tools.devserver.errors import CommandError
from tools.devserver.history import reports
from tools.devserver.history.store import History

NOON = 1_700_000_000


def notification(value, when, path="/3424/0/1", **more):
    return {
        "event": "notification",
        "endpoint": "m",
        "path": path,
        "value": value,
        "time": when,
        **more,
    }


def sent(*entries):
    rows = [{"path": path, "value": value, "time": when} for path, value, when in entries]
    return {"event": "send", "endpoint": "m", "values": rows, "time": NOON + 9999}


def samples(kept, path="/3424/0/1"):
    return [(each["time"], each["value"]) for each in kept.describe("m", path)["samples"]]


def test_samples_are_in_order_of_time():
    kept = History()
    kept.take_event(notification(3.0, NOON + 30))
    kept.take_event(sent(("/3424/0/1", 1.0, NOON + 10), ("/3424/0/1", 2.0, NOON + 20)))
    assert samples(kept) == [(NOON + 10, 1.0), (NOON + 20, 2.0), (NOON + 30, 3.0)]


def test_the_oldest_goes_first():
    kept = History(per_path=3)
    for index in range(5):
        kept.take_event(sent(("/3424/0/1", index, NOON + index)))
    found = kept.describe("m", "/3424/0/1")
    assert [each["value"] for each in found["samples"]] == [2, 3, 4]
    assert found["dropped"] == 2
    kept.take_event(sent(("/3424/0/1", 0, NOON)))  # forgotten, so taken, and dropped as the oldest
    assert [value for _, value in samples(kept)] == [2, 3, 4]


def test_all_together_are_bounded():
    kept = History(total=10)
    kept.take_event(sent(("/1/0/1", 60, NOON)))
    for index in range(100):
        kept.take_event(sent(("/3424/0/1", index, NOON + index)))
    assert kept.count == 10
    assert sum(len(each.samples) for each in kept.series.values()) == 10
    assert samples(kept, "/1/0/1") == [(NOON, 60)]
    assert samples(kept)[-1] == (NOON + 99, 99)


def test_many_endpoints_are_bounded_too():
    kept = History(total=10)
    for index in range(50):
        kept.take_event({**notification(1, NOON), "endpoint": "m%d" % index})
    assert (kept.count, len(kept.series)) == (10, 10)


def test_repetitions_are_counted_where_the_client_tells_the_time():
    kept = History()
    for _ in range(3):
        kept.take_event(sent(("/3424/0/1", 1.0, NOON)))
        kept.take_event(notification(1.0, NOON))
    found = kept.describe("m", "/3424/0/1")
    assert (len(found["samples"]), found["duplicates"]) == (4, 2)


def test_values_by_identifier_are_taken_apart():
    kept = History()
    answer = {"code": "2.05", "value": {"0": "maker", "6": {"0": 1, "1": 5}, "20": {"hex": "00"}}}
    kept.take_answer({"op": "read", "endpoint": "m", "path": "/3/0"}, answer)
    found = {each["path"]: each["value"] for each in kept.describe("m", "/3")["samples"]}
    assert found == {"/3/0/0": "maker", "/3/0/6/0": 1, "/3/0/6/1": 5, "/3/0/20": {"hex": "00"}}
    kept.take_answer({"op": "read", "endpoint": "m", "path": "/5"}, {"value": {"0": {"3": 1}}})
    assert list(kept.find("m", "/")) == ["/3/0/0", "/3/0/6/0", "/3/0/6/1", "/3/0/20", "/5/0/3"]


@pytest.mark.parametrize(
    "answer", [{"error": "timeout"}, {"code": "4.04", "message": ""}, {"values": {"/1": None}}]
)
def test_what_brings_no_value(answer):
    kept = History()
    kept.take_answer({"op": "read", "endpoint": "m", "path": "/1/0/1"}, answer)
    kept.take_event({"event": "updated", "endpoint": "m", "time": NOON})
    assert not kept.series


def test_a_path_is_no_prefix_of_another_number():
    kept = History()
    kept.take_event(notification(1, NOON, "/3424/0/1"))
    kept.take_event(notification(2, NOON, "/3424/0/11"))
    assert samples(kept, "/3424/0/1") == [(NOON, 1)]


def test_a_plot_is_of_one_resource():
    kept = History()
    kept.take_event(sent(("/3424/0/1", 1.0, NOON), ("/3424/0/6", 1, NOON), ("/3/0/0", "x", NOON)))
    with pytest.raises(CommandError, match="2 resources.*plot /3424/0/1 or /3424/0/6"):
        reports.plot_lines(kept, "m", "/3424/0", 80, 24)
    with pytest.raises(
        CommandError, match="/3/0/0 of endpoint 'm': none of the values is a number"
    ):
        reports.plot_lines(kept, "m", "/3", 80, 24)


@pytest.mark.parametrize(
    ("file", "words"),
    [("missing/x.csv", "No such file or directory"), (".", "Is a directory")],
)
def test_a_file_that_cannot_be_written(tmp_path, file, words):
    kept = History()
    kept.take_event(notification(1, NOON))
    target = str(tmp_path / file)
    command = {"endpoint": "m", "path": "/3424", "file": target, "force": True}
    with pytest.raises(CommandError) as caught:
        reports.write_csv(kept, command)
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("when", "text", "unix"),
    [
        (0, "1970-01-01T00:00:00.000Z", "0"),
        (NOON + 0.25, "2023-11-14T22:13:20.250Z", "1700000000.25"),
        (1e300, "1e+300", "%d" % int(1e300)),
    ],
)
def test_times_of_a_row(when, text, unix):
    assert (reports.iso(when), reports.unix(when)) == (text, unix)


def test_values_of_a_row():
    held = [12.345, 1 << 60, True, "a;b", {"hex": "00"}]
    texts = ["12.345", "1152921504606846976", "true", "a;b", '{"hex": "00"}']
    assert list(map(reports.text, held)) == texts
