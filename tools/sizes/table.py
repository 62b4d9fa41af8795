"""The table, for a terminal and for README.md."""

from collections.abc import Iterable
from pathlib import Path

from .budgets import Sum
from .failure import SizesError

_START, _END = "<!-- sizes -->", "<!-- /sizes -->"


def _cells(size: Sum) -> tuple[str, str, str, str]:
    count = " (%d modules)" % size.count if size.kind != "module" else ""
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


def markdown(sizes: Iterable[Sum]) -> str:
    """Return the table of packages and profiles, as README.md shows it."""
    rows = ["| what | .mpy, B | RAM at import, B | import, ms |", "|---|---:|---:|---:|"]
    rows += ["| %s | %s | %s | %s |" % _cells(size) for size in sizes if size.kind != "module"]
    return "\n".join(rows)


def write_readme(path: Path, sizes: Iterable[Sum]) -> bool:
    """Put the table between the markers; return whether there were any."""
    text = path.read_text() if path.exists() else ""
    if _START not in text:
        return False
    before, _, rest = text.partition(_START)
    _, end, after = rest.partition(_END)
    if not end:
        raise SizesError("%s: %s has no %s after it" % (path, _START, _END))
    path.write_text("%s%s\n%s\n%s%s" % (before, _START, markdown(sizes), _END, after))
    return True
