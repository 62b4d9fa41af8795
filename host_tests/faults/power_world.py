"""A meter with a bootstrap server that lives on a virtual clock, and whose power goes.

The device is the real client with its State, sessions, checkpoints and counters over a file system
in memory; `power_shell` has what runs its tasks. At each change of a file and each datagram the
power may go: a `PowerCut` ends whatever runs, and `boot` starts the device from what is stored.
"""

import heapq
import random

from bootstrapping import bare_model
from firmware import bootstrap as firmware_bootstrap
from firmware import checkpoint, state
from power_files import Files, PowerCut
from power_servers import Bootstrap, Management
from power_shell import Shell, Socket

import nvstore.memory
from drivers.pulse import Pulses
from dtls.psk import PskDialer
from lwm2m.client import Client
from lwm2m.model import Model
from metering.water_meter import WaterMeter
from nvstore.counter import Counter
from nvstore.store import Store

START = 1790000000
REGISTERED = 4
LIFETIME = 300  # of the first set; each that follows has one more
EVERY = 4  # pulses between two checkpoints
JUMP = 8  # of the counter
RESERVE = 24  # sequence numbers of DTLS


class Source:
    """Pulses that begin at 0 with each start."""

    mask = 0xFFFF
    kept = False
    uncertain = False
    pulses = 0

    def count(self):
        """How many there were."""
        return self.pulses & self.mask

    def keep(self):
        """It is not kept."""


class Memory:
    """Memory as of an ESP32's RTC, which a reset keeps and a power cut does not."""

    def __init__(self, world):
        self.world = world
        self.data = b""

    def __call__(self, data=None):
        """Read it, or write it from its start on."""
        if data is None:
            return self.data
        how = self.world.fuse("memory")
        size = self.world.random.randrange(len(data) + 1) if how == "tear" else len(data)
        if how != "stop":
            self.data = data[:size] + self.data[size:]
        if how:
            raise PowerCut
        return None


class World:
    """Everything of one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = 0
        self.order = 0
        self.events = []  # of (when, order, boot or None, function, arguments)
        self.left = None  # changes and datagrams until the power goes
        self.files_only = False
        self.loss = 0
        self.boots = self.cuts = 0
        self.files = Files(self.fuse, self.random)
        self.sealed = {}  # record: (key, number)
        self.numbers = {}  # (key, number): the record that was sent
        self.secure = self.random.random() < 0.75
        self.clock_set = self.random.random() < 0.5
        self.busy = self.random.random() < 0.02
        self.timeout = self.random.choice((0, 0, 0, 60))  # of the bootstrap account
        self.memory = Memory(self) if self.random.random() < 0.3 else None
        self.keys = {}
        self.sets = []  # of accounts: (URI, identity, key, lifetime)
        uri = "coaps://bs" if self.random.random() < 0.3 else "coap://bs"
        self.bootstrap_uri = uri
        self.servers = {
            "bs": Bootstrap(self, uri, {b"boot": b"b" * 16} if uri[4] == "s" else None),
            "a": Management(self, "coaps://a" if self.secure else "coap://a", self._known()),
            "b": Management(self, "coaps://b" if self.secure else "coap://b", self._known()),
        }
        self.rotate()
        self.durable = -1, 0  # (set, /1/0/2) as it is surely stored
        self.handed = {-1}  # sets that may be there after the next restart
        self.bad = set()  # sets with which no server registers it
        self.tried = set()
        self.healed = False
        self.taken = -1  # the latest value of the counter
        self.failures = 0  # starts since
        self.counts = None
        self.most = 0  # pulses, ever
        self.dials = 0
        self.shell = None

    def _known(self):
        return self.keys if self.secure else None

    # Chance

    def fuse(self, what):
        """Does the power go with this change, and how?"""
        if self.left is None or self.files_only and what in ("send", "receive"):
            return None
        self.left -= 1
        return None if self.left else self.random.choice(("stop", "tear", "after"))

    # Time

    def at(self, ms, function, *arguments, boot=None):
        """Call it in so many ms; where `boot` is given, only while the device runs."""
        self.order += 1
        heapq.heappush(self.events, (self.now + ms, self.order, boot, function, arguments))

    def run(self, until, stop=None):
        """Let time pass; True once `stop()`. PowerCut where the power goes."""
        while not (stop and stop()):
            at = min(self.shell.deadline(), self.events[0][0] if self.events else until)
            if at >= until:
                self.now = until
                return False
            self.now = max(self.now, at)
            if self.events and self.events[0][0] <= self.now:
                _, _, boot, function, arguments = heapq.heappop(self.events)
                if boot is None or boot == self.boots:
                    function(*arguments)
            self.shell.step()
        return True

    def off(self, ms):
        """The device is off for so long; the servers are not."""
        self.left = None
        self.boots += 1
        self.shell.end()
        if self.memory and self.random.random() < 0.5:
            self.memory.data = b""
        until = self.now + ms
        while self.events and self.events[0][0] <= until:
            self.now, _, boot, function, arguments = heapq.heappop(self.events)
            if boot is None:
                function(*arguments)
        self.now = until

    # The network

    def from_device(self, way, datagram):
        """A datagram that the device sends."""
        how = self.fuse("send")
        if how != "stop":
            self._note(datagram)
            if self.random.random() >= self.loss:
                delay = self.random.randrange(10, 60)
                if way.host in self.servers:
                    self.at(delay, self.servers[way.host].arrived, way, bytes(datagram))
        if how:
            raise PowerCut

    def to_device(self, way, datagram):
        """A datagram that a server sends."""
        if self.random.random() >= self.loss:
            self.at(
                self.random.randrange(10, 60), self._arrive, way, bytes(datagram), boot=way.boot
            )

    def _arrive(self, way, datagram):
        if self.fuse("receive"):
            raise PowerCut
        if not way.closed:
            way.inbox.append(datagram)
            self.shell.read(way)

    def _note(self, datagram):
        # No number is used twice under one key, for other contents
        datagram = bytes(datagram)
        number = self.sealed.get(datagram)
        if number:
            known = self.numbers.setdefault(number, datagram)
            assert known == datagram, "a record number used twice"

    # The device

    def boot(self):
        """Start the device from what is stored."""
        self.boots += 1
        self.failures += 1
        self.shell = Shell(self)
        self.state = None
        self.source = Source()
        before = self.counts.total if self.counts else 0
        stores = [(checkpoint.Record(Store("meter"), "pulses"), EVERY)]
        if self.memory:
            kept = nvstore.memory.Memory(self.memory, self.memory, 2048)
            stores.append((checkpoint.Record(kept, "pulses"), 1))
        self.counts = Pulses(self.source, stores, lambda: self.now)
        after = self.counts.total
        assert before - EVERY - 2 <= after <= before, (before, after)
        self.counter = Counter(Store("meter"), "numbers", JUMP)
        self._build()
        self._checked()
        self.client.running = True
        for link in self.client.links:
            link.open()
        self.at(1000, self._second, boot=self.boots)

    def _build(self):
        security = {"r12": self.timeout}
        if self.bootstrap_uri.startswith("coaps"):
            security.update({"r3": b"boot", "r5": b"b" * 16})
        model = bare_model(self.bootstrap_uri, 1, **security)
        model = Model(list(model.objects.values()) + [WaterMeter(self._pulses, (1, 0), "test")])
        model.objects[3].clock = self._time
        self.model = model
        board = {}
        if self.memory or "state" in self.files.folders:
            self._keep(board)
            self.state.accounts(model)
        drawn = self.random.randbytes
        config = {
            "bootstrap": {"keys_in_clear": True},
            "registration": {"random": drawn},
            "endpoint": "urn:test",
            "version": "1.1",
            "coap": {},
        }
        self.board = board
        self.client = client = firmware_bootstrap.made(model, config, self._log, board) or Client(
            model, "urn:test", "1.1", self._log, {}, config["registration"]
        )
        if hasattr(client, "bootstrap"):
            client.bootstrap.core.random = drawn
        client.transports["coap"] = self._dial
        client.transports["coaps"] = PskDialer(
            client,
            self._log,
            {"reserve": RESERVE, "random": drawn},
            lambda account: self.state.session(account) if self.state else None,
        )
        if self.state:
            self.state.objects()
            self.state.links(client)

    def _keep(self, board):
        self.state = board["state"] = state.State("state", 1, self._log, self.memory)

    def _dial(self, host, port, account):
        self.dials += 1
        return Socket(self, host, self.boots)

    def _log(self, level, *event):
        assert event[0] not in ("failed", "state not used", "not measured"), event

    def _time(self):
        return (START if self.clock_set else 0) + self.now // 1000

    def _pulses(self):
        count = self.counts.pulses()
        self.most = max(self.most, count)
        return count

    def _second(self):
        # What the meter's program does each second
        registered = self.registered()
        self.source.pulses += self.busy or self.random.random() < 0.3
        self.model.objects[3424].sample()
        if self.random.random() < 0.2:
            value = self.counter.take()
            assert self.taken < value <= self.taken + 1 + JUMP * self.failures, value
            self.taken = value
            self.failures = 0
        if self.state:
            self.state.poll(self.client.clock.now())
            self._stored()
        elif registered:
            self._keep(self.board)
            self.state.begin(self.client)
        self.at(
            1000 if registered or self.shell.now() < 100000 else 5000,
            self._second,
            boot=self.boots,
        )

    def registered(self):
        """The Link that is, if one is."""
        for link in self.client.links:
            if link.account.short_server_id > 0 and link.core.state == REGISTERED:
                return link
        return None

    # The accounts

    def rotate(self, good=True):
        """From now on the bootstrap server has another set of accounts."""
        count = len(self.sets)
        uri = self.servers[self.random.choice("ab")].uri
        identity, key = b"", b""
        if self.secure:
            identity, key = b"v%d" % count, self.random.randbytes(16)
        if not good:
            self.bad.add(count)
            if not self.secure or self.random.random() < 0.3:
                uri = uri[:-1] + "dead"
        elif self.secure:
            self.keys[identity] = key
        self.sets.append((uri, identity, key, LIFETIME + count))

    def wanted(self):
        """The set that the bootstrap server writes: of one that is no good, later another one."""
        latest = len(self.sets) - 1
        if latest in self.bad and (self.healed or latest in self.tried):
            self.rotate()
        self.tried.add(len(self.sets) - 1)
        self.handed.add(len(self.sets) - 1)
        return self.sets[-1]

    def which(self):
        """The number of the set that the device has, -1 for none. Fails where it is a mixture."""
        own = [s for s in self.model.objects[0].instances.values() if not s.get(1)]
        servers = list(self.model.objects[1].instances.values())
        away = len(own) == len(self.model.objects[0].instances)
        assert not away or self.timeout and own, "no account"
        if not own and not servers:
            return -1
        assert len(own) == len(servers) == 1, "a mixture"
        number = servers[0][1] - LIFETIME
        uri, identity, key, _ = self.sets[number]
        assert (own[0][0], own[0].get(3, b""), own[0].get(5, b"")) == (uri, identity, key)
        return number

    def _stored(self):
        # What is surely stored by now?
        kept = self.state
        if not kept.hold and kept._seen == (self.model.changes, self.model.listing):
            self.durable = self.which(), self._written()
            self.handed = {self.durable[0], len(self.sets) - 1}

    def _written(self):
        instances = self.model.objects[1].instances
        return instances[0].get(2, 0) if instances else 0

    def acknowledged(self, value):
        """A server's Write was answered."""

    def reported(self, value):
        """A server has got a count."""
        assert value <= self.most, (value, self.most)

    def _checked(self):
        # After a restart: the old accounts or the new ones, nothing of what was stored is lost
        number = self.which()
        assert number in self.handed, (number, self.handed)
        assert number not in self.bad, "stored while on trial"
        if number == self.durable[0]:
            assert self._written() >= self.durable[1]
        self.handed = {number, len(self.sets) - 1}
        self.durable = number, self._written()
