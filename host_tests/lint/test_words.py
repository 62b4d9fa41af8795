"""tools.lint.words: slang anywhere, vague names where they are bound."""

import pytest
from tools.lint import __main__ as lint
from tools.lint import words


@pytest.mark.parametrize(
    ("path", "text", "finding"),
    [
        ("lib/a.py", "x_flying = 1\n", "lib/a.py:1: name with `flying`"),
        ("lib/a.py", "# is told\n", "lib/a.py:1: text with `told`"),
        ("lib/a.py", '"""One.\n\nThe Yard.\n"""\n', "lib/a.py:3: text with `yard`"),
        ("docs/a.md", "fine\na storm\n", "docs/a.md:2: text with `storm`"),
        ("host_tests/storm.py", "", "host_tests/storm.py:1: file name with `storm`"),
        ("lib/a.py", "found = 1\n", "lib/a.py:1: vague name `found`"),
        ("firmware/a.py", "def f(given):\n    pass\n", "firmware/a.py:1: vague name `given`"),
        ("tools/a.py", "def _tell():\n    pass\n", "tools/a.py:1: vague name `tell`"),
        ("tools/a.py", "x.listed = 1\n", "tools/a.py:1: vague name `listed`"),
    ],
)
def test_a_word_is_reported_with_its_place(tree, path, text, finding):
    assert words.check(tree({path: text})) == [finding]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lib/a.py", "# the given value was found\nvalue = found(one)\n"),
        ("lib/a.py", "halyard = 1  # a steel yardstick\n"),
        ("tools/a.py", "x = [one for one in y]\n"),
        ("lib/a.py", "lost_datagrams = 1\n"),
    ],
)
def test_plain_english_is_not(tree, path, text):
    assert words.check(tree({path: text})) == []


def test_an_exception_is_for_one_word_in_one_file(tree):
    files = {"tools/lint/words_allowed.txt": "lib/a.py: storm  # the weather\n"}
    root = tree({**files, "lib/a.py": "# a storm\n", "lib/b.py": "# a storm\n"})
    assert words.check(root) == ["lib/b.py:1: text with `storm`"]


def test_the_command_prints_findings_and_fails(tree, capsys):
    root = tree({"lib/coap/a.py": "found = 1\n", "lib/coap/b.py": "import coap.b\n"})
    assert lint.run(["--root", str(root)]) == 1
    assert capsys.readouterr().out == "words: lib/coap/a.py:1: vague name `found`\n"
    assert lint.run(["--root", str(root), "imports", "constants"]) == 0


def test_the_report_names_what_is_long_and_fails_on_nothing(tree, capsys):
    root = tree({"lib/coap/a.py": "x = 1\n" * 401})
    assert lint.run(["--root", str(root), "--report"]) == 0
    assert "  lib/coap/a.py: 401 lines" in capsys.readouterr().out
