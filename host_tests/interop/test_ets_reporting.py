"""OMA's Enabler Test Specification 1.2, information reporting: 301 to 303, 710, 905, 910, 1900.

Leshan observes, and what is asserted is what Leshan saw. The periods are short, for time passes;
test_ets_reporting.py of the unit tests has the original ones.
"""

import time

import pytest

from .leshan_session import Reports
from .meter import CALM, SLOW, wait_until, whole_seconds
from .wire import CON, NON, RST

BOTH = {"0": 3800, "1": 900}  # the voltages at the start
AMPERES = {"0": 125, "1": -5}


def volts(value: int) -> dict:
    """A change of the first power source's voltage."""
    return {"/3/0/7": {0: value, 1: 900}}


def times(notifications: list, since: float) -> list:
    """When they were notified, in whole seconds that had passed."""
    return [whole_seconds(one["time"] - since) for one in notifications]


# ETS 301


def test_ets_301_observation_and_notification(reports):
    """ETS says 5 and 15 s of one, 10 and 20 s of the other; here it is 1 and 2, 2 and 3."""
    reports.attach("/3/0/7", "pmin=1&pmax=2")
    reports.attach("/3/0/8", "pmin=2&pmax=3")
    start = time.time()
    first = reports.observe("/3/0/7")
    second = reports.observe("/3/0/8")
    assert (first["value"], second["value"]) == (BOTH, AMPERES)
    reports.set({**volts(3700), "/3/0/8": {0: 120, 1: -5}})
    seen = [reports.notification("/3/0/7"), reports.notification("/3/0/7")]
    assert [one["value"] for one in seen] == [{"0": 3700, "1": 900}] * 2
    assert seen[0]["time"] - start >= 1  # not before pmin
    assert times(seen, seen[0]["time"]) == [0, 2]  # always by pmax
    other = reports.notification("/3/0/8")
    assert other["value"] == {"0": 120, "1": -5} and other["time"] - start >= 2
    numbers = [first["observe"]] + [one["observe"] for one in seen]
    assert numbers == sorted(set(numbers))  # each is newer
    assert all(one["confirmable"] for one in [*seen, other])


@pytest.mark.parametrize("path", ["/16", "/16/0", "/16/0/0"])
def test_an_object_an_instance_a_resource(reports, path):
    """A change is notified with the whole that is observed, without attributes at once."""

    def seen(answer):
        value = answer["value"]
        for ident in ("0", "0")[len(path.split("/")) - 2 :]:
            value = value[ident]
        return value

    assert seen(reports.observe(path))["1"] == "maker"
    for name in ("a", "b", "a"):
        reports.set({"/16/0/0": "{1:chr(%d)}" % ord(name)})
        assert seen(reports.notification(path)) == {"1": name}
    reports.set({"/16/0/0": "{1:chr(97)}"})  # as it was
    reports.set({"/3/0/9": 1})  # elsewhere
    reports.no_more_reports(0.2)


def test_a_resource_instance(reports):
    """Another instance of the Resource does not matter to it."""
    assert reports.observe("/3/0/7/1")["value"] == 900
    reports.set(volts(3700))
    reports.set({"/3/0/7": {0: 3700, 1: 850}})
    assert reports.notification("/3/0/7/1")["value"] == 850
    reports.no_more_reports(0.2)


@pytest.mark.parametrize("form", ["text", "tlv", "senml-json", "senml-cbor", "cbor"])
def test_the_format_asked_for_is_that_of_each_notification(reports, form):
    answer = reports.observe("/3/0/9", format=form)
    assert (answer["format"], answer["value"]) == (form, 80)
    reports.set({"/3/0/9": 1})
    found = reports.notification("/3/0/9")
    assert (found["format"], found["value"]) == (form, 1)


TYPES = {
    "/3303/0/5700": {"(-15,-1)": -1.5, "(0,0)": 0.0, "(12345675,-2)": 123456.75},
    "/1/0/6": {"True": True, "False": False},
    "/3/0/15": {"~a,b": "a,b", "~": "", "chr(252)": "\u00fc"},
    "/3/0/13": {"1700000000": 1700000000},
    "/3/0/7": {"{0:1}": {"0": 1}, "{0:1,2:-3}": {"0": 1, "2": -3}},
    "/19/1/0": {"{7:bytes(range(4))}": {"7": {"hex": "00010203"}}},
}


def test_values_of_any_type(reports):
    """What the device finds, as Python has it, and what Leshan gets."""
    for path, values in TYPES.items():
        reports.observe(path)
        for given, seen in values.items():
            reports.set({path: given})
            assert reports.notification(path)["value"] == seen, path


def test_what_a_server_writes_is_notified_to_it_too(reports):
    """Within the pmin, then after it, at its end and with the latest value."""
    reports.attach("/3/0/14", "pmin=1")
    start = time.time()
    reports.observe("/3/0/14")
    for offset in ("+01:00", "+02:00"):
        assert reports.code("write", "/3/0/14", value=offset) == "2.04"
    found = reports.notification("/3/0/14")
    assert found["value"] == "+02:00" and times([found], start) == [1]
    reports.no_more_reports(0.2)


def test_what_cannot_be_read_cannot_be_observed(reports):
    for path, code in (("/3/0/4", "4.05"), ("/3/0/19", "4.04"), ("/3/1", "4.04"), ("/9", "4.04")):
        assert reports.code("observe", path) == code, path
    assert reports.code("observe", "/0/0/0") == "4.01"


def test_a_new_observation_takes_the_place_of_the_old_one(reports):
    """Leshan observes the same again by another token."""
    before = reports.observe("/33001/0/5")
    after = reports.observe("/33001/0/5")
    assert after["observe"] > before["observe"]
    start = len(reports.relay.capture)
    reports.set({"/33001/0/5": 9})
    assert reports.notification("/33001/0/5")["observe"] > after["observe"]
    reports.no_more_reports(0.2)
    assert len(reports.notifications(start)) == 1


def test_a_value_larger_than_a_block_comes_whole(reports):
    """Leshan asks for the blocks that follow the notification."""
    assert reports.observe("/19/1/0")["value"] == {"0": {"hex": ""}}
    data = bytes(range(256)) * 7
    reports.set({"/19/1/0": "{0:bytes(range(256))*7}"})
    assert reports.notification("/19/1/0")["value"] == {"0": {"hex": data.hex()}}
    blocks = [one for one in reports.relay.from_meter() if one.opt.block2 is not None]
    [etag] = {one.opt.etag for one in blocks}
    assert etag and b"".join(one.payload for one in blocks).endswith(data)


def test_stored_samples_carry_their_time(reports):
    """With /1/x/6 a notification in SenML has the time of its value."""
    assert reports.code("write", "/1/0/6", value=True) == "2.04"
    reports.observe("/33001/0/5", format="senml-cbor")
    reports.set({"/33001/0/5": 9})
    found = reports.notification("/33001/0/5")
    [sample] = found["history"]
    assert (found["value"], sample["value"]) == (9, 9)
    assert abs(sample["time"] - time.time()) < 3


def test_an_instance_that_goes_ends_what_was_observed_of_it(reports):
    """Those observations end by 4.04; that of its Object has nothing left to report."""
    for path in ("/16/0", "/16/0/0", "/16"):
        reports.observe(path)
    assert reports.code("delete", "/16/0") == "2.02"
    ends = [reports.event("notification", code="4.04") for _ in range(2)]
    assert all("observe" not in one and one["confirmable"] for one in ends)
    assert reports.notification("/16")["value"] == {}
    reports.event("updated")
    assert reports.code("create", "/16/0", value={"0": {"3": "new"}}) == "2.01"
    assert reports.notification("/16")["value"] == {"0": {"0": {"3": "new"}}}
    reports.no_more_reports(0.2)


def test_an_update_leaves_the_observations_as_they_are(reports):
    before = reports.observe("/3/0/9")
    assert reports.code("execute", "/1/0/8") == "2.04"
    reports.event("updated")
    reports.set({"/3/0/9": 3})
    assert reports.notification("/3/0/9")["observe"] > before["observe"]


def test_what_an_execute_changes_is_notified(reports):
    reports.set({"/3/0/11": {0: 3}})
    reports.observe("/3/0/11")
    assert reports.code("execute", "/3/0/12") == "2.04"
    assert reports.notification("/3/0/11")["value"] == {"0": 0}


def test_the_meters_register_is_notified_as_it_counts(reports):
    """Water flows; without pmin each new reading is notified."""
    volumes = [reports.observe("/3424/0/1")["value"]]
    volumes += [reports.notification("/3424/0/1")["value"] for _ in range(2)]
    assert volumes == sorted(set(volumes))


def test_a_slow_resource(leshan, relay, start):
    """Its first value comes apart from the acknowledgement; so do those that follow."""
    meter = start(relay.uri, main=SLOW, endpoint="slow-reports", coap=CALM)
    session = Reports(leshan, "slow-reports", meter, relay)
    session.event("registered")
    answer = session.observe("/3341/0/5527", format="senml-cbor")
    assert answer["value"] == "hello" and answer["confirmable"]
    assert session.code("write", "/3341/0/5527", value="bye") == "2.04"
    assert session.notification("/3341/0/5527")["value"] == "bye"
    meter.kill()


# ETS 302 and 303


@pytest.mark.parametrize("mode", [1, 0], ids=["CON", "NON"])
def test_ets_302_cancel_using_reset(reports, mode):
    """Of two observations one is reset at its next notification; the other goes on."""
    assert reports.code("write", "/1/0", value={"26": mode}, mode="update") == "2.04"
    reports.observe("/3/0/7")
    reports.observe("/3/0/8")
    assert "error" not in reports.ask("cancel", "/3/0/8", passive=True)
    start = len(reports.relay.capture)
    reports.set({"/3/0/8": {0: 1, 1: 2}})

    def reset():
        return any(one.kind == RST for one in reports.relay.to_meter(start))

    wait_until(reset)
    [refused] = reports.notifications(start)
    for value in (3700, 3600):
        reports.set({"/3/0/8": {0: value, 1: 2}})
        reports.set(volts(value))
        found = reports.notification("/3/0/7")
        assert found["value"] == {"0": value, "1": 900}
        assert found["confirmable"] == bool(mode)
    reports.no_more_reports(0.2)
    seen = reports.notifications(start)
    assert [one.kind for one in seen] == [CON if mode else NON] * 3
    assert [one.token == refused.token for one in seen] == [True, False, False]


def test_ets_303_cancel_with_observe_1(reports):
    """The answer has the value, without the Observe option; the other observation goes on."""
    reports.observe("/3/0/7")
    reports.observe("/3/0/8")
    answer = reports.ask("cancel", "/3/0/7")
    assert (answer["code"], answer["value"]) == ("2.05", BOTH) and "observe" not in answer
    start = len(reports.relay.capture)
    reports.set(volts(3700))
    reports.set({"/3/0/8": {0: 1, 1: 2}})
    assert reports.notification("/3/0/8")["value"] == {"0": 1, "1": 2}
    reports.no_more_reports(0.2)
    assert len(reports.notifications(start)) == 1
    assert reports.observe("/3/0/7")["value"] == {"0": 3700, "1": 900}  # and anew
    reports.set(volts(3600))
    assert reports.notification("/3/0/7")["value"]["0"] == 3600


# Objects 4, 7 and 19


def test_ets_710_connectivity_monitoring(reports):
    """ETS says 2 and 10 s; here it is 1 and 1."""
    reports.attach("/4/0", "pmin=1&pmax=1")
    start = time.time()
    answer = reports.observe("/4/0")["value"]
    assert (answer["0"], answer["2"], answer["4"]["0"]) == (6, -90, "10.0.0.2")
    reports.set({"/4/0/2": -70})
    seen = [reports.notification("/4/0"), reports.notification("/4/0")]
    for one in seen:
        assert one["value"] == {**answer, "2": -70}
    assert times(seen, start) == [1, 2]


def test_ets_905_collection_period(reports):
    """Written, read back; what is counted while it lasts, and no more."""
    assert reports.code("write", "/7/0/8", value=1) == "2.04"
    assert reports.read("/7/0/8") == 1
    assert reports.code("execute", "/7/0/6") == "2.04"
    begun = time.monotonic()
    reports.read("/3/0")
    counted = reports.read("/7/0")
    assert counted["4"] > 100 and counted["8"] == 1
    wait_until(lambda: time.monotonic() > begun + 1.1)
    ended = reports.read("/7/0")
    reports.read("/3")
    assert reports.read("/7/0") == ended
    assert reports.code("write", "/7/0/8", value=0) == "2.04"


def test_ets_910_connectivity_statistics(reports):
    """The counts change with each message and nothing reports that: pmax notifies them."""
    reports.attach("/7/0", "pmin=1&pmax=1")
    assert reports.code("execute", "/7/0/6") == "2.04"
    start = time.time()
    first = reports.observe("/7/0")
    reports.read("/3/0")
    seen = [reports.notification("/7/0"), reports.notification("/7/0")]
    assert times(seen, start) == [1, 2]
    assert first["value"]["4"] < seen[0]["value"]["4"] <= seen[1]["value"]["4"]


def test_ets_1900_binary_app_data(reports):
    """ETS says 300 and 3600 s; here it is 1 and 1."""
    reports.attach("/19/0", "pmin=1&pmax=1")
    start = time.time()
    answer = reports.observe("/19/0/0")
    assert answer["value"] == {"0": {"hex": b"first".hex()}, "1": {"hex": b"second".hex()}}
    data = {"0": {"hex": "000102ff"}, "1": {"hex": ""}}
    assert reports.code("write", "/19/0/0", value=data) == "2.04"
    seen = [reports.notification("/19/0/0"), reports.notification("/19/0/0")]
    assert [one["value"] for one in seen] == [data, data]
    assert times(seen, start) == [1, 2]
