"""A bootstrap whose datagrams get lost, doubled and late, and one that ends at any of them."""

from bootstrapping import (
    CHANGED,
    CONNECTING,
    DELETED,
    OFF,
    TLV,
    Bench,
    bare_model,
    security,
    server,
    with_server,
)
from virtual import DELETE, POST, PUT, App, Chance, Link, lossy

from coap.peer import Peer

OLD, NEW = ["coap://old"], ["coap://new"]
STEPS = (
    (DELETE, "0", b"", DELETED),
    (DELETE, "1", b"", DELETED),
    (PUT, "0/0", security("coap://new", 1), CHANGED),
    (PUT, "1/0", server(1), CHANGED),
    (POST, "bs", b"", CHANGED),
)


class BootstrapServer:
    """A core: it does the STEPS after each Bootstrap-Request, one after the other's answer."""

    def __init__(self, seed):
        self.app = App(self.handle)
        self.peer = Peer(self.app, Chance(seed))
        self.outbox = self.peer.outbox
        self.finished = 0
        self.asked = 0
        self.due = -1  # the step that is to be sent

    @property
    def deadline(self):
        return 0 if self.due >= 0 else self.peer.deadline

    def input(self, datagram, now):
        self.peer.input(datagram, now)

    def poll(self, now):
        self.peer.poll(now)
        if self.due >= 0:
            step, self.due = self.due, -1
            self.step(step, now)

    def handle(self, message, now):
        """A Bootstrap-Request."""
        assert message.all(11) == [b"bs"]
        self.asked += 1
        self.due = 0
        return CHANGED

    def step(self, number, now):
        """Send a step; the next one follows its answer."""
        code, path, body, expected = STEPS[number]
        options = [(11, segment) for segment in path.split("/")] + (TLV if body else [])

        def done(message, now):
            if message and message.code == expected:
                if number + 1 < len(STEPS):
                    self.due = number + 1
                else:
                    self.finished += 1

        self.peer.request(code, options, body, done, now)


class World:
    """A Session and its server, with a network between them."""

    def __init__(self, seed, impairment=None):
        self.bench = Bench(with_server(bare_model(iid=1)))
        self.server = BootstrapServer(seed)
        self.link = Link(self, self.server, impairment)
        self.bench.core.requested(0)
        self.steps = 0

    # The core of the device, as the network has it

    @property
    def outbox(self):
        return self.bench.core.outbox

    @property
    def deadline(self):
        return self.bench.core.deadline

    def input(self, datagram, now):
        self.bench.core.input(datagram, now)

    def poll(self, now):
        core = self.bench.core
        core.poll(now)
        if core.state == CONNECTING:
            core.connected(Peer(self.bench.management, self.bench.random), now)
            core.poll(now)

    def run(self, steps=10**6):
        """Until all rests, or for so many steps; False where it rested before."""
        while self.steps < steps:
            if self.bench.core.state == OFF or not self.link.step():
                return False
            self.steps += 1
            assert self.steps < 20000, "never rests"
        return True


def test_no_datagram_is_lost():
    world = World(1)
    world.run()
    assert world.bench.uris() == NEW and world.server.asked == world.server.finished == 1


def test_datagrams_lost_doubled_and_late():
    for seed in range(1, 25):
        world = World(seed, lossy(Chance(seed)))
        world.run()
        assert world.bench.uris() == NEW, seed
        assert world.bench.renewed == 1 and world.bench.core.peer is None
        assert sorted(world.bench.model.object(0).instances) == [0, 1]


def test_the_end_at_any_datagram_leaves_the_old_or_the_new():
    whole = World(3, lossy(Chance(3)))
    whole.run()
    seen = []
    old = with_server(bare_model(iid=1))
    for steps in range(whole.steps + 1):
        world = World(3, lossy(Chance(3)))
        world.run(steps)
        uris = world.bench.uris()
        assert uris in (OLD, NEW)
        if uris == OLD:
            security_now = world.bench.model.object(0).instances
            assert security_now == old.object(0).instances
        if uris not in seen:
            seen.append(uris)
    assert seen == [OLD, NEW]
