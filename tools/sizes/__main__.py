"""`python -m tools.sizes`: the table of sizes; exit 1 and a line each for what is over budget."""

import argparse
import sys
from pathlib import Path

from tools.image.compiler import ROOT
from tools.image.failure import ImageError

from . import budgets, joined, modules, ram, table
from .failure import SizesError

_HERE = Path(__file__).resolve().parent


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.sizes", description=__doc__)
    parser.add_argument("--no-ram", action="store_true", help=".mpy only, without the emulator")
    parser.add_argument("--write-table", action="store_true", help="update README.md's table")
    parser.add_argument("--board", default="METER_PPP", help="the board whose modules count")
    parser.add_argument("--budgets", type=Path, default=_HERE / "budgets.json")
    parser.add_argument("--profiles", type=Path, default=_HERE / "profiles.json")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to measure")
    return parser.parse_args(given)


def run(given: list[str] | None = None) -> int:
    """Measure, print, judge; return the exit code."""
    options = _arguments(given)
    found = modules.discover(options.root, options.board)
    profiles, limits = budgets.load(options.profiles), budgets.load(options.budgets)
    if not options.no_ram:
        ram.measure(found)
    sizes = budgets.sums(found, profiles)
    sizes += [
        joined.joined_sum(name, profiles, found, options.root, not options.no_ram)
        for name in joined.names(profiles)
    ]
    print(table.plain(sizes))
    if options.write_table and not table.write_readme(options.root / "README.md", sizes):
        raise SizesError("README.md has no <!-- sizes --> to write the table at")
    return _judge(found, budgets.check(limits, found, profiles, sizes))


def _judge(found: dict, verdicts: list) -> int:
    broken = [module for module in found.values() if module.error]
    for module in broken:
        print("sizes: %s does not import on the board: %s" % (module.name, module.error))
    for verdict in verdicts:
        if verdict.over or verdict.slack:
            print("sizes: %s" % verdict)
    return 1 if broken or any(verdict.over for verdict in verdicts) else 0


def main() -> None:
    """Run by the command line."""
    try:
        sys.exit(run())
    except (SizesError, ImageError) as error:
        sys.exit("sizes: %s" % error)


if __name__ == "__main__":
    main()
