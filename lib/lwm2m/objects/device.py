"""Object 3, Device 1.2: what the device is (LwM2M Core annex E.4)."""

import gc

from micropython import const

from ..model import Object

_REBOOT = const(4)
_MEMORY_FREE = const(10)
_ERROR_CODE = const(11)
_BINDING = const(16)


class Device(Object):
    """The one Device. A Reboot sets `rebooting`: the owner reboots once the answer is sent."""

    oid = 3
    version = "1.2"
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

    def __init__(self, resources: dict):
        """`resources` are what the maker knows, by ID: 0 Manufacturer, 1 Model Number..."""
        super().__init__({0: resources})
        self.rebooting = False
        resources.setdefault(_ERROR_CODE, {0: 0})
        resources.setdefault(_BINDING, "U")
        resources[_REBOOT] = resources[_MEMORY_FREE] = None

    def read(self, iid: int, rid: int):
        """A Resource; Memory Free is in KiB."""
        if rid == _MEMORY_FREE:
            return gc.mem_free() >> 10
        return self.instances[0][rid]

    def execute(self, iid: int, rid: int, argument: bytes) -> None:
        """Reboot, the only executable Resource present."""
        self.rebooting = True
