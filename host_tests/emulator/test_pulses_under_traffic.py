"""No pulse is lost by a meter at work: read, notifying, and keeping checkpoints in flash.

Each second of guest time it samples, notifies, is read and keeps a checkpoint; each eighth second
or so that erases a block, which stops CPU and interrupts meanwhile. A minute of it takes the
emulator two minutes or more, ten take twenty: METER_SECONDS=600 in the environment asks for them.
"""

import os
import time
from collections.abc import Callable

import pytest
from host_tests.emulator.meter_server import MeterServer
from host_tests.emulator.meters import WATER
from tools.emulator import Board
from tools.emulator.devices import PulseOutput

PERIOD_MS = 100
START_MS = 3000  # after the start of the counter and the first Register
BOUNCE_MS = 3  # of the 20 ms that the meter waits
ANSWER_S = 10.0  # of wall time, until a Read counts as lost
LAST_S = 60.0

SECONDS = int(os.environ.get("METER_SECONDS", "60"))


def settled(server: MeterServer, wanted: int) -> int:
    """Read the count until it is what it should be, or no time is left."""
    limit = time.monotonic() + LAST_S
    count = -1
    while count != wanted and time.monotonic() < limit:
        count = int(server.try_to_read("/3424/0/4", ANSWER_S) or count)
    return count


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "erase_ms"), [(SECONDS, 45), (SECONDS // 3, 400)])
def test_a_meter_at_work_loses_no_pulse(seconds: int, erase_ms: float, measured: Callable):
    total = seconds * 1000 // PERIOD_MS
    output = PulseOutput(period_ms=PERIOD_MS, start_ms=START_MS, total=total, bounce_ms=BOUNCE_MS)
    server, reads, began = MeterServer(), 0, time.monotonic()
    try:
        with Board(
            WATER.files(server.port), devices=[output.attach], pace=10, erase_ms=erase_ms
        ) as board:
            server.wait_for_registration()
            assert board.first_datagram(server.port).at_ns / 1e6 < START_MS
            server.observe("/3424/0/4")
            while not output.done:
                due = board.now_ms + 1000
                count = server.try_to_read("/3424/0/4", ANSWER_S)
                if count is not None:
                    reads += 1
                    assert int(count) <= output.count
                while board.now_ms < due and not output.done:
                    time.sleep(0.02)
            found = settled(server, total)
            erased, notified = board.chip.erased, server.notified.qsize()
    finally:
        server.stop()
    measured(
        "%d s at 10 Hz: %d of %d pulses, %d reads, %d notifications, %d erases of %d ms; %.0f s"
        % (seconds, found, total, reads, notified, erased, erase_ms, time.monotonic() - began)
    )
    assert found == total
    assert reads >= seconds / 5 and notified >= seconds / 5 and erased >= seconds / 12
