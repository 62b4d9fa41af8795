"""What an erase of flash does to the chip: it executes nothing, and takes no interrupt, meanwhile.

Pins, PIO, DMA, timers and the line go on. rp2040py erases in no time, and moves PIO by one
instruction when the guest sleeps; both are mended here, in subclasses and by an alarm.
"""

from collections.abc import Callable

from rp2040py.peripherals import ssi

_CYCLE_NS = 8
_IDLE_NS = 1_000_000  # how often PIO is looked at while it has nothing to do
_ERASES = (ssi.CMD_SECTOR_ERASE, ssi.CMD_BLOCK_ERASE)


class ErasingSsi(ssi.RPSSI):
    """Flash whose erase takes its time; the firmware has interrupts off around it, by itself."""

    @classmethod
    def mend(cls, plain: ssi.RPSSI, stall: Callable[[], None]) -> None:
        """Turn a built chip's flash interface into this class; `stall` lets the time pass."""
        plain.__class__ = cls
        plain._stall = stall

    def _apply_command(self) -> None:
        erases = bool(self._tx_buffer) and self._tx_buffer[0] in _ERASES and self._write_enabled
        super()._apply_command()
        if erases:
            self._stall()


class SteadyPio:
    """PIO that runs at its machines' rates also while the guest sleeps or flash is erased."""

    def __init__(self, chip: object):
        self._chip = chip
        self._due = chip.clock.create_alarm(self._at_due)
        self._after = chip.clock.create_alarm(self._after_due)
        self._due.schedule(_IDLE_NS)

    def _next_ns(self) -> float:
        """Guest time until a state machine is due, at most 1 ms."""
        left = min(pio.next_due_fp - pio.cycle_fp for pio in self._chip.pio)
        return min(max(left, 0) / 256 * _CYCLE_NS, _IDLE_NS)

    def _at_due(self) -> None:
        # The emulator moves PIO after the clock's alarms: what is due next is known only then.
        self._after.schedule(2 * _CYCLE_NS)

    def _after_due(self) -> None:
        self._due.schedule(self._next_ns() + 2 * _CYCLE_NS)

    def pass_time(self, ns: float) -> None:
        """Let guest time pass in which the CPU does nothing."""
        clock = self._chip.clock
        end = clock.nanos + ns
        while clock.nanos < end:
            step = min(end - clock.nanos, self._next_ns() + 2 * _CYCLE_NS)
            clock.tick(step)
            for pio in self._chip.pio:
                if not pio.stopped:
                    pio.advance(int(step / _CYCLE_NS) or 1)
