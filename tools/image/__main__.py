"""`python -m tools.image`: one UF2 with a board's firmware and a meter's files, ready to flash."""

import argparse
import json
import sys
from pathlib import Path

from . import filesystem, firmware, profile, uf2
from .compiler import ROOT
from .failure import ImageError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__)
    parser.add_argument("--board", default="METER_PPP", help="a folder of boards/ with a UF2")
    parser.add_argument("--firmware", type=Path, help="another UF2 than the board's")
    parser.add_argument("--profile", type=Path, help="file of the modules (default: all of lib/)")
    parser.add_argument(
        "--file", action="append", default=[], metavar="DEVICE=HOST", help="one file more"
    )
    parser.add_argument("--out", type=Path, help="the UF2 (default: build/BOARD.uf2)")
    parser.add_argument(
        "--names", type=Path, help="write what joined modules' short names stand for, as JSON"
    )
    parser.add_argument("--file-system", type=Path, help="write the bare LittleFS image here too")
    return parser.parse_args()


def _board_firmware(board: str) -> Path:
    found = sorted((ROOT / "boards" / board).glob("*.uf2"))
    if not found:
        raise ImageError("boards/%s has no UF2: give one with --firmware" % board)
    return found[-1]


def _extra(given: str) -> profile.Entry:
    device, equals, host = given.partition("=")
    if not equals or not Path(host).is_file():
        raise ImageError("--file %s: give DEVICE=HOST, HOST an existing file" % given)
    return profile.Entry("/" + device.lstrip("/"), Path(host))


def _files(options: argparse.Namespace) -> dict[str, bytes]:
    entries = profile.read(options.profile) if options.profile else profile.default()
    if options.names:
        options.names.write_text(json.dumps(profile.names(entries), indent=1, sort_keys=True))
    return profile.build_files(entries + [_extra(given) for given in options.file])


def _build(options: argparse.Namespace) -> str:
    base = firmware.load(options.firmware or _board_firmware(options.board))
    files = _files(options)
    disk = filesystem.build(files, base)
    pages = uf2.pages_of(disk, base.address)
    out = options.out or ROOT / "build" / (options.board + ".uf2")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(uf2.write(base.pages | pages))
    if options.file_system:
        options.file_system.write_bytes(disk)
    size = sum(len(content) for content in files.values())
    return "%s: MicroPython %s, %d files, %d bytes, %d of %d blocks" % (
        *(out, base.version, len(files), size),
        *(len({page // firmware.BLOCK_SIZE for page in pages}), base.block_count),
    )


def main() -> None:
    """Build the image that the command line asks for."""
    try:
        print(_build(_arguments()))
    except ImageError as error:
        sys.exit("image: %s" % error)


if __name__ == "__main__":
    main()
