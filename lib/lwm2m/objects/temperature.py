"""Object 3303, Temperature 1.1 (IPSO)."""

from micropython import const

from ..model import Object

_MIN_MEASURED = const(5601)
_MAX_MEASURED = const(5602)
_RESET_MIN_MAX = const(5605)
_SENSOR_VALUE = const(5700)


def less(a, b) -> bool:
    """Is the decimal `a`, an int or (mantissa, exponent of ten), below `b`? Exact on any board."""
    (a, e), (b, f) = [(value, 0) if isinstance(value, int) else value for value in (a, b)]
    return a * 10 ** max(e - f, 0) < b * 10 ** max(f - e, 0)


class Temperature(Object):
    """Instances with a function each that gives 5700 Sensor Value as a decimal, for example

    Temperature({0: {5700: probe, 5701: "Cel", 5750: "flow"}})

    The lowest and the highest are of the values that were read, or taken by `sample`. The table
    is that of most IPSO sensors: a subclass with another `oid` is one of them.
    """

    oid = 3303
    version = "1.1"
    table = (
        b"\x15\x8e\x01\x06"  # 5518 Timestamp
        b"\x15\xe1\x01\x03"  # 5601 Min Measured Value
        b"\x15\xe2\x01\x03"  # 5602 Max Measured Value
        b"\x15\xe3\x01\x03"  # 5603 Min Range Value
        b"\x15\xe4\x01\x03"  # 5604 Max Range Value
        b"\x15\xe5\x04\x00"  # 5605 Reset Min and Max Measured Values
        b"\x16\x44\x11\x03"  # 5700 Sensor Value
        b"\x16\x45\x01\x01"  # 5701 Sensor Units
        b"\x16\x76\x03\x01"  # 5750 Application Type
        b"\x17\x9a\x01\x02"  # 6042 Measurement Quality Indicator
        b"\x17\xa1\x01\x02"  # 6049 Measurement Quality Level
        b"\x17\xa2\x01\x03"  # 6050 Fractional Timestamp
    )

    def __init__(self, instances: dict):
        super().__init__(instances)
        for resources in instances.values():
            resources[_MIN_MEASURED] = resources[_MAX_MEASURED] = resources[_RESET_MIN_MAX] = None
        self._seen = {}

    def sample(self) -> None:
        """Measure all Instances now, and let those know who observe them."""
        for iid in self.instances:
            self.measure(iid)

    def measure(self, iid: int) -> tuple:
        """Measure one Instance now; the value."""
        resources = self.instances[iid]
        value = super().read(iid, _SENSOR_VALUE)
        if resources[_MIN_MEASURED] is None or less(value, resources[_MIN_MEASURED]):
            self.set(iid, _MIN_MEASURED, value)
        if resources[_MAX_MEASURED] is None or less(resources[_MAX_MEASURED], value):
            self.set(iid, _MAX_MEASURED, value)
        if value != self._seen.get(iid):
            self._seen[iid] = value
            self.changed(iid, _SENSOR_VALUE)
        return value

    def read(self, iid: int, rid: int):
        """The value, or what is known of it: the lowest and highest include the one of now."""
        if rid in (_MIN_MEASURED, _MAX_MEASURED, _SENSOR_VALUE):
            value = self.measure(iid)
            if rid == _SENSOR_VALUE:
                return value
        return super().read(iid, rid)

    def execute(self, iid: int, rid: int, argument: bytes) -> None:
        """Begin the lowest and the highest anew, with the value of now."""
        resources = self.instances[iid]
        resources[_MIN_MEASURED] = resources[_MAX_MEASURED] = None
        self.measure(iid)
