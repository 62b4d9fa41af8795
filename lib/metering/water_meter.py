"""Object 3424, Water meter 1.1 (uCIFI)."""

from micropython import const

from lwm2m.model import Object

_VOLUME = const(1)
_TYPE = const(3)
_PULSE_COUNT = const(4)
_RATIO = const(6)


class WaterMeter(Object):
    """A water meter fed by pulses: `pulses()` gives their count, of which `ratio` make a litre.

    The volume is exact, whatever the board's floats: a count over a ratio, in m3.
    """

    oid = 3424
    version = "1.1"
    table = (
        b"\x00\x01\x11\x03"  # 1 Cumulated water volume
        b"\x00\x02\x04\x00"  # 2 Cumulated water meter value reset
        b"\x00\x03\x03\x01"  # 3 Type of meter
        b"\x00\x04\x01\x02"  # 4 Cumulated pulse value
        b"\x00\x05\x04\x00"  # 5 Cumulated pulse value reset
        b"\x00\x06\x03\x02"  # 6 Pulse ratio
        b"\x00\x07\x01\x03"  # 7 Minimum flow rate
        b"\x00\x08\x01\x03"  # 8 Maximum flow rate
        b"\x00\x09\x01\x04"  # 9 Leak suspected
        b"\x00\x0a\x01\x04"  # 10 Leak detected
        b"\x00\x0b\x01\x04"  # 11 Back flow detected
        b"\x00\x0c\x01\x04"  # 12 Blocked meter
        b"\x00\x0d\x01\x04"  # 13 Fraud detected
        b"\x15\x8e\x01\x06"  # 5518 Timestamp
        b"\x17\x9a\x01\x02"  # 6042 Measurement Quality Indicator
        b"\x17\xa1\x01\x02"  # 6049 Measurement Quality Level
        b"\x17\xa2\x01\x03"  # 6050 Fractional Timestamp
    )

    def __init__(self, pulses, litres_per_pulse: tuple, kind: str):
        """`litres_per_pulse` is (mantissa, exponent of ten), `kind` the type of meter."""
        super().__init__({0: {_VOLUME: None, _TYPE: kind, _PULSE_COUNT: None}})
        self.pulses = pulses
        self.litres_per_pulse = litres_per_pulse
        self._counted = -1

    def sample(self) -> None:
        """Look whether water flowed, for those who observe it."""
        pulses = self.pulses()
        if pulses != self._counted:
            self._counted = pulses
            self.changed(0, _VOLUME)
            self.changed(0, _PULSE_COUNT)

    def read(self, iid: int, rid: int):
        """The volume in m3 as a decimal, the pulse count, or a kept value."""
        if rid == _VOLUME:
            mantissa, exponent = self.litres_per_pulse
            return self.pulses() * mantissa, exponent - 3
        if rid == _PULSE_COUNT:
            return self.pulses()
        return self.instances[iid][rid]
