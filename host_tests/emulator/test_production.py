"""Production mode on the real firmware: nobody gets a prompt by the console."""

import json
import time
from collections.abc import Iterator

import pytest
from host_tests.emulator.meter_server import MeterServer
from host_tests.emulator.meters import WATER
from tools.emulator import Board

PROMPT = (">>>", "raw REPL", "KeyboardInterrupt")
KEYS = b"\r\x03\x03\x01\x02\x04"  # Ctrl-C, raw REPL, REPL, soft reset, as mpremote sends them


@pytest.fixture
def server() -> Iterator[MeterServer]:
    one = MeterServer()
    yield one
    one.stop()


def files(port: int, **changes) -> dict[str, bytes]:
    """Return the files of a water meter with changes of its configuration."""
    found = WATER.files(port)
    config = json.loads(found["/config.json"]) | changes
    return found | {"/config.json": json.dumps(config).encode()}


def wait(board: Board, ms: float) -> None:
    """Let guest time pass."""
    until = board.now_ms + ms
    while board.now_ms < until:
        time.sleep(0.1)


def prompts(board: Board) -> list[str]:
    return [word for word in PROMPT if word in board.output]


def test_keys_at_the_console_do_nothing_in_production(server: MeterServer):
    with Board(files(server.port, production=True), pace=5) as board:
        board.wait_for_line(r"^I \S+ registered")
        assert prompts(board) == []
        board.write(KEYS)
        wait(board, 1500)
        server.read("/3/0/0")
        assert prompts(board) == []


def test_without_it_they_end_the_program(server: MeterServer):
    with Board(files(server.port), pace=5) as board:
        board.wait_for_line(r"^I \S+ registered")
        board.write(KEYS[:3])
        board.wait_for_line("KeyboardInterrupt")


@pytest.mark.slow
def test_keys_during_the_start_get_no_prompt_once_it_was_closed(server: MeterServer):
    """From the very first instruction of main.py on: then the chip is reset."""
    with Board(files(server.port, production=True), pace=5) as board:
        board.wait_for_line(r"^I \S+ registered")
        for pause_ms in (0, 5, 10, 20, 40, 80):
            start, seen = len(board.output), len(board.console.lines)
            board.reset()
            wait(board, pause_ms)
            board.write(KEYS[1:3])
            board.wait_for_line(r"^I \S+ registered", after=seen)
            server.read("/3/0/0")
            assert "raw REPL" not in board.output[start:] and ">>>" not in board.output[start:]


@pytest.mark.slow
def test_a_configuration_that_is_wrong_ends_in_a_reset_and_not_at_a_prompt():
    with Board(files(5683, production=True, endpoint=""), pace=10) as board:
        board.wait_for_line("^meter: ")
        board.run("import slots; slots.Slots().close(True)")  # so far it never was
        start = len(board.output)
        board.reset()
        for _ in range(2):
            seen = len(board.console.lines)
            board.wait_for_line("^meter: ", after=seen)
            board.write(KEYS)
        assert "raw REPL" not in board.output[start:] and ">>>" not in board.output[start:]
