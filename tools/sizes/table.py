"""The tables, for a terminal, for README.md and for docs/sizes.md.

A table in a Markdown file stands between `<!-- NAME -->` and `<!-- /NAME -->`: README.md has
`sizes`, the profiles; docs/sizes.md has `features`, `packages`, `profiles` and `modules`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from .budgets import Sum
from .failure import SizesError

PAGES = {
    "README.md": {"sizes": "profile"},
    "docs/sizes.md": {
        "features": "feature",
        "packages": "package",
        "profiles": "profile",
        "modules": "module",
    },
}
_HEADINGS = ["| what | .mpy, B | RAM at import, B | import, ms |", "|---|---:|---:|---:|"]
# What an import takes differs from one run to the next: the one that happens to fill the chunk of
# the interned strings, 128 B, pays for the next chunk, and the heap's layout adds some blocks.
_RAM_MAY_DIFFER = 0.05
_RAM_MAY_DIFFER_BYTES = 192
_STALE = "%s: the table %s is old, run `python -m tools.sizes --write-table`: %s"


def _cells(size: Sum) -> tuple[str, str, str, str]:
    count = " (%d modules)" % size.count if size.kind not in ("module", "feature") else ""
    time = "" if size.import_us is None else "%d" % round(size.import_us / 1000)
    return "%s%s" % (size.name, count), _grouped(size.mpy), _grouped(size.ram), time


def _grouped(number: int | None) -> str:
    return "" if number is None else "{:,}".format(number)


def plain(sizes: Iterable[Sum]) -> str:
    """Return the table as text, one section a kind."""
    lines, kind = [], ""
    for size in sizes:
        if size.kind != kind:
            kind = size.kind
            lines.append("%-42s %10s %10s %10s" % (kind, ".mpy B", "RAM B", "import ms"))
        lines.append("  %-40s %10s %10s %10s" % _cells(size))
    return "\n".join(lines)


def markdown(sizes: Iterable[Sum], kind: str, needs: Mapping[str, list[str]]) -> str:
    """Return the table of one kind; `needs` are the features that a feature needs, by name."""
    chosen = [size for size in sizes if size.kind == kind]
    if kind != "feature":
        return "\n".join(_HEADINGS + ["| %s | %s | %s | %s |" % _cells(size) for size in chosen])
    rows = ["| feature | .mpy, B | RAM at import, B | needs |", "|---|---:|---:|---|"]
    for size in chosen:
        cells = *_cells(size)[:3], "; ".join(needs.get(size.name, []))
        rows.append("| %s | %s | %s | %s |" % cells)
    return "\n".join(rows)


def write(root: Path, sizes: list[Sum], needs: Mapping[str, list[str]]) -> None:
    """Put the tables between their markers; RAM and times that were not measured stay."""
    for page, tables in PAGES.items():
        for name, kind in tables.items():
            before, old, after = _parts(root / page, name)
            table = _with_ram(markdown(sizes, kind, needs), old)
            (root / page).write_text("%s\n%s\n%s" % (before, table, after))


def _with_ram(table: str, old: str) -> str:
    """Return a table with the cells of RAM and time that it lacks as they were in the old one."""
    known = {line.split("|")[1]: line.split("|") for line in old.splitlines() if "|" in line}
    lines = []
    for line in table.splitlines():
        cells = line.split("|")
        before = known.get(cells[1])
        if before and len(before) == len(cells):
            cells[3:5] = [new if new.strip() else was for new, was in zip(cells[3:5], before[3:5])]
        lines.append("|".join(cells))
    return "\n".join(lines)


def stale(root: Path, sizes: list[Sum], needs: Mapping[str, list[str]]) -> list[str]:
    """Return a line per table whose rows are not what was measured.

    Bytes of .mpy must be the same. RAM may differ by some blocks, and is left out where it was not
    measured; the time of an import is not compared.
    """
    lines = []
    for page, tables in PAGES.items():
        if not (root / page).exists():
            continue
        for name, kind in tables.items():
            committed = _rows(_parts(root / page, name)[1])
            measured = _rows(markdown(sizes, kind, needs))
            rows = [
                row
                for row in {**committed, **measured}
                if not _same(committed.get(row), measured.get(row))
            ]
            if rows:
                lines.append(_STALE % (page, name, ", ".join(rows)))
    return lines


def _rows(table: str) -> dict[str, list[str]]:
    """Return the first three cells of each row by its first."""
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:3] for row in cells if row[1] != ".mpy, B"}


def _ram_may_differ(ram: int) -> float:
    return ram * _RAM_MAY_DIFFER + _RAM_MAY_DIFFER_BYTES


def _same(committed: list[str] | None, measured: list[str] | None) -> bool:
    if committed is None or measured is None or committed[0] != measured[0]:
        return False
    old, new = (re.sub(r"\D", "", row[1]) for row in (committed, measured))
    return not new or (bool(old) and abs(int(old) - int(new)) <= _ram_may_differ(int(new)))


def _parts(path: Path, name: str) -> tuple[str, str, str]:
    """Return a page up to the end of a table's first marker, the table, and the rest."""
    text = path.read_text() if path.exists() else ""
    start, end = "<!-- %s -->" % name, "<!-- /%s -->" % name
    before, found, rest = text.partition(start)
    table, ended, after = rest.partition(end)
    if not found or not ended:
        raise SizesError("%s has no %s ... %s to write a table at" % (path.name, start, end))
    return before + start, table, end + after
