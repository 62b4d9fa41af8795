"""Objects 3303 and 3411: temperatures with their extremes, and batteries."""

from session import meter_model, registered
from virtual import GET, POST, PUT

from lwm2m.objects.battery import Battery
from lwm2m.objects.temperature import Temperature, less
from metering.water_meter import WaterMeter

CONTENT, CHANGED, BAD = 0x45, 0x44, 0x80


def session_with(obj):
    """A session that has this Object, too."""
    model = meter_model()
    model.objects[obj.oid] = obj
    return registered(model=model)


def texts(session, path, *rids):
    return [session.ask(GET, "%s/%d" % (path, rid))[2] for rid in rids]


def test_decimals_are_compared_exactly():
    for a, b in (
        ((1, 0), (2, 0)),
        ((-3, 0), (2, -5)),
        ((1, -1), (11, -2)),
        ((9007199254740992, 0), (90071992547409921, -1)),
        ((-1, -3), (0, 0)),
        ((123456789, -3), (1234567891, -4)),
        ((1, -30), (1, 30)),
        (1, (11, -1)),
        ((9, -1), 1),
        (-2, 1),
    ):
        assert less(a, b) and not less(b, a), (a, b)
    assert not less((10, -1), (1, 0)) and not less((1, 0), (10, -1))


def test_a_temperature_and_its_extremes():
    now = [(215, -1)]
    one = Temperature({0: {5700: lambda: now[0], 5701: "Cel", 5750: "flow"}})
    session = session_with(one)
    assert texts(session, "3303/0", 5601, 5602, 5700, 5701) == [b"21.5", b"21.5", b"21.5", b"Cel"]
    for now[0] in ((-1, -3), (6, 1), (2125, -2)):
        one.sample()
    assert texts(session, "3303/0", 5700, 5601, 5602) == [b"21.25", b"-0.001", b"60"]
    assert session.ask(GET, "3303/0/5605")[0] == 0x85
    assert session.ask(POST, "3303/0/5605")[0] == CHANGED
    assert texts(session, "3303/0", 5601, 5602) == [b"21.25", b"21.25"]


def test_two_sensors_of_their_own():
    one = Temperature({0: {5700: lambda: (70, 0)}, 1: {5700: lambda: (50, 0)}})
    session = session_with(one)
    assert texts(session, "3303/0", 5700, 5602) == [b"70", b"70"]
    assert texts(session, "3303/1", 5700, 5602) == [b"50", b"50"]
    assert session.ask(GET, "3303", [(17, 11542)])[0] == CONTENT


def test_every_instance_is_sampled_and_only_changes_are_reported():
    now = {2: (70, 0), 5: (50, 0)}
    one = Temperature({iid: {5700: lambda iid=iid: now[iid]} for iid in now})
    seen = []
    one.changed = lambda iid, rid: seen.append((iid, rid))
    one.sample()
    assert seen.count((2, 5700)) == seen.count((5, 5700)) == 1
    del seen[:]
    one.sample()
    assert seen == []
    now[5] = (51, 0)
    one.sample()
    assert sorted(seen) == [(5, 5602), (5, 5700)]
    assert one.read(2, 5602) == (70, 0) and one.read(5, 5601) == (50, 0)


def test_the_application_type_may_be_written_where_it_is():
    session = session_with(Temperature({0: {5700: (0, 0), 5750: "flow"}}))
    assert session.ask(PUT, "3303/0/5750", (), b"return")[0] == CHANGED
    assert texts(session, "3303/0", 5750, 5700) == [b"return", b"0"]
    assert session.ask(GET, "3303/0/5603")[0] == 0x84


def test_a_battery_and_its_threshold():
    level = [80]
    session = session_with(Battery({0: {1: lambda: level[0], 2: (19, 0), 3: (3612, -3), 5: 10}}))
    assert texts(session, "3411/0", 1, 2, 3, 5, 6) == [b"80", b"19", b"3.612", b"10", b"0"]
    level[0] = 10
    assert texts(session, "3411/0", 1, 6) == [b"10", b"1"]
    assert session.ask(PUT, "3411/0/5", (), b"9")[0] == CHANGED
    assert texts(session, "3411/0", 6) == [b"0"]
    for wrong in (b"-1", b"101"):
        assert session.ask(PUT, "3411/0/5", (), wrong)[0] == BAD


def test_a_battery_without_a_threshold():
    session = session_with(Battery({0: {1: 50}}))
    assert session.ask(GET, "3411/0/6")[0] == 0x84
    assert session.ask(GET, "3411/0/10")[0] == 0x84
    assert session.ask(GET, "3411/0", [(17, 11542)])[2] == b"\xc1\x01\x32"


def test_losses_of_the_mains_are_counted_and_reset():
    one = Battery({0: {1: 100, 9: False}})
    session = session_with(one)
    for failed in (True, True, False, True):
        one.supply(0, failed)
    assert texts(session, "3411/0", 9, 10) == [b"1", b"2"]
    assert session.ask(POST, "3411/0/11")[0] == CHANGED
    assert texts(session, "3411/0", 9, 10) == [b"1", b"0"]


def test_a_water_meter_reports_its_volume_and_its_pulses_when_they_change():
    count = [0]
    meter = WaterMeter(lambda: count[0], (25, -2), "cold")
    seen = []
    meter.changed = lambda iid, rid: seen.append((iid, rid))
    meter.sample()
    assert sorted(seen) == [(0, 1), (0, 4)]  # the first count is news
    meter.sample()
    assert len(seen) == 2
    count[0] = 3
    meter.sample()
    assert sorted(seen[2:]) == [(0, 1), (0, 4)]
    assert meter.read(0, 1) == (75, -5) and meter.read(0, 4) == 3 and meter.read(0, 3) == "cold"


def test_a_battery_reports_its_losses_and_the_mains():
    battery = Battery({0: {1: 100, 9: False}})
    seen = []
    battery.changed = lambda iid, rid: seen.append((iid, rid))
    battery.supply(0, True)
    assert sorted(seen) == [(0, 9), (0, 10)]
    del seen[:]
    battery.supply(0, True)
    assert seen == []
    battery.supply(0, False)
    assert seen == [(0, 9)]
    battery.execute(0, 11, b"")
    assert seen == [(0, 9), (0, 10)]


def test_a_battery_whose_threshold_was_removed_is_low_when_it_is_empty():
    battery = Battery({0: {1: 1, 5: 10}})
    assert battery.read(0, 6) is True
    del battery.instances[0][5]  # by a Write that replaces the Instance
    assert battery.read(0, 6) is False
    battery.instances[0][1] = 0
    assert battery.read(0, 6) is True
