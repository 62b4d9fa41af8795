"""What the Objects' own methods do at their limits: ranges, room, reports, versions."""

import gc

from session import meter_model, registered
from virtual import GET, POST, PUT

from lwm2m.objects.battery import Battery
from lwm2m.objects.binary_app_data import BinaryAppData
from lwm2m.objects.connectivity_monitoring import ConnectivityMonitoring
from lwm2m.objects.connectivity_statistics import ConnectivityStatistics
from lwm2m.objects.device import Device
from lwm2m.objects.server import Server
from lwm2m.objects.stored import Stored, size
from lwm2m.objects.temperature import Temperature

CHANGED, BAD, TOO_LARGE = 0x44, 0x80, 0x8D


def session_with(obj):
    """A session that has this Object, too."""
    model = meter_model()
    model.objects[obj.oid] = obj
    return registered(model=model)


def seen_of(obj):
    """What it reports from now on."""
    seen = []
    obj.changed = lambda iid, rid: seen.append((iid, rid))
    return seen


def test_objects_have_the_versions_that_they_are_made_from():
    versions = {1: "1.2", 3: "1.2", 4: "1.3", 7: "1.0", 19: "1.0", 3303: "1.1", 3411: "1.1"}
    classes = (Server, Device, ConnectivityMonitoring, ConnectivityStatistics, BinaryAppData)
    for one in classes + (Temperature, Battery):
        assert one.version == versions.pop(one.oid)
    assert not versions


def test_writes_at_the_ends_of_the_ranges_are_taken_and_beyond_refused():
    for obj, rid, right, wrong in (
        (Battery({0: {1: 50, 5: 10}}), 5, (b"0", b"100"), (b"-1", b"101")),
        (ConnectivityStatistics(lambda: 0), 8, (b"0", b"4000000000"), (b"-1",)),
        (BinaryAppData({0: {0: {0: b""}, 2: 1}}), 2, (b"0", b"4000000000"), (b"-1",)),
        (BinaryAppData({0: {0: {0: b""}, 3: "x"}}), 3, (b"", b"x" * 32), (b"x" * 33,)),
        (BinaryAppData({0: {0: {0: b""}, 5: 1}}), 5, (b"0", b"65535"), (b"-1", b"65536")),
        (Device({0: "m", 14: "+00:00"}), 14, (b"", b"x" * 16), (b"x" * 17,)),
        (Device({0: "m", 15: "UTC"}), 15, (b"", b"x" * 64), (b"x" * 65,)),
    ):
        session = session_with(obj)
        where = "%d/0/%d" % (obj.oid, rid)
        for value in right:
            assert session.ask(PUT, where, (), value)[0] == CHANGED, (where, value)
        for value in wrong:
            assert session.ask(PUT, where, (), value)[0] == BAD, (where, value)


def test_a_temperature_is_measured_once_per_read_and_its_reset_is_reported():
    asked = []

    def probe():
        asked.append(1)
        return 215, -1

    one = Temperature({0: {5700: probe}})
    assert one.read(0, 5700) == (215, -1) and len(asked) == 1
    seen = seen_of(one)
    one.execute(0, 5605, b"")
    assert sorted(seen) == [(0, 5601), (0, 5602)]


class Lower:
    """A transport, and what it was made with."""

    deadline = 77
    readable = None

    def __init__(self, *arguments):
        self.arguments = arguments
        self.readable = lambda: "readable"
        self.close = lambda: "closed"
        self.sent = []
        self.send = self.sent.append

    def recv(self):
        """A datagram."""
        return b"x" * 972


def test_a_counted_transport_is_the_one_below_and_its_bytes_count():
    statistics = ConnectivityStatistics(lambda: 0)
    assert [statistics.read(0, rid) for rid in (2, 3, 4, 5, 8)] == [0, 0, 0, 0, 0]
    transport = statistics.counted(Lower)("192.0.2.1", 5683, "account")
    assert transport.transport.arguments == ("192.0.2.1", 5683, "account")
    assert transport.readable() == "readable" and transport.close() == "closed"
    assert transport.deadline == 77
    statistics.execute(0, 6, b"")
    assert transport.recv() == b"x" * 972
    assert [statistics.read(0, rid) for rid in (2, 3, 4, 5)] == [0, 1, 1000, 1000]
    transport.send(b"y" * 72)
    assert transport.transport.sent == [b"y" * 72]
    assert [statistics.read(0, rid) for rid in (2, 3, 4, 5)] == [0, 1, 1000, 550]


def test_what_servers_store_fills_its_room_to_the_last_byte():
    class Room(Stored):
        """Texts."""

        oid = 33000
        table = b"\x00\x00\x03\x01"

    store = Room({})
    assert store.room == 8192
    store.room = size({0: "12345"})
    store.create(0, {0: "12345"})
    for value, refused in (("123456", True), ("54321", False), ("", False), ("12345", False)):
        try:
            store.write(0, 0, value)
            assert not refused
        except Exception as error:  # noqa: BLE001 its code is looked at
            assert refused and error.code == TOO_LARGE
    store.room -= 10  # over-full: what takes no more than before is still taken
    store.write(0, 0, "abcde")
    assert store.instances[0][0] == "abcde"


def test_a_server_account_can_be_disabled_updated_and_bound_to_a_queue():
    server = Server({0: {0: 1, 1: 300, 7: "U"}, 1: {0: 2}})
    for iid in (0, 1):
        assert server.instances[iid][4] is None and server.instances[iid][8] is None
    server.execute(1, 8, b"")
    assert server.triggers == {1: 8}
    server.check(0, 7, "UQ")
    for rid, wrong in ((7, "T"), (7, "UQ?"), (1, -1)):
        try:
            server.check(0, rid, wrong)
            raise AssertionError((rid, wrong))
        except Exception as error:  # noqa: BLE001 its code is looked at
            assert error.code == BAD


def test_errors_of_the_device_are_reported_once_each_in_the_first_free_place():
    device = Device({0: "m"})
    seen = seen_of(device)
    assert device.instances[0][16] == "U" and Device.oid == 3
    device.error(2)
    device.error(3)
    assert device.instances[0][11] == {0: 2, 1: 3} and seen == [(0, 11), (0, 11)]
    device.clear(2)
    assert device.instances[0][11] == {1: 3} and len(seen) == 3
    device.error(3)
    assert device.instances[0][11] == {1: 3}
    device.error(4)
    assert device.instances[0][11] == {0: 4, 1: 3} and seen == [(0, 11)] * 5


def test_memory_is_in_kilobytes_of_1000():
    device = Device({0: "m", 21: None})
    total = (gc.mem_free() + gc.mem_alloc()) // 1000
    assert device.read(0, 21) == total and 0 < device.read(0, 10) <= total


def test_a_reboot_is_carried_out_by_its_owner():
    done = []
    device = Device({0: "m"}, reboot=lambda: done.append("reboot"))
    device.execute(0, 4, b"")
    assert done == ["reboot"] and device.rebooting
    session = session_with(Device({0: "m"}))
    assert session.ask(POST, "3/0/4")[0] == CHANGED and session.model.object(3).rebooting
    assert session.ask(GET, "3/0/16")[2] == b"U"
