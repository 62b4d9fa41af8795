"""boards/UNIX as a board: it runs, so each name of the interface is called."""

import os
import time

try:
    import board
except ImportError:  # CPython collects the tests, and does not run them
    board = None

SETTINGS = {"servers": [{"uri": "coap://127.0.0.1:5683"}]}
FLOW = {"flow": [[10, 3600]], "litres_per_pulse": (1, -1)}


def test_the_network_is_up_at_once_and_leaves_the_dialer_as_it_is():
    bearer = board.network(SETTINGS, None)
    assert bearer.is_up() and not bearer.poll(0, False)
    assert bearer.guarded(test_sleep_keeps_ram) is test_sleep_keeps_ram
    assert 0 in bearer.connectivity()
    bearer.down()
    assert bearer.is_up()


def test_pulses_are_simulated_and_go_on_over_a_reboot():
    first = board.pulses(FLOW)
    assert first.pulses() >= 0 and board.pulses(FLOW) is first


def test_sleep_keeps_ram():
    before = time.ticks_ms()
    board.sleep(30)
    assert time.ticks_diff(time.ticks_ms(), before) >= 30


def test_the_watchdog_takes_what_a_boards_takes():
    watchdog = board.watchdog()
    watchdog.alive()
    watchdog.stop()


def test_what_a_pc_knows_of_itself():
    assert board.reset_cause() == 1 and board.battery is None
    assert len(board.unique_id()) == 16 and board.unique_id() == board.unique_id()
    assert board.POWER_CLASS == "mains" and board.PINS == {}
    os.stat(board.storage())


def test_a_reset_ends_the_program():
    try:
        board.reset()
    except SystemExit:
        return
    raise AssertionError("it goes on")
