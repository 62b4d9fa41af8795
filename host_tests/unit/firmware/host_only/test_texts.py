"""Each event that the device's code logs has a text, and docs/faults.md explains it."""

import ast
import re

import pytest
from firmware import texts
from port import ROOT
from tools.lint.sources import read

from lwm2m.bootstrap.client import BootstrapLink
from lwm2m.link import Link

LEVELS = range(1, 5)
# What is logged as a variable, and what it may be
VARIABLES = {
    "what": ("dtls wrong message", "dtls wrong tag", "dtls alert"),
    "why": (),  # the modem's reasons, printed as they are
}


def words_of(node: ast.expr) -> list[str]:
    """Return what a first word may be: a text, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return words_of(node.body) + words_of(node.orelse)
    return []


def events() -> dict[str, str]:
    """Return the first words of every event that is logged, with the place of one of its calls."""
    found = {}
    for source in read(ROOT, "lib", "firmware", "boards"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "log":
                for words in _events(node.args, source):
                    found[words] = source.where(node)
    return found


def _events(arguments: list[ast.expr], source) -> list[str]:
    if len(arguments) < 2 or isinstance(arguments[1], ast.Starred):
        return []
    names = []
    if isinstance(arguments[1], ast.Name):  # see `what` in link
        names = [
            word
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == arguments[1].id
            for word in words_of(node.value)
        ]
    firsts = words_of(arguments[1]) or names
    assert firsts, source.where(arguments[1])
    if firsts[0] not in ("dtls", "modem"):
        return firsts
    second = arguments[2]
    if isinstance(second, ast.Name):
        return list(VARIABLES[second.id])
    return [firsts[0] + " " + word for word in words_of(second)]


EVENTS = events()


def test_the_calls_are_found():
    assert {"registered", "dtls established", "dtls resumed", "modem socket"} <= set(EVENTS)
    assert len(EVENTS) > 35


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_an_event_has_a_text(event):
    said = texts._find(texts._EVENT_TEXTS, event) or event.startswith("modem ")  # as it is
    assert said, "%s logs %r" % (EVENTS[event], event)


def test_no_text_is_for_an_event_that_nobody_logs():
    known = {line.partition("|")[0] for line in texts._EVENT_TEXTS.strip().splitlines()}
    attributes = {Link.purpose, BootstrapLink.purpose}
    assert known - set(EVENTS) - attributes <= {"modem", "network down", "wifi"}


def test_the_page_explains_each_line():
    page = (ROOT / "docs" / "faults.md").read_text()
    missing = []
    for line in texts._EVENT_TEXTS.strip().splitlines():
        text = line.partition("|")[2].removeprefix("modem: ")
        plain = re.split(r"[%#!]\d", text)[0].strip(" (:,")
        if plain not in page:
            missing.append(text)
    assert not missing, "docs/faults.md does not explain these"
