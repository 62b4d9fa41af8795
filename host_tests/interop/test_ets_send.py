"""OMA's Enabler Test Specification 1.2, Send, at Leshan: 306, 307, 311; Zephyr's blockwise_4.

Send is off until the server has /1/x/23, Mute Send, and it is false: so says Object 1.
"""

import time

import pytest

from .wire import CHANGED, CON, POST

CBOR, JSON = 112, 110
NAMES = {CBOR: "senml-cbor", JSON: "senml-json"}


@pytest.fixture
def sending(reports):
    """The meter, which may send."""
    mute(reports, False)
    return reports


def mute(reports, muted: bool) -> None:
    written = reports.code("write", "/1/0", value={"23": muted}, mode="update")
    assert written == "2.04"


def send(reports, paths: str, form: int = CBOR) -> None:
    reports.run(1, "0='%d',1='%s'" % (form, paths))


def ended(reports, code: int = CHANGED) -> None:
    """The meter's application was called with how it ended."""
    reports.meter.wait_log("Send ended %d$" % code)


def posts(reports) -> list:
    """The requests to /dp on the wire, each once."""
    found = [one for one in reports.relay.from_meter() if one.path == ["dp"] and one.code == POST]
    return list({one.mid: one for one in found}.values())


def now_values(event: dict) -> dict:
    """{path: value} of a Send without times."""
    found = {one["path"]: one["value"] for one in event["values"]}
    assert len(found) == len(event["values"])
    assert all(one.get("time") is None for one in event["values"]), event
    return found


@pytest.mark.parametrize("form", [CBOR, JSON])
def test_ets_306_send_objects(sending, form):
    """What is sent is what a Read of both Objects has."""
    send(sending, "/1;/3", form)
    event = sending.sent()
    assert event["format"] == NAMES[form]
    found = now_values(event)
    assert (found["/1/0/0"], found["/1/0/1"], found["/1/0/23"]) == (1, 300, False)
    assert (found["/3/0/0"], found["/3/0/7/1"], found["/3/0/16"]) == ("Acme", 900, "U")
    assert abs(found["/3/0/13"] - time.time()) < 3
    assert {path.split("/")[1] for path in found} == {"1", "3"}
    ended(sending)
    [post] = posts(sending)
    assert post.kind == CON and post.format == form and not post.query


@pytest.mark.parametrize("path", ["/0/0/0", "/9/0/1", "/3/0/19", "/16/4"])
def test_ets_306_only_what_is_registered_and_there(sending, path):
    """The application is refused at once, and nothing goes out."""
    code = "4.01" if path[:3] == "/0/" else "4.04"
    asked = {"arguments": "0='112',1='%s'" % path}
    assert sending.code("execute", "/33001/0/1", **asked) == code
    send(sending, "/3/0/16")
    assert now_values(sending.sent()) == {"/3/0/16": "U"}
    assert len(posts(sending)) == 1


def test_ets_307_muting_send(reports):
    """While it is true nothing is sent; what waits comes after."""
    mute(reports, True)
    send(reports, "/3/0/16")
    reports.no_more_reports(0.3)
    mute(reports, False)
    assert now_values(reports.sent()) == {"/3/0/16": "U"}
    assert reports.code("write", "/1/0/23", value=True) == "2.04"
    send(reports, "/3/0/17")
    reports.no_more_reports(0.3)
    assert reports.code("write", "/1/0/23", value=False) == "2.04"
    assert now_values(reports.sent()) == {"/3/0/17": "meter"}
    send(reports, "/3/0/0")
    assert now_values(reports.sent()) == {"/3/0/0": "Acme"}
    assert len(posts(reports)) == 3


@pytest.mark.parametrize("form", [CBOR, JSON])
def test_ets_311_send_command(sending, form):
    """Exactly the values of /1/0/1 and /3/0/11/0."""
    send(sending, "/1/0/1;/3/0/11/0", form)
    assert now_values(sending.sent()) == {"/1/0/1": 300, "/3/0/11/0": 0}
    ended(sending)


@pytest.mark.parametrize("form", [CBOR, JSON])
def test_values_of_any_type(sending, form):
    expected = {
        "/1/0/6": False,
        "/3/0/8/1": -5,
        "/16/0/0/2": "model",
        "/19/0/0/0": {"hex": b"first".hex()},
        "/3303/0/5700": 123456.789,
    }
    send(sending, ";".join(expected), form)
    assert now_values(sending.sent()) == expected


@pytest.mark.parametrize("form", [CBOR, JSON])
def test_samples_with_their_times(sending, form):
    """A day's quarters of an hour of one Resource, in order, each with its time."""
    samples = [(1700000000 + 900 * i, 2**31 + 255 * i) for i in range(96)]
    text = "[(1700000000+900*i,2**31+255*i)for(i)in(range(96))]"
    sending.run(2, "0='%d',1='/33001/0/5',2='%s'" % (form, text))
    event = sending.sent()
    seen = [(one["time"], one["value"]) for one in event["values"]]
    assert seen == samples
    assert {one["path"] for one in event["values"]} == {"/33001/0/5"}
    ended(sending)


def test_sends_come_one_after_the_other(sending):
    for rid in (0, 1, 2, 3, 16, 17):
        send(sending, "/3/0/%d" % rid)
    seen = [now_values(sending.sent()) for _ in range(6)]
    assert [list(one) for one in seen] == [["/3/0/%d" % rid] for rid in (0, 1, 2, 3, 16, 17)]


@pytest.mark.parametrize("form", [CBOR, JSON])
def test_zephyr_blockwise_4(sending, form):
    """4 KiB of /19/0/0/0 in one Send, by Block1."""
    data = bytes(range(256)) * 16
    sending.set({"/19/0/0": "{0:bytes(range(256))*16}"})
    send(sending, "/19/0/0/0", form)
    event = sending.sent()
    assert event["format"] == NAMES[form]
    assert now_values(event) == {"/19/0/0/0": {"hex": data.hex()}}
    ended(sending)
    payloads = [one.payload for one in posts(sending)]
    blocks = [one.opt.block1 for one in posts(sending)]
    starts = [one.start for one in blocks]  # Leshan may want smaller ones
    assert starts == [sum(map(len, payloads[:i])) for i in range(len(blocks))]
    assert [one.more for one in blocks] == [True] * (len(blocks) - 1) + [False]
    assert len(blocks) >= 5
