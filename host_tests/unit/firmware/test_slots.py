"""The boot selector: which slot starts, whatever the record, the slots and the power do."""

import os
import sys

from firmware import slots
from firmware.slots import BACK, CONFIRMED, ON_TRIAL, Slots
from folders import emptied, made

ROOT = "build/tmp-slots"


class Application:
    """Imports as its slot says: "a" and "b" are what each does, "" for it starts."""

    def __init__(self, a="", b="", none=""):
        self.does = {"/a": a, "/b": b}
        self.none = none
        self.started = []

    def __call__(self):
        place = sys.path[0][-2:]
        fault = self.does.get(place, self.none)
        if fault:
            sys.modules["half_imported"] = sys
            raise fault
        return self.run

    def run(self, boot):
        self.boot = boot
        self.started.append(boot.running)


def board(a=True, b=True):
    """An empty root with these slots in it."""
    emptied(ROOT)
    if a:
        made(ROOT + "/a/x.py")
    if b:
        made(ROOT + "/b/x.py")


def started(application=None):
    """The slot that a start runs, and its boot object."""
    application = application or Application()
    path = list(sys.path)
    try:
        slots.start(ROOT, application)
    finally:
        sys.path[:] = path
    return application.started, getattr(application, "boot", None)


def on_trial():
    """Both slots are there, "a" runs, "b" is to be tried."""
    board()
    boot = started()[1]
    assert boot.running == "a" and boot.switch()


def state():
    found = Slots(ROOT)
    return "ab"[found.active], found.state


def test_without_a_record_the_slot_that_is_there_starts():
    for a, b, expected in ((True, True, "a"), (True, False, "a"), (False, True, "b")):
        board(a, b)
        assert started()[0] == [expected]
        assert not os.listdir(ROOT)[2:]  # and nothing is written


def test_without_slots_the_application_is_what_sys_path_has():
    board(False, False)
    assert started()[0] == [""]


def test_a_slot_that_is_empty_is_not_there():
    board(True, True)
    os.remove(ROOT + "/a/x.py")
    assert started()[0] == ["b"]


def test_a_trial_that_is_confirmed_stays():
    on_trial()
    boot = started()[1]
    assert boot.running == "b" and boot.state == ON_TRIAL
    boot.confirm()
    for _ in range(5):
        assert started()[0] == ["b"]
    assert state() == ("b", CONFIRMED)


def test_a_trial_that_is_never_confirmed_ends_after_three_starts():
    on_trial()
    assert [started()[0] for _ in range(5)] == [["b"], ["b"], ["b"], ["a"], ["a"]]
    assert state() == ("a", BACK)
    started()[1].confirm()
    assert state() == ("a", BACK)  # what is to be reported stays


def test_a_trial_that_cannot_be_imported_ends_at_once_and_the_other_slot_starts():
    for fault in (
        ImportError("x"),
        ValueError("incompatible .mpy file"),
        MemoryError(),
        OSError(5),
    ):
        on_trial()
        assert started(Application(b=fault))[0] == ["a"]
        assert state() == ("a", BACK)
        assert "half_imported" not in sys.modules


def test_a_confirmed_slot_that_cannot_be_imported_has_the_other_one_started():
    board()
    assert started(Application(a=ImportError("x")))[0] == ["b"]
    assert started()[0] == ["a"]  # it may have been a full heap


def test_a_new_trial_after_one_that_failed():
    on_trial()
    started(Application(b=ImportError("x")))
    boot = started()[1]
    assert boot.running == "a" and boot.switch()
    boot = started()[1]
    assert boot.running == "b"
    boot.confirm()
    assert state() == ("b", CONFIRMED)


def test_a_trial_without_another_slot_goes_on():
    on_trial()
    os.remove(ROOT + "/a/x.py")
    assert [started()[0] for _ in range(5)] == [["b"]] * 5


def test_the_slot_that_does_not_run_is_the_one_that_is_switched_to():
    """Not the inactive one: that is the one that runs where the active one cannot be imported."""
    board()
    boot = started(Application(a=ImportError("x")))[1]
    assert boot.running == "b" and boot.switch()
    assert started()[0] == ["a"]


def test_a_trial_whose_starts_cannot_be_counted_is_not_started():
    on_trial()
    made(ROOT + "/slot.new/directory")  # in the way of each write
    assert started()[0] == ["a"]


def test_a_switch_that_cannot_be_recorded_is_none():
    board()
    boot = started()[1]
    made(ROOT + "/slot.new/directory")
    assert not boot.switch()
    assert boot.state == CONFIRMED and started()[0] == ["a"]


def test_each_damage_of_the_record_starts_the_slot_that_is_there():
    on_trial()
    with open(ROOT + "/slot", "rb") as file:
        whole = file.read()
    damaged = [whole[:i] for i in range(len(whole))] + [whole + b"\0", bytes(len(whole))]
    damaged += [whole[:i] + bytes((whole[i] ^ 4,)) + whole[i + 1 :] for i in range(len(whole))]
    for data in damaged:
        with open(ROOT + "/slot", "wb") as file:
            file.write(data)
        assert started()[0] == ["a"], data
    os.remove(ROOT + "/a/x.py")
    assert started()[0] == ["b"]


def test_what_cannot_be_started_at_all_leaves_the_board_to_its_owner():
    board(True, False)
    assert started(Application(a=ImportError("x")))[0] == []


class Reset(Exception):
    pass


def _reset():
    raise Reset


def test_a_closed_console_stays_closed_where_nothing_can_be_started_or_the_meter_returns():
    shut = []
    slots._rest, slots._close_console = _reset, lambda: shut.append(1)
    for fault in (ImportError("x"), ""):
        board(True, False)
        Slots(ROOT).close(True)
        assert Slots(ROOT).closed and len(shut) == 1  # at once
        try:
            started(Application(a=fault))
            raise AssertionError("a prompt")
        except Reset:
            pass
        assert shut == [1, 1]  # and by the start
        shut.clear()


def test_a_run_that_raises_resets_the_board_whether_the_console_is_closed_or_not():
    """What the application does not catch itself: nobody comes to restart a meter in a pit."""

    class Broken(Application):
        def run(self, boot):
            raise OSError(5)

    rest, shut = slots._rest, slots._close_console
    slots._rest, slots._close_console = _reset, lambda: None
    try:
        for closed in (True, False):
            board()
            Slots(ROOT).close(closed)
            try:
                started(Broken())
                raise AssertionError("a prompt")
            except Reset:
                pass
    finally:
        slots._rest, slots._close_console = rest, shut


def test_a_closed_console_is_opened_again_by_the_application():
    board()
    boot = started()[1]
    boot.close(True)
    Slots(ROOT).close(False)
    assert not Slots(ROOT).closed
    assert started()[0] == ["a"]
