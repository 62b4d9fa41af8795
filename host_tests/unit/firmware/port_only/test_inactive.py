"""A meter that is not commissioned waits, and looks at its console, its contact and the date."""

import json
import os
import sys

from folders import emptied

sys.modules.setdefault("board", sys)  # nothing here starts one

from firmware import inactive, meter  # noqa: E402


class Watchdog:
    """Counts; ends what would wait for ever."""

    def __init__(self, most=50):
        self.fed = 0
        self.most = most

    def alive(self):
        self.fed += 1
        if self.fed > self.most:
            raise OverflowError


class Pin:
    """A contact: what it reads, one after the other; 1 is open."""

    def __init__(self, *levels):
        self.levels = list(levels)

    def value(self):
        return self.levels.pop(0) if self.levels else 1


def made(section, **more):
    folder = emptied("build/tmp-inactive")
    config = dict(more, inactive=section)
    with open(folder + "/config.json", "w") as file:
        json.dump(config, file)
    return folder


def is_commissioned(folder):
    return "commissioned" in os.listdir(folder)


def quick(function, *arguments):
    """Call it, its pauses left out."""
    time = inactive.time

    class Quick:
        sleep_ms = staticmethod(lambda ms: None)
        gmtime = staticmethod(time.gmtime)

    inactive.time = Quick
    try:
        return function(*arguments)
    finally:
        inactive.time = time


def waits(folder, watchdog=None):
    """Does it wait for more than 50 looks?"""
    try:
        quick(inactive.wait, folder, watchdog or Watchdog())
    except OverflowError:
        return True
    return False


def test_it_waits_and_feeds_the_watchdog():
    folder = made({})
    watchdog = Watchdog()
    assert waits(folder, watchdog)
    assert watchdog.fed == 51
    assert not is_commissioned(folder)


def test_a_date_that_has_come_commissions_it_for_good():
    folder = made({"date": "2025-01-01"})
    assert not waits(folder)
    assert is_commissioned(folder)
    with open(folder + "/config.json", "w") as file:
        json.dump({"inactive": {"date": "2099-01-01"}}, file)
    assert not waits(folder)


def test_a_date_to_come_does_not():
    folder = made({"date": "2099-12-31"})
    assert waits(folder)
    assert not is_commissioned(folder)


def contact(*levels):
    waiting = inactive.Waiting({})
    waiting.pin = Pin(*levels)
    return [waiting.over() for _ in levels].count(True)


def test_a_contact_counts_once_it_was_closed_for_a_second():
    assert contact(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1) == 0
    assert contact(1, 0, 0, 0, 0, 0) == 1


class Console:
    """A stdin that has these letters, and its poll; after them nothing, or the end."""

    def __init__(self, text, ends=False):
        self.text = text
        self.ends = ends

    def poll(self, timeout):
        return self.text or self.ends

    def read(self, count):
        letter, self.text = self.text[:1], self.text[1:]
        return letter

    def unregister(self, stream):
        self.ends = False


def typed(text, ends=False):
    """What waiting makes of the console's letters."""
    waiting = inactive.Waiting({})
    waiting.console = console = Console(text, ends)
    real = inactive.sys

    class Sys:
        stdin = console

    inactive.sys = Sys
    try:
        return waiting.over()
    finally:
        inactive.sys = real


def test_the_line_commission_on_the_console():
    assert typed("commission\r\n")
    assert typed("x" * 300 + "\ncommission\n")
    for text in ("commission", "xcommission\n", "commissioned\n", "\n", "x" * 300 + "\n"):
        assert not typed(text), text
    assert not typed("", ends=True)


def test_what_is_no_such_configuration_does_not_wait():
    assert not waits(made(None))
    assert not waits(made({"no_such": 1}))  # refused where it is checked
    assert not waits(emptied("build/tmp-inactive-empty"))
    folder = made({})
    with open(folder + "/config.json", "w") as file:
        file.write('["inactive"')
    assert not waits(folder)


def test_the_program_imports_it_only_where_the_text_has_it():
    folder = emptied("build/tmp-inactive-plain")
    with open(folder + "/config.json", "w") as file:
        json.dump({"endpoint": "m"}, file)
    kept = sys.modules.pop("firmware.inactive")
    try:
        meter._wait(folder, None)
        assert "firmware.inactive" not in sys.modules
        meter._wait(folder + "/none", None)
        folder = made({"date": "2025-01-01"})
        meter._wait(folder, Watchdog())
        assert "firmware.inactive" in sys.modules
        assert is_commissioned(folder)
    finally:
        sys.modules["firmware.inactive"] = kept
