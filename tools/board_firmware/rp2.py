"""MicroPython's rp2 port for a board: RP2040 and RP2350."""

import re
import shutil
import subprocess
from pathlib import Path

from tools.image import uf2

from .failure import FirmwareError

ROOT = Path(__file__).resolve().parents[2]
_TOOLS = ("cmake", "make", "gcc", "arm-none-eabi-gcc", "arm-none-eabi-g++")
_INSTALL = (
    "apt-get install cmake make gcc python3 xz-utils bzip2 gcc-arm-none-eabi "
    "libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib"
)
# By what a board's mpconfigboard.cmake asks for: a file of the library, and why Debian has it not.
_PARTS = {
    "MICROPY_PY_NETWORK_CYW43 ON": (
        "lib/cyw43-driver/src/cyw43_ll.c",
        "the radio's driver and its firmware, whose licence is not free",
    ),
    "MICROPY_BLUETOOTH_BTSTACK ON": (
        "lib/btstack/src/btstack.h",
        "Bluetooth, whose licence is not free",
    ),
}
_FAMILIES = {"RP2040": 0xE48BFF56, "RP2350": 0xE48BFF59}


def build(tree: Path, name: str, board: dict, debian: bool, work: Path) -> Path:
    """Build and return the UF2; `board`: its board.json, `work`: for logs and the build."""
    definition = _definition(tree, name)
    config = (definition / "mpconfigboard.cmake").read_text()
    missing = _missing(tree, config)
    if missing:
        raise FirmwareError(_refusal(name, tree, missing, debian))
    if absent := [tool for tool in _TOOLS if not shutil.which(tool)]:
        raise FirmwareError("no %s: %s" % (", ".join(absent), _INSTALL))
    _run(["make", "-C", tree / "mpy-cross", "-j2"], work / "mpy-cross.log", work)
    folder = work / ("build-" + name)
    options = _options(name, board, definition, debian)
    _run(["cmake", "-S", tree / "ports/rp2", "-B", folder, *options], work / "cmake.log", work)
    _run(["make", "-C", folder, "-j2"], work / (name + ".log"), work)
    out = work / ("%s-%s.uf2" % (name, version(tree)))
    data = (folder / "firmware.bin").read_bytes()
    out.write_bytes(uf2.from_binary(data, _FAMILIES[board["mcu"]]))
    return out


def version(tree: Path) -> str:
    """Return MicroPython's version of a tree."""
    header = (tree / "py" / "mpconfig.h").read_text()
    return ".".join(
        re.search(r"define MICROPY_VERSION_%s (\d+)" % part, header)[1]
        for part in ("MAJOR", "MINOR", "MICRO")
    )


def _definition(tree: Path, name: str) -> Path:
    """Return the folder that defines a board: ours, or MicroPython's."""
    for folder in (ROOT / "boards" / name, tree / "ports/rp2/boards" / name):
        if (folder / "mpconfigboard.cmake").exists():
            return folder
    raise FirmwareError(
        "%s: neither boards/ nor %s/ports/rp2/boards defines it; BOARD= one of them" % (name, tree)
    )


def _missing(tree: Path, config: str) -> dict[str, str]:
    """Return what a board asks for and the tree lacks: {folder: what it is}."""
    flat = " ".join(config.split())
    return {
        file.split("/src/")[0]: why
        for option, (file, why) in _PARTS.items()
        if option in flat and not (tree / file).exists()
    }


def _refusal(name: str, tree: Path, missing: dict[str, str], debian: bool) -> str:
    parts = "; ".join("%s (%s)" % item for item in missing.items())
    if debian:
        return (
            "%s: Debian's MicroPython is without %s: give MPY_DIR=, a checkout of MicroPython "
            "with submodules" % (name, parts)
        )
    return "%s: %s is without %s: git submodule update --init lib" % (name, tree, parts)


def _options(name: str, board: dict, definition: Path, debian: bool) -> list[str]:
    options = ["-DPICO_BUILD_DOCS=0", "-DPICO_NO_PICOTOOL=1", "-DMICROPY_BOARD=" + name]
    options.append("-DMICROPY_BOARD_DIR=%s" % definition)
    ours = definition == ROOT / "boards" / name
    manifest = definition / "manifest.py"
    if debian and not ours:  # theirs name micropython-lib, which is not there
        manifest = ROOT / "boards" / "METER_PPP" / "manifest.py"
    if manifest.exists():
        options.append("-DMICROPY_FROZEN_MANIFEST=%s" % manifest)
    region = board["flash"]["regions"].get("romfs")
    if region and not ours:
        size = int(region["length"].rstrip("K")) * 1024
        options.append("-DCMAKE_C_FLAGS=-DMICROPY_HW_ROMFS_BYTES=%d" % size)
    return options


def _run(command: list, log: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        ran = subprocess.run(list(map(str, command)), stdout=file, stderr=subprocess.STDOUT)
    if ran.returncode:
        raise FirmwareError("%s failed: its output is in %s" % (command[0], log))
