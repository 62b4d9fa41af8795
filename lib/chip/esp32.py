"""ESP32, ESP32-C3 and ESP32-S3: watchdog, sleep, identity and the cause of a reset."""

from binascii import hexlify

import machine
from micropython import const

_SILENCE_MS = const(30000)  # a look-up of a name blocks the loop for up to 14 s
_DAY_MS = const(86400000)


class Watchdog:
    """Resets the board when `alive` was not called for half a minute."""

    def __init__(self):
        """Start it: ESP-IDF's task watchdog."""
        self.dog = machine.WDT(timeout=_SILENCE_MS)

    def alive(self) -> None:
        """The event loop runs."""
        self.dog.feed()

    def stop(self) -> None:
        """Give it a day, for whoever works at the REPL: it cannot be ended."""
        self.dog = machine.WDT(timeout=_DAY_MS)


def sleep(ms: int) -> None:
    """Sleep deeply, 24 days at most; then the board starts anew. Does not return.

    Kept are 2,048 B of machine.RTC().memory().
    """
    machine.deepsleep(ms)


def reset() -> None:
    """Reset the chip; does not return."""
    machine.reset()


def reset_cause() -> int:
    """Why the chip started last. The list has the numbers of MicroPython's esp32."""
    return machine.reset_cause()


def unique_id() -> str:
    """The chip's MAC address, 12 hexadecimal digits."""
    return hexlify(machine.unique_id()).decode()
