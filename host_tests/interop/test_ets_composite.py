"""OMA's Enabler Test Specification 1.2, composite operations, by Leshan.

Read 229, 235, 236, 280, 281; Write 230, 257; Observe 304, 305, 308 to 310. Leshan shows None for a
path that is not in an answer, so what must not be there is looked for in the payload. Leshan
2.0.0-M18 does read the root, which Zephyr's tests leave out.
"""

import time

import pytest

from . import decoders
from .meter import wait_until, whole_seconds
from .wire import RST

FORMS = ["senml-cbor", "senml-json"]
THREE = ["/1/0/1", "/3/0/11/0", "/3/0/16"]
VALUES = {"/1/0/1": 300, "/3/0/11/0": 0, "/3/0/16": "U"}
PORTFOLIO = {"0": "id", "1": "maker", "2": "model", "3": "software"}


def payload(answer: dict) -> dict:
    """{path: value} of an answer's raw payload."""
    return decoders.DECODERS[answer["format"]](bytes.fromhex(answer["payload"]), "/")


# Read-Composite


@pytest.mark.parametrize("form", FORMS)
def test_ets_280_read_composite(reports, form):
    """229 of the older specification, too."""
    answer = reports.composite("read-composite", THREE, format=form, raw=True)
    assert (answer["format"], answer["values"]) == (form, VALUES)
    assert payload(answer) == VALUES  # exactly the three


@pytest.mark.parametrize("form", FORMS)
def test_ets_229_read_composite_of_objects_and_instances(reports, form):
    paths = ["/1", "/16/0", "/3/0/7", "/19/0/0/1"]
    answer = reports.composite("read-composite", paths, format=form, raw=True)
    found = answer["values"]
    assert found["/1"]["0"]["1"] == 300 and found["/16/0"] == {"0": PORTFOLIO}
    assert found["/3/0/7"] == {"0": 3800, "1": 900}
    assert found["/19/0/0/1"] == {"hex": b"second".hex()}
    for path in payload(answer):
        assert any((path + "/").startswith(one + "/") for one in paths), path


def test_ets_235_read_composite_of_the_root(reports):
    """All that a server may read, as Reads of the Objects return it one by one; no 0, 21, 23."""
    answer = reports.composite("read-composite", ["/"], raw=True)
    found = answer["values"]["/"]
    objects = {"1", "3", "4", "7", "16", "19", "3303", "3411", "3424", "33001"}
    assert set(found) == objects
    for oid in objects - {"3", "7", "3424", "33001"}:
        assert reports.read("/" + oid, "senml-cbor") == found[oid], oid
    for oid in ("3", "3424"):  # what counts on meanwhile
        assert set(found[oid]["0"]) == set(reports.read("/%s/0" % oid)), oid
    assert not [path for path in payload(answer) if path.split("/")[1] in ("0", "21", "23")]


@pytest.mark.parametrize("form", FORMS)
def test_ets_236_partial_presence(reports, form):
    """Zephyr's paths: those of Objects that the meter has not."""
    paths = ["/1/0/1", "/3/0/11/0", "/3339/0/5522", "/3353/0/6030", "/16/9", "/3/0/7/5"]
    answer = reports.composite("read-composite", paths, format=form, raw=True)
    assert payload(answer) == {"/1/0/1": 300, "/3/0/11/0": 0}


def test_ets_281_partially_successful(reports):
    """An executable Resource, and what no server may see, is left out."""
    paths = ["/1/0/1", "/1/0/7", "/1/0/8", "/0/0/0"]
    answer = reports.composite("read-composite", paths, raw=True)
    assert payload(answer) == {"/1/0/1": 300, "/1/0/7": "U"}


def test_nothing_of_it_is_there(reports):
    answer = reports.composite("read-composite", ["/9/0/1", "/3/0/19"], raw=True)
    assert payload(answer) == {}


# Write-Composite


@pytest.mark.parametrize("form", FORMS)
def test_ets_230_write_composite(reports, form):
    values = {"/1/0/1": 60, "/1/0/6": True}
    for riid in range(4):
        values["/16/0/0/%d" % riid] = "identity %d" % riid
    ask = reports.leshan.ask
    asked = {"op": "write-composite", "endpoint": reports.endpoint, "format": form}
    assert ask(**asked, values=values)["code"] == "2.04"
    assert reports.event("updated")["lifetime"] == 60
    assert reports.composite("read-composite", list(values))["values"] == values


def test_ets_257_write_composite_to_two_objects(reports):
    ask = reports.leshan.ask
    values = {"/1/0/2": 101, "/1/0/6": True, "/3/0/13": 1000}
    answer = ask(op="write-composite", endpoint=reports.endpoint, values=values)
    assert answer["code"] == "2.04"
    found = reports.composite("read-composite", list(values))["values"]
    assert 1000 <= found.pop("/3/0/13") < 1010
    assert found == {"/1/0/2": 101, "/1/0/6": True}


REFUSED = [
    ("/3/0/0", "mine", "4.05"),
    ("/3/0/8/0", 1, "4.05"),
    ("/16/7/0/0", "x", "4.04"),
    ("/9/0/1", 1, "4.04"),
    ("/1/0/1", -1, "4.00"),
    ("/0/0/0", "coap://elsewhere", "4.01"),
]


def test_a_refused_write_composite_writes_nothing(reports):
    for path, value, code in REFUSED:
        values = {"/1/0/5": 7, path: value, "/16/0/0/0": "mine"}
        asked = {"op": "write-composite", "endpoint": reports.endpoint, "values": values}
        assert reports.leshan.ask(**asked).get("code") == code, path
    assert reports.read("/1/0/5") == 86400 and reports.read("/16/0/0/0") == "id"


# Observe-Composite


def periods(reports, pmin: int, pmax: int) -> None:
    """The defaults of the account."""
    for rid, value in ((2, pmin), (3, pmax)):
        assert reports.code("write", "/1/0/%d" % rid, value=value) == "2.04"


def after(event: dict, since: float) -> int:
    """So many whole seconds later."""
    return whole_seconds(event["time"] - since)


@pytest.mark.parametrize("form", FORMS)
def test_ets_304_observe_composite(reports, form):
    """ETS says 30 and 45 s; here it is 1 and 2. Each notification has all paths."""
    periods(reports, 1, 2)
    start = time.time()
    answer = reports.composite("observe-composite", THREE, format=form)
    assert (answer["observed"], answer["values"]) == (True, VALUES)
    assert reports.code("write", "/1/0/1", value=299) == "2.04"
    seen = [reports.notification()]
    if form == "senml-cbor":
        seen.append(reports.notification())
    assert seen[0]["time"] - start >= 1  # not before pmin
    assert [after(one, seen[0]["time"]) for one in seen] == [0, 2][: len(seen)]
    for one in seen:
        assert one["values"] == {**VALUES, "/1/0/1": 299}
        assert one["format"] == form and one["confirmable"]
    numbers = [answer["observe"]] + [one["observe"] for one in seen]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("passive", [False, True], ids=["Observe=1", "Reset"])
def test_ets_305_cancel_observe_composite(reports, passive):
    """By a FETCH with Observe 1, or by a Reset; another observation goes on."""
    paths = ["/3/0/9", "/1/0/1"]
    reports.composite("observe-composite", paths)
    reports.observe("/3/0/9")
    answer = reports.leshan.ask(
        op="cancel", endpoint=reports.endpoint, paths=paths, passive=passive
    )
    assert "error" not in answer
    start = len(reports.relay.capture)
    if passive:
        reports.set({"/1/0/1": 301})
        wait_until(lambda: any(one.kind == RST for one in reports.relay.to_meter(start)))
        start = len(reports.relay.capture)
    else:
        assert answer["code"] == "2.05" and "observe" not in answer
        assert answer["values"] == {"/3/0/9": 80, "/1/0/1": 300}
    for level in (79, 78):
        reports.set({"/3/0/9": level})
        assert reports.notification("/3/0/9")["value"] == level
    reports.no_more_reports(0.2)
    assert len(reports.notifications(start)) == 2


@pytest.mark.parametrize("paths", [["/3/0/16", "/16/0", "/16/1"], ["/3/0/16", "/16"]])
def test_ets_308_and_309_instances_come_and_go(reports, paths):
    """One that is created joins the next notification, one that is deleted leaves it."""
    pmin = len(paths) - 2  # 0 or 1 s
    periods(reports, pmin, 10)

    def instances(event):
        found = event["values"]
        assert found["/3/0/16"] == "U"
        whole = found.get("/16") or {path[4:]: found[path] for path in paths[1:] if found[path]}
        return {iid: whole[iid]["0"] for iid in whole}

    start = time.time()
    answer = reports.composite("observe-composite", paths)
    assert instances(answer) == {"0": PORTFOLIO}
    assert reports.code("create", "/16/1", value={"0": {"0": "new"}}) == "2.01"
    notification = reports.notification()
    assert (
        instances(notification) == {"0": PORTFOLIO, "1": {"0": "new"}}
        and after(notification, start) == pmin
    )
    assert reports.code("delete", "/16/1") == "2.02"
    notification = reports.notification()
    assert instances(notification) == {"0": PORTFOLIO}
    assert after(notification, start) == 2 * pmin
    assert reports.code("delete", "/16/0") == "2.02"
    assert instances(reports.notification()) == {}
    reports.no_more_reports(0.2)


def test_ets_310_changed_attributes_hold_at_once(reports):
    """ETS says 30 and 45 s, then a pmax of 5 s on /3; here it is 1 and 600, then 1."""
    periods(reports, 1, 600)
    reports.composite("observe-composite", THREE)
    time.sleep(0.5)
    reports.attach("/3", "pmax=1")
    seen = [reports.notification() for _ in range(2)]
    assert [one["values"] for one in seen] == [VALUES] * 2
    assert [after(one, seen[0]["time"]) for one in seen] == [0, 1]


def test_the_root_is_observed(reports):
    """All of the meter in one observation, in blocks."""
    whole = reports.composite("observe-composite", ["/"])
    assert whole["observed"] and whole["bytes"] > 900
    reports.set({"/19/1/0": "{0:bytes(1200)}"})
    notification = reports.notification()["values"]["/"]
    assert notification["19"]["1"]["0"] == {"0": {"hex": bytes(1200).hex()}}
    assert set(notification) == set(whole["values"]["/"])
