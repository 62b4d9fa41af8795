"""The application as a whole: which Objects a configuration and a board make."""

import gc
import sys

from counted import counting
from firmware import app
from firmware.config import settings as config
from virtual import text_of

FULL = {
    "device": {"power": [{"source": 1, "millivolts": 3600, "milliamperes": 12}], "hardware": "2"},
    "connectivity": {"bearer": 7},
    "statistics": {"period": 60},
    "portfolio": [{"identity": ["id", "maker", "model", "software"]}],
    "app_data": [{"description": "meter reading"}, {"data": ["x"]}],
    "temperature": {"value": "21.5"},
    "battery": {"level": 80, "status": 0, "threshold": 10},
}


def quiet(*event):
    pass


def built(settings, board=None):
    """The Objects of a client, by ID."""
    client, device = app.build(config.check(settings), quiet, counting(**(board or {})))
    assert device is client.model.object(3)
    return client.model.objects


def test_1_nothing_that_is_not_configured_is_there_nor_imported():
    objects = built({})
    assert sorted(objects) == [0, 1, 3, 3424]
    assert "firmware.objects" not in sys.modules
    assert "firmware.config.objects" not in sys.modules
    assert [name for name in sys.modules if "bootstrap" in name or "snapshot" in name] == []
    loaded = [name for name in sys.modules if name.startswith("lwm2m.objects.")]
    assert sorted(loaded) == [
        "lwm2m.objects.device",
        "lwm2m.objects.security",
        "lwm2m.objects.server",
    ]
    device = objects[3].instances[0]
    for rid in (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16, 21):
        assert rid in device, rid
    for rid in (6, 7, 8, 9, 17, 18, 19, 20, 22):
        assert rid not in device, rid


def test_everything():
    objects = built(FULL)
    assert sorted(objects) == [0, 1, 3, 4, 7, 16, 19, 3303, 3411, 3424]
    device = objects[3]
    assert [device.read(0, rid) for rid in (6, 7, 8)] == [{0: 1}, {0: 3600}, {0: 12}]
    assert device.read(0, 9) == 80 and device.read(0, 20) == 0 and device.read(0, 18) == "2"
    assert objects[4].read(0, 1) == {0: 7} and objects[7].read(0, 8) == 60
    assert objects[16].read(0, 0)[3] == "software"
    assert objects[19].instances == {0: {0: {0: b""}, 3: "meter reading"}, 1: {0: {0: b"x"}}}
    assert objects[3303].read(0, 5700) == (215, -1) and objects[3303].read(0, 5701) == "Cel"
    assert objects[3411].read(0, 6) is False


def test_what_a_board_knows_and_what_the_configuration_says_over_it():
    level = [55]
    board = {
        "clock": lambda: 1790000007,
        "errors": [17],
        "device": {6: {0: 1}, 18: "rev C"},
        "connectivity": {0: 6, 4: lambda: {0: "10.64.64.64"}},
        "battery": {1: lambda: level[0]},
        "temperature": {5700: lambda: (7, 0)},
    }
    given = {"connectivity": {"bearer": 7}, "battery": {}, "temperature": {}}
    objects = built(given, board)
    assert objects[4].read(0, 0) == 7 and objects[4].read(0, 4) == {0: "10.64.64.64"}
    assert objects[3].read(0, 11) == {0: 17} and objects[3].read(0, 13) == 1790000007
    assert objects[3].read(0, 18) == "rev C" and objects[3].read(0, 9) == 55
    level[0] = 54
    assert objects[3411].read(0, 1) == 54 and objects[3].read(0, 9) == 54
    assert objects[3303].read(0, 5602) == (7, 0)
    assert sorted(built({}, board)) == [0, 1, 3, 3424]


def test_the_voltage_that_a_board_measures_is_read_where_the_configuration_names_the_source():
    volts = [(3612, -3)]
    board = {"battery": {3: lambda: volts[0]}}
    power = [{"source": 1}, {"source": 5}]
    objects = built({"battery": {"level": 80}, "device": {"power": power}}, board)
    assert objects[3411].read(0, 3) == (3612, -3) and objects[3].read(0, 7) == {0: 3612}
    volts[0] = None  # the radio is off, and with it the divider
    assert objects[3411].read(0, 3) is None and objects[3].read(0, 7) is None
    power[0]["millivolts"] = 3000
    objects = built({"battery": {"level": 80, "voltage": 3}, "device": {"power": power}}, board)
    assert objects[3411].read(0, 3) == (3, 0) and objects[3].read(0, 7) == {0: 3000}
    device = built({}, board)[3].instances[0]
    assert 6 not in device and 7 not in device


def test_what_neither_knows_is_asked_for():
    for key, place in (
        ("connectivity", "connectivity.bearer"),
        ("temperature", "temperature.value"),
        ("battery", "battery.level"),
        ("event_log", "event_log.bytes"),  # the application has started no log with a ring
    ):
        text = text_of(config.ConfigError, built, {key: {}})
        assert text.startswith(place + ": must be given"), text


def test_servers_do_not_change_the_configuration():
    settings = config.check(FULL)
    before = repr(settings)
    for _ in range(2):
        client, device = app.build(settings, quiet, counting())
        objects = client.model.objects
        objects[16].write(0, 0, {0: "written"})
        objects[16].create(5, {0: {0: "made"}})
        objects[19].delete(1)
        objects[3411].write(0, 5, 99)
        device.write(0, 14, "+05:00")
        device.error(3)
        objects[1].write(0, 1, 99)
        assert repr(settings) == before


def test_the_statistics_count_what_the_clients_transports_carry():
    client, _ = app.build(config.check({"statistics": {}}), quiet, counting())
    statistics = client.model.object(7)
    statistics.execute(0, 6, b"")
    transport = client.transports["coap"]("127.0.0.1", 9, None)
    transport.send(b"x" * 100)
    transport.close()
    assert statistics.counts == [128, 0, 128, 1]


def test_reading_everything_leaves_no_memory_behind():
    import board

    objects = built(
        dict(FULL, connectivity={}), {"connectivity": board.connectivity("coap://h:5683")}
    )

    def read_all():
        for obj in objects.values():
            for iid, resources in obj.instances.items():
                for rid in resources:
                    obj.read(iid, rid)

    def left():
        gc.collect()
        return gc.mem_alloc()

    read_all()
    before = left()
    for _ in range(50):
        read_all()
    assert left() - before < 512


def test_addresses_as_linux_prints_them():
    import board

    assert board.address("0100007F") == "127.0.0.1"
    assert board.address("010200C0") == "192.0.2.1"
    assert board.address("B80D0120000000000000000001000000") == "2001:db8:0:0:0:0:0:1"


def test_the_local_address_is_that_of_the_socket():
    import board
    from coap.udp import Udp

    transport = Udp("127.0.0.1", 47123)
    try:
        known = board.connectivity("coap://127.0.0.1:47123")
        assert known[4]() == {0: "127.0.0.1"}
        assert known[0] in (41, 21)
        assert board.local_addresses(47124) == {}
    finally:
        transport.close()


def test_a_configuration_that_needs_what_is_not_installed_is_one_line():
    """Not an ImportError, which would reset a board for ever."""
    coaps = {"uri": "coaps://192.0.2.1", "identity": "m1", "key": "00" * 16}
    for settings, module in (
        ({"servers": [coaps]}, "dtls.psk"),
        ({"battery": {"level": 80}}, "lwm2m.objects.battery"),
        ({"portfolio": [{"identity": ["x"]}]}, "lwm2m.objects.portfolio"),
    ):
        kept = sys.modules.pop(module, None)
        sys.modules[module] = None
        try:
            text = text_of(config.ConfigError, built, settings)
        finally:
            del sys.modules[module]
            if kept:
                sys.modules[module] = kept
        assert text.endswith("install it, or make the image with this configuration"), text
