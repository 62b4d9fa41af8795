"""A server that observes, by a schedule on a virtual clock; it notes what arrives, and when.

A schedule is a list of events, each a tuple: the ms since the event before, what, and

- `"set", path, value`: the driver has a new value and calls `Object.set`
- `"burst", [(path, value), ...]`: several of them before the core is polled
- `"quiet", path, value`: a value behind a function changes, and nobody reports it
- `"write", path, value`: the server writes one value
- `"attributes", path, query`: Write-Attributes
- `"account", rid, value`: the server writes a Resource of /1/0
- `"observe", token, path, query`: Observe=0, with attributes where `query` is not empty
- `"cancel", token, path`: Observe=1
- `"reset", token`: the next notification is answered by a Reset
- `"wait"`: nothing

All that was due before an event, or in the same ms, is done before the event. Notifications are
acknowledged in the ms in which they come. A Float is a pair (mantissa, exponent), shortened.
"""

from session import ACCOUNT, Session
from virtual import ACK, CON, GET, NON, POST, PUT, RST, Chance, parts, request

from coap.message import encode
from lwm2m.formats import senml_json, text
from lwm2m.formats.number import from_text
from lwm2m.model import Model, Object
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server

OID = 33000
COUNT, LEVEL, FLAG, NAME, LIST, QUIET, SECRET, RUN = (0, 1, 2, 3, 4, 5, 6, 7)
STRING, INTEGER, FLOAT, BOOLEAN = (1, 2, 3, 4)
TYPES = {COUNT: INTEGER, LEVEL: FLOAT, FLAG: BOOLEAN, NAME: STRING, LIST: INTEGER, QUIET: INTEGER}
BATTERIES = "/3/0/7"  # the Device's Power Source Voltages
START = {COUNT: 0, LEVEL: (0, 0), FLAG: False, NAME: "", LIST: {0: 0, 1: 0}, QUIET: 0}
DEVICE = {0: "Maker", 1: "Model", 7: {0: 3800, 1: 5000}, 8: {0: 12, 1: 100}}
TEXT, JSON = 0, 110
ANY = "any value"  # in what is expected
REST = 100  # more turns in one ms than this have no end


class Sensor(Object):
    """Readable Resources of several types, one behind a function, one that is write only."""

    oid = OID
    table = (
        b"\x00\x00\x03\x02"  # 0 Integer
        b"\x00\x01\x03\x03"  # 1 Float
        b"\x00\x02\x03\x04"  # 2 Boolean
        b"\x00\x03\x03\x01"  # 3 String
        b"\x00\x04\x0b\x02"  # 4 Integers
        b"\x00\x05\x01\x02"  # 5 Integer behind a function
        b"\x00\x06\x02\x01"  # 6 String, write only
        b"\x00\x07\x04\x00"  # 7 executable
    )

    def __init__(self):
        self.quiet = {0: 0, 1: 0}
        super().__init__({0: self._filled(0), 1: self._filled(1)})

    def _filled(self, iid):
        values = START.copy()
        values.update({LIST: {0: 0, 1: 0}, QUIET: lambda: self.quiet[iid], SECRET: "", RUN: None})
        return values


def ids(path: str) -> tuple:
    """The IDs of a path."""
    return tuple([int(part) for part in path.split("/") if part])


def readable(path: tuple) -> bool:
    """May a server read what is at a path?"""
    return len(path) < 3 or path[0] != OID or path[2] in TYPES


def one_value(path: tuple) -> bool:
    """Is one value there, rather than several?"""
    if len(path) == 3:
        return not isinstance((START if path[0] == OID else DEVICE).get(path[2]), dict)
    return len(path) == 4


def shortened(value):
    """A Float in the one form that its number has here."""
    mantissa, exponent = value if isinstance(value, tuple) else (value, 0)
    if not mantissa:
        return 0, 0
    while mantissa % 10 == 0:
        mantissa //= 10
        exponent += 1
    return mantissa, exponent


def shown(schedule) -> str:
    """A schedule for people: a line an event."""
    return "\n".join(["  +%d %s" % (e[0], " ".join([str(x) for x in e[1:]])) for e in schedule])


class Schedule(list):
    """A list of events that shows itself compactly."""

    def __repr__(self):
        return "[\n" + shown(self) + "\n]"


class Observing:
    """One session of a meter; `notes` are (ms, token, kind, value), `answers` codes by event."""

    def __init__(self, account=None, seed=11):
        server = dict(ACCOUNT)
        server.update({1: 1 << 30})  # no Update is in the way
        server.update(account or {})
        self.sensor = Sensor()
        self.device = Device({rid: DEVICE[rid] for rid in DEVICE})
        security = Security({0: {0: "coap://h", 1: False, 2: 3, 10: 1}})
        self.model = Model([security, Server({0: server}), self.device, self.sensor])
        self.session = Session(model=self.model, version="1.2", random=Chance(seed))
        self.session.accept()
        self.session.sent.clear()
        self.session.raw.clear()
        self.core = self.session.registration
        self.now = 0
        self.mid = 100
        self.watched = {}  # by token: [path, the latest Observe number, the format]
        self.resets = []  # tokens
        self.notes = []
        self.answers = []
        self.wakes = []  # the ms of every poll that a deadline asked for

    # Time

    def until(self, now):
        """Let all be done that is due until then."""
        turns = 0
        while self.core.deadline <= now:
            turns = turns + 1 if self.core.deadline <= self.now else 0
            assert turns < REST, "no rest at %d ms" % self.now
            self.now = max(self.now, self.core.deadline)
            self.wakes.append(self.now)
            self._serve()
        self.now = now

    def _serve(self):
        self.session.now = self.now
        self.session.service()
        self._collect()

    def _collect(self):
        sent = self.session.sent
        while sent:
            self._note(sent.pop(0)[1])
        self.session.raw.clear()

    def _note(self, sent):
        kind, code, mid, token, options, payload = sent
        if kind == CON and code == POST:  # an Update: is it still known?
            self.session.now = self.now
            self.session.give(encode(ACK, 0x44, mid, token))
            return
        token = token.decode()
        assert token in self.watched, "nobody asked for %r" % (sent,)
        assert kind in (CON, NON) and code == 0x45, "no notification: %r" % (sent,)
        watched = self.watched[token]
        self._number(watched, options)
        value = read(watched[0], watched[2], payload)
        self.notes.append((self.now, token, "NON" if kind == NON else "CON", value))
        self.session.now = self.now
        if token in self.resets:
            self.resets.remove(token)
            del self.watched[token]
            self.session.give(encode(RST, 0, mid))
        elif kind == CON:
            self.session.give(encode(ACK, 0, mid))

    def _number(self, watched, options):
        found = dict(options)
        assert 6 in found, "no Observe option"
        assert len(found[6]) < 4
        number = int.from_bytes(found[6], "big")
        if watched[1] is not None:
            assert 0 < (number - watched[1]) & 0xFFFFFF < 1 << 23, "Observe numbers go back"
        watched[1] = number
        assert int.from_bytes(found.get(12, b""), "big") == watched[2]

    # Requests

    def ask(self, code, path, options=(), token="z", payload=b""):
        """The answer to a request: (code, options, payload)."""
        self.mid = self.mid + 1 & 0xFFFF
        self.session.now = self.now
        self.session.registration.input(
            request(code, self.mid, path, options, payload, token=token.encode()), self.now
        )
        answer = parts(self.core.outbox.pop(0))
        assert answer[0] == ACK and answer[2] == self.mid and answer[3] == token.encode()
        while self.core.deadline <= self.now:
            self._serve()
        self._collect()
        return answer[1], answer[4], answer[5]

    def observe(self, token, path, query, number=0):
        """The answer's code and, where it is 2.05, the value."""
        form = TEXT if one_value(ids(path)) else JSON
        options = [(6, number)] + ([(17, form)] if form else [])
        options += [(15, part) for part in query.split("&") if query]
        before = self.watched.get(token, [None, None, None])[1]
        if token in self.resets:
            self.resets.remove(token)
        if number:
            self.watched.pop(token, None)
        code, options, payload = self.ask(GET, path, options, token)
        if code != 0x45:
            return code, None
        if number:
            assert 6 not in dict(options), "an Observe option in the answer to a cancel"
        else:
            self.watched[token] = [path, before, form]
            self._number(self.watched[token], options)
        return code, read(path, form, payload)

    # The schedule

    def play(self, schedule):
        """Run it; returns (notes, answers)."""
        actions = {
            "set": self._set,
            "burst": self._burst,
            "quiet": self._quiet,
            "write": self._write,
            "attributes": self._attributes,
            "account": self._account,
            "observe": self._observe,
            "cancel": self._cancel,
            "reset": self._reset,
            "wait": self._wait,
        }
        for event in schedule:
            self.until(self.now + event[0])
            found = actions[event[1]](*event[2:])
            self.answers.append((self.now,) + found if found else None)
            while self.core.deadline <= self.now:
                self._serve()
        return self.notes, self.answers

    def _set(self, path, value):
        oid, iid, rid = ids(path)
        self.model.object(oid).set(iid, rid, value.copy() if isinstance(value, dict) else value)

    def _burst(self, changes):
        for path, value in changes:
            self._set(path, value)

    def _quiet(self, path, value):
        self.sensor.quiet[ids(path)[1]] = value

    def _write(self, path, value):
        body = text.encode_value(kind_of(OID, ids(path)[2]), value)
        return (self.ask(PUT, path, [(12, 0)], payload=body)[0], None)

    def _attributes(self, path, query):
        return (self.ask(PUT, path, [(15, part) for part in query.split("&")])[0], None)

    def _account(self, rid, value):
        return (self.ask(PUT, "/1/0/%d" % rid, [(12, 0)], payload=b"%d" % value)[0], None)

    def _observe(self, token, path, query):
        return self.observe(token, path, query)

    def _cancel(self, token, path):
        return self.observe(token, path, "", 1)

    def _reset(self, token):
        if token in self.watched and token not in self.resets:
            self.resets.append(token)

    def _wait(self):
        return None


def read(path, form, payload):
    """The value at a path: by the IDs below it, or what a path of one value has."""
    where = ids(path)
    if form == TEXT:
        found = payload.decode()
        kind = kind_of(where[0], where[2])
        if kind == STRING:
            return found
        if kind == BOOLEAN:
            return {"0": False, "1": True}[found]
        return shortened(from_text(found)) if kind == FLOAT else int(found)
    tree = {}
    for found, value in senml_json.decode(memoryview(payload), list(where), kind_of):
        if kind_of(found[0], found[2]) == FLOAT:
            value = shortened(value)
        below = tree
        for ident in found[len(where) : -1]:
            below = below.setdefault(ident, {})
        assert found[-1] not in below
        below[found[-1]] = value
    return tree


def kind_of(oid, rid):
    """The type of a Resource, from the tables."""
    return _TABLES[oid].descriptor(rid) & 255


_TABLES = {OID: Sensor(), 3: Device({})}


def play(schedule, account=None):
    """(notes, answers) of a meter that goes through the schedule."""
    return Observing(account).play(schedule)


players = [play]  # those whom `holds` asks; the tests of the reference model put it here


def holds(events, expected, account=None, codes=None):
    """Assert what notifications there are of `events`, and with what codes requests are answered.

    Events begin with their ms since the start, so do those expected: ms, value, and where it is
    not "a" the token, and where it is not "CON" the kind.
    """
    schedule = []
    before = 0
    for event in events:
        schedule.append((event[0] - before,) + event[1:])
        before = event[0]
    wanted = []
    for e in expected:
        wanted.append((e[0], e[2] if e[2:] else "a", e[3] if e[3:] else "CON", e[1]))
    for player in players:
        notes, answers = player(schedule, account)
        found = []
        for i in range(len(notes)):
            known = i < len(wanted) and wanted[i][3] == ANY
            found.append(notes[i][:3] + (ANY,) if known else notes[i])
        assert found == wanted, "%s\n%s\nnot\n%s" % (shown(schedule), found, wanted)
        given = [answer[1] for answer in answers if answer]
        assert codes is None or given == codes, given
        assert codes or not [code for code in given if code not in (0x44, 0x45)], given
