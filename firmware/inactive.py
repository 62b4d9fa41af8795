"""A meter that waits to be commissioned: no radio until then. Imported only where one does.

The file `commissioned` beside the configuration says that it was. A line `commission` on the
console makes it, a contact to ground that has been closed for a while, or the date.
"""

import json
import os
import select
import sys
import time

from micropython import const

_PACE_MS = const(200)
_LOOKS = const(5)  # for which the contact must have been closed
_WORD = "commission"


class Waiting:
    """What it waits for; `section` is that of the configuration, checked."""

    def __init__(self, section: dict):
        self.date = section.get("date")
        self.pin = None
        self.closed = 0
        self.typed = ""
        self.console = select.poll()
        self.console.register(sys.stdin, select.POLLIN)
        if "pin" in section:
            from machine import Pin

            self.pin = Pin(section["pin"], Pin.IN, Pin.PULL_UP)

    def over(self) -> bool:
        """Is it commissioned? To be asked about each 200 ms."""
        return self._word() or self._contact() or self._day()

    def _word(self):
        while self.console.poll(0):
            letter = sys.stdin.read(1)
            if not letter:
                self.console.unregister(sys.stdin)  # the console is gone
            elif letter in "\r\n":
                if self.typed == _WORD:
                    return True
                self.typed = ""
            else:
                self.typed = (self.typed + letter)[-20:]
        return False

    def _contact(self):
        if self.pin:
            self.closed = 0 if self.pin.value() else self.closed + 1
        return self.closed >= _LOOKS

    def _day(self):
        if not self.date:
            return False
        from firmware.config.inactive import day

        return time.gmtime()[:3] >= day(self.date)


def wait(folder: str, watchdog) -> None:
    """Return once the meter is commissioned; at once where its configuration is not of the kind.

    `folder` has the configuration. What is wrong with it is found after that.
    """
    from firmware.config import checks
    from firmware.config.inactive import check

    try:
        os.stat(folder + "/commissioned")
        return
    except OSError:
        pass
    try:
        with open(folder + "/config.json") as file:
            section = json.load(file).get("inactive")
        if section is None:
            return
        check(section)
        waiting = Waiting(section)
    except (OSError, ValueError, AttributeError, checks.ConfigError):
        return
    print("inactive: type", _WORD)
    while not waiting.over():
        watchdog.alive()
        time.sleep_ms(_PACE_MS)
    _commissioned(folder)


def _commissioned(folder):
    try:
        with open(folder + "/commissioned", "w"):
            pass
        print("commissioned")
    except OSError as error:  # full: it starts all the same, and waits again after a reset
        print("commissioned, but that cannot be kept: errno", error.errno)
