"""PPP over stand-ins: when it is dialled again, and when it is hung up."""

from bearer.ppp import Ppp as Bearer

INACTIVE, CONNECTING, CONNECTED = 0, 3, 4
# FF 03 C0 21, code 6, identifier 1, length 4, check sequence F0 E2, framed and escaped
TERMINATE_ACK = bytes.fromhex("7eff7d23c0217d267d217d207d24f0e27e")
SECOND, MINUTE, DAY = 1000, 60000, 86400000


class Ppp:
    """A network.PPP without lwIP's timers: what its peer does not answer stays as it is.

    `refused`: connect() raises.
    """

    def __init__(self, uart):
        self.state = INACTIVE
        self.refused = self.ending = False
        self.connects = []  # the time of each
        self.hung_up = []
        self.now = 0
        self.address = "10.64.64.2"
        self.uart = self.stream = uart

    def config(self, stream):
        self.stream = stream

    def connect(self):
        assert self.stream is self.uart
        self.connects.append(self.now)
        if self.refused or self.state in (CONNECTING, CONNECTED):
            raise OSError("ppp_connect failed")
        self.state = CONNECTING

    def disconnect(self):
        self.ending = self.state in (CONNECTING, CONNECTED)

    def poll(self):
        """Takes what came: only LCP's Terminate-Ack ends it at once."""
        buffer = bytearray(256)
        data = bytes(buffer[: self.stream.readinto(buffer)])
        if self.ending and data == TERMINATE_ACK:
            self.hung_up.append(self.now)
            self.ending = False
            self.state = INACTIVE

    def status(self):
        return self.state

    def isconnected(self):
        return self.state == CONNECTED

    def ifconfig(self):
        return self.address, "255.255.255.255", "10.64.64.1", "10.64.64.1"


class Uart:
    def __init__(self):
        self.calls = []

    def read(self):
        return b"NO CARRIER"

    def write(self, data):
        self.calls.append(data)


class World:
    """A line, its stand-ins and a clock; `outcome` is what becomes of a PPP that is connecting."""

    def __init__(self, outcome=CONNECTED, random=0):
        self.uart, self.now, self.outcome, self.served = Uart(), 0, outcome, False
        self.ppp = Ppp(self.uart)
        self.line = Bearer(self.ppp, self.uart, 6, None, lambda count: bytes([random] * count))
        self.address = "10.64.64.2"  # that the next session has
        self.renewed = 0

    def run(self, span):
        until = self.now + span
        while self.now < until:
            self.now += SECOND
            self.ppp.now = self.now
            if self.ppp.state == CONNECTING and self.outcome == CONNECTED:
                self.ppp.state, self.ppp.address = CONNECTED, self.address
            self.renewed += self.line.poll(self.now, self.served)

    def lose(self):
        """The peer ends PPP: it says that it is connected still, and has no address."""
        self.ppp.address = "0.0.0.0"


def test_it_dials_at_once_and_not_again_while_it_is_up():
    world = World()
    world.served = True
    assert world.ppp.connects == [0]
    world.run(2 * DAY // 100)
    assert world.ppp.connects == [0] and not world.uart.calls and not world.ppp.hung_up


def test_a_lost_line_is_dialled_again_within_ten_seconds_the_modem_first():
    world = World()
    world.run(10 * SECOND)
    world.lose()
    world.run(10 * SECOND)
    assert len(world.ppp.connects) == 2 and world.uart.calls == [b"\rATD*99#\r"]
    assert world.line.is_up()


def test_a_line_that_never_comes_up_is_dialled_ever_more_slowly_and_never_given_up():
    world = World(outcome=CONNECTING)
    world.run(DAY)
    dials = world.ppp.connects
    pauses = [later - dial for dial, later in zip(dials, dials[1:])]
    assert pauses[0] <= 30 * SECOND and pauses == sorted(pauses)
    assert 5 * MINUTE <= pauses[-1] <= 6 * MINUTE
    assert DAY - dials[-1] < 7 * MINUTE


def test_a_ppp_that_refuses_is_asked_again():
    world = World(outcome=CONNECTING)
    world.run(30 * SECOND)
    world.ppp.refused = True
    world.run(10 * MINUTE)
    world.ppp.refused, world.outcome = False, CONNECTED
    world.run(6 * MINUTE)
    assert world.line.is_up()


def test_pauses_are_spread_at_random():
    """All meters of a cell that failed would dial in the same second."""
    slow, quick = World(outcome=CONNECTING, random=255), World(outcome=CONNECTING)
    slow.run(DAY // 10)
    quick.run(DAY // 10)
    last = [world.ppp.connects[-1] - world.ppp.connects[-2] for world in (slow, quick)]
    assert last[0] > last[1] + MINUTE


def test_a_line_that_drops_as_soon_as_it_is_up_is_not_dialled_quickly_for_ever():
    world = World()
    for _ in range(DAY // 10 // SECOND):
        world.run(SECOND)
        if world.line.is_up():
            world.lose()
    assert len(world.ppp.connects) < 40


def test_a_line_that_is_up_too_briefly_to_be_seen_is_dialled_again():
    """The client may be registered by then, and believe it for as long as the lifetime is."""
    world = World()
    world.served = True
    world.run(10 * SECOND)
    world.lose()
    world.run(6 * SECOND)
    world.ppp.state, world.line.is_up = CONNECTED, lambda: False
    world.run(30 * SECOND)
    assert len(world.ppp.connects) >= 2 and len(world.ppp.hung_up) >= 2


def test_once_a_server_was_reached_the_pause_begins_anew():
    world = World(outcome=CONNECTING)
    world.run(DAY // 10)
    world.outcome, world.served = CONNECTED, True
    world.run(10 * MINUTE)
    world.lose()
    world.run(10 * SECOND)
    assert world.line.is_up()


def test_a_new_address_is_noticed_and_the_same_one_is_not():
    world = World()
    world.served = True
    world.run(10 * SECOND)
    world.lose()
    world.run(10 * SECOND)
    assert world.renewed == 0
    world.lose()
    world.address = "10.64.64.3"
    world.run(20 * SECOND)
    assert world.renewed == 1


def test_a_line_that_is_back_is_noticed_where_a_server_is_waited_for():
    """Its pause may be a day by now; the address is the same one."""
    world = World()
    world.run(10 * SECOND)
    assert world.renewed == 0
    world.lose()
    world.run(20 * SECOND)
    assert world.renewed == 1


def test_a_line_over_which_no_server_is_reached_is_hung_up_and_dialled_ever_more_rarely():
    """A modem that was restarted is in command mode, and PPP on top of it does not see it."""
    world = World()
    world.run(15 * MINUTE)
    assert not world.ppp.hung_up
    world.run(MINUTE)
    assert len(world.ppp.connects) == 2 and len(world.ppp.hung_up) == 1 and world.line.is_up()
    world.run(20 * DAY // 10)
    hung_up = world.ppp.hung_up
    assert hung_up[-1] - hung_up[-2] > 6 * 60 * MINUTE


def test_nothing_is_looked_up_while_the_line_is_down():
    """It would never end: lwIP's timers stand still then."""
    world = World()
    dial = world.line.guarded(lambda *arguments: arguments)
    for up in (False, True, False):
        if up:
            world.run(SECOND)
        else:
            world.lose()
        try:
            found = dial("host", 5683, None)
        except OSError:
            found = None
        assert found == (("host", 5683, None) if up else None)


def test_object_4_shows_the_bearer_the_address_and_the_router():
    world = World()
    known = world.line.connectivity()
    assert known[0] == 6
    assert known[4]() == {0: "10.64.64.2"} and known[5]() == {0: "10.64.64.1"}


def test_down_ends_ppp_at_once():
    world = World()
    world.run(SECOND)
    world.line.down()
    assert world.ppp.hung_up and not world.line.is_up()
