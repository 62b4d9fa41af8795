"""What boards with an RP2040 share, on its real firmware: why it started, and its watchdog."""

import pytest
from tools.emulator import Board
from tools.image.compiler import ROOT, compile_module

FILES = {"/lib/chip/rp2.mpy": compile_module(ROOT / "lib/chip/rp2.py", "chip/rp2.py")}
SHOW = "from chip import rp2; print(rp2.reset_cause(), len(rp2.unique_id()))"


@pytest.fixture(scope="module")
def board():
    with Board(FILES, pace=10) as one:
        yield one


def again(board: Board, source: str) -> int:
    """Run what resets the board once more; returns how many lines there were before."""
    main = (
        "from chip import rp2\nprint('cause', rp2.reset_cause())\n"
        "if rp2.reset_cause() == 1:\n    %s\n" % source
    )
    board.run("with open('/main.py', 'w') as file:\n    file.write(%r)" % main)
    seen = len(board.console.lines)
    board.reset()
    board.wait_for_line("cause 1$", after=seen)
    return seen


def test_power_is_the_cause_of_the_first_start(board: Board):
    assert board.run(SHOW) == "1 16\n"


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("rp2.reset()", 2),
        ("import machine; machine.reset()", 2),
        ("import machine; machine.WDT(timeout=8000); machine.reset()", 2),
        ("import machine; machine.WDT(timeout=500)\n    while True: pass", 3),
    ],
)
def test_a_reset_on_purpose_and_the_watchdogs_have_each_its_cause(board: Board, source, cause):
    seen = again(board, source)
    board.wait_for_line("cause %d$" % cause, after=seen)
