"""A device with a bootstrap server, without I/O: its Session, and by hand the server and network.

Runs on CPython and on MicroPython alike.
"""

from lab import resource
from session import UNREACHABLE
from virtual import ACK, CON, DELETE, GET, NEVER, POST, PUT, Chance, parts, request

from coap.message import encode
from coap.peer import Peer
from lwm2m.account import accounts
from lwm2m.bootstrap.interface import Interface
from lwm2m.bootstrap.session import BootstrapAccount, Session
from lwm2m.model import Model
from lwm2m.objects.device import Device
from lwm2m.objects.portfolio import Portfolio
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server

OFF, WAITING, CONNECTING, ASKING, SERVED, ENDED = range(6)
CHANGED, DELETED, CONTENT, BAD_REQUEST, NOT_ALLOWED, NOT_ACCEPTABLE = (
    0x44,
    0x42,
    0x45,
    0x80,
    0x85,
    0x86,
)
TLV = [(12, 11542)]
LINKS = [(17, 40)]
KEY = bytes(range(16))


def security(uri, ssid, identity=b"", key=b""):
    """The Resources of a server's Instance of Object 0, as TLV."""
    return (
        resource(0, uri.encode())
        + resource(1, b"\0")
        + resource(2, b"\0" if key else b"\3")
        + resource(3, identity)
        + resource(4, b"")
        + resource(5, key)
        + resource(10, ssid.to_bytes(2, "big"))
    )


def server(ssid, lifetime=300):
    """The Resources of a server's Instance of Object 1, as TLV."""
    return (
        resource(0, ssid.to_bytes(2, "big"))
        + resource(1, lifetime.to_bytes(4, "big"))
        + resource(6, b"\0")
        + resource(7, b"U")
    )


def bare_model(uri="coap://bs", iid=0, **account):
    """A model that knows a bootstrap server only, in that Instance of Object 0."""
    resources = {0: uri, 1: True, 2: 0 if uri.startswith("coaps") else 3}
    for rid in account:
        resources[int(rid[1:])] = account[rid]
    device = Device({0: "Maker", 14: "+01:00"}, lambda: 1)
    return Model([Security({iid: resources}), Server({}), device, Portfolio({})])


def with_server(model, iid=5, uri="coap://old", ssid=1, **settings):
    """The model with the account of a server more."""
    model.object(0).instances[iid] = {0: uri, 1: False, 2: 3, 10: ssid}
    resources = {0: ssid, 1: 300, 4: None, 6: False, 7: "U", 8: None}
    for rid in settings:
        resources[int(rid[1:])] = settings[rid]
    model.object(1).instances[iid] = resources
    return model


class Bench:
    """The device's side: `core` is the Session, the test is server and network."""

    transports = ("coap", "coaps")
    endpoint = "urn:test"

    def __init__(self, model=None, version="1.1", network=True, clock=1, **settings):
        """`settings` are attributes of the Session; `clock` is what the device takes for now."""
        self.model = model or bare_model()
        self.model.objects[3].clock = lambda: clock
        self.renewed = 0
        self.logged = []
        self.account = BootstrapAccount(self.model)
        self.random = Chance(5)
        self.version = version
        self.log = lambda *event: self.logged.append(event)
        self.core = Session(self, self.account, lambda: None, self.random)
        for name in settings:
            setattr(self.core, name, settings[name])
        self.management = Interface(self.model, self.core)
        self.network = network
        self.now = 0
        self.mid = 100
        self.dials = []
        self.sent = []
        self.core.start(0)
        self.service()

    def renew(self):
        """The client hears that the accounts are others."""
        self.renewed += 1

    def service(self):
        """What the shell does after each poll."""
        core = self.core
        core.poll(self.now)
        while core.state == CONNECTING:
            self.dials.append(self.now)
            if self.network:
                core.connected(Peer(self.management, self.random), self.now)
            else:
                core.recover(UNREACHABLE, self.now)
            core.poll(self.now)
        for datagram in core.outbox:
            self.sent.append((self.now, parts(datagram)))
        core.outbox.clear()

    def run(self, until=NEVER, stop=None):
        """Let time pass until `until`, or until `stop()`."""
        steps = 0
        while self.core.deadline < until and not (stop and stop()):
            self.now = max(self.now, self.core.deadline)
            self.service()
            steps += 1
            assert steps < 100000, "never rests"
        if until < NEVER and not (stop and stop()):
            self.now = until

    def give(self, datagram):
        """A datagram from the server; what was sent because of it."""
        before = len(self.sent)
        self.core.input(bytes(datagram), self.now)
        self.service()
        return [sent for _, sent in self.sent[before:]]

    def asked(self):
        """The Bootstrap-Requests so far, each once: (path, queries)."""
        found, mids = [], []
        for _, sent in self.sent:
            if sent[0] == CON and sent[1] == POST and sent[2] not in mids:
                mids.append(sent[2])
                path = "/".join([value.decode() for number, value in sent[4] if number == 11])
                queries = [value.decode() for number, value in sent[4] if number == 15]
                found.append((path, queries))
        return found

    def accept(self, code=CHANGED):
        """Answer the latest Bootstrap-Request."""
        latest = [sent for _, sent in self.sent if sent[0] == CON and sent[1] == POST][-1]
        return self.give(encode(ACK, code, latest[2], latest[3]))

    def ask(self, code, path, options=(), payload=b""):
        """The answer to an operation: (code, payload)."""
        self.mid += 1
        sent = self.give(request(code, self.mid, path, options, payload))
        answers = [one for one in sent if one[0] == ACK and one[2] == self.mid]
        return answers[0][1], answers[0][5]

    def write(self, path, body, options=TLV):
        """The code that answers a Write."""
        return self.ask(PUT, path, options, body)[0]

    def delete(self, path):
        """The code that answers a Delete."""
        return self.ask(DELETE, path)[0]

    def discover(self, path=""):
        """The links that answer a Discover."""
        code, payload = self.ask(GET, path, LINKS)
        assert code == CONTENT, code
        return payload.decode().split(",")

    def finish(self):
        """The code that answers a Finish."""
        return self.ask(POST, "bs")[0]

    def bootstrap(self, uri="coap://new", ssid=1, identity=b"", key=b"", iid=0):
        """Accept the request and write one server's account; the code of the Finish."""
        self.accept()
        assert self.write("0/%d" % iid, security(uri, ssid, identity, key)) == CHANGED
        assert self.write("1/%d" % iid, server(ssid)) == CHANGED
        return self.finish()

    def state(self):
        """Objects 0 and 1 as they are: {(Object, Instance): Resources}."""
        return {
            (oid, iid): dict(self.model.object(oid).instances[iid])
            for oid in (0, 1)
            for iid in self.model.object(oid).instances
        }

    def uris(self):
        """The URIs of the servers that the device registers at."""
        return [account.uri for account in accounts(self.model)]
