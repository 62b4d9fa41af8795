"""`make firmware`: each refusal is one line, and sources are held to their hash."""

import subprocess
import sys
from pathlib import Path

import pytest
from tools.board_firmware import rp2, sources
from tools.board_firmware.failure import FirmwareError
from tools.image.compiler import ROOT


def firmware(*options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tools.board_firmware", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def refusal(*options: str) -> str:
    """Return the one line of a refusal."""
    ran = firmware(*options)
    assert ran.returncode == 1 and ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    return line


def fake_tree(folder: Path, board: str, cmake: str) -> Path:
    """Make what of MicroPython's tree is looked at before anything is built."""
    (folder / "py").mkdir(parents=True)
    parts = zip(("MAJOR", "MINOR", "MICRO"), (1, 26, 1), strict=True)
    text = "".join("#define MICROPY_VERSION_%s %d\n" % part for part in parts)
    (folder / "py" / "mpconfig.h").write_text(text)
    definition = folder / "ports" / "rp2" / "boards" / board
    definition.mkdir(parents=True)
    (definition / "mpconfigboard.cmake").write_text(cmake)
    return folder


WIFI = "set(PICO_BOARD pico_w)\nset(MICROPY_PY_NETWORK_CYW43 ON)\n"


def test_a_tree_without_the_radios_driver_is_one_line_that_names_it(tmp_path: Path):
    tree = fake_tree(tmp_path / "micropython", "RPI_PICO_W", WIFI)
    line = refusal("--board", "RPI_PICO_W", "--mpy-dir", str(tree), "--work", str(tmp_path))
    assert "lib/cyw43-driver" in line and line.endswith("git submodule update --init lib")


def test_debians_sources_without_the_radio_ask_for_a_checkout(tmp_path: Path):
    tree = fake_tree(tmp_path, "RPI_PICO_W", WIFI)
    with pytest.raises(FirmwareError, match="Debian's MicroPython is without .*MPY_DIR="):
        rp2.build(tree, "RPI_PICO_W", {"flash": {"regions": {}}}, True, tmp_path)


def test_a_folder_without_micropython_is_one_line(tmp_path: Path):
    line = refusal("--board", "RPI_PICO", "--mpy-dir", str(tmp_path))
    assert line == "firmware: MPY_DIR=%s: no MicroPython there (no py/mpconfig.h)" % tmp_path


def test_a_board_that_nobody_defines_is_one_line(tmp_path: Path):
    tree = fake_tree(tmp_path / "micropython", "RPI_PICO", "")
    line = refusal("--board", "NO_SUCH", "--mpy-dir", str(tree), "--work", str(tmp_path))
    assert "NO_SUCH: neither boards/ nor" in line


@pytest.mark.parametrize(
    ("board", "said"), [("ESP32_GENERIC_C3", "ESP-IDF"), ("UNIX", "no firmware")]
)
def test_a_board_of_another_port_is_one_line(board: str, said: str):
    assert said in refusal("--board", board)


def test_a_source_with_another_hash_is_named(tmp_path: Path):
    assert sorted(sources.wrong(tmp_path)) == sorted(sources.pins())
    (tmp_path / "lwip_2.2.1+dfsg1.orig.tar.xz").write_bytes(b"another")
    assert "lwip_2.2.1+dfsg1.orig.tar.xz" in sources.wrong(tmp_path)


def test_a_board_of_micropython_gets_romfs_where_board_json_has_it(tmp_path: Path):
    tree = fake_tree(tmp_path, "RPI_PICO", "")
    definition = tree / "ports" / "rp2" / "boards" / "RPI_PICO"
    board = {"flash": {"regions": {"romfs": {"length": "256K"}}}}
    assert "-DCMAKE_C_FLAGS=-DMICROPY_HW_ROMFS_BYTES=262144" in rp2._options(
        "RPI_PICO", board, definition, True
    )
    own = ROOT / "boards" / "METER_PPP"
    assert not any("ROMFS" in one for one in rp2._options("METER_PPP", board, own, True))
