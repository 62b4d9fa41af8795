"""The plot: plain text of the size asked for, its marks and labels where they belong."""

import math
import random

import pytest
from tools.devserver.errors import CommandError
from tools.devserver.ui import plot

NOON = 1_700_000_000  # 2023-11-14 22:13:20 UTC


def test_a_rising_line():
    points = [(NOON + 900 * index, 10 + index) for index in range(9)]
    drawn = plot.plot(points, 44, 11, "litres")
    assert drawn == [
        "litres",
        "18 |                                       '",
        "   |                                  '",
        "   |                             '",
        "   |                    .   '",
        "   |               .",
        "   |          .",
        "   |     .",
        "10 |.",
        "   +----------------------------------------",
        "    22:13:20        23:13:20        00:13:20",
    ]


@pytest.mark.parametrize(("width", "height"), [(30, 6), (80, 24), (200, 60), (43, 17)])
def test_it_fits(width, height):
    chance = random.Random(width)
    for count in (1, 2, 100, 5000):
        points = [
            (NOON + 60 * index, chance.uniform(-1, 1) * 10 ** chance.randint(-9, 9))
            for index in range(count)
        ]
        drawn = plot.plot(points, width, height, "a title that is rather long " * 9)
        assert len(drawn) == height
        assert max(map(len, drawn)) <= width
        assert all(line.isascii() and line.isprintable() for line in drawn)


def test_the_extremes_are_exact():
    points = [(0, 123456.789), (10, 123456.791), (20, 123456.7905)]
    drawn = plot.plot(points, 80, 20)
    assert drawn[1].lstrip().startswith("123456.791 |")
    assert drawn[17].lstrip().startswith("123456.789 |")
    large = [(index, (1 << 60) + index) for index in range(3)]
    assert plot.plot(large, 80, 20)[1].startswith("%d |" % ((1 << 60) + 2))


def test_one_value():
    drawn = plot.plot([(NOON, 12.5)], 60, 9)
    [line] = [line for line in drawn if line.startswith("12.5 |")]
    assert line.strip()[-1] in ".':"
    assert "22:13:20" in drawn[-1]


def test_values_that_never_change():
    drawn = plot.plot([(NOON + index, 7) for index in range(100)], 60, 9)
    assert sum("7 |" in line for line in drawn) == 1


@pytest.mark.parametrize(
    ("span", "label"),
    [(1, "22:13:20.000"), (3600, "22:13:20"), (86400, "11-14 22:13"), (86400 * 9, "2023-11-14")],
)
def test_times_are_as_fine_as_the_span(span, label):
    assert plot.plot([(NOON, 1), (NOON + span, 2)], 80, 9)[-1].strip().startswith(label)


def test_what_is_no_number_is_left_out():
    held = ["NaN", "text", True, 3, {"hex": "00"}, 1 << 70, math.inf]
    drawn = plot.plot(list(enumerate(held)), 60, 9)
    assert drawn[1].startswith("3 |")
    with pytest.raises(CommandError, match="none of the values is a number"):
        plot.plot([(1, "NaN")], 60, 9)
    with pytest.raises(CommandError, match="too far apart"):
        plot.plot([(1, -1.7e308), (2, 1.7e308)], 60, 9)
