"""Notification attributes at Leshan, with Zephyr's tests of them; a pmax of 1 s where it has 4.

Leshan 2.0.0-M18 knows those of LwM2M 1.1. It refuses to send con, hqmax and edge, a limit with an
exponent, lt >= gt, a negative st, and limits above a Resource: these are in the scripted tests.
"""

import time

import pytest

from .test_ets_reporting import times, volts


@pytest.mark.parametrize("name", ["gt", "lt", "st"])
def test_zephyr_attribute_of_the_wrong_type(reports, name):
    """A String has no limits; numbers have, and their instances."""
    for path in ("/3/0/0", "/3/0/16", "/1/0/6", "/3/0/4"):
        code = reports.code("write-attributes", path, attributes=name + "=200")
        assert code in ("4.00", "4.05"), (path, code)
        assert name not in str(reports.discover("/3/0"))
    for path in ("/3/0/7", "/3/0/9", "/3303/0/5700"):
        reports.attach(path, name + "=200")
        assert name + "=200" in str(reports.discover(path))
    reports.attach("/3/0/7/0", name + "=200")


def level(reports, value: int) -> None:
    reports.set({"/3/0/9": value})


def test_zephyr_attribute_step(reports):
    """A smaller change than the step waits for pmax; the step is from what was notified last."""
    reports.attach("/3/0/7", "st=200")
    reports.attach("/3/0/7", "pmax=1")
    start = time.time()
    reports.observe("/3/0/7")
    reports.set(volts(3700))
    first = reports.notification("/3/0/7")
    assert first["value"]["0"] == 3700 and times([first], start) == [1]
    reports.set(volts(3600))
    reports.set(volts(3500))
    second = reports.notification("/3/0/7")
    assert second["value"]["0"] == 3500 and second["time"] - first["time"] < 0.5
    reports.no_more_reports(0.2)


@pytest.mark.parametrize("name", ["gt", "lt"])
def test_zephyr_attribute_greater_and_less_than(reports, name):
    """Only crossing the limit notifies at once, and crossing back."""
    reports.attach("/3/0/7/0", name + "=4200")
    reports.attach("/3/0/7", "pmax=1")
    high, higher, low = (4300, 4400, 4100) if name == "gt" else (4100, 4000, 4300)
    start = time.time()
    reports.set(volts(low))
    reports.observe("/3/0/7/0")
    reports.set(volts(low + 1))
    found = reports.notification("/3/0/7/0")
    assert found["value"] == low + 1 and times([found], start) == [1]
    reports.set(volts(high))
    over = reports.notification("/3/0/7/0")
    reports.set(volts(higher))
    reports.set(volts(low))
    back = reports.notification("/3/0/7/0")
    assert (over["value"], back["value"]) == (high, low)
    assert back["time"] - found["time"] < 0.5
    reports.no_more_reports(0.2)


def test_both_limits_and_a_step(reports):
    """Any of them notifies."""
    reports.attach("/3/0/9", "lt=10&gt=50&st=19")
    level(reports, 30)
    reports.observe("/3/0/9")
    for value in (31, 48, 51, 52, 49, 48, 31, 30, 12, 11, 10, 9, 8, 10):
        level(reports, value)
    seen = [reports.notification("/3/0/9")["value"] for _ in range(6)]
    assert seen == [51, 49, 30, 11, 9, 10]
    reports.no_more_reports(0.2)


def test_limits_of_a_float(reports):
    """Exact, as decimals are."""
    reports.attach("/3303/0/5700", "gt=20.3")
    reports.set({"/3303/0/5700": (203, -1)})
    reports.observe("/3303/0/5700")
    for value in ((2030, -2), (203000001, -7), (20300001, -6), (-5, 0)):
        reports.set({"/3303/0/5700": value})
    seen = [reports.notification("/3303/0/5700")["value"] for _ in range(2)]
    assert seen == [20.3000001, -5.0]
    reports.no_more_reports(0.2)


def test_a_pmin_holds_what_a_limit_lets_through(reports):
    """At its end the value of then is notified, even if it has crossed back."""
    reports.attach("/3/0/9", "gt=50&pmin=1")
    level(reports, 40)
    start = time.time()
    reports.observe("/3/0/9")
    for value in (60, 45):
        level(reports, value)
    found = reports.notification("/3/0/9")
    assert found["value"] == 45 and times([found], start) == [1]
    reports.no_more_reports(0.2)


def test_epmin_and_epmax(reports):
    """Values are looked at not before epmin, and by epmax even if nobody marks a change."""
    reports.attach("/3/0/9", "epmin=1")
    reports.attach("/7/0/4", "epmax=2")
    assert reports.code("execute", "/7/0/6") == "2.04"
    start = time.time()
    reports.observe("/3/0/9")
    reports.observe("/7/0/4")
    level(reports, 7)
    found = reports.notification("/3/0/9")
    assert found["value"] == 7 and times([found], start) == [1]
    assert reports.read("/3/0", "senml-json")
    assert times([reports.notification("/7/0/4")], start) == [2]


def test_the_deeper_level_wins_until_it_is_unset(reports):
    """pmax of the Instance, then of the Resource, then of the Instance again."""
    reports.attach("/3/0", "pmax=1")
    reports.attach("/3/0/9", "pmax=600")
    reports.observe("/3/0/9")
    reports.no_more_reports(1.3)
    since = time.time()
    reports.attach("/3/0/9", "pmax")
    assert times([reports.notification("/3/0/9"), reports.notification("/3/0/9")], since) == [0, 1]
