"""`python -m tools.sizes`: the tables of sizes.

Exit 1 and a line each for what is over budget, and for what README.md or docs/sizes.md say that is
no longer so: `--write-table` brings them up to date.
"""

import argparse
import sys
from pathlib import Path

from tools.image.compiler import ROOT
from tools.image.failure import ImageError

from . import budgets, features, joined, modules, ram, table
from .failure import SizesError

_HERE = Path(__file__).resolve().parent


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.sizes", description=__doc__)
    parser.add_argument("--no-ram", action="store_true", help=".mpy only, without the emulator")
    parser.add_argument(
        "--write-table",
        action="store_true",
        help="update the tables of README.md and docs/sizes.md",
    )
    parser.add_argument("--board", default="METER_PPP", help="the board whose modules count")
    parser.add_argument("--budgets", type=Path, default=_HERE / "budgets.json")
    parser.add_argument("--profiles", type=Path, default=_HERE / "profiles.json")
    parser.add_argument("--features", type=Path, default=features.TABLE)
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to measure")
    return parser.parse_args(arguments)


def run(arguments: list[str] | None = None) -> int:
    """Measure, print, compare; return the exit code."""
    options = _arguments(arguments)
    found = modules.discover(options.root, options.board)
    profiles, limits = budgets.load(options.profiles), budgets.load(options.budgets)
    if not options.no_ram:
        ram.measure(found)
    sizes = budgets.sums(found, profiles)
    sizes += [
        joined.joined_sum(name, profiles, found, options.root, not options.no_ram)
        for name in joined.names(profiles)
    ]
    sizes += joined.unit_sums(profiles, found)
    parts = features.load(options.features)
    sizes += features.sums(parts, found)
    print(table.plain(sizes))
    if options.write_table:
        table.write(options.root, sizes, features.needs(parts))
    wrong = features.problems(parts, found)
    wrong += table.stale(options.root, sizes, features.needs(parts))
    for line in wrong:
        print("sizes: %s" % line)
    return _verdict(found, budgets.check(limits, found, profiles, sizes)) or int(bool(wrong))


def _verdict(found: dict, verdicts: list) -> int:
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
