"""Inside the board: a registered client whose server observes, all on a virtual clock.

What it finds is printed as lines of a name and numbers, by tabs. `test_observations.py` puts it
on the board.
"""

import gc
import time

from coap.message import encode
from coap.peer import Peer
from lwm2m.account import Account
from lwm2m.management.dispatch import Management
from lwm2m.model import Model, Object
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server
from lwm2m.registration import Registration
from lwm2m.reporting.observe import Observation

OID = 33000
RESOURCES = 10  # of each Instance
CON, ACK, GET = 0, 2, 1
OBSERVE, URI_PATH, URI_QUERY, ACCEPT = 6, 11, 15, 17
MINUTE = 60000
COPIES = 200  # of a field, to measure it


class Empty:
    pass


class Counters(Object):
    """Integers: so many Instances of ten."""

    oid = OID

    def __init__(self, instances):
        self.table = b"".join([bytes((0, rid, 1, 2)) for rid in range(RESOURCES)])
        super().__init__({iid: {rid: 0 for rid in range(RESOURCES)} for iid in range(instances)})


class Bench:
    """The client's cores, and by hand the server, the network, the shell and the clock."""

    def __init__(self, count, pmax=0):
        self.count = count
        self.now = 1000
        self.mid = 0
        self.polls = []  # when the endpoint polled
        account = {0: 1, 1: 86400 * 365, 2: 0, 3: pmax, 6: False, 7: "U"}
        self.counters = Counters(count // RESOURCES)
        model = Model([Security({0: {0: "coap://h", 10: 1}}), Server({0: account}), self.counters])
        self.core = Registration(Account(model, 0), "urn:test", "1.1", lambda size: b"\x07" * size)
        self.management = Management(model, self.core)
        self.core.start(self.now)
        self.core.poll(self.now)
        self.core.connected(Peer(self.management, self.core.random), self.now)
        register = self.core.outbox.pop()
        token = register[4 : 4 + (register[0] & 15)]
        location = [(8, b"rd"), (8, b"QNvyUWrEpC")]
        mid = register[2] << 8 | register[3]
        self.core.input(encode(ACK, 0x41, mid, token, location, b""), self.now)
        self.rest()

    def rest(self):
        """Poll until nothing is due, acknowledging what asks for it; returns what was sent."""
        sent = 0
        while self.core.deadline <= self.now:
            self.polls.append(self.now)
            self.core.poll(self.now)
            while self.core.outbox:
                datagram = self.core.outbox.pop(0)
                sent += 1
                if datagram[0] >> 4 & 3 == CON:
                    mid = datagram[2] << 8 | datagram[3]
                    self.core.input(encode(ACK, 0, mid), self.now)
        return sent

    def until(self, end):
        """What `Endpoint.run` does: sleep till the deadline, poll."""
        sent = 0
        while self.core.deadline <= end:
            self.now = max(self.now, self.core.deadline)
            sent += self.rest()
        self.now = end
        return sent

    def observe(self, i, number=b"", query=()):
        """A datagram as Leshan's, and the 2.05 that it gets."""
        iid, rid = divmod(i, RESOURCES)
        options = [(OBSERVE, number)]
        for ident in (OID, iid, rid):
            options.append((URI_PATH, b"%d" % ident))
        for part in query:
            options.append((URI_QUERY, part))
        options.append((ACCEPT, b""))
        self.mid += 1
        token = b"\xa1\x5c\x07\xee\x93\x20" + bytes((i >> 8, i & 255))
        self.core.input(encode(CON, GET, self.mid, token, options, b""), self.now)
        answer = self.core.outbox.pop(0)
        if answer[1] != 0x45 or len(self.core.outbox):
            raise AssertionError(answer)

    def observe_all(self, query=()):
        """Observe everything."""
        for i in range(self.count):
            self.observe(i, query=query)
        self.rest()
        found = self.management.reporting.observations
        if len(found) != self.count:
            raise AssertionError(len(found))


def report(*line):
    """Print what was found."""
    print(*line, sep="\t")


def used():
    """Bytes in use."""
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def run(count, later):
    """Bytes for each of `count` observations: soon after the start, and at the time `later`.

    Then the polls of an idle minute, and of one with one change.
    """
    bench = Bench(count)
    for i in range(count - 10, count):  # imports, the peer's memory of answers
        bench.observe(i)
        bench.observe(i, b"\x01")
    bench.polls.clear()
    before = used()
    bench.observe_all()
    bench.polls.clear()
    report("memory", (used() - before) / count)
    # As if each had been notified at a time of its own, then.
    observations = bench.management.reporting.observations
    for one in observations:
        bench.now = later = later + 1
        one.notified_at = one.evaluated_at = bench.now
    report("later", (used() - before) / count)
    bench.management.model.object(1).instances[0][3] = 3600
    bench.management.reporting.replan()
    bench.rest()
    bench.polls.clear()
    report("later with pmax", (used() - before) / count)
    _idle(bench)


def _idle(bench):
    start = bench.now
    sent = bench.until(start + MINUTE)
    report("idle", sent, *[at - start for at in bench.polls])
    start = bench.now
    bench.polls.clear()
    sent = bench.until(start + 20000)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    began = time.ticks_us()
    bench.counters.set(3, 4, 77)
    marked = time.ticks_us()
    garbage = gc.mem_alloc() - before
    notified = time.ticks_us()
    sent += bench.rest()
    report("change us", time.ticks_diff(marked, began), time.ticks_diff(time.ticks_us(), notified))
    report("change bytes", garbage, gc.mem_alloc() - before - garbage)
    gc.enable()
    sent += bench.until(start + MINUTE)
    report("change", sent, *[at - start for at in bench.polls])
    observations = bench.management.reporting.observations
    start = bench.now
    bench.polls.clear()
    due = min([one.next_look for one in observations])
    sent = bench.until(due)
    report("due", sent, due - start, *[at - start for at in bench.polls])


def variants(count):
    """Bytes for each where the Observe has attributes, and where the server has set them."""
    gc.threshold(16384)  # else garbage keeps what stays apart, and no room is left for a dict
    bench = Bench(count)
    bench.observe(0, query=("pmin=1",))
    bench.observe(0, b"\x01")
    before = used()
    bench.observe_all()
    plain = used() - before
    report("the whole", plain / count)
    bench.observe_all(("pmin=10", "pmax=60"))
    report("pmin and pmax in its Observe", (used() - before - plain) / count)
    bench.management.reporting.observe_attributes.clear()
    plain = used() - before
    for i in range(count):
        iid, rid = divmod(i, RESOURCES)
        bench.management.attributes[(OID, iid, rid)] = {"pmin": 10, "pmax": 60 + i}
    bench.management.reporting.replan()
    report("pmin and pmax by Write-Attributes", (used() - before - plain) / count)


def fields():
    """Bytes of what an observation is made of."""
    kept = [None] * COPIES
    datagram = bytes(range(20))
    big = 13 * 86400000
    token, path = b"", (OID, 0, 1)

    def cost(name, make):
        for i in range(COPIES):
            kept[i] = None
        before = used()
        for i in range(COPIES):
            kept[i] = make(i)
        report(name, (used() - before) / COPIES)

    cost("nothing", lambda i: None)
    cost("an object with no attribute", lambda i: Empty())
    cost("the object and its 8 attributes", lambda i: Observation(token, path, 112, 1000))
    cost("token of 8 bytes", lambda i: bytes(datagram[i % 12 : i % 12 + 8]))
    cost("path of 3 IDs, a tuple", lambda i: (OID, i, 1))
    cost("path of 3 IDs, bytes", lambda i: bytes((i, 0, 0, 1, 1, 1)))
    cost("int beyond 30 bits", lambda i: big + i)
    cost("last: a decimal", lambda i: (i, -3))
    cost("last: 17 characters", lambda i: "17 characters %3d" % i)
    cost("last: 2 Resource Instances", lambda i: {0: i, 1: i})
    cost("attributes: 2 in a dict", lambda i: {"pmin": 10, "pmax": i})
    cost("all in a list", lambda i: [token, path, 112, 1000, 1000, 0, None, 0])
    cost("all in a tuple", lambda i: (token, path, 112, 1000, 1000, 0, None, i))
    cost("token and path, one bytes", lambda i: bytes(datagram[:14]))
    cost("token and path, a bytearray", lambda i: bytearray(datagram[:14]))
