"""What the server's README shows is true: its shell commands are run by host_tests/docs."""

import json
import re

import pytest
from fake_meter import FakeMeter
from tools.devserver import __main__ as entry
from tools.devserver import commands
from tools.devserver.driver import ROOT, Driver
from tools.devserver.ui import prompt

README = (ROOT / "tools" / "devserver" / "README.md").read_text()
PARTS = {part.partition("\n")[0]: part for part in README.split("\n## ")[1:]}
TYPED = [
    text
    for text in re.findall(r"`([^`\n]+)`", PARTS["At the prompt"])
    if text.split()[0] in prompt.WORDS and text != "use"
]


def first_column(text):
    """The names between backquotes in the first column of its tables."""
    cells = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_the_page_shows_what_can_be_typed():
    assert len(TYPED) > 10


@pytest.mark.parametrize("line", TYPED)
def test_what_can_be_typed_is_a_command(line):
    prompt.parse(line, "m1")


def test_every_option_is_described():
    shown = " ".join(first_column(README.partition("\n## ")[0]))
    options = {name for action in entry.parser()._actions for name in action.option_strings}
    assert set(re.findall(r"--[a-z-]+", shown)) == options - {"-h", "--help"}


def test_every_operation_is_described():
    table = PARTS["JSON lines"].partition("| op |")[2].partition("\n\n")[0]
    assert first_column(table) == set(commands.NEEDS)


@pytest.fixture
def maker(jvm):
    """A client m1 whose manufacturer is the one on the page."""
    with Driver(engine="leshan") as server, FakeMeter(server.uri, "m1") as meter:
        meter.values["/3/0/0"] = "maker"
        yield server, meter


def test_the_json_lines_are_answered_as_shown(maker):
    server, meter = maker
    meter.register()
    asked, answered = re.findall(r"^    [<>] ({.*})$", PARTS["JSON lines"], re.MULTILINE)
    command, expected = json.loads(asked), json.loads(answered)
    for shown in (command, expected):
        del shown["id"]  # the driver has its own
    found = server.ask(**command)
    assert {key: value for key, value in found.items() if key != "id"} == expected


def test_the_python_program_runs(maker):
    server, meter = maker
    program = PARTS["JSON lines"].partition("driver.py`:\n\n")[2]
    names = {"Driver": lambda engine: Lent(server), "start_a_client": lambda uri: meter.register()}
    exec("if True:\n" + program, names)


class Lent:
    """A server that runs already."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        return self.server

    def __exit__(self, *reason):
        pass
