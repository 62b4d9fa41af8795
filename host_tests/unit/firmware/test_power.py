"""What feeds a meter, against what its board can do."""

from firmware.config import power
from firmware.config.checks import ConfigError
from virtual import text_of


def test_batteries_alone_are_refused_where_the_board_cannot_live_on_them():
    for can in ("mains", "gated"):
        line = text_of(ConfigError, power.check, {0: 1, 1: 2}, can)
        assert line.startswith("device.power: ") and '"%s"' % can in line and "\n" not in line
    power.check({0: 1}, "battery")


def test_a_battery_that_backs_mains_up_is_none_alone():
    for source in (0, 4, 5, 6):
        power.check({0: 1, 1: source}, "mains")
    power.check({}, "mains")


def test_a_profile_gets_the_class_that_it_asks_for_or_is_refused():
    line = text_of(ConfigError, power.check_profile, "probe", "battery", "mains")
    assert line.startswith('profile: "probe": wants a board of class "battery"')
    for want, can in (("mains", "mains"), ("gated", "battery"), ("battery", "battery")):
        power.check_profile("probe", want, can)
