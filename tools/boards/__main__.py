"""`python -m tools.boards [NAME...]`: one line per thing that a board lacks; exit 1 if any."""

import argparse
import sys
from pathlib import Path

from . import check
from .board import ROOT


def main() -> int:
    """Check the named boards, or all."""
    parser = argparse.ArgumentParser(prog="python -m tools.boards", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="boards; default: all")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to check")
    options = parser.parse_args()
    findings = [line for name in options.names for line in check.check_board(name, options.root)]
    if not options.names:
        findings = check.check(options.root)
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
