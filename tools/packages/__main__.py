"""`python -m tools.packages`: write package.json and manifest.py of every package.

--check writes nothing and fails where one is not as it would be written. --build FOLDER makes a
copy of the packages as .mpy, which a board need not compile, with a package.json each.
"""

import argparse
import sys
from pathlib import Path

from tools.image.compiler import compile_module
from tools.lint.sources import ROOT

from . import emit
from .contents import Package, packages


def run(arguments: list[str] | None = None) -> int:
    """Write, check or build; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.packages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where a file is not up to date")
    parser.add_argument("--build", type=Path, metavar="FOLDER", help="packages of .mpy files")
    parser.add_argument("--base", default="", help="what stands before the paths of deps")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to read")
    options = parser.parse_args(arguments)
    everything = packages(options.root)
    if options.build:
        build(everything, options.root, options.build, options.base)
        return 0
    texts = emit.texts(everything, emit.version(options.root), options.base)
    stale = [path for path, text in texts.items() if _text(options.root / path) != text]
    for path in stale:
        if options.check:
            print("packages: %s is not up to date: run `python -m tools.packages`" % path)
        else:
            (options.root / path).write_text(texts[path])
            print("packages: wrote", path)
    return 1 if options.check and stale else 0


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def build(everything: dict[str, Package], root: Path, folder: Path, base: str = "") -> None:
    """Write the packages as .mpy: FOLDER/lib/coap/peer.mpy, FOLDER/lib/coap/package.json..."""
    for package in everything.values():
        for path in package.files:
            source = root / package.folder / path
            target = (folder / package.folder / path).with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(compile_module(source, "%s/%s" % (package.name, path)))
    for path, text in emit.texts(everything, emit.version(root), base).items():
        if path.endswith(".json"):
            (folder / path).write_text(text.replace('.py"', '.mpy"'))


if __name__ == "__main__":
    sys.exit(run())
