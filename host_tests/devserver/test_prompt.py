"""What can be typed, and what the screen makes of events."""

import json
import time

import pytest
from rich.text import Text
from tools.devserver.engines.engine import Engine
from tools.devserver.errors import CommandError
from tools.devserver.history.store import History
from tools.devserver.ui import prompt, screen
from tools.devserver.ui.console import Console


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


@pytest.mark.parametrize(
    ("word", "op"), [("help", "help"), ("quit", "quit"), ("exit", "quit"), ("list", "list")]
)
def test_a_command_without_a_client(word, op):
    assert prompt.parse(word, None) == {"op": op}


def test_a_format_may_be_a_number():
    assert prompt.parse("read /3/0 as 112", "m1")["format"] == "112"


def test_a_text_that_is_written_may_have_an_as_in_it():
    command = prompt.parse("write /3/0/14 same as before", "m1")
    assert (command["value"], "format" in command) == ("same as before", False)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fly", "'fly' is no command: help lists them"),
        ("read", "read takes PATH"),
        ("read 3/0", "path '3/0' is no LwM2M path"),
        ("read /3/0/0 now", "read takes PATH"),
        ("read /3/0 as xml", "format 'xml' is unknown: text, link, opaque, cbor, senml-json"),
        ("write /1/0/1 60 as xml", "format 'xml' is unknown: text, link, opaque, cbor"),
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


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("history /3424/0/1", {"op": "history", "endpoint": "m1", "path": "/3424/0/1"}),
        ("history m2 /3424", {"op": "history", "endpoint": "m2", "path": "/3424"}),
        ("plot m2 /3424/0/1", {"op": "plot", "endpoint": "m2", "path": "/3424/0/1"}),
        ("csv /3/0 a b.csv", {"op": "csv", "endpoint": "m1", "path": "/3/0", "file": "a b.csv"}),
        (
            "csv m2 /3/0 a.csv !",
            {"op": "csv", "endpoint": "m2", "path": "/3/0", "file": "a.csv", "force": True},
        ),
        ("cancel /3 passive", {"op": "cancel", "endpoint": "m1", "path": "/3", "passive": True}),
        ("cancelc /3 /1", {"op": "cancel", "endpoint": "m1", "paths": ["/3", "/1"]}),
    ],
)
def test_reports_and_cancels(line, expected):
    assert prompt.parse(line, "m1") == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("history", "history takes [ENDPOINT] PATH"),
        ("history m1", "history takes [ENDPOINT] PATH"),
        ("plot /3 /4", "plot takes [ENDPOINT] PATH"),
        ("csv /3/0", "csv takes [ENDPOINT] PATH FILE [!]"),
        ("csv /3/0 !", "csv takes [ENDPOINT] PATH FILE [!]"),
        ("plot /x", "no LwM2M path"),
        ("cancel passive", "cancel takes PATH [passive]"),
        ("cancel /3 /4", "cancel takes PATH [passive]"),
    ],
)
def test_bad_reports_and_cancels(line, words):
    with pytest.raises(CommandError) as caught:
        prompt.parse(line, "m1")
    assert words in str(caught.value)


def test_a_history_needs_a_client():
    with pytest.raises(CommandError, match="name an ENDPOINT"):
        prompt.parse("plot /3/0/9", None)
    assert prompt.parse("plot m1 /3/0/9", None)["endpoint"] == "m1"


def notification(value, **more):
    event = {"event": "notification", "endpoint": "m1", "path": "/3424/0/1", "value": value}
    return {**event, "time": time.time(), **more}


def test_the_board_counts_notifications_and_shows_their_age():
    board = screen.Board()
    board.take(registered())
    for litres in range(12):
        board.take(notification(litres / 1000, time=time.time() - 20 + litres))
    drawn = board.draw(110, 30)
    assert "12 notified, 9 s ago" in drawn
    assert "11.0 L (12 times)" in drawn
    assert drawn.count("notification m1") == 1
    board.say("something else")
    board.take(notification(1.0))
    assert board.draw(110, 30).count("notification m1") == 2


def test_old_values_do_not_replace_new_ones():
    board = screen.Board()
    board.take(notification(2.0))
    late = [{"path": "/3424/0/1", "value": 1.0, "time": time.time() - 500}]
    board.take({"event": "send", "endpoint": "m1", "values": late})
    assert board.readings["m1", "/3424/0/1"][0] == 2.0
    assert board.reports["m1", "/3424/0/1"].count == 2


def test_many_readings_leave_room_for_the_log():
    board = screen.Board()
    board.take(registered())
    instance = {str(number): number for number in range(40)}
    board.take({"event": "reading", "endpoint": "m1", "path": "/3/0", "value": instance})
    board.take(notification(1.5))
    board.say("the last line")
    drawn = Text.from_ansi(board.draw(100, 24)).plain.split("\n")
    assert len(drawn) <= 24
    assert any("the last line" in line for line in drawn)
    assert any("/3424/0/1" in line for line in drawn)
    assert any("latest 7 of 41" in line for line in drawn)


class Stub:
    """What a console asks of an engine."""

    def __init__(self, emit):
        self.history = History()
        self.emit = emit
        self.settings = self.name = None

    def submit(self, command, done):
        Engine.submit(self, command, done)


def lines_of(console):
    found = []
    while not console.news.empty():
        found.append(console.news.get())
    return found


@pytest.fixture
def console(monkeypatch):
    made = Console()
    made.engine = Stub(made.emit)
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("LINES", "20")
    made.emit(registered())
    for number in range(5):
        event = notification(number / 8, time=1_700_000_000 + 60 * number)
        made.engine.history.take_event(event)
    lines_of(made)
    return made


def test_a_plot_without_a_screen_is_as_large_as_the_terminal(console):
    console.obey("plot /3424/0/1")
    lines = lines_of(console)
    assert len(lines) == 18
    assert max(map(len, lines)) <= 70
    assert lines[0].startswith("/3424/0/1 Cumulated water volume in m3 of m1, 5 values since 2023")


def test_a_history_without_a_screen_is_json(console):
    console.obey("history /3424/0/1")
    [line] = lines_of(console)
    assert [each["value"] for each in json.loads(line)["samples"]] == [
        0.0,
        0.125,
        0.25,
        0.375,
        0.5,
    ]


def test_csv_refuses_and_replaces(console, tmp_path):
    file = tmp_path / "water.csv"
    file.write_text("mine")
    console.obey("csv /3424/0/1 %s" % file)
    assert file.read_text() == "mine"
    assert "FILE %s exists" % file in lines_of(console)[0]
    console.obey("csv /3424/0/1 %s !" % file)
    assert "5 rows in %s" % file in lines_of(console)[0]
    assert len(file.read_text().splitlines()) == 6


def test_pages_on_the_live_screen(console):
    console.live = True
    console.obey("plot /3424/0/1")
    drawn = console.board.draw(80, 30)
    assert "plot m1 /3424/0/1 (Enter closes it)" in drawn
    assert "endpoint" not in drawn  # it has the whole screen
    assert "22:13:20" in drawn
    console.obey("history /3424/0/1")
    assert '"value": 0.375' in console.board.draw(120, 30)
    console.obey("help")
    assert "the registered clients" in console.board.draw(80, 50)
    console.obey("")
    assert "events" in console.board.draw(80, 30)
    console.obey("plot /3424/0/9")
    assert "no value of /3424/0/9" in console.board.draw(120, 30)


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (300, 100)])
def test_pages_fit_any_terminal(console, size):
    console.live = True
    console.obey("plot /3424/0/1")
    lines = Text.from_ansi(console.board.draw(*size)).plain.split("\n")
    assert max(map(len, lines)) <= size[0]


def shown(board, width=80, height=23):
    return Text.from_ansi(board.draw(width, height)).plain


def test_every_command_of_the_help_is_reached_at_80x24(console):
    console.live = True
    console.obey("help")
    first = shown(console.board)
    console.board.scroll(up=False)
    second = shown(console.board)
    for line in prompt.help_lines():
        assert line in first + second, line
    assert "lines 1 to 21 of 27: PgUp, PgDn" in first
    console.board.scroll(up=False)  # there is no more
    assert shown(console.board) == second
    console.board.scroll(up=True)
    assert shown(console.board) == first


def test_a_long_answer_is_wrapped_and_scrolled(console):
    value = {str(number): "v%d" % number for number in range(60)}
    command = {"op": "read", "endpoint": "m1", "path": "/3/0"}
    console.answered(command, {"code": "2.05", "value": value})
    seen = shown(console.board)
    assert '"v59"}' in seen
    for _ in range(20):
        console.board.scroll(up=True)
        seen += shown(console.board)
    assert "rows below: PgDn" in seen
    assert "read /3/0: 2.05 Content" in seen
    assert [number for number in range(60) if '"v%d"' % number not in seen] == []
    console.obey("use m1")  # what is typed shows the latest again
    assert "rows below" not in shown(console.board)


@pytest.mark.parametrize(
    ("code", "words"),
    [("4.04", "4.04 Not Found"), ("2.05", "2.05 Content"), ("5.03", "5.03 Service Unavailable")],
)
def test_a_code_has_its_name(console, code, words):
    console.answered({"op": "read", "endpoint": "m1", "path": "/3/0/0"}, {"code": code})
    assert lines_of(console)[0].endswith("read /3/0/0: " + words)


def test_a_code_that_no_registry_has_is_shown_as_it_is():
    assert screen.code_text("4.99") == "4.99"


def test_the_live_screen_stores_no_lines_for_later(console):
    console.live = True
    for number in range(100):
        console.emit(notification(number))
    assert lines_of(console) == []
    console.end()
    console.emit({"event": "deregistered", "endpoint": "m1"})
    assert [line for line in lines_of(console) if line][0].endswith("deregistered m1")
