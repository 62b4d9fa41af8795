"""OMA's Enabler Test Specification 1.2, information reporting, with its own periods.

The clock is virtual, the server is written here. Leshan sees the same with short periods, in
host_tests/interop. Times are in seconds, and exact.
"""

import json

from session import ACCOUNT, Session
from virtual import ACK, CON, DELETE, FETCH, GET, NON, POST, PUT, RST, request

from coap.message import encode
from lwm2m.formats import senml_cbor
from lwm2m.model import Model
from lwm2m.objects.binary_app_data import BinaryAppData
from lwm2m.objects.connectivity_monitoring import ConnectivityMonitoring
from lwm2m.objects.connectivity_statistics import ConnectivityStatistics
from lwm2m.objects.device import Device
from lwm2m.objects.portfolio import Portfolio
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server

JSON, CBOR = 110, 112
CONTENT, CHANGED, CREATED, DELETED = 0x45, 0x44, 0x41, 0x42
DEVICE = {0: "U", 6: {0: 1, 1: 5}, 7: {0: 3800, 1: 5000}, 8: {0: 12, 1: 100}, 9: 80}
VOLTS = {"/3/0/7/0": 3800, "/3/0/7/1": 5000}
AMPERES = {"/3/0/8/0": 12, "/3/0/8/1": 100}
THREE = ("/1/0/1", "/3/0/11/0", "/3/0/16")
VALUES = {"/1/0/1": 1 << 30, "/3/0/11/0": 0, "/3/0/16": "U"}


class Observer:
    """A server and its meter. `notes` are (s, token, {path: value}) of the notifications."""

    def __init__(self, account=None):
        server = dict(ACCOUNT)
        server.update({1: 1 << 30, 2: 1, 3: 10})  # no Update is in the way
        server.update(account or {})
        self.device = Device(dict(DEVICE))
        self.radio = ConnectivityMonitoring({0: 6, 2: -90, 4: {0: "10.0.0.2"}})
        self.statistics = ConnectivityStatistics(lambda: self.session.now)
        self.model = Model(
            [
                Security({0: {0: "coap://h", 1: False, 2: 3, 10: 1}}),
                Server({0: server}),
                self.device,
                self.radio,
                self.statistics,
                Portfolio({0: {0: {0: "a"}}}),
                BinaryAppData({0: {0: {0: b"x"}}}),
            ]
        )
        self.session = Session(model=self.model, version="1.2")
        self.session.accept()
        self.session.sent.clear()
        self.notes = []
        self.kinds = []
        self.refuse = None  # the token whose notifications are reset

    def until(self, seconds):
        """Let time pass; each confirmable notification is acknowledged at once."""
        session = self.session
        end = int(seconds * 1000)
        turns = 0
        while session.registration.deadline <= end:
            session.now = max(session.now, session.registration.deadline)
            session.service()
            self.collect()
            turns += 1
            assert turns < 10000, "no rest"
        session.now = end

    def collect(self):
        """Note what was sent."""
        session = self.session
        while session.sent:
            at, (kind, code, mid, token, options, payload) = session.sent.pop(0)
            if code == POST:  # an Update
                session.give(encode(ACK, CHANGED, mid, token))
            if token == b"ask" or code < CREATED:
                continue
            assert code == CONTENT and 6 in dict(options), (code, token)
            found = self.read(options, payload)
            self.notes.append((at / 1000, token.decode(), found))
            self.kinds.append(kind)
            if token == self.refuse:
                session.give(encode(RST, 0, mid))
            elif kind == CON:
                session.give(encode(ACK, 0, mid))

    def read(self, options, payload):
        """{path: value} of an answer in SenML JSON."""
        assert dict(options)[12] == b"\x6e"
        found = {}
        base = ""
        for record in json.loads(payload):
            base = record.get("bn", base)
            value = [record[key] for key in record if key[0] == "v"]
            found[base + record.get("n", "")] = value[0]
        return found

    def ask(self, code, path, options=(), payload=b"", token=b"ask"):
        """The answer to a request: (code, options, payload)."""
        session = self.session
        session.mid += 1
        session.sent.clear()
        session.registration.input(
            request(code, session.mid, path, options, payload, CON, token), session.now
        )
        session.service()
        for i in range(len(session.sent)):
            if session.sent[i][1][2] == session.mid:
                answer = session.sent.pop(i)[1]
                break
        self.collect()
        return answer[1], answer[4], answer[5]

    def attach(self, path, query):
        """Write-Attributes."""
        options = [(15, part) for part in query.split("&")]
        assert self.ask(PUT, path, options)[0] == CHANGED

    def write(self, path, text):
        assert self.ask(PUT, path, [(12, 0)], text.encode())[0] == CHANGED

    def observe(self, token, path, query="", number=0):
        """Observe or, with `number` 1, cancel; the values."""
        options = [(6, number), (17, JSON)] + [(15, part) for part in query.split("&") if part]
        code, options, payload = self.ask(GET, path, options, b"", token.encode())
        assert code == CONTENT and (6 in dict(options)) == (number == 0)
        return self.read(options, payload)

    def composite(self, token, paths, number=0):
        """Observe-Composite or, with `number` 1, its cancel; the values."""
        asked = json.dumps([{"n": path} for path in paths]).encode()
        options = [(6, number), (12, JSON)]
        code, options, payload = self.ask(FETCH, "", options, asked, token.encode())
        assert code == CONTENT and (6 in dict(options)) == (number == 0)
        return self.read(options, payload)

    def take(self):
        """The notes so far, which are forgotten."""
        notes = self.notes
        self.notes = []
        return notes


def changed(values, **more):
    """The values with some others."""
    found = dict(values)
    found.update({path.replace("_", "/"): more[path] for path in more})
    return found


# 301 to 303


def two():
    """ETS 301: /3/0/7 with 5 and 15 s, /3/0/8 with 10 and 20 s."""
    o = Observer()
    o.attach("/3/0/7", "pmin=5&pmax=15")
    o.attach("/3/0/8", "pmin=10&pmax=20")
    assert o.observe("a", "/3/0/7") == VOLTS
    assert o.observe("b", "/3/0/8") == AMPERES
    return o


def test_ets_301_always_by_pmax():
    o = two()
    o.until(60)
    assert o.take() == [
        (15.0, "a", VOLTS),
        (20.0, "b", AMPERES),
        (30.0, "a", VOLTS),
        (40.0, "b", AMPERES),
        (45.0, "a", VOLTS),
        (60.0, "a", VOLTS),
        (60.0, "b", AMPERES),
    ]
    assert set(o.kinds) == {CON}


def test_ets_301_never_before_pmin():
    o = two()
    for second in range(1, 26):
        o.until(second)
        o.device.set(0, 7, {0: 3800 - second, 1: 5000})
        o.device.set(0, 8, {0: 12 + second, 1: 100})
    o.until(26)
    expected = []
    for second in (5, 10, 15, 20, 25):
        # what is set in the very second comes after what was due then
        expected.append((second, "a", changed(VOLTS, _3_0_7_0=3800 - second + 1)))
        if second % 10 == 0:
            expected.append((second, "b", changed(AMPERES, _3_0_8_0=12 + second - 1)))
    assert o.take() == expected


def test_ets_302_a_reset_ends_that_one_only():
    for con in (0, 1):
        o = two()
        o.attach("/3/0", "con=%d" % con)
        o.refuse = b"a"
        o.until(41)
        assert o.take() == [(15.0, "a", VOLTS), (20.0, "b", AMPERES), (40.0, "b", AMPERES)]
        assert o.kinds == [CON if con else NON] * 3


def test_ets_303_observe_1_ends_that_one_only():
    o = two()
    o.until(7)
    assert o.observe("a", "/3/0/7", "", 1) == VOLTS
    o.device.set(0, 7, {0: 1, 1: 2})
    o.until(41)
    assert o.take() == [(20.0, "b", AMPERES), (40.0, "b", AMPERES)]
    o.observe("b", "/3/0/8", "", 1)
    o.until(100000)
    assert not o.take()


# Composite


def of_three():
    """ETS 304: 30 and 45 s by default."""
    o = Observer({2: 30, 3: 45})
    assert o.composite("c", THREE) == VALUES
    return o


def test_ets_304_from_30_to_45_s():
    o = of_three()
    o.until(50)
    o.device.error(3)
    o.until(170)
    now = changed(VALUES, _3_0_11_0=3)
    assert o.take() == [
        (45.0, "c", VALUES),
        (75.0, "c", now),
        (120.0, "c", now),
        (165.0, "c", now),
    ]


def test_ets_305_cancelled():
    o = of_three()
    o.until(50)
    assert o.composite("c", THREE, 1) == VALUES
    o.device.error(3)
    o.until(1000)
    assert o.take() == [(45.0, "c", VALUES)]
    o = of_three()
    o.refuse = b"c"
    o.until(1000)
    assert o.take() == [(45.0, "c", VALUES)]


def test_ets_308_and_309_instances_come_and_go():
    for paths in (("/16/0", "/16/1"), ("/16",)):
        o = Observer({2: 30, 3: 45})
        zero = {"/16/0/0/0": "a"}
        both = changed(zero, _16_1_0_0="b")
        assert o.composite("c", paths) == zero
        o.until(10)
        body = senml_cbor.encode([(16, 1, [(0, 1, {0: "b"})])], (16,))
        assert o.ask(POST, "/16", [(12, CBOR)], bytes(body))[0] == CREATED
        o.until(80)
        assert o.take() == [(30.0, "c", both), (75.0, "c", both)]
        assert o.ask(DELETE, "/16/1")[0] == DELETED
        o.until(150)
        assert o.take() == [(105.0, "c", zero), (150.0, "c", zero)]


def test_ets_310_a_pmax_of_5_s():
    o = Observer({2: 1, 3: 45})
    o.composite("c", THREE)
    o.until(50)
    assert o.take() == [(45.0, "c", VALUES)]
    o.attach("/3", "pmax=5")
    o.until(67)
    assert o.take() == [(second, "c", VALUES) for second in (50.0, 55.0, 60.0, 65.0)]
    o.attach("/3", "pmax")
    o.until(111)
    assert o.take() == [(110.0, "c", VALUES)]


# 312 and 313


def test_ets_312_attributes_in_the_request():
    o = Observer()
    assert o.observe("a", "/3/0/7", "pmin=5&pmax=15") == VOLTS
    o.until(16)
    o.device.set(0, 7, {0: 3700, 1: 5000})
    o.until(36)
    now = changed(VOLTS, _3_0_7_0=3700)
    assert o.take() == [(15.0, "a", VOLTS), (20.0, "a", now), (35.0, "a", now)]


def test_ets_313_attributes_in_the_request_win():
    o = Observer()
    o.attach("/3/0/7", "pmin=5&pmax=60")
    o.observe("a", "/3/0/7", "pmax=10")
    o.until(2)
    o.device.set(0, 7, {0: 3700, 1: 5000})
    o.until(26)
    now = changed(VOLTS, _3_0_7_0=3700)  # pmin is that which is attached
    assert o.take() == [(5.0, "a", now), (15.0, "a", now), (25.0, "a", now)]
    o.observe("a", "/3/0/7")  # anew, without
    o.until(87)
    assert o.take() == [(86.0, "a", now)]


# Other Objects


def test_ets_710_connectivity_monitoring():
    o = Observer()
    o.attach("/4/0", "pmin=2&pmax=10")
    first = o.observe("a", "/4/0")
    assert (first["/4/0/0"], first["/4/0/2"], first["/4/0/4/0"]) == (6, -90, "10.0.0.2")
    o.until(1)
    for strength in (-80, -70):
        o.radio.set(0, 2, strength)
    o.until(13)
    now = changed(first, _4_0_2=-70)
    assert o.take() == [(2.0, "a", now), (12.0, "a", now)]


def test_ets_905_and_910_connectivity_statistics():
    o = Observer()
    o.write("/7/0/8", "30")
    assert o.ask(POST, "/7/0/6")[0] == CHANGED
    o.attach("/7/0", "pmin=5&pmax=15")
    first = o.observe("a", "/7/0")
    assert (first["/7/0/2"], first["/7/0/8"]) == (0, 30)
    o.until(20)
    o.statistics.count(0, 3000)
    o.until(31)
    o.statistics.count(0, 3000)  # the period is over
    o.until(46)
    now = changed(first, _7_0_2=3, _7_0_4=3000, _7_0_5=3000)
    assert o.take() == [(15.0, "a", first), (30.0, "a", now), (45.0, "a", now)]


def test_ets_1900_binary_app_data():
    o = Observer()
    o.attach("/19/0", "pmin=300&pmax=3600")
    assert o.observe("a", "/19/0/0") == {"/19/0/0/0": "eA"}
    o.until(10)
    for data in (b"y", b"z"):
        body = senml_cbor.encode([(19, 0, [(0, 5, {0: data})])], (19, 0, 0))
        assert o.ask(PUT, "/19/0/0", [(12, CBOR)], bytes(body))[0] == CHANGED
    o.until(7600)
    now = {"/19/0/0/0": "eg"}
    assert o.take() == [(300.0, "a", now), (3900.0, "a", now), (7500.0, "a", now)]


# Send


def test_a_send_waits_behind_one_that_waits():
    """For an Update after 4.04, and for Max-Age after 5.03, which an Update does not end."""
    for code, seconds in ((0x84, None), (0xA3, 40)):
        o = Observer({23: False})
        session = o.session
        sender = session.management.sender()
        ends = []
        sender.values([(3, 0, 9)], CBOR, ends.append)
        session.service()
        session.reply(code, [(14, bytes([seconds]))] if seconds else ())
        assert session.requests()[-1][1] == ("dp" if seconds else "rd/abc")
        sender.values([(3, 0, 16)], CBOR, ends.append)
        session.service()
        asked = len(session.requests())
        if seconds:
            session.run(39999)
            session.registration.update(session.now)
            session.service()
            session.reply(CHANGED)
            assert len(session.requests()) == asked + 1
            session.run(40000)
            session.service()
        else:
            session.reply(CHANGED)
            assert session.requests()[-1][1] == "rd"
            session.accept("rd", "new")
        for _ in range(2):
            assert session.requests()[-1][1] == "dp"
            session.reply(CHANGED)
        assert ends == [CHANGED, CHANGED] and not sender.waiting
