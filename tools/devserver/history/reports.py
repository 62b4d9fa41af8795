"""The commands on the history: `history`, `plot` and `csv`, the same in every front end."""

import csv
import datetime
import json
import pathlib
import shutil

from .. import models
from ..errors import CommandError
from ..ui import plot
from .store import History

COLUMNS = ("endpoint", "path", "time", "unix", "value", "source")
EPOCH = datetime.datetime(1970, 1, 1)


def history(kept: History, command: dict) -> dict:
    """Every sample at and below a path."""
    return kept.describe(command["endpoint"], command["path"])


def plotted(kept: History, command: dict) -> dict:
    """The plot of one resource, line by line, as large as asked for or as the terminal."""
    terminal = shutil.get_terminal_size()
    width = command.get("width", terminal.columns)
    height = command.get("height", terminal.lines - 2)
    return {"plot": plot_lines(kept, command["endpoint"], command["path"], width, height)}


def plot_lines(kept: History, endpoint: str, path: str, width: int, height: int) -> list[str]:
    """A plot with its title."""
    series_by_path = kept.find(endpoint, path)
    if len(series_by_path) > 1:
        raise CommandError(
            "%s holds %d resources and a plot shows one: plot %s"
            % (path, len(series_by_path), " or ".join(list(series_by_path)[:3]))
        )
    [(where, series)] = series_by_path.items()
    points = [(each.time, each.value) for each in series.samples]
    try:
        return plot.plot(points, width, height, title(endpoint, where, points))
    except CommandError as error:
        raise CommandError("%s of endpoint %r: %s" % (where, endpoint, error)) from error


def title(endpoint: str, path: str, points: list) -> str:
    """The heading of a plot: resource, endpoint, number of values, time of the first."""
    parts = [int(part) for part in path.split("/")[1:]]
    known = (models.resource(parts[0], parts[2]) if len(parts) > 2 else None) or {}
    named = " ".join(part for part in (path, known.get("name", "")) if part)
    unit = " in %s" % known["units"] if known.get("units") else ""
    since = iso(points[0][0])
    return "%s%s of %s, %d values since %s" % (named, unit, endpoint, len(points), since)


def write_csv(kept: History, command: dict) -> dict:
    """The samples at and below a path as a CSV file."""
    endpoint = command["endpoint"]
    rows = kept.rows(endpoint, command["path"])
    file = pathlib.Path(command["file"]).expanduser()
    try:
        with open(file, "w" if command.get("force") else "x", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            for where, each in rows:
                cells = (iso(each.time), unix(each.time), text(each.value), each.source)
                writer.writerow((endpoint, where, *cells))
    except FileExistsError as error:
        raise CommandError(
            "FILE %s exists: name another, or replace it with `!` after its name (JSON lines: "
            '"force": true)' % file
        ) from error
    except OSError as error:
        raise CommandError(
            "FILE %s cannot be written (%s): name one in a directory that you can write to"
            % (file, error.strerror)
        ) from error
    return {"file": str(file), "rows": len(rows)}


def iso(when: float) -> str:
    """A time as ISO 8601 in UTC with milliseconds; the number where the calendar ends."""
    try:
        moment = EPOCH + datetime.timedelta(milliseconds=round(when * 1000))
    except OverflowError:
        return str(when)
    return moment.isoformat(timespec="milliseconds") + "Z"


def unix(when: float) -> str:
    """Seconds since 1970, whole ones without a point."""
    return str(int(when)) if float(when).is_integer() else repr(when)


def text(value: object) -> str:
    """A value as a cell: a string as itself, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


COMMANDS = {"history": history, "plot": plotted, "csv": write_csv}
