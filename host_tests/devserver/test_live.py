"""The live screen: what its keys do, and what is left on the terminal when it ends."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from tools.devserver.driver import ROOT
from tools.devserver.ui import completion, live
from tools.devserver.ui.console import Console

DEMO = str(Path(__file__).parent / "demo_with_fake.py")
LINKS = ["</>;ct=110", "</1/0>", "</3/0>", "</3424/0>"]
UP, PAGE_UP = "\x1b[A", "\x1b[5~"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A state folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "micropython-lwm2m"


@pytest.fixture
def console():
    made = Console()
    for endpoint in ("m1", "m22"):
        facts = {"lifetime": 60, "version": "1.1", "binding": "U", "address": "coap://[::1]:1"}
        made.emit({"event": "registered", "endpoint": endpoint, "links": LINKS, **facts})
    return made


def typed(console, *steps):
    """The lines that a console gets by keys, which are sent when the prompt has a certain text."""
    lines = []
    console.obey = lines.append
    with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()) as session:

        def at_the_prompt():
            return session.app.current_buffer.text if session.app else None

        def type_all():
            entered = 0
            for text, keys in (*steps, ("", "\x04")):
                deadline = time.monotonic() + 30
                while (len(lines), at_the_prompt()) != (entered, text):
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.01)
                shown.append(at_the_prompt())
                entered += keys.count("\r")
                keyboard.send_text(keys)

        shown = []
        typist = threading.Thread(target=type_all)
        typist.start()
        live.run_live(console)
        typist.join()
    assert shown == [*(text for text, _ in steps), ""]
    return lines


def test_enter_gives_the_line_to_the_console_and_ctrl_d_ends_it(console):
    assert typed(console, ("", "read /3/0/0\r"), ("", "list\r")) == ["read /3/0/0", "list"]
    assert console.ended.is_set()


def test_tab_completes(console):
    steps = ("", "disc\t"), ("discover", " /34\t"), ("discover /3424/0", "\r")
    assert typed(console, *steps) == ["discover /3424/0"]


def test_page_up_scrolls(console):
    for number in range(60):
        console.say("line %d" % number)
    console.board.draw(80, 23)
    typed(console, ("", PAGE_UP))
    assert console.board.scrolled > 0


def offered(console, text):
    words = completion.Words(console.board)
    return [each.text for each in words.get_completions(Document(text), CompleteEvent())]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("obs", ["observe", "observec"]),
        ("use m", ["m1", "m22"]),
        ("use m2", ["m22"]),
        ("read /", ["/1/0", "/3/0", "/3/0/9", "/3424/0"]),
        ("readc /3/0 /3/", ["/3/0", "/3/0/9"]),
        ("plot m1 /3/0/", ["/3/0/9"]),
        ("read /3/0 a", ["as"]),
        (
            "read /3/0 as senml-",
            ["senml-json", "senml-cbor", "senml-etch-json", "senml-etch-cbor"],
        ),
        ("write /3/0/9 as t", ["text", "tlv"]),
        ("quit ", []),
        ("fly /", []),
    ],
)
def test_what_tab_offers(console, text, words):
    console.emit({"event": "reading", "endpoint": "m1", "path": "/3/0/9", "value": 90})
    assert offered(console, text) == words


def test_the_lines_of_an_earlier_run_come_back_but_no_key(console, state):
    typed(console, ("", "read /3/0/0\r"), ("", "psk m1 m1 00112233\r"))
    assert typed(Console(), ("", UP), ("read /3/0/0", "\r")) == ["read /3/0/0"]
    assert "00112233" not in (state / "history").read_text()
    assert (state / "history").stat().st_mode & 0o077 == 0


def test_without_a_state_folder_the_prompt_works_all_the_same(console, state):
    state.parent.write_text("no folder")
    assert typed(console, ("", "list\r"), ("", UP), ("list", "\r")) == ["list", "list"]


def terminal_of(process, master, until, keys=b""):
    """Read the terminal until it shows a text, then type."""
    shown, deadline = "", time.monotonic() + 60
    while until not in shown:
        assert time.monotonic() < deadline, shown[-3000:]
        if select.select([master], [], [], 0.2)[0]:
            try:
                shown += os.read(master, 65536).decode(errors="replace")
            except OSError:  # its other end is closed
                assert until in shown, shown[-3000:]
    os.write(master, keys)
    return shown


@pytest.mark.parametrize("keys", [b"quit\r", b"\x03"])
def test_after_quitting_the_terminal_shows_that_the_meter_de_registered(keys):
    master, slave = pty.openpty()
    command = [sys.executable, DEMO, "--demo", "--nosec", "--engine", "aiocoap", "--port", "0"]
    environment = dict(os.environ, TERM="xterm", COLUMNS="80", LINES="24")
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    try:
        terminal_of(process, master, "registered", keys)
        left = terminal_of(process, master, "deregistered water-1")
        _, _, after = left.rpartition("\x1b[?1049l")  # the screen as it was before the live one
        assert "the meter de-registers" in after
        assert re.search(r"\d\d:\d\d:\d\d deregistered water-1", after)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        os.close(master)
