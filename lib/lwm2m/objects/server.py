"""Object 1, LwM2M Server 1.2: how to register at a server (LwM2M Core annex E.2)."""

from micropython import const

from ..model import Lwm2mError, Object

_BAD_REQUEST = const(0x80)

_DISABLE = const(4)
_BINDING = const(7)
_UPDATE = const(8)


class Server(Object):
    """An Instance a server. An Execute is left in `triggers`, where its registration takes it."""

    oid = 1
    version = "1.2"
    kept = True
    ranges = {26: (0, 1), 27: (0, 255)}
    table = (
        b"\x00\x00\x11\x02"  # 0 Short Server ID
        b"\x00\x01\x13\x02"  # 1 Lifetime
        b"\x00\x02\x03\x02"  # 2 Default Minimum Period
        b"\x00\x03\x03\x02"  # 3 Default Maximum Period
        b"\x00\x04\x04\x00"  # 4 Disable
        b"\x00\x05\x03\x02"  # 5 Disable Timeout
        b"\x00\x06\x13\x04"  # 6 Notification Storing When Disabled or Offline
        b"\x00\x07\x13\x01"  # 7 Binding
        b"\x00\x08\x14\x00"  # 8 Registration Update Trigger
        b"\x00\x09\x04\x00"  # 9 Bootstrap-Request Trigger
        b"\x00\x0a\x03\x07"  # 10 APN Link
        b"\x00\x0b\x01\x08"  # 11 TLS-DTLS Alert Code
        b"\x00\x0c\x01\x06"  # 12 Last Bootstrapped
        b"\x00\x0d\x01\x08"  # 13 Registration Priority Order
        b"\x00\x0e\x03\x08"  # 14 Initial Registration Delay Timer
        b"\x00\x0f\x01\x04"  # 15 Registration Failure Block
        b"\x00\x10\x01\x04"  # 16 Bootstrap on Registration Failure
        b"\x00\x11\x03\x08"  # 17 Communication Retry Count
        b"\x00\x12\x03\x08"  # 18 Communication Retry Timer
        b"\x00\x13\x03\x08"  # 19 Communication Sequence Delay Timer
        b"\x00\x14\x03\x08"  # 20 Communication Sequence Retry Count
        b"\x00\x15\x03\x04"  # 21 Trigger
        b"\x00\x16\x03\x01"  # 22 Preferred Transport
        b"\x00\x17\x03\x04"  # 23 Mute Send
        b"\x00\x18\x0b\x07"  # 24 Alternate APN Links
        b"\x00\x19\x0b\x01"  # 25 Supported Server Versions
        b"\x00\x1a\x03\x02"  # 26 Default Notification Mode
        b"\x00\x1b\x03\x08"  # 27 Profile ID Hash Algorithm
    )

    def __init__(self, instances: dict):
        super().__init__(instances)
        self.triggers = {}
        for resources in instances.values():
            resources[_DISABLE] = resources[_UPDATE] = None

    def check(self, iid: int, rid: int, value) -> None:
        """No number may be negative, and UDP is the only binding there is."""
        if rid == _BINDING and value not in ("U", "UQ") or isinstance(value, int) and value < 0:
            raise Lwm2mError(_BAD_REQUEST)

    def execute(self, iid: int, rid: int, argument: bytes) -> None:
        """Disable or Registration Update Trigger; carried out once the answer is on its way."""
        self.triggers[iid] = rid
