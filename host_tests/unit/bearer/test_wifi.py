"""Wi-Fi over a radio as each port has it: joined again when it is lost, with the reason."""

from fake_wlan import ESP32, RP2, Air, Network

from bearer.wifi import Wifi

SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000
SETTINGS = {"ssid": "works", "password": "12345678"}
PORTS = (RP2, ESP32)


class World:
    """A bearer, its radio, a clock and a log."""

    def __init__(self, port, settings=SETTINGS, random=0, **air):
        self.air = Air()
        for name, value in air.items():
            setattr(self.air, name, value)
        self.network = Network(port, self.air)
        self.wlan = self.network.station
        self.lines = []
        self.renewed, self.served = 0, False
        self.wifi = Wifi(self.network, settings, self._log, lambda count: bytes([random] * count))

    def _log(self, level, *event):
        self.lines.append(event)

    def run(self, span):
        until = self.air.now + span
        while self.air.now < until:
            self.air.now += SECOND
            self.renewed += self.wifi.poll(self.air.now, self.served)

    def reasons(self):
        return [event[1] for event in self.lines if event[0] == "network down"]


def each(**settings):
    return [World(port, **settings) for port in PORTS]


def test_it_joins_at_once_and_not_again_while_it_is_up():
    for world in each():
        world.served = True
        world.run(DAY // 10)
        assert world.wlan.connects == [0] and world.wifi.is_up()
        assert world.lines == [("wifi", "joining works"), ("network up", "192.168.1.7")]


def test_a_wrong_password_and_an_unknown_network_have_each_their_line_in_the_log():
    for world in each(settings={"ssid": "works", "password": "87654321"}):
        world.run(2 * SECOND)
        assert world.reasons() == ["wrong password"]
    for world in each(settings={"ssid": "elsewhere", "password": "12345678"}):
        world.run(2 * SECOND)
        assert world.reasons() == ["no such network"]


def test_the_password_is_in_no_line_of_the_log():
    for world in each(settings={"ssid": "works", "password": "87654321"}):
        world.wlan.faults = 2
        world.run(HOUR)
        assert world.lines and "87654321" not in repr(world.lines)


def test_an_access_point_that_is_not_there_is_looked_for_ever_more_slowly_and_never_given_up():
    for world in each(there=False):
        world.run(DAY)
        times = world.wlan.connects
        pauses = [later - time for time, later in zip(times, times[1:])]
        assert pauses[0] <= 5 * SECOND and pauses == sorted(pauses)
        assert 5 * MINUTE <= pauses[-1] <= 6 * MINUTE
        world.air.there = True
        world.run(6 * MINUTE)
        assert world.wifi.is_up()


def test_pauses_are_spread_at_random():
    """All meters of a house whose access point restarts would join in the same second."""
    for port in PORTS:
        slow, quick = [World(port, random=random, there=False) for random in (255, 0)]
        slow.run(DAY // 10)
        quick.run(DAY // 10)
        last = [w.wlan.connects[-1] - w.wlan.connects[-2] for w in (slow, quick)]
        assert last[0] > last[1] + MINUTE


def test_a_lost_access_point_is_joined_again_within_ten_seconds_of_its_return():
    for world in each():
        world.served = True
        world.run(MINUTE)
        world.air.there, world.served = False, False
        world.run(5 * SECOND)
        assert not world.wifi.is_up() and world.reasons()
        world.air.there = True
        world.run(10 * SECOND)
        assert world.wifi.is_up()


def test_a_radio_that_stays_connecting_is_begun_anew_after_20_seconds():
    for world in each(joining_ms=DAY):
        world.run(19 * SECOND)
        assert len(world.wlan.connects) == 1
        world.run(8 * SECOND)
        assert len(world.wlan.connects) == 2


def test_an_address_that_comes_late_is_waited_for():
    for world in each(dhcp_ms=15000):
        world.run(17 * SECOND)
        assert world.wifi.is_up() and len(world.wlan.connects) == 1


def test_a_dhcp_server_that_never_answers_is_a_loss_and_no_wrong_password():
    for world in each(dhcp_ms=DAY):
        world.run(22 * SECOND)
        assert len(world.reasons()) == 1 and world.reasons()[0].startswith("status ")


def test_a_connect_that_raises_is_tried_again_with_the_radio_off_and_on():
    for world in each():
        world.wlan.faults = 3
        world.wifi._begin(0)
        world.run(MINUTE)
        assert world.wifi.is_up()
        assert world.wlan.actives.count(False) == 3


def test_a_driver_that_refuses_to_leave_ends_nothing():
    for world in each():
        world.run(10 * SECOND)
        world.wlan.leaving_faults = 5
        world.run(HOUR)
        world.wifi.down()
        assert world.wlan.radio is False


def test_the_radio_does_not_retry_by_itself():
    """An ESP32 would, for ever, and its status would never be "wrong password"."""
    world = World(ESP32)
    assert world.wlan.reconnects == 0


def test_a_new_address_is_noticed_and_the_same_one_is_not():
    for world in each():
        world.served = True
        world.run(10 * SECOND)
        for address, renewed in (("192.168.1.7", 0), ("192.168.1.8", 1)):
            world.air.there = False
            world.run(2 * SECOND)
            world.air.there, world.air.address = True, address
            world.run(20 * SECOND)
            assert world.wifi.is_up() and world.renewed == renewed


def test_a_network_over_which_no_server_is_reached_is_joined_anew_ever_more_rarely():
    for world in each():
        world.run(15 * MINUTE)
        assert len(world.wlan.connects) == 1
        world.run(MINUTE)
        assert len(world.wlan.connects) == 2 and world.reasons() == ["no server"]
        world.run(DAY)
        assert len(world.wlan.connects) < 9


def test_the_signal_and_the_addresses_are_those_of_object_4():
    for world in each():
        known = world.wifi.connectivity()
        assert known[0] == 21 and known[2]() == 0
        world.run(5 * SECOND)
        assert known[2]() == -61
        assert known[4]() == {0: "192.168.1.7"} and known[5]() == {0: "192.168.1.1"}


def test_country_and_power_save_are_set_before_and_after_the_radio_is_on():
    settings = dict(SETTINGS, country="DE", power_save="none")
    for world in each(settings=settings):
        assert world.network.countries == ["DE"] and world.wlan.power == 1
    for level, value in (("performance", 2), ("powersave", 3)):
        assert World(RP2, dict(SETTINGS, power_save=level)).wlan.power == value
    assert World(RP2).wlan.power is None


def test_an_open_network_needs_no_password():
    for world in each(settings={"ssid": "works"}, password=None):
        world.run(5 * SECOND)
        assert world.wifi.is_up()


def test_down_leaves_the_network_and_switches_the_radio_off():
    for world in each():
        world.run(5 * SECOND)
        world.wifi.down()
        assert not world.wifi.is_up() and not world.wlan.radio
        world.wifi.down()  # once more does no harm
