"""Speed, memory and wire bytes beside a peer, as ratios: python -m host_tests.bench"""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import dtls, instructions, measure, sends

FORMATS = {0: "text", 110: "SenML JSON", 112: "SenML CBOR"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m host_tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--last", type=int, default=100000, help="memory's growth up to this Read")
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    good = True
    for make in (_reads, _notifications, _sends, _dtls):
        table, rows_good = make(given)
        console.print(table)
        good = good and rows_good
    return 0 if good else 1


def _table(title, rows, *columns):
    # A table of rows, the last of each row saying whether it is good, None where nothing says so
    table = Table(*columns, "", title=title)
    for *cells, good in rows:
        verdict = "[green]ok[/]" if good else "[bold red]missed[/]"
        table.add_row(*cells, "" if good is None else verdict)
    return table, all(row[-1] is not False for row in rows)


def _cpu(what, meter, aiocoap, limit):
    ratio = min(aiocoap) / min(meter)
    return (
        "CPU " + what,
        "%.1f us (aiocoap %.1f us)" % (min(meter), min(aiocoap)),
        "1/%.1f of aiocoap's" % ratio,
        "1/%g" % limit,
        ratio >= limit,
    )


def _growth(what, last, before, after, limit):
    return (
        "in use, %s to %s" % (what, format(last, ",")),
        "%d B to %d B" % (before, after),
        "%+d B" % (after - before),
        "%d B" % limit,
        after - before <= limit,
    )


def _spread(meter, aiocoap):
    found = min(meter), max(meter), min(aiocoap), max(aiocoap)
    spread = "%.1f to %.1f us, aiocoap %.1f to %.1f us" % found
    return "of %d rounds" % len(meter), spread, "", "", None


def _instructions():
    reason = instructions.lacking()
    if reason:
        return ("instructions per Read", reason, "", "", None)
    with tempfile.TemporaryDirectory() as folder:
        found = instructions.per_read(Path(folder))
    limit = instructions.LIMIT
    figures = format(round(found), ","), "%.2f of the limit" % (found / limit), format(limit, ",")
    return ("instructions per Read", *figures, found <= limit)


def _reads(given):
    meter, aiocoap, sizes = measure.speed(given.rounds)
    before, after, garbage = measure.memory(1000, given.last)
    rows = [
        _cpu("a Read of /3/0/0 as text", meter, aiocoap, measure.RATIO),
        _growth("Read 1,000", given.last, before, after, measure.GROWTH),
        (
            "garbage a Read, 64 bits",
            "%.0f B" % garbage,
            "1/%.1f of the limit" % (measure.GARBAGE / garbage),
            "%d B" % measure.GARBAGE,
            garbage <= measure.GARBAGE,
        ),
        _spread(meter, aiocoap),
        _instructions(),
    ]
    for what, size in sizes.items():
        rows.append(("CoAP bytes of %s" % what, "%d B" % size, "", "", None))
    return _table("The meter on the Unix port", rows, "", "measured", "", "limit")


def _notifications(given):
    rows = []
    for form in (measure.TEXT, measure.SENML_CBOR):
        name = FORMATS[form]
        meter, aiocoap, sizes = measure.notifying(given.rounds, form)
        before, after, garbage = measure.notified_memory(100, measure.LAST_NOTIFIED, form)
        second = "%s (aiocoap %s)" % tuple(
            format(round(1e6 / min(side)), ",") for side in (meter, aiocoap)
        )
        rows += [
            _cpu("a notification, %s" % name, meter, aiocoap, measure.NOTIFIED_RATIO),
            _spread(meter, aiocoap),
            ("a second of CPU", second, "", "", None),
            _growth("the 100th", measure.LAST_NOTIFIED, before, after, measure.NOTIFIED_GROWTH),
            ("garbage of one, 64 bits", "%.0f B" % garbage, "", "", None),
            ("CoAP bytes of one", "%d B" % sizes["a notification"], "", "", None),
        ]
    title = "Notifications of a change: pmin=0, confirmable, acknowledged at once"
    return _table(title, rows, "", "measured", "", "limit")


def _sends(given):
    rows = []
    for case, form, ours, plain, good in sends.table():
        limit = case.limit if form == sends.SENML_CBOR else 0
        rows.append(
            (
                case.name,
                FORMATS[form],
                "%s B" % format(ours, ","),
                "%s B" % format(plain, ","),
                "1/%.2f" % (plain / ours),
                "%s B" % format(limit, ",") if limit else "",
                good,
            )
        )
    title = "One Send of %d records, a day of quarter-hours" % sends.RECORDS
    return _table(title, rows, "", "format", "body", "plain encoder's", "ratio", "limit")


def _dtls(given):
    title = "DTLS-PSK, AES_128_CCM_8, against libssl: client + server"
    return _table(title, dtls.rows(), "", "measured", "openssl s_client", "ratio", "limit")


if __name__ == "__main__":
    sys.exit(main())
