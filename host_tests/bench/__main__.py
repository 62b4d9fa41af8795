"""Speed, memory and wire bytes beside a peer, as ratios: python -m host_tests.bench"""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from . import measure


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m host_tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--last", type=int, default=100000, help="memory's growth up to this Read")
    given = parser.parse_args()
    meter, aiocoap, sizes = measure.speed(given.rounds)
    before, after, garbage = measure.memory(1000, given.last)
    ratio = min(aiocoap) / min(meter)
    rows = [
        (
            "CPU a Read of /3/0/0 as text",
            "%.1f us (aiocoap %.1f us)" % (min(meter), min(aiocoap)),
            "1/%.1f of aiocoap's" % ratio,
            "1/%d" % measure.RATIO,
            ratio >= measure.RATIO,
        ),
        (
            "in use, Read 1,000 to %s" % format(given.last, ","),
            "%d B to %d B" % (before, after),
            "%+d B" % (after - before),
            "%d B" % measure.GROWTH,
            after - before <= measure.GROWTH,
        ),
        (
            "garbage a Read, 64 bits",
            "%.0f B" % garbage,
            "1/%.1f of the limit" % (measure.GARBAGE / garbage),
            "%d B" % measure.GARBAGE,
            garbage <= measure.GARBAGE,
        ),
    ]
    table = Table("", "measured", "", "limit", "", title="The meter on the Unix port")
    for *cells, good in rows:
        table.add_row(*cells, "[green]ok[/]" if good else "[bold red]missed[/]")
    spread = "%.1f to %.1f us, aiocoap %.1f to %.1f us"
    spread %= min(meter), max(meter), min(aiocoap), max(aiocoap)
    table.add_row("of %d rounds" % given.rounds, spread)
    for what, size in sizes.items():
        table.add_row("CoAP bytes of %s" % what, "%d B" % size)
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    return 0 if all(row[-1] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
