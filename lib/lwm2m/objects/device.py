"""Object 3, Device 1.2: what the device is (LwM2M Core annex E.4)."""

import gc
import time

from micropython import const

from ..model import Object

_REBOOT = const(4)
_FACTORY_RESET = const(5)
_MEMORY_FREE = const(10)
_ERROR_CODE = const(11)
_RESET_ERROR_CODE = const(12)
_CURRENT_TIME = const(13)
_BINDINGS = const(16)
_MEMORY_TOTAL = const(21)

_KILOBYTE = const(1000)  # so says the Object
_SINCE_2000 = const(946684800)


def unix_time() -> int:
    """Seconds since 1970, also on a board whose time starts in 2000."""
    seconds = int(time.time())
    return seconds if time.gmtime(0)[0] == 1970 else seconds + _SINCE_2000


def memory_free() -> int:
    """The free memory in kilobytes."""
    return gc.mem_free() // _KILOBYTE


def memory_total() -> int:
    """All memory in kilobytes."""
    return (gc.mem_free() + gc.mem_alloc()) // _KILOBYTE


class Device(Object):
    """The one Device. A Reboot sets `rebooting` and calls `reboot`, where the owner gave it: the
    owner reboots once the answer is sent.
    """

    oid = 3
    version = "1.2"
    single = True
    ranges = {13: (0, 0xFFFFFFFF), 14: (0, 16), 15: (0, 64)}
    table = (
        b"\x00\x00\x01\x01"  # 0 Manufacturer
        b"\x00\x01\x01\x01"  # 1 Model Number
        b"\x00\x02\x01\x01"  # 2 Serial Number
        b"\x00\x03\x01\x01"  # 3 Firmware Version
        b"\x00\x04\x14\x00"  # 4 Reboot
        b"\x00\x05\x04\x00"  # 5 Factory Reset
        b"\x00\x06\x09\x02"  # 6 Available Power Sources
        b"\x00\x07\x09\x02"  # 7 Power Source Voltage
        b"\x00\x08\x09\x02"  # 8 Power Source Current
        b"\x00\x09\x01\x02"  # 9 Battery Level
        b"\x00\x0a\x01\x02"  # 10 Memory Free
        b"\x00\x0b\x19\x02"  # 11 Error Code
        b"\x00\x0c\x04\x00"  # 12 Reset Error Code
        b"\x00\x0d\x03\x06"  # 13 Current Time
        b"\x00\x0e\x03\x01"  # 14 UTC Offset
        b"\x00\x0f\x03\x01"  # 15 Timezone
        b"\x00\x10\x11\x01"  # 16 Supported Binding and Modes
        b"\x00\x11\x01\x01"  # 17 Device Type
        b"\x00\x12\x01\x01"  # 18 Hardware Version
        b"\x00\x13\x01\x01"  # 19 Software Version
        b"\x00\x14\x01\x02"  # 20 Battery Status
        b"\x00\x15\x01\x02"  # 21 Memory Total
        b"\x00\x16\x09\x07"  # 22 ExtDevInfo
    )

    def __init__(
        self, resources: dict, clock=None, set_clock=None, factory_reset=None, reboot=None
    ):
        """`resources` are what the maker and the board know, by ID, each a value or a function
        that gives it: 0 Manufacturer, 1 Model Number, 6 power sources: {0: 1, 1: 5}...

        `clock()` is the time, seconds since 1970; by default that of `time`. A time that a server
        writes is given to `set_clock(seconds)`, or without one kept as a difference to `clock`.
        `factory_reset()` is the owner's; with it there is a Factory Reset, see `execute`. 13
        Current Time and 21 Memory Total are present where their IDs are given, with any value.
        """
        super().__init__({0: resources})
        self.rebooting = False
        self.reboot = reboot
        self.clock = clock or unix_time
        self.set_clock = set_clock
        self.factory_reset = factory_reset
        self._difference = 0
        resources.setdefault(_ERROR_CODE, {0: 0})
        resources.setdefault(_BINDINGS, "U")
        resources.setdefault(_MEMORY_FREE, memory_free)
        resources[_REBOOT] = resources[_RESET_ERROR_CODE] = None
        if _CURRENT_TIME in resources:
            resources[_CURRENT_TIME] = self.time
        if _MEMORY_TOTAL in resources:
            resources[_MEMORY_TOTAL] = memory_total
        if factory_reset:
            resources[_FACTORY_RESET] = None

    def time(self) -> int:
        """The time as servers see it, seconds since 1970."""
        return self.clock() + self._difference

    def write(self, iid: int, rid: int, value) -> None:
        """Keep a value, or set the clock."""
        if rid == _CURRENT_TIME:
            if self.set_clock:
                self.set_clock(value)
            else:
                self._difference = value - self.clock()
            value = self.time
        self.instances[0][rid] = value

    def error(self, code: int) -> None:
        """There is an error: 1 battery low ... 8 periphery, 16 to 32 the device's own."""
        errors = self.instances[0][_ERROR_CODE]
        if not errors.get(0, 1):
            errors[0] = code
        elif code not in errors.values():
            riid = 0
            while riid in errors:
                riid += 1
            errors[riid] = code
        self.changed(0, _ERROR_CODE)

    def clear(self, code: int) -> None:
        """There is no such error any more."""
        errors = self.instances[0][_ERROR_CODE]
        for riid in tuple(errors):
            if errors[riid] == code:
                del errors[riid]
        if not errors:
            errors[0] = 0
        self.changed(0, _ERROR_CODE)

    def execute(self, iid: int, rid: int, argument: bytes) -> None:
        """Reboot, Factory Reset or Reset Error Code.

        A Factory Reset keeps who the meter is and what it has measured: its identity, server
        accounts and registers. The rest is as it came from the factory: values that servers wrote
        have their defaults, attributes and created Instances are gone. What of this is in memory
        goes with the reboot that follows; `factory_reset` erases what is stored.
        """
        if rid == _RESET_ERROR_CODE:
            self.set(0, _ERROR_CODE, {0: 0})
            return
        if rid == _FACTORY_RESET:
            self.factory_reset()
        self.rebooting = True
        if self.reboot:
            self.reboot()
