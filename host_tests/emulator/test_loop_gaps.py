"""How long the event loop of a meter at work does nothing else: at most 500 ms of guest time.

A task of the test's own sleeps for 10 ms at a time, and notes by how much it came late. Not in it,
for the loop does not run yet: imports and the reading of the configuration. Named calls that may
take longer: the look-up of a server's name (docs/transports.md), a factory reset.
"""

from collections.abc import Callable

import pytest
from host_tests.emulator.meters import ENDPOINT, coaps_files
from host_tests.emulator.test_board_coaps import leshan
from tools.devserver.driver import Driver
from tools.emulator import Board
from tools.emulator.devices import PulseOutput

__all__ = ["leshan"]
LIMIT_MS = 500
SEEN_MS = 45  # an erase of flash: a watch that sees nothing would be a test that cannot fail

MAIN = b"""
import asyncio, time
run, ticks, since = asyncio.run, time.ticks_ms, time.ticks_diff
async def watched(program):
    asyncio.create_task(watch())
    await program
async def watch():
    while True:
        began = ticks()
        await asyncio.sleep_ms(10)
        late = since(ticks(), began) - 10
        if late > 20:
            print("late", late, began)
asyncio.run = lambda program: run(watched(program))
import slots
slots.start()
"""


@pytest.mark.slow
@pytest.mark.parametrize("rom", [False, True], ids=["LittleFS", "ROMFS"])
def test_the_loop_never_rests_longer_than_half_a_second(
    leshan: Driver, rom: bool, measured: Callable
):
    port = int(leshan.ready["coaps"].rpartition(":")[2])
    output = PulseOutput(period_ms=100)
    files = coaps_files(port) | {"/main.py": MAIN}
    with Board(files, rom=rom, devices=[output.attach], pace=2) as board:

        def ask(op: str, path: str, **more: object) -> None:
            answer = leshan.ask(op=op, endpoint=ENDPOINT, path=path, timeout=60, **more)
            assert answer.get("code", "")[:2] == "2.", answer

        board.wait_for_line(" registered at coaps:")
        leshan.wait_event("registered", timeout=60, endpoint=ENDPOINT)
        for path in ("/3/0", "/3424/0", "/1/0"):
            ask("read", path)
        ask("write", "/1/0/1", value=600)
        ask("discover", "/3")
        ask("observe", "/3424/0/4")
        for _ in range(6):
            leshan.wait_event("notification", timeout=60, endpoint=ENDPOINT)
        late = [line.text.split()[1:] for line in board.console.lines if line.text[:5] == "late "]
    worst = max(int(ms) for ms, _ in late)
    text = "%s: the loop was late %d times by more than 20 ms, at most %d ms, at %s ms"
    measured(text % ("ROMFS" if rom else "LittleFS", len(late), worst, dict(late)))
    assert SEEN_MS <= worst <= LIMIT_MS
