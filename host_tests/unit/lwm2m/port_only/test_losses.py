"""Servers, load balancers and networks that fail, by whole Links on a virtual clock."""

from lab import NUMBER, OID, Lab
from session import meter_model
from virtual import ACK, CON, DELETE, GET, NEVER, POST, parts, request

from coap.message import encode
from coap.udp import Transport
from lwm2m.client import Client
from lwm2m.link import Link

DAY = 86400000
CREATED, CHANGED, DELETED, NOT_FOUND = 0x41, 0x44, 0x42, 0x84
CLOSE_NOTIFY, INTERNAL_ERROR = 0, 80


class Line(Transport):
    """A session with `front`, which serves it."""

    established = True

    def __init__(self, front):
        self.front = front
        self.contexts = front.contexts
        self.got = []

    def send(self, datagram):
        self.front.serve(self, datagram)

    def forget(self):
        self.front.known = False

    def close(self):
        pass


class Front:
    """What a client dials: a load balancer with a server behind, or no network at all.

    `requests` are (ms, code, path) of all transmissions. `secure`: sessions are resumed where
    both sides know them.
    """

    def __init__(self, secure=True):
        self.now = 0
        self.secure = secure
        self.known = False  # is there a session to be resumed?
        self.contexts = 0
        self.dials = []
        self.requests = []
        self.network = True
        self.end = None  # an alert that ends each session after its first request
        self.code = None  # the answer to Updates, None to say nothing
        self.dead_until = 0  # the application behind hears nothing in contexts up to this one

    def __call__(self, host, port, account):
        """Dial: a handshake that takes no time."""
        self.dials.append(self.now)
        if not self.network:
            raise OSError(101)
        if self.secure and not self.known:
            self.known = True
            self.contexts += 1
        return Line(self)

    def serve(self, line, datagram):
        kind, code, mid, token, options, _ = parts(datagram)
        if kind != CON or not 0 < code < 32:
            return
        path = "/".join([v.decode() for n, v in options if n == 11])
        self.requests.append((self.now, code, path))
        if line.contexts > self.dead_until or not self.secure:
            answer = CREATED if path == "rd" else DELETED if code == DELETE else self.code
            if answer is not None:
                location = ((8, "rd"), (8, "x")) if answer == CREATED else ()
                line.got.append(bytes(encode(ACK, answer, mid, token, location)))
        if self.end is not None:
            line.failed = self.end
            if self.end:
                self.known = False

    def registers(self, since=0):
        """The times of all Registers."""
        return [at for at, code, path in self.requests if path == "rd" and at >= since]


class Driven(Link):
    """A Link without tasks: `run` lets virtual time pass."""

    def attach(self, transport):
        self.transport = transport

    def go(self, until):
        """Let time pass until then."""
        core, front = self.core, self.clock
        for _ in range(100000):
            if self.transport:
                self.transport.poll(front.now())
            core.poll(front.now())
            self.service()
            self.flush()
            line = self.transport
            if line and line.got:
                core.input(line.got.pop(0), front.now())
            elif self.deadline() > front.now() and not (core.peer and line.failed is not None):
                if self.deadline() >= until:
                    front.at = until
                    return
                front.at = self.deadline()
        raise AssertionError("never rests")


class Clock:
    """The time as the front has it."""

    def __init__(self, front):
        self.front = front
        self.at = 0

    def now(self):
        self.front.now = self.at
        return self.at


def registering(front, update_pause=30, **account):
    """A Link that has begun to register at `front`."""
    model = meter_model({int(name[1:]): account[name] for name in account})
    model.objects[OID] = Lab()
    client = Client(model, "losses", log=lambda *event: None)
    client.clock = Clock(front)
    client.transports["coap"] = front
    link = Driven(client, client.links[0].account)
    link.core.update_pause = update_pause
    link.core.start(0)
    return link


def test_a_server_that_ends_each_session_right_after_the_register_gets_two_in_15_s():
    """A review counted 8,352 on loopback."""
    for secure in (True, False):
        for end in (CLOSE_NOTIFY, INTERNAL_ERROR):
            front = Front(secure)
            front.end = end
            link = registering(front)
            link.go(15000)
            assert 1 <= len(front.registers()) <= 2 and len(front.dials) <= 2
            link.go(DAY)
            assert 5 <= len(front.registers()) <= 7, front.registers()
            front.end = None
            front.code = CHANGED
            link.go(3 * DAY)
            assert link.core.ready()


def test_a_front_end_before_a_dead_application_is_dialled_anew_and_registered_at():
    front = Front()
    front.code = CHANGED
    link = registering(front)
    link.go(1000)
    assert front.contexts == 1 and link.core.ready()
    front.dead_until = 1  # what is in this security context is routed to a dead server
    link.go(DAY)
    assert front.contexts == 2
    (first, second) = front.registers()
    silent = [at for at, _, path in front.requests if path == "rd/x" and at < second]
    assert second - silent[0] < 2 * 93000 + 75000 and len(silent) == 10  # two exchanges
    assert link.core.ready()


def test_a_dead_application_is_asked_less_and_less_often():
    front = Front()
    front.code = CHANGED
    link = registering(front)
    link.go(1000)
    front.dead_until = NEVER
    link.go(DAY)
    exchanges = len(front.requests) // 5
    assert 5 <= exchanges <= 8, front.requests
    assert front.contexts > 2  # and never again in a security context that did not help


def test_a_server_that_forgets_each_registration_is_not_registered_at_faster_than_backed_off():
    front = Front()
    front.code = NOT_FOUND
    link = registering(front, 1, _1=2)
    link.go(60000)
    assert len(front.registers()) <= 3
    link.go(DAY)
    assert len(front.registers()) <= 10


def test_a_new_security_context_each_time_is_not_registered_in_for_ever():
    front = Front()
    link = registering(front)
    link.go(0)
    registers = len(front.registers())
    for _ in range(50):
        if link.transport:
            link.transport.contexts += 1
        link.go(link.clock.at + 100)
    assert len(front.registers()) - registers <= 1


def test_without_an_address_or_a_network_the_attempts_back_off():
    front = Front()
    front.network = False
    link = registering(front)
    link.go(DAY)
    assert len(front.dials) == 5
    pauses = [b - a for a, b in zip(front.dials, front.dials[1:])]  # noqa: B905
    for pause, least in zip(pauses, (60000, 120000, 240000, 480000)):  # noqa: B905
        assert least <= pause <= least * 5 // 4


def test_a_loss_after_a_minute_without_trouble_is_answered_at_once():
    front = Front()
    front.code = CHANGED
    link = registering(front)
    for _ in range(20):
        link.go(link.clock.at + 60000)
        dials = len(front.dials)
        link.transport.failed = CLOSE_NOTIFY
        link.go(link.clock.at + 1)
        assert len(front.dials) == dials + 1
    assert len(front.registers()) == 1  # it is resumed, and the registration goes on


def test_a_session_that_the_server_forgot_is_not_counted_against_it():
    """A full handshake instead of a resumed one: one Register, at once."""
    front = Front()
    front.code = CHANGED
    link = registering(front)
    link.go(100000)
    front.known = False
    link.transport.failed = INTERNAL_ERROR
    link.go(100001)
    assert len(front.registers()) == 2 and link.core.ready()


def test_an_update_goes_out_before_the_lifetime_ends_behind_a_silent_notification():
    for lifetime in (60, 120, 300):
        front = Front()
        front.code = CHANGED
        link = registering(front, _1=lifetime)
        link.go(1000)
        link.core.input(request(GET, 1, "%d/0/%d" % (OID, NUMBER), [(6, 0)]), 1000)
        at = link.core.at
        link.go(at - 2000)
        link.client.model.object(OID).set(0, NUMBER, 9)
        link.go(lifetime * 1000)
        assert front.requests[1] == (at, POST, "rd/x"), front.requests


def test_the_back_off_outlives_a_sleep():
    front = Front()
    front.network = False
    link = registering(front)
    link.go(170000)
    state = link.export()
    attempts = link.core.attempts
    again = registering(front)
    again.restore(state, 1000)
    assert again.core.attempts == attempts == 2
