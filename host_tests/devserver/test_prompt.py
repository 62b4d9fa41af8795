"""What can be typed, and what the screen makes of events."""

import pytest
from tools.devserver import prompt, screen
from tools.devserver.errors import CommandError


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("read /3/0/0", {"op": "read", "path": "/3/0/0"}),
        ("read /3/0 as tlv", {"op": "read", "path": "/3/0", "format": "tlv"}),
        ("write /1/0/1 60", {"op": "write", "path": "/1/0/1", "value": 60}),
        ("write /1/0/7 UQ", {"op": "write", "path": "/1/0/7", "value": "UQ"}),
        ("write /3/0/14 two words", {"op": "write", "path": "/3/0/14", "value": "two words"}),
        (
            'update /1/0 {"1": 60}',
            {"op": "write", "path": "/1/0", "value": {"1": 60}, "mode": "update"},
        ),
        ("exec /3/0/4", {"op": "execute", "path": "/3/0/4"}),
        ("exec /3/0/4 0='a'", {"op": "execute", "path": "/3/0/4", "arguments": "0='a'"}),
        ("observe /3424/0/1", {"op": "observe", "path": "/3424/0/1"}),
        (
            "attr /3424/0/1 pmin=1&pmax=3",
            {"op": "write-attributes", "path": "/3424/0/1", "attributes": "pmin=1&pmax=3"},
        ),
        ("readc /3/0 /1/0/1", {"op": "read-composite", "paths": ["/3/0", "/1/0/1"]}),
        ('writec {"/1/0/1": 60}', {"op": "write-composite", "values": {"/1/0/1": 60}}),
    ],
)
def test_a_command_for_a_client(line, expected):
    assert prompt.parse(line, "m1") == {**expected, "endpoint": "m1"}


@pytest.mark.parametrize("word", ["help", "quit", "list"])
def test_a_command_without_a_client(word):
    assert prompt.parse(word, None) == {"op": word}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fly", "'fly' is no command: help lists them"),
        ("read", "read takes PATH"),
        ("read 3/0", "path '3/0' is no LwM2M path"),
        ("read /3/0/0 now", "read takes PATH"),
        ("write /1/0/1", "write takes PATH VALUE"),
        ("use", "use takes ENDPOINT"),
        ("readc", "readc takes PATH PATH..."),
        ("writec 5", "values must be an object"),
    ],
)
def test_bad_input_is_one_clear_line(line, words):
    with pytest.raises(CommandError) as caught:
        prompt.parse(line, "m1")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nobody_to_read():
    with pytest.raises(CommandError, match="none is registered"):
        prompt.parse("read /3/0/0", None)


def test_a_wrong_psk_is_not_repeated():
    with pytest.raises(CommandError) as caught:
        prompt.parse("psk m1 001122", None)
    assert "001122" not in str(caught.value)


def registered(endpoint="m1"):
    facts = {"lifetime": 60, "version": "1.1", "binding": "U", "address": "coap://[::1]:1"}
    return {"event": "registered", "endpoint": endpoint, "links": [], **facts}


def test_the_board_keeps_clients_and_readings():
    board = screen.Board("leshan")
    board.take(registered())
    board.take({"event": "reading", "endpoint": "m1", "path": "/3424/0/1", "value": 12.345})
    drawn = board.draw(120, 30)
    assert board.endpoints() == ["m1"]
    assert "12 345.0 L" in drawn
    assert "Cumulated water volume" in drawn
    board.take({"event": "expired", "endpoint": "m1"})
    assert board.endpoints() == []


def test_hostile_names_do_not_break_the_screen():
    board = screen.Board()
    board.take(registered("[bold]\x1b[2J[/nope]"))
    assert "\x1b[2J" not in board.draw(120, 30)
