"""RP2040 and RP2350: watchdog, sleep, identity and the cause of a reset.

Registers of the watchdog: RP2040 data sheet 4.7.6, RP2350 data sheet 12.9.7.
"""

import sys
from binascii import hexlify

import machine
from micropython import const

_WATCHDOG_MS = const(8388)  # what the RP2040's counter holds, and MicroPython takes
_FEED_MS = const(2000)
# Half a minute of them: a look-up of a name blocks the loop for up to 14 s, an erase for 0.4 s.
_FEEDS = const(15)
_ENABLE = const(1 << 30)
_REASON = const(8)  # bit 0: its time was over; bit 1: a program asked for the reset
_SCRATCH_4 = const(0x1C)  # of the words that the watchdog's reset keeps
_ARMED = const(0x6AB73121)  # there by machine.WDT; the boot loader, which waits by it too, has 0
_CLEAR = const(0x3000)  # to the alias of the registers in which ones clear bits
_PIECE_MS = const(3600000)  # lightsleep takes 71 min at most

# Causes, the list of docs/porting-a-board.md
_POWER_RESET = const(1)
_SOFTWARE_RESET = const(2)
_WATCHDOG_RESET = const(3)


def _place(implementation):
    # Where the watchdog's registers are
    return 0x400D8000 if "RP2350" in implementation else 0x40058000


_registers = _place(str(sys.implementation))


def _last_cause():
    # MicroPython's own says "watchdog" of each reset by a program, too: of its reset(), of an
    # image that was written. As a hang of the meter such a one would count towards safe mode.
    reason = machine.mem32[_registers + _REASON] & 3
    if not reason:
        return _POWER_RESET
    if reason & 1 and machine.mem32[_registers + _SCRATCH_4] == _ARMED:
        return _WATCHDOG_RESET
    return _SOFTWARE_RESET


_cause = _last_cause()  # now: a watchdog that is started changes the word


class Watchdog:
    """Resets the board when `alive` was not called for half a minute, or no interrupt is taken.

    A timer feeds it, for the loop may rest longer than the hardware allows.
    """

    def __init__(self):
        """Start it."""
        self.feeds = _FEEDS
        self.dog = machine.WDT(timeout=_WATCHDOG_MS)
        self.timer = machine.Timer(period=_FEED_MS, callback=self._feed)

    def alive(self) -> None:
        """The event loop runs."""
        self.feeds = _FEEDS

    def _feed(self, timer):
        if self.feeds:
            self.feeds -= 1
            self.dog.feed()

    def stop(self) -> None:
        """End it, for whoever works at the REPL; MicroPython itself cannot."""
        self.timer.deinit()
        machine.mem32[_registers + _CLEAR] = _ENABLE


def sleep(ms: int) -> None:
    """Sleep and return, RAM kept. Before it: the network down, the watchdog stopped."""
    while ms > 0:
        machine.lightsleep(min(ms, _PIECE_MS))
        ms -= _PIECE_MS


def reset() -> None:
    """Reset the chip; does not return."""
    machine.reset()


def reset_cause() -> int:
    """Why the chip started last: power (or the pin RUN), a program's reset, or the watchdog."""
    return _cause


def unique_id() -> str:
    """The number of the flash chip (RP2040) or of the chip (RP2350), 16 hexadecimal digits."""
    return hexlify(machine.unique_id()).decode()
