"""The PIO pulse counter on real firmware: busy, asleep and over a reset."""

import pytest
from host_tests.emulator.meter_server import MeterServer
from host_tests.emulator.meters import ROOT, WATER
from tools.emulator import Board
from tools.emulator.devices import PulseOutput

MAIN = b"""
import machine, time
from drivers.pulse_pio import PioCounter
counter = PioCounter(20, 5)
if counter.kept:
    print("again", counter.count())
else:
    counter.keep()
    print("first", counter.count())
    t = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), t) < 300:
        pass
    print("busy", counter.count())
    time.sleep_ms(1500)
    print("asleep", counter.count())
    time.sleep_ms(100)
    machine.reset()
"""


def test_a_pulse_is_counted_whatever_the_cpu_does_and_a_reset_keeps_the_count():
    output = PulseOutput(20, period_ms=40)
    source = (ROOT / "lib" / "drivers" / "pulse_pio.py").read_bytes()
    files = {"main.py": MAIN, "lib/drivers/pulse_pio.py": source}

    with Board(files, devices=[output.attach]) as board:

        def line(name):
            shown = board.wait_for_line(name)
            return int(shown.text.split()[1]), shown.at_ns / 1e6

        count, begin = line("first")
        assert count == 0
        for name in ("busy", "asleep"):
            count, now = line(name)
            assert abs(count - (now - begin) / 40) <= 1.5  # the line itself may be late
        again, now = line("again")
        assert count < again <= count + (now - begin) / 40


@pytest.mark.slow
def test_the_water_meter_counts_with_it():
    output = PulseOutput(period_ms=100)
    server = MeterServer()
    try:
        with Board(WATER.files(server.port), devices=[output.attach]) as board:
            server.wait_for_registration()
            counts = [(int(server.read("/3424/0/4")[0].payload), output.count) for _ in range(9)]
            assert all(seen - 6 <= count <= seen for count, seen in counts), counts
            assert counts[-1][0] > counts[0][0] > 0
            assert board.output.count("W") == 0
    finally:
        server.stop()
