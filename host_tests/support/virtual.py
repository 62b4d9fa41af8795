"""A virtual clock, a link that loses, repeats and reorders, and what tests share to speak CoAP.

Runs on CPython and on MicroPython alike.
"""

from tools.impairment import Impairment

from coap.budget import Budget
from coap.message import Message, encode, insert
from coap.peer import Peer

CON, NON, ACK, RST = 0, 1, 2, 3
GET, POST, PUT, DELETE, FETCH = 1, 2, 3, 4, 5
NEVER = 0xFFFFFFFFFFF  # of lib/coap


class Chance:
    """Random numbers that are the same on every interpreter; called, random bytes for a core."""

    def __init__(self, seed=1):
        self.state = (seed * 2654435761 + 12345) & 0x7FFFFFFF or 1

    def below(self, limit):
        """An integer from 0 to limit - 1."""
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % limit

    def __call__(self, size):
        return bytes([self.below(256) for _ in range(size)])


class Fixed:
    """Chance that always says the same byte."""

    def __init__(self, byte=0):
        self.byte = byte

    def __call__(self, size):
        return bytes([self.byte] * size)


class App:
    """An application that notes what ran, and answers as it was made to."""

    def __init__(self, response=0x45, sink=None):
        self.response = response
        self.sink = sink
        self.ran = []  # of (code, path, payload)
        self.resets = []  # Message IDs
        self.logged = []  # of (level, *event)
        self.deferred = []
        self.peer = None  # which the answers of `later` go to

    def handle(self, message, now):
        """Answer with `response`, or what it returns if it is callable."""
        path = b"/".join(message.all(11))
        self.ran.append((message.code, path, bytes(message.payload())))
        if callable(self.response):
            return self.response(message, now)
        return self.response

    def upload(self, message):
        """The sink, what it makes of the message if it is callable, or None."""
        return self.sink(message) if callable(self.sink) else self.sink

    def reset(self, mid):
        """Note it."""
        self.resets.append(mid)

    def log(self, level, *event):
        """Note it."""
        self.logged.append((level,) + event)

    def later(self, message, coroutines, finish, undo):
        """Note what is to run, as lwm2m's management does; `work` runs it."""
        deferred = Deferred(self, message, coroutines, finish, undo)
        self.deferred.append(deferred)
        return deferred


class Deferred:
    """Coroutines whose results go to whoever asked, once `work` has run them."""

    def __init__(self, app, message, coroutines, finish, undo):
        self.app = app
        self.copy = message and parse(message.data)
        self.coroutines = coroutines
        self.finish = finish
        self.undo = undo
        self.deliver = self._respond

    def _respond(self, response, now):
        self.app.peer.respond(self.copy, response, None, now)

    def work(self, now):
        """Run it to its end, and deliver what came of it."""
        self.app.deferred.remove(self)
        try:
            response = self.finish([_ran(coroutine) for coroutine in self.coroutines])
        except Exception as error:  # noqa: BLE001 as the management does
            if self.undo:
                self.undo()
            response = getattr(error, "code", 0xA0)
        self.deliver(response, now)


def _ran(coroutine):
    # The result of a coroutine that waits for nobody but itself
    while True:
        try:
            coroutine.send(None)
        except StopIteration as result:
            return result.value


class Replies:
    """A `done` callback that notes what it gets."""

    def __init__(self):
        self.got = []

    def __call__(self, message, now):
        if message is None:
            self.got.append(None)
        elif message.kind == RST:
            self.got.append("RST")
        else:
            self.got.append((message.code, bytes(message.payload())))


def parse(datagram):
    """A new Message with the datagram parsed."""
    message = Message()
    message.parse(bytes(datagram))
    return message


def parts(datagram):
    """(kind, code, MID, token, options, payload) of a datagram."""
    m = parse(datagram)
    options = [(n, m.data[s >> 12 : s & 0xFFF]) for n, s in zip(m.numbers, m.spans)]  # noqa: B905
    return m.kind, m.code, m.mid, bytes(m.token), options, bytes(m.payload())


def raises(code, function, *arguments):
    """Assert that it raises an error of `code`, as coap's and lwm2m's exceptions carry it."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 its code is looked at
        if getattr(error, "code", None) != code:
            raise
        return
    raise AssertionError("nothing raised")


def text_of(kind, function, *arguments):
    """The text of the exception of class `kind` that it raises."""
    try:
        function(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError("nothing raised")


def drain(core):
    """What a core wants sent, parsed; its outbox is empty afterwards."""
    sent = [parts(d) for d in core.outbox]
    core.outbox.clear()
    return sent


def idle(core):
    """Has a core nothing to wait for?"""
    return core.deadline >= NEVER


def ask(peer, datagram, now=0):
    """Give a core a datagram; what it sends at once, parsed."""
    peer.input(bytes(datagram), now)
    return drain(peer)


def request(code, mid, path="", options=(), payload=b"", kind=CON, token=b"\x01\x02"):
    """A datagram that asks for `path`."""
    found = [(11, segment) for segment in path.split("/") if segment]
    for number, value in options:
        insert(found, number, value)
    return bytes(encode(kind, code, mid, token, found, payload))


class Link:
    """Two cores and what travels between them, by a virtual clock.

    `impairment(datagram)` gives the delays of the copies that arrive: see tools/impairment.py.
    """

    def __init__(self, a, b, impairment=None):
        self.ends = (a, b)
        self.impairment = impairment or (lambda datagram: (10,))
        self.now = 0
        self.travelling = []  # of [arrival, order, end, datagram]
        self.sent = 0

    def collect(self):
        """Put on the way what the cores want sent."""
        for i in (0, 1):
            core = self.ends[i]
            datagrams = [bytes(d) for d in core.outbox]
            core.outbox.clear()
            for datagram in datagrams:
                for delay in self.impairment(datagram):
                    self.sent += 1
                    self.travelling.append([self.now + delay, self.sent, 1 - i, datagram])

    def step(self, until=NEVER):
        """Let the next thing happen; False if there is none before `until`."""
        self.collect()
        self.travelling.sort()
        at = min(core.deadline for core in self.ends)
        if self.travelling:
            at = min(at, self.travelling[0][0])
        if at >= until:
            return False
        self.now = max(self.now, at)
        if self.travelling and self.travelling[0][0] <= self.now:
            _, _, end, datagram = self.travelling.pop(0)
            self.ends[end].input(datagram, self.now)
        for core in self.ends:
            core.poll(self.now)
        return True

    def run(self, until=NEVER, steps=100000):
        """Go on until nothing is left to happen, or `until`. Fails where it never ends."""
        while self.step(until):
            steps -= 1
            assert steps, "never ends"
        if until < NEVER:
            self.now = until


def lossy(chance, loss=30, repeat=10, slow=10):
    """An impairment in which so many of a hundred datagrams are dropped, repeated, late."""
    return Impairment(chance.below, loss, repeat, slow, 10, 50, 5000, 3000)


def budget_of(memory):
    """A Budget of so many bytes."""
    budget = Budget()
    budget.memory = memory
    return budget


def pair(app, seed=1, client_app=None):
    """Two peers: a client and a server of `app`."""
    return Peer(client_app or App(), Chance(seed)), Peer(app, Chance(seed + 1))
