"""`python -m tools.image`: one file with a board's MicroPython and a meter's files, to flash."""

import argparse
import json
import os
import sys
from pathlib import Path

from tools import boards

from . import build, profile, stock
from .compiler import ROOT
from .failure import ImageError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the boards and the profiles")
    parser.add_argument("--board", default="METER_PPP", help="a folder of boards/")
    parser.add_argument("--firmware", type=Path, help="MicroPython for the board, .uf2 or .bin")
    parser.add_argument(
        "--profile", help="a name of firmware/profiles, or a file (default: all of lib/)"
    )
    parser.add_argument("--config", type=Path, help="the meter's configuration, JSON")
    parser.add_argument(
        "--file", action="append", default=[], metavar="DEVICE=HOST", help="one file more"
    )
    parser.add_argument("--out", type=Path, help="the file (default: build/BOARD.uf2 or .bin)")
    parser.add_argument(
        "--names", type=Path, help="write what joined modules' short names stand for, as JSON"
    )
    parser.add_argument("--file-system", type=Path, help="write the bare LittleFS image here too")
    return parser.parse_args()


def _extra(given: str) -> profile.Entry:
    device, equals, host = given.partition("=")
    if not equals or not Path(host).is_file():
        raise ImageError("--file %s: give DEVICE=HOST, HOST an existing file" % given)
    return profile.Entry("/" + device.lstrip("/"), Path(host))


def _boards_and_profiles() -> str:
    """Return the boards, what is known of each, and the profiles."""
    lines = ["boards:"]
    for name in boards.names():
        board = boards.load(name)
        if board.port not in ("rp2", "esp32"):
            continue
        try:
            found = stock.find(board).name
        except ImageError:
            found = "no MicroPython here"
        facts = (name, board.mcu, "%d MB" % (board.flash_size >> 20), board.facts["status"])
        lines.append("  %-17s %-9s %5s  %-12s %s" % (*facts, found))
    known = sorted(path.stem for path in (ROOT / "firmware" / "profiles").glob("*.txt"))
    return "\n".join([*lines, "profiles: " + ", ".join(known)])


def _write(out: Path, data: bytes, mode: int) -> None:
    """Write a file as a whole, or leave what was there."""
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
        part.replace(out)
    except OSError as error:
        if part.is_file():
            part.unlink()
        raise ImageError("OUT=%s: %s: name another file" % (out, error.strerror)) from error


def _build(options: argparse.Namespace) -> str:
    extra = tuple(_extra(given) for given in options.file)
    request = build.Request(
        *(options.board, options.profile or "", options.config, options.firmware, extra)
    )
    image = build.build(request)
    out = options.out or ROOT / "build" / (options.board + image.end)
    _write(out, image.data, 0o600 if request.config else 0o644)  # a configuration has keys
    if options.file_system:
        options.file_system.write_bytes(image.disk)
    if options.names:
        names = profile.names(image.entries)
        options.names.write_text(json.dumps(names, indent=1, sort_keys=True))
    where = ", to be written at 0x%X" % image.start if image.end == ".bin" else ""
    return "%s: %s%s" % (out, image.summary, where)


def main() -> None:
    """Build the image that the command line asks for."""
    options = _arguments()
    try:
        print(_boards_and_profiles() if options.list else _build(options))
    except ImageError as error:
        sys.exit("image: %s" % error)
    except OSError as error:  # of this host: a full disk, a folder that is not its user's
        sys.exit("image: %s: mend that and start it again" % error)
    except KeyboardInterrupt:
        sys.exit("image: stopped by Ctrl-C: start it again")


if __name__ == "__main__":
    main()
