"""A whole LwM2M session without I/O: model, management, registration, on a virtual clock."""

from virtual import ACK, CON, NEVER, Chance, parts, request

from coap.message import encode
from coap.peer import Peer
from lwm2m.account import Account
from lwm2m.management.dispatch import Management
from lwm2m.model import Model
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server
from lwm2m.registration import Registration
from metering.water_meter import WaterMeter

OFF, WAITING, CONNECTING, REGISTERING, REGISTERED, UPDATING, DEREGISTERING = range(7)
UNREACHABLE, DISCONNECTED, FORGOTTEN = 1, 2, 3  # how a server is lost, see recovery
ACCOUNT = {0: 1, 1: 300, 2: 0, 3: 0, 5: 86400, 6: False, 7: "U"}


def meter_model(account=None):
    """The model of a water meter with 12,345 pulses of a tenth of a litre."""
    server = dict(ACCOUNT)
    server.update(account or {})
    security = Security({0: {0: "coap://h", 1: False, 2: 3, 10: 1}})
    device = Device({0: "Maker", 1: "Model", 2: "0001", 3: "1.0", 14: "+01:00", 15: "Berlin"})
    meter = WaterMeter(lambda: 12345, (1, -1), "test")
    return Model([security, Server({0: server}), device, meter])


class Session:
    """The device, and by hand the server and the network."""

    def __init__(
        self, account=None, version="1.1", random=None, model=None, registration=None, **settings
    ):
        self.random = random or Chance(11)
        self.model = model or meter_model(account)
        self.registration = Registration(Account(self.model, 0), "urn:test", version, self.random)
        for name, value in (registration or {}).items():
            setattr(self.registration, name, value)
        self.management = Management(self.model, self.registration)
        self.settings = settings
        self.network = True
        self.now = 0
        self.dials = []
        self.sent = []  # of (time, parts)
        self.raw = []  # the same as bytes
        self.mid = 1000
        self.working = []  # handlers that take their time
        self.registration.start(0)
        self.service()

    def service(self):
        """What the shell does after each poll."""
        core = self.registration
        core.poll(self.now)
        while core.state == CONNECTING:
            self.dials.append(self.now)
            if self.network:
                peer = Peer(self.management, self.random)
                for name, value in self.settings.items():
                    setattr(peer, name, value)
                core.connected(peer, self.now)
            else:
                core.recover(UNREACHABLE, self.now)
            core.poll(self.now)
        for datagram in core.outbox:
            self.sent.append((self.now, parts(datagram)))
            self.raw.append(bytes(datagram))
        core.outbox.clear()

    def run(self, until=NEVER, stop=None):
        """Let time pass until `until`, or until `stop()`."""
        steps = 0
        while self.registration.deadline < until and not (stop and stop()):
            self.now = max(self.now, self.registration.deadline)
            self.service()
            steps += 1
            assert steps < 10000, "never rests"
        if until < NEVER and not (stop and stop()):
            self.now = until

    def give(self, datagram):
        """A datagram from the server; what was sent because of it."""
        before = len(self.sent)
        self.registration.input(bytes(datagram), self.now)
        self.service()
        return [sent for _, sent in self.sent[before:]]

    def work(self):
        """Let handlers that take their time go a step on; what was sent because some ended."""
        before = len(self.sent)
        slow = self.management.slow
        while slow and slow.waiting:
            deferred = slow.waiting.pop(0)
            deferred.task = Task(self, slow.work(deferred, Now(self)))
        for task in tuple(self.working):
            try:
                task.coroutine.send(None)
            except StopIteration:
                self.working.remove(task)
        if self.registration.deadline <= self.now:  # as whoever is woken looks
            self.service()
        return [sent for _, sent in self.sent[before:]]

    def acknowledge(self, sent):
        """Acknowledge a confirmable message; what was sent because of it."""
        return self.give(encode(ACK, 0, sent[2]))

    def requests(self):
        """The requests sent so far, each once: (code, path, queries, options, payload)."""
        found = []
        mids = []
        for _, sent in self.sent:
            if sent[0] == CON and 0 < sent[1] < 32 and sent[2] not in mids:
                mids.append(sent[2])
                found.append(described(sent))
        return found

    def reply(self, code, options=(), payload=b""):
        """Answer the latest request."""
        latest = [sent for _, sent in self.sent if sent[0] == CON and 0 < sent[1] < 32][-1]
        return self.give(encode(ACK, code, latest[2], latest[3], options, payload))

    def accept(self, *segments):
        """Accept the Register."""
        return self.reply(0x41, [(8, s) for s in segments or ("rd", "abc")])

    def ask(self, code, path, options=(), payload=b""):
        """The answer to a request of the server: (code, options, payload)."""
        self.mid += 1
        sent = self.give(request(code, self.mid, path, options, payload))
        answers = [s for s in sent if s[0] == ACK and s[2] == self.mid]
        return answers[0][1], answers[0][4], answers[0][5]


class Task:
    """A handler that takes its time: `Session.work` runs it, as a task of asyncio would."""

    def __init__(self, session, coroutine):
        self.session = session
        self.coroutine = coroutine
        session.working.append(self)

    def cancel(self):
        """End it."""
        self.session.working.remove(self)
        self.coroutine.close()


class Now:
    """A session's clock."""

    def __init__(self, session):
        self.session = session

    def now(self):
        """Its time."""
        return self.session.now


def under_way(management):
    """How many operations of a server wait to be run or are run."""
    return len(management.slow.running) if management.slow else 0


def described(sent):
    """(code, path, queries, payload) of a request."""
    path = "/".join([v.decode() for n, v in sent[4] if n == 11])
    return sent[1], path, [v.decode() for n, v in sent[4] if n == 15], sent[5]


def registered(**arguments):
    """A session that is registered."""
    session = Session(**arguments)
    session.accept()
    assert session.registration.state == REGISTERED
    return session
