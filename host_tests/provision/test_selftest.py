"""The self-test: on UNIX, and on boards with one fault each."""

import json

import pytest
from tools.boards.board import ROOT
from tools.provision import selftest
from tools.provision.__main__ import run

BOARD = """
PINS = {}
def unique_id():
    return "e661"
def battery():
    return 3600
def storage():
    return "/data"
"""
FILES = {
    "/board.py": BOARD.encode(),
    "/data/x": b"1",
    "/firmware/entropy.py": (ROOT / "firmware" / "entropy.py").read_bytes(),
    "/firmware/config/schema.py": (ROOT / "firmware" / "config" / "schema.py").read_bytes(),
}


def test_unix_passes(capsys):
    assert run(["selftest"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["ok"] and not found["failed"]
    assert found["version"]["meter"] and "MicroPython" in found["version"]["micropython"]
    assert found["ram_free"] > 0 and found["storage_free"] > 0
    assert 95 <= found["clock_ms"] <= 400
    assert found["entropy"] is True
    assert found["pulse_pin"] is None and found["battery_mv"] is None


def test_a_board_passes_and_nothing_of_it_stays(plugged):
    board = plugged(FILES)
    found = selftest.on_board(board.port)
    assert found["ok"], found
    assert (found["id"], found["battery_mv"]) == ("e661", 3600)
    assert board.files == FILES


@pytest.mark.parametrize(
    ("files", "check", "says"),
    [
        ({"/board.py": None}, "board", "board"),
        ({"/firmware/entropy.py": b"def healthy(data):\n    return False\n"}, "entropy", "health"),
        ({"/board.py": BOARD.encode() + b"PINS = {'pulses': 20}\n"}, "pulse_pin", "Pin"),
        ({"/board.py": BOARD.replace("/data", "/none").encode()}, "storage_free", "OSError(2,)"),
        ({"/board.py": BOARD.replace("3600", "1 // 0").encode()}, "battery_mv", "ZeroDivision"),
    ],
)
def test_what_fails_is_named(plugged, files, check, says, capsys):
    there = {path: data for path, data in {**FILES, **files}.items() if data is not None}
    board = plugged(there)
    assert run(["selftest", "--port", board.port]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert not found["ok"]
    assert list(found["failed"]) == [check]
    assert says in found["failed"][check]
