"""Pulses are counted while flash is erased, which stops the CPU and its interrupts for 45 ms."""

import pytest
from tools.emulator import Board
from tools.emulator.devices import PulseOutput
from tools.image.compiler import ROOT, compile_module

COUNTER = compile_module(ROOT / "lib" / "drivers" / "pulse_pio.py", "drivers/pulse_pio.py")
BY_PIO = "from drivers.pulse_pio import PioCounter\ncount = PioCounter(20, %d).count"
BY_INTERRUPT = """
import machine
seen = [0]
def note(_):
    seen[0] += 1
pin = machine.Pin(20, machine.Pin.IN, machine.Pin.PULL_UP)
pin.irq(note, machine.Pin.IRQ_FALLING, hard=True)
count = lambda: seen[0]
"""
# Some two erases a second, as of a meter that keeps its readings and stores samples.
WRITING = """
import time
print("counting")
n = 0
while time.ticks_ms() < %d:
    with open("/kept%%d" %% (n & 3), "w") as file:
        file.write("x" * 600)
    n += 1
    time.sleep_ms(500)
print("counted", count())
"""
START_MS = 1000


def counted(program: str, output: PulseOutput, ms: int, erase_ms: float = 45) -> tuple[int, int]:
    """Count while flash is written for `ms` of guest time; return the count and the erases."""
    main = program + WRITING % ms
    files = {"main.py": main.encode(), "lib/drivers/pulse_pio.mpy": COUNTER}
    with Board(files, devices=[output.attach], pace=100, erase_ms=erase_ms) as board:
        assert board.wait_for_line("^counting").at_ns / 1e6 < START_MS
        line = board.wait_for_line("^counted", timeout=600)
        assert output.done, "the count was read before the last pulse"
        return int(line.text.split()[1]), board.chip.erased


def test_an_interrupt_misses_pulses_while_flash_is_erased():
    """What the counting by PIO is for; and the proof that the emulator does stop interrupts."""
    output = PulseOutput(period_ms=10, start_ms=START_MS, total=300)
    found, erased = counted(BY_INTERRUPT, output, 5000)
    assert erased >= 5 and found <= 300 - 2 * erased


def test_pio_counts_each_bouncing_pulse_once_while_an_erase_takes_400_ms():
    output = PulseOutput(period_ms=100, start_ms=START_MS, total=40, bounce_ms=5)
    found, erased = counted(BY_PIO % 20, output, 6000, erase_ms=400)
    assert (found, erased >= 3) == (40, True)


@pytest.mark.slow
@pytest.mark.parametrize("erase_ms", [45, 400])
def test_a_minute_at_100_hz_without_debounce_loses_no_pulse(erase_ms: float):
    output = PulseOutput(period_ms=10, start_ms=START_MS, total=6000)
    found, erased = counted(BY_PIO % 0, output, 62000, erase_ms)
    assert (found, erased >= 60) == (6000, True)
