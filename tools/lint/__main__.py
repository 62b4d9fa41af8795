"""`python -m tools.lint [CHECK...]`: one line per finding; exit 1 if there is any.

Checks: imports, constants, words, types, boards. `--report` prints lengths of files, classes and
functions instead, for information: it fails on nothing.
"""

import argparse
import sys
from pathlib import Path

from tools.boards import check as boards

from . import constants, imports, lengths, types, words
from .sources import ROOT

CHECKS = {
    "imports": imports.check,
    "constants": constants.check,
    "words": words.check,
    "types": types.check,
    "boards": boards.check,
}


def run(arguments: list[str] | None = None) -> int:
    """Print the findings of the chosen checks; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.lint", description=__doc__)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(CHECKS))
    parser.add_argument("--report", action="store_true", help="lengths, for information")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to check")
    options = parser.parse_args(arguments)
    unknown = set(options.checks) - set(CHECKS)
    if unknown:
        parser.error("no check %s; there are %s" % (", ".join(unknown), ", ".join(CHECKS)))
    if options.report:
        print(lengths.report(options.root))
        return 0
    findings = [
        "%s: %s" % (name, finding)
        for name, check in CHECKS.items()
        if name in (options.checks or CHECKS)
        for finding in check(options.root)
    ]
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(run())
