"""The checker of boards: each thing that a board lacks is one line with its place and a remedy."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools import boards
from tools.boards import check

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path):
    """Return a tree with lib/chip and a copy of RPI_PICO_W."""
    shutil.copytree(ROOT / "lib/chip", tmp_path / "lib/chip")
    shutil.copytree(ROOT / "boards/RPI_PICO_W", tmp_path / "boards/RPI_PICO_W")
    return Copy(tmp_path)


class Copy:
    """A board that a test changes."""

    def __init__(self, root: Path):
        self.root, self.folder = root, root / "boards/RPI_PICO_W"

    def facts(self, **changes) -> None:
        """Change fields of board.json; "-" for one that goes away."""
        path = self.folder / "board.json"
        facts = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({key: value for key, value in facts.items() if value != "-"}))

    def region(self, name: str, **values) -> None:
        path = self.folder / "board.json"
        facts = json.loads(path.read_text())
        facts["flash"]["regions"][name] = values
        path.write_text(json.dumps(facts))

    def replace(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def line(self) -> str:
        """Return the one finding."""
        (line,) = check.check(self.root)
        assert line.startswith("boards/RPI_PICO_W/")
        return line.removeprefix("boards/RPI_PICO_W/")


def test_every_board_of_the_repository_is_held_to_the_interface():
    assert set(boards.names()) >= {
        *("ESP32_GENERIC", "ESP32_GENERIC_C3", "ESP32_GENERIC_S3", "METER_PPP"),
        *("RPI_PICO2_W", "RPI_PICO_W", "UNIX"),
    }
    assert check.check(ROOT) == []


def test_a_copy_is_as_good_as_the_board(copy):
    assert check.check(copy.root) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"status": "works"}, "status: 'works': must be one of hardware, emulator, not yet run"),
        ({"power_class": "-"}, "power_class: must be given"),
        ({"title": 5}, "title: 5: must be of type str"),
        ({"colour": "red"}, "colour: no such field; there are name, "),
        ({"name": "PICO"}, "name: must be RPI_PICO_W, as its folder"),
        ({"watchdog": None}, "watchdog: must be an object in braces"),
        ({"pulses": {"awake": "hope", "asleep": None}}, "pulses.awake: 'hope': must be one of "),
    ],
)
def test_a_wrong_fact_is_named_with_what_it_must_be(copy, changes, line):
    copy.facts(**changes)
    place = "boards/RPI_PICO_W/board.json: "
    assert any(one.startswith(place + line) for one in check.check(copy.root))


def test_battery_needs_deep_sleep(copy):
    copy.facts(power_class="battery")
    copy.replace("board.py", 'POWER_CLASS = "mains"', 'POWER_CLASS = "battery"')
    assert copy.line() == (
        "board.json: power_class: battery needs a sleep of kind deep: must be mains or gated"
    )


def test_regions_that_overlap_are_named(copy):
    copy.region("files", offset="0x12B000", length="848K")
    assert copy.line() == "board.json: flash: files overlaps firmware: 0x12B000 is before 0x12C000"


def test_a_region_outside_of_the_flash_is_named(copy):
    copy.region("files", offset="0x12C000", length="1M")
    assert copy.line().startswith("board.json: flash: files: 0x12C000 to 0x22C000: must lie in ")


def test_a_region_inside_another_lies_within_it(copy):
    copy.region("slot_a", **{"in": "files", "offset": "0x1000", "length": "4K"})
    assert copy.line().endswith("must lie in 0x12C000 to 0x200000, files")


def test_a_region_is_of_whole_blocks(copy):
    copy.region("files", offset="0x12C000", length="0x1001")
    assert copy.line() == "board.json: flash: files: 0x1001: must be a multiple of 4096"


def test_a_size_that_is_none_is_one_line(copy):
    copy.region("files", offset="much", length="1M")
    assert 'give a size like "0x1000", "4K" or "1M"' in copy.line()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("def battery(", "def voltage(", "no battery(): must be defined, or imported"),
        ("network(settings: dict, log)", "network(log)", "network(log): must be network(settings"),
        ("import reset, ", "import ", "no reset(): must be defined, or imported from lib/chip"),
        ('POWER_CLASS = "mains"', "POWER = 1", "POWER_CLASS: None: must be 'mains', as in "),
        ("def storage(", "def storage", "line "),
    ],
)
def test_a_function_that_board_py_lacks_is_named(copy, old, new, line):
    copy.replace("board.py", old, new)
    assert copy.line().startswith("board.py: " + line)


def test_a_board_without_a_measured_battery_has_no_function_for_it(copy):
    copy.facts(battery=None)
    assert copy.line() == "board.py: no battery = None, as board.json has null"
    copy.replace("board.py", "PINS = ", "battery = None\nPINS = ")
    copy.replace("board.py", "def battery(", "def voltage(")
    assert check.check(copy.root) == []


def test_a_page_says_what_was_not_run(copy):
    copy.replace("README.md", "not yet run", "run")
    assert copy.line() == "README.md: must say `not yet run`, as board.json does"


@pytest.mark.parametrize("name", ["board.json", "board.py", "README.md"])
def test_a_file_that_is_missing_is_one_line(copy, name):
    (copy.folder / name).unlink()
    assert copy.line().startswith(name + ": is not there: ")


def test_the_command_prints_the_lines_and_exits_1(copy):
    copy.facts(status="works")
    done = subprocess.run(
        [sys.executable, "-m", "tools.boards", "--root", str(copy.root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stdout.startswith("boards/RPI_PICO_W/board.json: status: 'works'")


@pytest.mark.parametrize("name", boards.names())
def test_a_board_is_loaded_with_regions_in_bytes(name):
    board = boards.load(name)
    for region in board.regions.values():
        assert region.path or 0 < region.end <= board.flash_size


@pytest.mark.parametrize("name", boards.names())
def test_the_table_of_boards_is_as_board_json(name):
    facts = boards.load(name).facts
    rows = (ROOT / "docs" / "boards.md").read_text().splitlines()
    (row,) = [row for row in rows if row.startswith("| [%s](" % name)]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[3] == facts["power_class"]
    assert cells[4].partition(";")[0] == facts["pulses"]["awake"]
    ran = {"hardware": "PC", "emulator": "emulator", "not yet run": "not yet run"}
    assert cells[5].startswith(ran[facts["status"]])


def test_a_board_that_there_is_not_is_one_line_with_those_that_there_are():
    with pytest.raises(boards.BoardError, match="board NO: no such board: give one of ESP32_GEN"):
        boards.load("NO")


BATTERY = {"device": {"power": [{"source": 1}]}}
BACKED_UP = {"device": {"power": [{"source": 6}, {"source": 1}]}}


@pytest.mark.parametrize(
    ("name", "config", "line"),
    [
        ("RPI_PICO_W", BATTERY, "RPI_PICO_W is of class mains: an RP2040 draws about 1 mA"),
        ("RPI_PICO2_W", BATTERY, "deepsleep crashes on an RP2350 (micropython#15623)"),
        ("METER_PPP", BATTERY, "METER_PPP is of class mains"),
        ("ESP32_GENERIC", BATTERY, "ESP32_GENERIC counts no pulses while it sleeps"),
        ("ESP32_GENERIC", BATTERY | {"profile": "temperature"}, ""),
        ("RPI_PICO_W", BACKED_UP, ""),
        ("RPI_PICO_W", {}, ""),
    ],
)
def test_batteries_are_refused_where_the_board_cannot_live_on_them(name, config, line):
    board = boards.load(name)
    wifi = {"wifi": {"ssid": "a"}} if "wifi" in board.facts["network"] else {}
    found = list(boards.refusals(board, config | wifi))
    assert len(found) == (1 if line else 0)
    assert all(line in one and one.startswith("device.power: power battery: ") for one in found)


def test_a_profile_that_wants_a_class_is_refused_where_the_board_has_another(tmp_path):
    folder = tmp_path / "firmware" / "profiles"
    folder.mkdir(parents=True)
    (folder / "probe.py").write_text('power = "battery"\n')
    config = {"profile": "probe", "wifi": {"ssid": "a"}}
    assert not list(boards.refusals(boards.load("ESP32_GENERIC"), config, tmp_path))
    (line,) = boards.refusals(boards.load("RPI_PICO_W"), config, tmp_path)
    assert line.startswith(
        "profile: probe: power battery: RPI_PICO_W is of class mains: an RP2040"
    )
    (folder / "probe.py").write_text(
        'power = "battery"\n\n\ndef build(board):\n    board["pulses"]\n'
    )
    (line,) = boards.refusals(boards.load("ESP32_GENERIC"), config, tmp_path)
    assert "counts no pulses while it sleeps" in line


def test_a_board_with_wifi_alone_asks_for_the_section_and_another_refuses_it():
    (line,) = boards.refusals(boards.load("ESP32_GENERIC"), {})
    assert line.startswith("wifi: must be given, for ESP32_GENERIC has no other network")
    (line,) = boards.refusals(boards.load("METER_PPP"), {"wifi": {"ssid": "a"}})
    assert line == "wifi: METER_PPP has no Wi-Fi: leave the section out"
