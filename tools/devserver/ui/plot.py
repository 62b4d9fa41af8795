"""A plot as lines of plain ASCII: time to the right, values upward, labels on both axes.

A point is drawn as `.`, `'` or `:`: the lower half of its cell, the upper half or both. So a plot
has twice as many steps as rows.
"""

import math
import time

from ..errors import CommandError

LEAST_WIDTH, LEAST_HEIGHT = 30, 6
POINTS = {1: ".", 2: "'", 3: ":"}
DAY = 86400
GAP = 3  # columns between two labels of the time axis, at least


def numeric(value: object) -> bool:
    """Whether a value can be plotted; a boolean is 0 or 1."""
    if isinstance(value, int):
        return abs(value) < 1 << 64
    return isinstance(value, float) and math.isfinite(value)


def plot(points: list[tuple], width: int, height: int, title: str = "") -> list[str]:
    """The plot of (time, value) pairs, ordered by time, in `height` lines of at most `width`."""
    width, height = max(width, LEAST_WIDTH), max(height, LEAST_HEIGHT)
    points = [(when, value + 0) for when, value in points if numeric(value)]
    if not points:
        raise CommandError("none of the values is a number: a plot needs at least one")
    if not math.isfinite(float.__sub__(*map(float, extremes(points)))):
        raise CommandError("the values are too far apart for a plot")
    rows = height - 3  # the title, the axis and its labels
    labels = value_labels(points, rows, max(8, width // 3))
    margin = max(map(len, labels))
    cells = raster(points, width - margin - 2, rows)
    drawn = ["%s |%s" % (label.rjust(margin), "".join(row)) for label, row in zip(labels, cells)]
    axis = "%s +%s" % (" " * margin, "-" * (width - margin - 2))
    times = time_labels(points[0][0], points[-1][0], width - margin - 2)
    lines = [title[:width], *drawn, axis, " " * (margin + 2) + times]
    return [line.rstrip() for line in lines]


def raster(points: list[tuple], columns: int, rows: int) -> list[list[str]]:
    """The characters of the points, the top row first."""
    cells = [[0] * columns for _ in range(rows)]
    first, last = points[0][0], points[-1][0]
    low, high = extremes(points)
    for when, value in points:
        column = step(when - first, last - first, columns)
        half = step(value - low, high - low, 2 * rows)
        cells[rows - 1 - half // 2][column] |= 2 if half % 2 else 1
    return [[POINTS.get(cell, " ") for cell in row] for row in cells]


def step(part: float, whole: float, steps: int) -> int:
    """Which of `steps` a part of a whole falls into; the middle one when there is no whole."""
    if not whole:
        return steps // 2
    return min(steps - 1, int(part / whole * (steps - 1) + 0.5))


def extremes(points: list[tuple]) -> tuple:
    """The least and the greatest value."""
    held = [value for _, value in points]
    return min(held), max(held)


def value_labels(points: list[tuple], rows: int, room: int) -> list[str]:
    """The label of each row, from the top: the extremes exactly where there is room for them."""
    low, high = extremes(points)
    labels = [""] * rows
    if low == high:
        labels[rows - 1 - rows // 2] = shortened(low, room)
        return labels
    labels[0], labels[-1] = shortened(high, room), shortened(low, room)
    for row in range(4, rows - 3, 4):
        labels[row] = between(low, high, rows - 1 - row, rows - 1, room)
    return labels


def between(low: float, high: float, part: int, whole: int, room: int) -> str:
    """The label `part` of `whole` rows above the lowest; none where integers have no value."""
    if isinstance(low, int) and isinstance(high, int):
        value, rest = divmod((high - low) * part, whole)
        return shortened(low + value, room) if not rest or high - low > 2 * whole else ""
    value = low + (high - low) * (part / whole)
    digits = max(0, 1 - math.floor(math.log10((high - low) / whole)))
    text = "%.*f" % (digits, value)
    return text if len(text) <= room else shortened(value, room)


def shortened(value: float, room: int) -> str:
    """A number in `room` characters, exactly if they are enough."""
    text = str(value)
    return text if len(text) <= room else "%.*g" % (max(1, room - 6), value)


def time_labels(first: float, last: float, columns: int) -> str:
    """The labels of the time axis, each under the column of its time."""
    form = time_form(first, last)
    if first == last:
        return time_text(first, form).center(columns).rstrip()[:columns]
    size = len(time_text(first, form))
    if 2 * size + GAP > columns:
        return time_text(first, form)[:columns]
    line = [" "] * columns
    count = max(2, min(6, (columns + 2 * GAP) // (size + 2 * GAP)))
    for index in range(count):
        text = time_text(first + (last - first) * index / (count - 1), form)
        middle = round((columns - 1) * index / (count - 1))
        start = min(columns - size, max(0, middle - size // 2))
        line[start : start + size] = text
    return "".join(line)


def time_form(first: float, last: float) -> str:
    """How finely times are written for a span."""
    if last - first >= 3 * DAY:
        return "%Y-%m-%d"
    if last - first >= DAY / 2:
        return "%m-%d %H:%M"
    return "%H:%M:%S" if last - first >= 10 else "%H:%M:%S."


def time_text(when: float, form: str) -> str:
    """A time in UTC; a form that ends in a point goes on with milliseconds."""
    thousandths = round(when * 1000)
    text = time.strftime(form, time.gmtime(thousandths // 1000))
    return "%s%03d" % (text, thousandths % 1000) if form.endswith(".") else text
