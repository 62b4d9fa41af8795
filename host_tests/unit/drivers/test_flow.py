"""The simulated flow and the water meter: exact counts."""

from drivers.simulated_flow import Flow
from metering.water_meter import WaterMeter


class Time:
    def __init__(self, now=0):
        self.ms = now

    def __call__(self):
        return self.ms


def test_a_steady_flow_counts_exactly():
    time = Time()
    flow = Flow([[1, 3600]], (1, 0), time)  # a litre a second, a pulse each
    for ms in (0, 1, 999, 1000, 1001, 59999, 60000, 10**9, 10**12):
        time.ms = ms
        assert flow.pulses() == ms // 1000


def test_pulses_of_every_size():
    for litres, pulses in (((1, -1), 36000), ((25, -3), 144000), ((1, 1), 360), ((1, 3), 3)):
        time = Time()
        flow = Flow([[10, 3600]], litres, time)
        time.ms = 3600000
        assert flow.pulses() == pulses


def test_a_profile_is_followed_step_by_step():
    time = Time()
    flow = Flow([[20, 720], [10, 0], [30, 1800]], (1, -1), time)
    for seconds, tenths in ((0, 0), (10, 20), (20, 40), (25, 40), (30, 40), (31, 45), (60, 190)):
        time.ms = seconds * 1000
        assert flow.pulses() == tenths
        time.ms += 60000 * 1000000  # a million cycles later
        assert flow.pulses() == tenths + 190 * 1000000


def test_nothing_is_lost_over_cycles_that_do_not_divide():
    time = Time()
    flow = Flow([[1, 1], [1, 0]], (1, 0), time)  # half a litre an hour
    time.ms = 7200000 * 1000
    assert flow.pulses() == 1000
    time.ms -= 1000
    assert flow.pulses() == 1000
    time.ms -= 1
    assert flow.pulses() == 999


def test_no_flow_no_pulses():
    time = Time()
    flow = Flow([[10, 0]], (1, 0), time)
    time.ms = 10**9
    assert flow.pulses() == 0


def test_counting_starts_when_the_meter_does():
    time = Time(123456789)
    flow = Flow([[1, 3600]], (1, 0), time)
    assert flow.pulses() == 0
    time.ms += 5000
    assert flow.pulses() == 5


def test_the_volume_is_pulses_times_litres_in_cubic_metres():
    for pulses, litres, volume in (
        (12345, (1, -1), (12345, -4)),
        (7, (25, -3), (175, -6)),
        (3, (1, 3), (3, 0)),
        (1 << 53, (1, 0), (1 << 53, -3)),
    ):
        meter = WaterMeter(lambda count=pulses: count, litres, "test")
        assert meter.read(0, 1) == volume
        assert meter.read(0, 4) == pulses
        assert meter.read(0, 3) == "test"
