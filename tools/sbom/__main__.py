"""`python -m tools.sbom image|release`: the bill of an image, or a release with its hashes."""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

from tools.boards.board import ROOT
from tools.image import build, stock
from tools.image.failure import ImageError

from . import cyclonedx

# The account of an image that is a release: it has what coaps needs, and no configuration.
_ACCOUNT = {"uri": "coaps://release.invalid", "identity": "release", "key": "5a" * 16}
BLANK = {"endpoint": "release", "servers": [_ACCOUNT]}


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.sbom", description=__doc__)
    parser.add_argument("action", choices=("image", "release"))
    parser.add_argument("--board", default="METER_PPP")
    parser.add_argument("--profile", default="water")
    parser.add_argument("--config", type=Path, help="what else the image needs (default: coaps)")
    parser.add_argument("--out", type=Path, help="file, or folder of the release")
    return parser.parse_args(arguments)


def _made(options: argparse.Namespace, folder: Path) -> tuple[build.Image, dict]:
    """Build the image without a configuration; return it and its bill."""
    config = options.config
    if config is None:
        config = folder / "blank.json"
        config.write_text(json.dumps(BLANK))
    request = build.Request(options.board, options.profile, config, blank=True)
    image = build.build(request, lambda line: None)
    board = build.board_of(options.board)
    base = stock.find(board)
    return image, cyclonedx.build(image, board, base, options.profile, os.environ)


def _release(options: argparse.Namespace, image: build.Image, bill: dict, folder: Path) -> None:
    """Write image, bill and schema, and SHA256SUMS of them."""
    name = bill["metadata"]["component"]["name"]
    files = {
        name + image.end: image.data,
        name + ".cdx.json": cyclonedx.text(bill).encode(),
        "config.schema.json": (ROOT / "docs" / "config.schema.json").read_bytes(),
    }
    for file, data in files.items():
        (folder / file).write_bytes(data)
    lines = ["%s  %s\n" % (hashlib.sha256(d).hexdigest(), f) for f, d in sorted(files.items())]
    (folder / "SHA256SUMS").write_text("".join(lines))
    print("%s: %s, SHA256SUMS" % (folder, ", ".join(sorted(files))))


def run(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status."""
    options = _arguments(arguments)
    release = options.action == "release"
    folder = options.out if release and options.out else ROOT / "build" / "release"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        image, bill = _made(options, folder)
        if release:
            _release(options, image, bill, folder)
        else:
            name = bill["metadata"]["component"]["name"]
            out = options.out or ROOT / "build" / (name + ".cdx.json")
            out.write_text(cyclonedx.text(bill))
            print("%s: %d components" % (out, len(bill["components"])))
    except (ImageError, OSError) as error:
        print("sbom: %s" % error, file=sys.stderr)
        return 1
    finally:
        (folder / "blank.json").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(run())
