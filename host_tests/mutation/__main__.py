"""`python -m host_tests.mutation`: changes single lines of lib/ and says what no test notices.

A survivor is printed as `equivalents.txt` has it: if it behaves as the line before, it is copied
to that list with the reason. Otherwise a test is missing.
"""

import argparse
import sys

from . import on_port, run
from .equivalents import PATH, reasons
from .mutants import Mutant


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(prog="python -m host_tests.mutation", description=__doc__)
    add = options.add_argument
    add("--package", choices=run.PACKAGES, action="append", help="default: all of them")
    add("--file", help="only this one, such as coap/peer.py")
    add("--count", type=int, help="about so many mutants (default: all)")
    add("--share", type=float, help="this part of them, such as 0.1")
    add("--seed", type=int, default=0, help="which ones of them (default: %(default)s)")
    add("--jobs", type=int, default=2, help="processes at a time (default: %(default)s)")
    add("--verbose", action="store_true", help="every mutant and its outcome")
    return options


def main() -> int:
    """Run; 1 where a mutant survives that is not listed, or a listed one does not."""
    options = parser().parse_args()
    packages = options.package or list(run.PACKAGES)
    chosen = [m for each in packages for m in run.mutants_of(each)]
    chosen = [m for m in chosen if options.file in (None, m.file)]
    share = options.count / max(1, len(chosen)) if options.count else options.share
    if share:
        chosen = run.sample(chosen, share, options.seed)

    def report(mutant: Mutant, found: object) -> None:
        if options.verbose:
            line = "%s\n= %s\n" % (mutant.text_of(), found)
            print(line, file=sys.__stdout__, flush=True)  # pytest has the other one

    result = run.run_mutants(chosen, options.jobs, report)
    known = reasons(PATH)
    for mutant in result.survived:
        if mutant.text_of() not in known:
            print(mutant.text_of() + "\n", flush=True)
    noticed = [m for m in chosen if m.text_of() in known and m not in result.survived]
    shells = [m for m in noticed if m.file in on_port.SHELLS]
    # A test may have had no time on a busy machine: those once more, one by one.
    alive = on_port.survive(shells, 1)
    others = [m for m in noticed if m not in shells]
    if others and not result.failed:
        alive += run.run_mutants(others, 1).survived
    noticed = [] if result.failed else [m for m in noticed if m not in alive]
    for mutant in noticed:
        print(mutant.text_of() + "\n# is in the list, but a test notices it\n", flush=True)
    print(result.text(known))
    return 1 if result.failed or result.missed(known) or noticed else 0


if __name__ == "__main__":
    sys.exit(main())
