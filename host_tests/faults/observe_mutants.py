"""Mutated Observe, FETCH and iPATCH requests against a meter whose values change all the while.

Alike on CPython and inside MicroPython: see test_reporting_fuzz.py. As a script it prints the
bytes in use every now and then.
"""

import gc
import json
import sys

from lab import COUNT, LIST, NUMBER, OID, TEXT
from mutate import Corpus, Victim
from session import REGISTERED, WAITING, under_way
from slow_lab import SlowLab
from virtual import ACK, CON, DELETE, FETCH, GET, NON, PUT, RST, parts
from watcher import stored_samples

from coap.message import encode
from lwm2m.formats import senml_cbor, senml_json
from lwm2m.model import Lwm2mError

IPATCH = 7
PATHS = (
    "",
    "1/0",
    "3/0/0",
    "3",
    "32000",
    "32000/0",
    "32000/1",
    "32000/0/1",
    "32000/0/2",
    "32000/0/3",
    "32000/0/8",
    "32000/0/8/3",
    "32000/0/10",
    "32000/0/99",
    "32000/1/1",
    "9999/0",
    "0/0",
)
QUERIES = ("pmin=1", "pmax=5", "gt=5.5", "lt=1", "st=2", "st", "con=0", "con=1", "edge=1")
QUERIES += ("epmin=2", "epmax=9", "hqmax=3")
FORMATS = (0, 60, 110, 112, 320, 322, 11542, 11543, 11544, 40)
LIMIT = 9000  # bytes in the budget


class Observers(Corpus):
    """Valid and mutated requests of a server that observes and composes."""

    def next(self, mids):
        """A message: half of them are whole, and few are answers."""
        return super().next(mids) if self.chance.below(2) else self.request()

    def request(self):
        """One of them, or one of all the others."""
        below = self.chance.below
        kind = below(8)
        if kind == 7 and not below(8):
            return super().request()
        self.mid = (self.mid + 1) & 0xFFFF
        token = b"t%d" % below(60)
        options = []
        payload = b""
        code = (GET, GET, GET, FETCH, FETCH, IPATCH, PUT, GET)[kind]
        if code in (FETCH, IPATCH):
            form = (110, 112, 320, 322)[below(4)] if below(10) else FORMATS[below(10)]
            payload = self.body(code, form)
            options.append((12, form))
        else:
            path = PATHS[below(len(PATHS))]
            options += [(11, part) for part in path.split("/") if part]
        if code < IPATCH and code != PUT and below(6):
            options.append((6, (0, 0, 0, 1, 7)[below(5)]))
        if code == PUT or not below(4):
            for _ in range(1 + below(3)):
                options.append((15, QUERIES[below(len(QUERIES))]))
        if below(2):
            options.append((17, FORMATS[below(10)]))
        if not below(6):
            options.append((23, below(4) << 4 | below(7)))
        options.sort(key=lambda option: option[0])
        kind = CON if below(4) else NON
        return bytes(encode(kind, code, self.mid, token, options, payload))

    def body(self, code, form):
        """What a FETCH or an iPATCH says."""
        below = self.chance.below
        paths = [PATHS[below(len(PATHS))] for _ in range(1 + below(5))]
        if code == FETCH:
            if form in (112, 322):
                out = bytearray([0x80 | len(paths)])
                for path in paths:
                    out += bytes([0xA1, 0, 0x60 | len(path) + 1]) + b"/" + path.encode()
                return bytes(out)
            return ("[%s]" % ",".join(['{"n":"/%s"}' % path for path in paths])).encode()
        resources = []
        for _ in range(1 + below(3)):
            rid = (NUMBER, COUNT, TEXT, LIST)[below(4)]
            value = {TEXT: "new", LIST: {below(4): below(9)}}.get(rid, below(99))
            if rid not in [one[0] for one in resources]:
                resources.append((rid, 1 if rid == TEXT else 2, value))
        module = senml_cbor if form in (112, 322) else senml_json
        return bytes(module.encode([(OID, below(2), resources)], ()))


class Slow(SlowLab):
    """Instances go while they are read."""

    async def _read(self, iid, rid):
        await self._wait("read")
        if rid not in self.instances.get(iid, ()):
            raise Lwm2mError(0x84)
        return self.instances[iid][rid]


class Meter(Victim):
    """Its values change, some are slow; notifications are acknowledged, rejected, or neither."""

    def __init__(self, seed, storing):
        super().__init__(seed)
        self.lab = Slow((2,))
        self.session.model.objects[OID] = self.lab
        self.session.model.object(1).instances[0][6] = storing
        self.session.model.time = lambda: 1700000000 + self.session.now // 1000
        self.reporting = self.session.management.observer()
        self.budget = self.session.management.budget
        self.budget.memory = LIMIT
        self.answers = 0
        self.notifications = 0

    def turn(self, datagram, chance):
        """Feed one message and let the rest go on."""
        session = self.session
        session.now += chance.below(1700)
        session.service()
        session.registration.input(datagram, session.now)
        if not chance.below(3) and 0 in self.lab.instances:
            self.lab.set(0, NUMBER, chance.below(9))
        if not chance.below(9) and 0 in self.lab.instances:
            self.lab.set(0, LIST, {3: chance.below(9), chance.below(3): 1})
        if not chance.below(9) and 0 in self.lab.instances:
            self.lab.set(0, 2, (chance.below(99), -1))
        session.work()
        for sent in list(session.raw):
            if sent[0] >> 4 & 3 == CON and sent[1] == 0x45 and chance.below(3):
                self.notifications += 1
                kind = ACK if chance.below(20) else RST
                session.give(bytes(encode(kind, 0, sent[2] << 8 | sent[3])))
            elif sent[0] >> 4 & 3 == ACK:
                self.answers += 1
        session.raw.clear()
        del session.sent[:-40]

    def settle(self):
        """The server answers and acknowledges everything until nothing is left to do."""
        session = self.session
        core = session.registration
        for _ in range(2000):
            session.raw.clear()
            session.now += 1000
            session.service()
            session.work()
            while session.raw:
                message = parts(session.raw.pop(0))
                if message[0] == CON and message[1] > 31:
                    session.give(encode(ACK, 0, message[2]))
                elif message[0] == CON and message[1]:
                    path = [value for number, value in message[4] if number == 11]
                    code = 0x42 if message[1] == DELETE else 0x41 if path[1:] == [] else 0x44
                    options = ((8, "rd"), (8, "x")) if code == 0x41 else ()
                    session.give(encode(ACK, code, message[2], message[3], options))
            if core.state == REGISTERED and not core.peer.queue and not session.working:
                return
            if core.state == WAITING:
                session.now = max(session.now, core.deadline)
        raise AssertionError("no rest, state %d" % core.state)

    def bounded(self):
        """Is nothing longer than it may be?"""
        reporting = self.reporting
        assert sum([user.size for user in self.budget.users]) <= LIMIT
        observations = len(reporting.observations)
        assert reporting.size >= observations * 200
        stored = stored_samples(reporting)
        assert stored.size == sum([sample[4] for sample in stored.queue])
        for known in (reporting.observe_attributes, reporting.confirmed_at, reporting.plans):
            assert len(known) <= observations
        assert len(reporting.refusals) <= observations
        assert under_way(self.session.management) <= 4
        assert len(self.session.working) <= 4
        tokens = [one.token for one in reporting.observations if one.token is not None]
        assert len(set(tokens)) == len(tokens), tokens
        if self.session.registration.peer:
            assert len(self.session.registration.peer.queue) < 64
        for one in list(self.lab.instances):
            if one > 7:
                del self.lab.instances[one]
        if 0 not in self.lab.instances:
            self.lab.instances[0] = self.lab.filled()
        self.lab.ran.clear()
        self.lab.started.clear()


def attack(seed, count, storing, note=None):
    """So many messages; `note(number)` every five hundred. Returns the meter."""
    meter = Meter(seed, storing)
    corpus = Observers(seed)
    for number in range(count):
        meter.turn(corpus.next(meter.mids()), corpus.chance)
        meter.bounded()
        if number % 50 == 49:
            meter.settle()
        if note and number % 500 == 499:
            note(number + 1)
    return meter


def _note(number):
    gc.collect()
    print(json.dumps([number, gc.mem_alloc()]))


if __name__ == "__main__":
    attack(int(sys.argv[1]), int(sys.argv[2]), bool(int(sys.argv[3])), _note)
