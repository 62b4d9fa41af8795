"""The servers of test_seeded_power_cuts.py: one registers and observes, one bootstraps."""

from bootstrapping import TLV, security, server
from dtls_peer import Server, vector
from virtual import ACK, CON, DELETE, GET, POST, PUT, RST, parts, request

from coap.message import encode

VOLUME = "3424/0/4"
RETRY_MS = 4000
TRIES = 4
MID_LIFETIME = 247000  # EXCHANGE_LIFETIME: how long a server knows a Message ID


class Dtls(Server):
    """A DTLS server that has a key per identity."""

    cookie = b""

    def __init__(self, keys, seed):
        super().__init__(seed=seed)
        self.identities = keys
        self.contexts = 0

    def premaster(self):
        key = self.identities.get(self.named, b"?" * 16)
        return vector(bytes(len(key)), 2) + vector(key, 2)

    def named_wrong(self):
        return self.named not in self.identities

    def dumb(self):
        super().dumb()
        self.contexts = getattr(self, "contexts", 0) + 1


class Coap:
    """A server's side of CoAP over one way to the device; subclasses answer requests."""

    def __init__(self, world, uri, keys=None):
        self.world = world
        self.uri = uri
        self.dtls = Dtls(keys, len(uri)) if keys is not None else None
        self.context = None  # in which Message IDs must not be used twice
        self.seen = {}  # Message ID: (when, datagram, answer)
        self.asked = {}  # our requests by Message ID: [token, datagram, tries, done]
        self.mid = 100
        self.way = None  # the device's socket

    def arrived(self, way, datagram):
        """A datagram of the device's from one of its sockets."""
        self.way = way
        if not self.dtls:
            self._text(way, datagram)
            return
        dtls = self.dtls
        dtls.input(datagram, self.world.now)
        texts = dtls.got[:]
        dtls.got.clear()
        for text in texts:
            self._text(dtls.contexts, text)
        self._flush()

    def poll(self):
        """The timer of the handshake."""
        if self.dtls:
            self.dtls.poll(self.world.now)
            self._flush()

    def _flush(self):
        for datagram in self.dtls.outbox:
            self.world.to_device(self.way, datagram)
        self.dtls.outbox.clear()

    def send(self, datagram):
        """Send CoAP to the device."""
        if not self.dtls:
            self.world.to_device(self.way, datagram)
        elif self.dtls.established:
            self.dtls.send(bytes(datagram))
            self._flush()

    def _text(self, context, text):
        now = self.world.now
        if context != self.context:
            self.context = context
            self.seen.clear()
            self.asked.clear()
        kind, code, mid, token, options, payload = parts(text)
        if kind in (ACK, RST):
            waiting = self.asked.pop(mid, None)
            if waiting and waiting[0] == token and waiting[3]:
                waiting[3](code, payload)
            return
        known = self.seen.get(mid)
        if known and now - known[0] < MID_LIFETIME:
            assert known[1] == text, "a Message ID used twice"
        else:
            if 0 < code < 32:
                path = "/".join([value.decode() for number, value in options if number == 11])
                answer = self.request(code, path, payload)
                datagram = encode(ACK, answer[0], mid, token, answer[1]) if answer else None
            else:
                good = self.notified(code, token, options, payload)
                datagram = encode(ACK if good else RST, 0, mid)
            known = now, text, datagram
            self.seen[mid] = known
        if known[2] and kind == CON:
            self.send(known[2])

    def ask(self, code, path, options=(), payload=b"", done=None):
        """Send a request until it is answered; `done(code, payload)` hears of the answer."""
        self.mid = self.mid + 1 & 0xFFFF
        token = b"t%d" % self.mid
        datagram = request(code, self.mid, path, options, payload, token=token)
        self.asked[self.mid] = [token, datagram, TRIES, done]
        self._try(self.mid, token)
        return token

    def _try(self, mid, token):
        waiting = self.asked.get(mid)
        if waiting and waiting[0] == token and waiting[2]:
            waiting[2] -= 1
            self.send(waiting[1])
            self.world.at(RETRY_MS, self._try, mid, token)

    def notified(self, code, token, options, payload):
        """Is it wanted?"""
        return False


class Management(Coap):
    """An LwM2M server: it observes the volume and writes the account's /1/0/2."""

    location = None
    count = 0
    token = None  # of the observation that the device has confirmed
    asking = None  # of the one that is asked for
    number = -1
    written = 0
    notifications = 0

    def request(self, code, path, payload):
        """Register, Update and De-register."""
        if path == "rd":
            self.count += 1
            self.location = "rd/%s%d" % (self.uri[-1], self.count)
            self.token = self.asking = None
            self.number = -1
            self.world.at(500, self.observe, self.location)
            return 0x41, [(8, segment) for segment in self.location.split("/")]
        if path != self.location:
            return 0x84, ()
        if code == DELETE:
            self.location = self.token = self.asking = None
            return 0x42, ()
        if not self.token:
            self.world.at(500, self.observe, self.location)
        return 0x44, ()

    def forget(self):
        """The server starts anew: it knows nobody."""
        self.location = self.token = self.asking = None
        self.seen.clear()
        self.asked.clear()
        if self.dtls:
            self.dtls.sessions.clear()
            self.dtls.dumb()

    def observe(self, location):
        """Observe the count, if it is still registered there."""
        if location == self.location and not self.token:

            def done(code, payload):
                if code == 0x45 and token == self.asking:
                    self.token = token

            token = self.asking = self.ask(GET, VOLUME, [(6, b""), (17, b"")], done=done)

    def notified(self, code, token, options, payload):
        """Numbers must go up (RFC 7641 section 3.4): what does not is dropped as old."""
        if token != self.asking or code != 0x45:
            return False
        numbers = [int.from_bytes(value, "big") for number, value in options if number == 6]
        assert numbers[0] > self.number, "a number of a notification used twice"
        self.number = numbers[0]
        self.notifications += 1
        self.world.reported(int(payload))
        return True

    def write(self):
        """Write an integer that is new."""
        value = self.written = self.written + 1

        def done(code, payload):
            assert code in (0x44, 0x84), code
            if code == 0x44:
                self.world.acknowledged(value)

        self.ask(PUT, "1/0/2", [(12, b"")], b"%d" % value, done)

    def trigger(self):
        """Have the device bootstrap."""
        self.ask(POST, "1/0/9")


class Bootstrap(Coap):
    """It writes what `world.wanted()` says: (URI, identity, key, lifetime)."""

    run = 0  # which course this is

    def request(self, code, path, payload):
        """A Bootstrap-Request."""
        if (code, path) != (POST, "bs"):
            return 0x84, ()
        self.run += 1
        uri, identity, key, lifetime = self.world.wanted()
        steps = [
            (DELETE, "0", (), b""),
            (DELETE, "1", (), b""),
            (PUT, "0/0", TLV, security(uri, 1, identity, key)),
            (PUT, "1/0", TLV, server(1, lifetime)),
            (POST, "bs", (), b""),
        ]
        self.world.at(100, self._step, self.run, steps)
        return 0x44, ()

    def _step(self, run, steps):
        if run != self.run or not steps:
            return

        def done(code, payload):
            if code in (0x42, 0x44):
                self._step(run, steps[1:])

        self.ask(*steps[0], done=done)
