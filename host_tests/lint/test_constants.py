"""tools.lint.constants: one value per name."""

import pytest
from tools.lint import constants


@pytest.mark.parametrize(
    ("first", "second", "values"),
    [
        ("_LIMIT = const(0x44)", "_LIMIT = const(1)", ("1 (0x1)", "68 (0x44)")),
        ("_LIMIT = 0x44", "LIMIT = const(1)", ("1 (0x1)", "68 (0x44)")),
        ("_A = const(2)\n_B = const(_A << 4)", "_B = 4", ("32 (0x20)", "4 (0x4)")),
        ("_A = 4", "_A = (1, 2)", ("4 (0x4)", "a table")),
        ("_A = 'one'", "_A = 'two'", ("'one'", "'two'")),
    ],
)
def test_two_values_of_one_name_are_reported_with_their_places(tree, first, second, values):
    root = tree({"lib/coap/a.py": first + "\n", "firmware/b.py": second + "\n"})
    (finding,) = constants.check(root)
    assert "has 2 values: " in finding
    assert all(value in finding for value in values)
    assert "lib/coap/a.py:" in finding
    assert "firmware/b.py:1" in finding


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("_CHANGED = const(0x44)", "_CHANGED = const(68)"),
        ("_LABELS = {1: 2}", "_LABELS = (1, 2)"),
        ("def f():\n    _A = 1", "_A = 2"),
        ("lower = 1", "lower = 2"),
    ],
)
def test_one_value_or_two_tables_are_not(tree, first, second):
    root = tree({"lib/coap/a.py": first + "\n", "firmware/b.py": second + "\n"})
    assert constants.check(root) == []


def test_boards_have_their_own_pins(tree):
    root = tree({"boards/A/board.py": "_PIN = 1\n", "boards/B/board.py": "_PIN = 2\n"})
    assert constants.check(root) == []
    tree({"lib/coap/a.py": "_PIN = 3\n"})
    assert len(constants.check(root)) == 2


def test_a_name_of_the_table_has_its_value(tree):
    root = tree({"lib/coap/a.py": "_URI_PATH = const(12)\n"})
    finding = "URI_PATH is 12 (0xC) at lib/coap/a.py:1, in the table 11 (0xB)"
    assert constants.check(root) == [finding]


def test_the_table_has_no_name_twice():
    import json

    sections = json.loads(constants.TABLE.read_text()).values()
    assert sum(len(section) for section in sections) == len(constants.load(constants.TABLE))
