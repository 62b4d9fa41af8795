"""Build a board's MicroPython: `python -m tools.board_firmware --board METER_PPP [--mpy-dir DIR]`.

Without a tree it takes Debian's source packages. METER_PPP's image is the committed one to the
last byte with Debian 12's compiler; its hash is compared.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

from . import rp2, sources
from .failure import FirmwareError

ROOT = rp2.ROOT
# The day of the committed image: MicroPython prints it, so the hash holds it.
_DAY = "1795305600"  # 2026-11-22


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.board_firmware", description=__doc__)
    parser.add_argument("--board", required=True, help="a board of boards/ or of MicroPython")
    parser.add_argument("--mpy-dir", type=Path, help="MicroPython with its submodules")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "firmware")
    return parser.parse_args()


def _board(name: str) -> dict:
    """Return a board's board.json; of one that only MicroPython has, what a build needs."""
    file = ROOT / "boards" / name / "board.json"
    if file.is_file():
        return json.loads(file.read_text())
    mcu = "RP2350" if "PICO2" in name or "RP2350" in name else "RP2040"
    return {"port": "rp2", "mcu": mcu, "flash": {"regions": {}}}


def _tree(given: Path | None, work: Path) -> Path:
    if given is None:
        return sources.tree(work)
    if not (given / "py" / "mpconfig.h").is_file():
        raise FirmwareError("MPY_DIR=%s: no MicroPython there (no py/mpconfig.h)" % given)
    return given.resolve()


def _compare(built: Path, board: str) -> str:
    """Return what is said of a built image for which boards/ has a hash."""
    sums = ROOT / "boards" / board / "SHA256SUMS"
    committed = sums.read_text().split() if sums.is_file() else []
    if built.name not in committed:
        return "%s" % built
    same = hashlib.sha256(built.read_bytes()).hexdigest() == committed[0]
    return "%s: %s the committed one" % (built, "the same as" if same else "differs from")


def build(name: str, mpy_dir: Path | None, work: Path) -> Path:
    """Build a board's firmware; return its file."""
    board = _board(name)
    if board["port"] != "rp2":
        raise FirmwareError(
            "%s: %s is built by ESP-IDF, not from here: in MicroPython's ports/esp32, "
            "make BOARD=%s" % (name, board["mcu"], name)
            if board["port"] == "esp32"
            else "%s: the %s port has no firmware to build" % (name, board["port"])
        )
    os.environ.setdefault("SOURCE_DATE_EPOCH", _DAY)
    # No git above the work folder: MicroPython would print our commit as its own version.
    os.environ.update(TZ="UTC", LC_ALL="C", GIT_CEILING_DIRECTORIES=str(work))
    work.mkdir(parents=True, exist_ok=True)
    tree = _tree(mpy_dir, work)
    return rp2.build(tree, name, board, mpy_dir is None, work)


def main() -> int:
    """Build what was asked for; return the exit code."""
    options = _arguments()
    try:
        built = build(options.board, options.mpy_dir, options.work.resolve())
    except FirmwareError as error:
        print("firmware: %s" % error, file=sys.stderr)
        return 1
    print(_compare(built, options.board))
    return 0


if __name__ == "__main__":
    sys.exit(main())
