"""What a meter in a pit must come through alone: a lost line, a loop that hangs, a fault."""

import time
from collections.abc import Iterator

import pytest
from host_tests.emulator.meter_server import MeterServer
from host_tests.emulator.meters import WATER, coaps_files
from tools.emulator import Board

REST_MS = 10_000
NS_PER_MS = 1e6


@pytest.fixture
def server() -> Iterator[MeterServer]:
    one = MeterServer()
    yield one
    one.stop()


@pytest.mark.slow
def test_a_line_that_drops_is_dialled_again_and_a_new_address_registers_anew(server: MeterServer):
    with Board(WATER.files(server.port), pace=5) as board:
        board.wait_for_line(r"^I \S+ registered")
        for last in (3, 4):
            seen = len(board.console.lines)
            board.hang_up(bytes((10, 64, 64, last)))
            board.wait_for_line("network down", after=seen)
            board.wait_for_line(r"^I \S+ registered", after=seen)
            assert board.line.dialled == last - 2
            server.read("/3/0/0")


@pytest.mark.slow
def test_garbage_is_collected_more_rarely_once_registered_and_not_before(server: MeterServer):
    """Before, what stays alive would lie apart, and the largest free block be smaller."""
    show = "import gc; print(gc.threshold())"
    with Board(WATER.files(1)) as board:  # nobody answers there
        board.first_datagram(1)
        assert board.run(show) == "24576\n"
    with Board(WATER.files(server.port)) as board:
        board.wait_for_line(r"^I \S+ registered")
        due = board.now_ms + 1500  # a look at the registration is due each second
        while board.now_ms < due:
            time.sleep(0.1)
        assert board.run(show) == "65536\n"


@pytest.mark.slow
def test_a_line_that_comes_up_late_is_dialled_until_then(server: MeterServer):
    with Board(WATER.files(server.port), pace=10, muted=True) as board:
        board.wait_for_line("network down: PPP 3, next attempt in 2000 ms")
        board.wait_for_line("network down: PPP 3, next attempt in 4000 ms")
        board.mute(False)
        server.wait_for_registration()
        server.read("/3/0/0")


@pytest.mark.slow
def test_a_configuration_that_needs_what_is_not_there_is_one_line_and_no_reset():
    """An image without DTLS and coaps in its configuration reset itself for ever."""
    files = {path: data for path, data in coaps_files(5684).items() if "coaps" not in path}
    with Board(files, pace=10) as board:
        line = board.wait_for_line("^meter: ")
        assert line.text == (
            "meter: no module named 'coaps': install it, or make the image with this configuration"
        )
        board.run("import time; time.sleep(60)")  # longer than the rest after a fault


def fault(where: str) -> dict[str, bytes]:
    """Return the files of a meter whose event loop does not do its work."""
    main = "import asyncio, time\n%s\nasyncio.run = broken\nimport slots\nslots.start()\n" % where
    return WATER.files(5683) | {"/main.py": main.encode()}


@pytest.mark.slow
def test_after_a_fault_it_rests_for_ten_seconds_and_is_reset():
    """The watchdog, whose longest time is 8.4 s, leaves it these."""
    with Board(fault("def broken(coroutine):\n  raise MemoryError('full')"), pace=5) as board:
        line = board.wait_for_line("^meter: MemoryError")
        seen = len(board.console.lines)
        again = board.wait_for_line("^meter: MemoryError", after=seen)
        assert 1 <= (again.at_ns - line.at_ns) / NS_PER_MS / REST_MS < 1.1


@pytest.mark.slow
def test_a_loop_that_hangs_is_reset_by_the_watchdog_within_forty_seconds():
    with Board(
        fault("def broken(coroutine):\n  print('hangs'); time.sleep(600)"), pace=10
    ) as board:
        line = board.wait_for_line("^hangs")
        again = board.wait_for_line("^hangs", after=len(board.console.lines))
        assert 28_000 < (again.at_ns - line.at_ns) / NS_PER_MS < 40_000
