"""The self-test: on UNIX, and on boards with one fault each."""

import json

import pytest
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
APP = """
class ConfigError(ValueError):
    pass
def load(path):
    with open(path) as file:
        assert file.read() == "{}"
    return {"device": {"firmware": "9.9"}}
"""
FILES = {
    "/board.py": BOARD.encode(),
    "/data/x": b"1",
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
    assert found["version"]["meter"] is None


def test_an_image_that_joins_its_modules_tells_its_version(plugged):
    board = plugged({**FILES, "/app.py": APP.encode()})
    assert selftest.on_board(board.port)["version"]["meter"] == "9.9"


def test_random_numbers_that_fail_are_named(plugged, tmp_path, monkeypatch):
    stuck = tmp_path / "entropy.py"
    stuck.write_text("def healthy(data):\n    return len(data) < 1024\n")
    monkeypatch.setattr(selftest, "SOURCES", (stuck, selftest.SOURCES[1]))
    found = selftest.on_board(plugged(FILES).port)
    assert not found["ok"] and list(found["failed"]) == ["entropy"]


@pytest.mark.parametrize(
    ("files", "check", "says"),
    [
        ({"/board.py": None}, "board", "board"),
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
