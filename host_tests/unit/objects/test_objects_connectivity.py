"""Objects 4 and 7: what a board knows of its network, and what went over it."""

from session import meter_model, registered
from virtual import GET, POST, PUT

from lwm2m.objects.connectivity_monitoring import ConnectivityMonitoring
from lwm2m.objects.connectivity_statistics import ConnectivityStatistics

CONTENT, CHANGED, BAD = 0x45, 0x44, 0x80
AS_TLV = [(17, 11542)]


def session_with(obj):
    """A session that has this Object, too."""
    model = meter_model()
    model.objects[obj.oid] = obj
    return registered(model=model)


class Line:
    """A transport that keeps what is sent; `given` is what it receives."""

    def __init__(self, given=()):
        self.given = list(given)
        self.sent = []
        self.closed = False

    def send(self, datagram):
        self.sent.append(datagram)

    def recv(self):
        return self.given.pop(0) if self.given else None

    def readable(self):
        return "waiting"

    def close(self):
        self.closed = True


class Counting:
    """Statistics on a clock of their own, and a transport that feeds them."""

    def __init__(self, period=0, host="192.0.2.1"):
        self.time = 0
        self.line = Line()
        self.object = ConnectivityStatistics(lambda: self.time, period)
        dial = self.object.counted(lambda host, port, account=None: self.line)
        self.transport = dial(host, 5683)
        self.session = session_with(self.object)

    def start(self):
        assert self.session.ask(POST, "7/0/6")[0] == CHANGED

    def stop(self):
        assert self.session.ask(POST, "7/0/7")[0] == CHANGED

    def counts(self):
        """Sent, received, longest, average, as a server reads them."""
        return [int(self.session.ask(GET, "7/0/%d" % rid)[2]) for rid in (2, 3, 4, 5)]


def test_ets_701_what_is_mandatory_is_read():
    session = session_with(ConnectivityMonitoring({0: 41}))
    assert session.ask(GET, "4/0/0")[2] == b"41"
    assert session.ask(GET, "4/0/1/0")[2] == b"41"
    assert session.ask(GET, "4/0/2")[2] == b"0"
    assert session.ask(GET, "4/0/4", AS_TLV) == (CONTENT, [(12, b"\x2d\x16")], b"\x80\x04")
    assert session.ask(GET, "4/0/5")[0] == 0x84
    assert (
        session.ask(GET, "4/0", AS_TLV)[2]
        == b"\xc1\x00\x29\x83\x01\x41\x00\x29\xc1\x02\x00\x80\x04"
    )


def test_what_a_modem_tells_is_asked_at_each_read():
    modem = {"signal": -97, "cell": 0xFFFFFFF}
    session = session_with(
        ConnectivityMonitoring(
            {
                0: lambda: 7,
                2: lambda: modem["signal"],
                3: -12,
                4: lambda: {0: "10.0.0.2", 1: "2001:db8::2"},
                5: {0: "10.0.0.1"},
                8: lambda: modem["cell"],
                9: 1,
                10: 262,
            }
        )
    )
    assert session.ask(GET, "4/0/2")[2] == b"-97"
    modem["signal"] = -60
    assert session.ask(GET, "4/0/2")[2] == b"-60"
    assert session.ask(GET, "4/0/1/0")[2] == b"7"
    assert session.ask(GET, "4/0/4/1")[2] == b"2001:db8::2"
    assert session.ask(GET, "4/0/8")[2] == b"268435455"
    assert [session.ask(GET, "4/0/%d" % rid)[2] for rid in (3, 9, 10)] == [b"-12", b"1", b"262"]
    assert b"</4/0/4>;dim=2" in session.ask(GET, "4/0", [(17, 40)])[2]
    assert session.ask(PUT, "4/0/2", (), b"1")[0] == 0x85
    assert session.ask(POST, "4", AS_TLV)[0] == 0x85


def test_nothing_is_counted_before_start():
    one = Counting()
    one.transport.send(b"x" * 100)
    assert one.counts() == [0, 0, 0, 0]
    assert one.line.sent == [b"x" * 100]


def test_ets_901_start_and_stop():
    one = Counting()
    one.line.given = [b"y" * 472, b"", b"z" * 72]
    one.start()
    for _ in range(10):
        one.transport.send(b"x" * 972)
    assert one.transport.recv() == b"y" * 472
    assert one.transport.recv() == b"" and one.transport.recv() == b"z" * 72
    assert one.transport.recv() is None
    assert one.counts() == [10, 0, 1000, 10600 // 12]
    one.transport.send(b"x" * 400)
    one.stop()
    one.transport.send(b"x" * 4000)
    assert one.counts() == [10, 0, 1000, 11028 // 13]
    one.start()
    assert one.counts() == [0, 0, 0, 0]


def test_the_headers_of_the_internet_protocol_in_use_count():
    for host, size in (("192.0.2.1", 128), ("name.example", 128), ("2001:db8::1", 148)):
        one = Counting(host=host)
        one.start()
        one.transport.send(b"x" * 100)
        assert one.counts()[2:] == [size, size]


def test_ets_905_the_period_ends_the_collection():
    one = Counting()
    assert one.session.ask(GET, "7/0/8")[2] == b"0"
    assert one.session.ask(PUT, "7/0/8", (), b"10")[0] == CHANGED
    assert one.session.ask(GET, "7/0/8")[2] == b"10"
    assert one.session.ask(PUT, "7/0/8", (), b"-1")[0] == BAD
    one.time = 5000
    one.start()
    one.time = 14999
    one.transport.send(b"x" * 72)
    one.time = 15000
    one.transport.send(b"x" * 9972)
    assert one.counts() == [0, 0, 100, 100]


def test_an_optional_period_may_go():
    one = Counting(period=10)
    assert one.session.ask(PUT, "7/0", [(12, b"\x2d\x16")], b"")[0] == CHANGED
    assert one.session.ask(GET, "7/0/8")[0] == 0x84
    one.start()
    one.time = 10**10
    one.transport.send(b"x")
    assert one.counts()[2] == 29


def test_counts_are_exact_beyond_what_an_integer_of_the_board_holds():
    one = Counting()
    one.start()
    one.object.counts[0] = (1 << 40) + 999
    one.transport.send(b"x" * 973)
    assert one.counts()[0] == ((1 << 40) + 2000) // 1000


def test_the_wrapped_transport_is_the_transport():
    one = Counting()
    assert one.transport.readable() == "waiting"
    one.transport.close()
    assert one.line.closed


def test_only_one_of_each():
    assert ConnectivityMonitoring.single and ConnectivityStatistics.single
    assert not ConnectivityMonitoring.creatable and not ConnectivityStatistics.creatable
