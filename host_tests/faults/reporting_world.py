"""A meter, a server and a bad network between them on a virtual clock, for reports to get through.

The server registers the meter, observes, and takes Sends. It notes each report's path, time and
value when its message is new, and acknowledges; it has the meter's messages answered once each
(RFC 7252 4.2). `World.check` says what must hold: see test_reporting_loss.py.
"""

import heapq
import io

import cbor2
from lab import COUNT, LIST, NUMBER, OID, Lab
from session import meter_model
from tools.impairment import Impairment
from virtual import ACK, CON, FETCH, GET, RST, Chance, parts, request

from coap.message import encode
from coap.peer import Peer
from lwm2m.account import Account
from lwm2m.management.dispatch import Management
from lwm2m.registration import Registration

START = 1700000000
CONNECTING, REGISTERED = 2, 4
HOUR = 3600000
PATHS = ((OID, 0, NUMBER), (OID, 0, COUNT), (OID, 0, LIST, 3))
SENT = (OID, 0, 1)  # what goes by Send is a Resource that is not observed: Instance 1
LIFETIME = 247000  # EXCHANGE_LIFETIME: how long a server knows a Message ID
NEVER = 0xFFFFFFFFFFF


class Server:
    """It answers from its cache what comes again; `reports` are (path, time, value, key)."""

    def __init__(self, world):
        self.world = world
        self.seen = {}  # (port, Message ID): (when, the answer)
        self.location = None
        self.port = None
        self.count = 0
        self.tokens = {}  # of the present registration: what they observe
        self.established = set()
        self.waiting = {}  # our requests by Message ID: [token, datagram, tries, at]
        self.mid = 20000
        self.reports = []
        self.busy = 0  # of a hundred Sends, this many are answered 5.03

    def input(self, datagram, port, now):
        """Take what the meter sent from a port of its; answer."""
        kind, code, mid, token, options, payload = parts(datagram)
        if kind in (ACK, RST):
            self._answered(mid, token, code, options)
            return
        known = self.seen.get((port, mid))
        if known is None or known[0] + LIFETIME < now:
            if 0 < code < 32:
                answer = self._request(code, mid, token, options, payload, port, now)
            else:
                answer = self._report(kind, code, mid, token, payload, port)
            known = now, answer
            self.seen[port, mid] = known
        self.world.send_to_meter(known[1], port, (port, mid))

    def _request(self, code, mid, token, options, payload, port, now):
        path = [bytes(v).decode() for n, v in options if n == 11]
        found = 0x84, ()
        if path == ["rd"]:
            self.count += 1
            self.location = "x%d" % self.count
            self.port = port
            found = 0x41, ((8, "rd"), (8, self.location))
            self.tokens.clear()
            self.established.clear()
            self.waiting.clear()
            self.world.at(now + 500, self.observe_all, self.count)
        elif path == ["rd", self.location]:
            found = 0x44, ()
            self.port = port
        elif path == ["dp"] and self.location and self.port == port:
            found = 0x44, ()
            if self.world.chance.below(100) < self.busy:
                found = 0xA3, ((14, 30),)
            else:
                self._note(payload, (port, mid))
        return encode(ACK, found[0], mid, token, found[1])

    def _report(self, kind, code, mid, token, payload, port):
        if kind != CON or code != 0x45 or port != self.port or token not in self.tokens:
            return encode(RST, 0, mid)
        self.established.add(token)
        self._note(payload, (port, mid))
        return encode(ACK, 0, mid)

    def _note(self, payload, key):
        base, base_time = "", 0
        for record in cbor2.load(io.BytesIO(bytes(payload))):
            base = record.get(-2, base)
            base_time = record.get(-3, base_time)
            path = base + record.get(0, "")
            at = base_time + record.get(6, 0)
            self.reports.append((path, at, record[2], key, self.world.now))

    # Observing

    def observe_all(self, registration):
        """Observe all paths, each under a new token, if the registration is still the same."""
        if registration == self.count:
            for what in self.world.observed:
                self.observe(what)

    def observe(self, what):
        """Observe one path, or with a list of them, all in one.

        Not while such a request is under way: of two, nobody would know which token is the last.
        """
        if what in [self.tokens.get(entry[0]) for entry in self.waiting.values()]:
            return
        self.mid = self.mid + 1 & 0xFFFF
        token = b"t%d" % self.mid
        self.tokens[token] = what
        options = [(6, 0), (17, 112)]
        if isinstance(what, list):
            body = cbor2.dumps([{0: "/" + "/".join(map(str, one))} for one in what])
            datagram = request(FETCH, self.mid, "", options + [(12, 112)], body, CON, token)
        else:
            path = "/".join(map(str, what))
            datagram = request(GET, self.mid, path, options, b"", CON, token)
        self.waiting[self.mid] = [token, datagram, 0]
        self._transmit(self.mid)

    def _transmit(self, mid):
        entry = self.waiting.get(mid)
        if entry:
            entry[2] += 1
            if entry[2] > 5:
                del self.waiting[mid]
                if entry[0] in self.tokens and entry[0] not in self.established:
                    self.world.at(self.world.now + 10000, self._again, self.tokens[entry[0]])
                return
            self.world.send_to_meter(entry[1], self.port, None)
            self.world.at(self.world.now + (2000 << entry[2] - 1), self._transmit, mid)

    def _again(self, what):
        if [t for t in self.tokens if t in self.established and self.tokens[t] == what]:
            return
        if what in self.tokens.values():
            self.observe(what)

    def _answered(self, mid, token, code, options):
        entry = self.waiting.pop(mid, None)
        if entry and code == 0x45 and 6 in dict(options):
            if token not in self.tokens:
                return  # another one has taken its place already
            self.established.add(token)
            for old in [t for t in self.tokens if t != token]:
                if self.tokens[old] == self.tokens[token]:
                    del self.tokens[old]  # the new one has taken its place
        elif entry and code:
            raise AssertionError("Observe was answered by %02x" % code)


class World:
    """All of it. `loss`, `repeat` and `late` are per hundred; `down` while the link is down."""

    def __init__(self, seed, observed=PATHS, account=None):
        self.chance = Chance(seed)
        self.now = 0
        self.queue = []
        self.order = 0
        self.loss = self.repeat = self.late = 0
        self.down = False
        settings = {1: 86400, 6: True, 17: 3, 18: 60, 19: 600, 23: False}
        settings.update(account or {})
        self.model = meter_model(settings)
        self.lab = Lab()
        self.lab.instances[1] = Lab.filled()
        self.model.objects[OID] = self.lab
        self.model.time = lambda: START + self.now // 1000
        self.core = Registration(Account(self.model, 0), "urn:x", "1.1", self.chance)
        self.management = Management(self.model, self.core)
        self.observed = observed
        self.server = Server(self)
        self.port = 0
        self.delivered = {}  # (port, Message ID): when the meter got an answer it waited for
        self.first_sent = {}  # (port, Message ID): when the meter sent it first
        self.recorded = []  # (path, value) that the meter had to report
        self.acknowledged = set()
        self.datagrams = 0
        self.core.start(0)

    # Time

    def at(self, when, what, *arguments):
        """Have something happen at a time."""
        self.order += 1
        heapq.heappush(self.queue, (when, self.order, what, arguments))

    def run(self, until, stop=None):
        """Let all happen that is due until then, or until `stop()`."""
        self.serve()
        while not (stop and stop()):
            at = self.core.deadline
            if self.queue:
                at = min(at, self.queue[0][0])
            if at > until:
                self.now = until
                return
            self.now = max(self.now, at)
            if self.queue and self.queue[0][0] <= self.now:
                _, _, what, arguments = heapq.heappop(self.queue)
                what(*arguments)
            self.serve()

    def serve(self):
        """What the meter's shell does."""
        core = self.core
        for _ in range(20):
            core.poll(self.now)
            if core.state == CONNECTING:
                self.port += 1
                core.connected(Peer(self.management, self.chance), self.now)
            self._flush()
            if core.deadline > self.now:
                return
        raise AssertionError("no rest at %d ms" % self.now)

    # The network

    def _flush(self):
        datagrams = [bytes(one) for one in self.core.outbox]
        self.core.outbox.clear()
        for one in datagrams:
            key = self.port, one[2] << 8 | one[3]
            if one[1]:
                self.first_sent.setdefault(key, self.now)
            for delay in self._delays():
                self.at(self.now + delay, self.server.input, one, self.port, self.now + delay)

    def send_to_meter(self, datagram, port, key):
        """Have a datagram travel; `key` is the message of the meter's that it answers."""
        # An Observe is dropped and repeated, too, but does not overtake later requests
        for delay in self._delays(9000 if key else 400):
            self.at(self.now + delay, self._arrive, bytes(datagram), port, key)

    def _delays(self, longest=9000):
        self.datagrams += 1
        if self.down:
            return ()
        rates = self.loss, self.repeat, self.late
        return Impairment(self.chance.below, *rates, 20, 200, longest, longest)()

    def _arrive(self, datagram, port, key):
        if port != self.port or not self.core.peer:
            return  # to a socket that is no more
        if key:
            for out in self.core.peer.queue:
                if out.tries and out.mid() == key[1]:
                    self.delivered.setdefault(key, self.now)
        self.core.input(datagram, self.now)

    # The meter

    def change(self, path, value):
        """The driver has a value; it is recorded where an observation is there for it."""
        if len(path) > 3:
            self.lab.instances[0][path[2]] = dict(self.lab.instances[0][path[2]])
            self.lab.instances[0][path[2]][path[3]] = value
            self.lab.changed(path[1], path[2])
        else:
            self.lab.set(path[1], path[2], value)
        reporting = self.management.reporting
        for one in reporting.observations if reporting else ():
            if path == one.path or path in one.path:
                self.recorded.append(("/" + "/".join(map(str, path)), value))
        self.serve()

    # What must hold

    def arrivals(self):
        """First arrivals by path, [(time, value)], and the duplicates, (path, value, keys)."""
        first, duplicates, known = {}, [], {}
        for path, at, value, key, _ in self.server.reports:
            if (path, value) in known:
                duplicates.append((path, value, known[path, value], key))
                assert known[path, value][1] == at, "a report's time changed"
            else:
                known[path, value] = key, at
                first.setdefault(path, []).append((at, value))
        return first, duplicates

    def check(self, dropped=()):
        """Every report arrived but those `dropped`, in order; each duplicate has a cause."""
        first, duplicates = self.arrivals()
        arrived = {(path, value) for path in first for _, value in first[path]}
        missing = [one for one in self.recorded if one not in arrived and one not in dropped]
        assert not missing, "%d of %d are missing: %s" % (
            len(missing),
            len(self.recorded),
            missing[:5],
        )
        for path in first:
            times = [at for at, _ in first[path]]
            assert times == sorted(times), "out of order at %s" % path
            assert len(set(times)) == len(times), "a time twice at %s" % path
            values = [value for _, value in first[path]]
            assert values == sorted(values)
        for path, value, (key, _), again in duplicates:
            answered = self.delivered.get(key, NEVER)
            assert answered > self.first_sent[again], (path, value, key, again)
        return first, duplicates
