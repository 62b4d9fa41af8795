"""Object 3411, Battery 1.1 (uCIFI)."""

from micropython import const

from ..model import Object

_LEVEL = const(1)
_THRESHOLD = const(5)
_LOW = const(6)
_LOSS = const(9)
_LOSSES = const(10)
_RESET_LOSSES = const(11)


class Battery(Object):
    """Instances with a value, or a function that gives it, for each Resource that a board knows:
    1 level in percent, 2 capacity in Ah, 3 voltage, 4 type, 5 threshold, 8 cycles...

    With a threshold there is 6, whether the level is down to it. With 9, whether the mains are
    lost, there are their losses, counted by `supply`, and a way to reset the count.
    """

    oid = 3411
    version = "1.1"
    ranges = {_THRESHOLD: (0, 100)}
    table = (
        b"\x00\x01\x11\x02"  # 1 Battery level
        b"\x00\x02\x01\x03"  # 2 Battery capacity
        b"\x00\x03\x01\x03"  # 3 Battery voltage
        b"\x00\x04\x03\x01"  # 4 Type of battery
        b"\x00\x05\x03\x02"  # 5 Low battery threshold
        b"\x00\x06\x01\x04"  # 6 Battery level too low
        b"\x00\x07\x03\x04"  # 7 Battery shutdown
        b"\x00\x08\x01\x02"  # 8 Number of cycles
        b"\x00\x09\x01\x04"  # 9 Supply loss
        b"\x00\x0a\x01\x02"  # 10 Supply loss counter
        b"\x00\x0b\x04\x00"  # 11 Supply loss counter reset
        b"\x00\x0c\x01\x01"  # 12 Supply loss reason
        b"\x15\x8e\x01\x06"  # 5518 Timestamp
        b"\x17\x9a\x01\x02"  # 6042 Measurement Quality Indicator
        b"\x17\xa1\x01\x02"  # 6049 Measurement Quality Level
        b"\x17\xa2\x01\x03"  # 6050 Fractional Timestamp
    )

    def __init__(self, instances: dict):
        super().__init__(instances)
        for resources in instances.values():
            if _THRESHOLD in resources:
                resources[_LOW] = None
            if _LOSS in resources:
                resources.setdefault(_LOSSES, 0)
                resources[_RESET_LOSSES] = None

    def read(self, iid: int, rid: int):
        """A Resource; whether the level is too low is of now."""
        if rid == _LOW:
            return self.read(iid, _LEVEL) <= self.instances[iid].get(_THRESHOLD, 0)
        return super().read(iid, rid)

    def supply(self, iid: int, failed: bool) -> None:
        """The mains are lost, or back."""
        resources = self.instances[iid]
        if failed and not resources[_LOSS]:
            self.set(iid, _LOSSES, resources[_LOSSES] + 1)
        self.set(iid, _LOSS, failed)

    def execute(self, iid: int, rid: int, argument: bytes) -> None:
        """Reset the count of losses."""
        self.set(iid, _LOSSES, 0)
