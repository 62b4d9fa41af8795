"""A scripted DTLS 1.2 PSK server without I/O, what travels to it, and ways to look into records.

Runs on CPython and on MicroPython alike. Its records are its own code above lib/dtls's ciphers.
"""

from hashlib import sha256

from virtual import NEVER, Chance

from dtls.client import Dtls
from dtls.crypto import prf
from dtls.record import ciphers

IDENTITY = b"meter-0001"
KEY = bytes(range(16))
CCM_8, CCM, CBC = 0xC0A8, 0xC0A4, 0x00AE
CLOSED, SHAKING, ESTABLISHED = 0, 1, 2


def be(data):
    """An unsigned integer, big-endian."""
    return int.from_bytes(bytes(data), "big")


def vector(body, width=1):
    """Its length in `width` bytes, and itself."""
    return len(body).to_bytes(width, "big") + body


def plain(kind, body, seq=0, epoch=0):
    """A record in the clear."""
    head = bytes([kind, 0xFE, 0xFD]) + epoch.to_bytes(2, "big") + seq.to_bytes(6, "big")
    return head + vector(body, 2)


def message(kind, body, seq):
    """A handshake message in one fragment."""
    size = len(body).to_bytes(3, "big")
    return bytes([kind]) + size + seq.to_bytes(2, "big") + bytes(3) + size + body


def records(datagram, cid=0):
    """[(type, epoch, seq, body, whole)] of a datagram with CIDs of `cid` bytes."""
    items = []
    i = 0
    datagram = bytes(datagram)
    while i < len(datagram):
        at = i + 11 + (cid if datagram[i] == 25 else 0)
        end = at + 2 + be(datagram[at : at + 2])
        assert datagram[i + 1 : i + 3] == b"\xfe\xfd" and end <= len(datagram)
        number = be(datagram[i + 5 : i + 11])
        epoch = be(datagram[i + 3 : i + 5])
        items.append((datagram[i], epoch, number, datagram[at + 2 : end], datagram[i:end]))
        i = end
    return items


class Server:
    """Answers one client; its attributes say how."""

    cookie = b"cookie-of-20-bytes.."
    hint = None
    ems = True
    renegotiation = True
    etm = True
    cid = None  # the server's own, None: it knows no CIDs
    suite = CCM_8
    version = b"\xfe\xfd"
    fragment = 0  # bytes of a fragment, 0: whole messages
    resumes = True
    refuse = None  # an alert in answer to ClientHello
    extra = b""  # more extensions
    wrong_finished = False

    def __init__(self, key=KEY, identity=IDENTITY, seed=7, **settings):
        self.key = key
        self.identity = identity
        self.random = Chance(seed)
        for name, value in settings.items():
            setattr(self, name, value)
        self.outbox = []
        self.deadline = NEVER
        self.sessions = {}  # session id -> (master secret, extended?)
        self.got = []  # application data
        self.alerts = []
        self.established = False
        self.into = self.out = None
        self.theirs = b""  # the client's CID
        self.hellos = 0
        self.last_hello = b""
        self.dumb()

    def dumb(self):
        """Forget the association, not the sessions."""
        self.out = self.into = None
        self.established = False
        self.seq = [0, 0]
        self.flight = []
        self.seen = set()
        self.numbers = set()
        self.deadline = NEVER

    # What it sends

    def record(self, kind, body, epoch=1):
        """One record, protected in epoch 1."""
        seq = self.seq[epoch]
        self.seq[epoch] += 1
        if not epoch:
            return plain(kind, body, seq)
        number = b"\x00\x01" + seq.to_bytes(6, "big")
        if self.theirs:
            body = bytes(body) + bytes([kind]) + bytes(3)
            head = b"\xff" * 8 + bytes([25, len(self.theirs), 25, 0xFE, 0xFD]) + number
            start = b"\x19\xfe\xfd" + number + self.theirs
            return self.out.seal(start, head + self.theirs, number, body)
        start = bytes([kind, 0xFE, 0xFD])
        return self.out.seal(start + number, number + start, number, body)

    def send(self, *texts):
        """Application data, several records in one datagram."""
        datagram = b"".join([self.record(23, text) for text in texts])
        self.outbox.append(datagram)
        return datagram

    def alert(self, code, level=2, epoch=1):
        """An alert."""
        self.outbox.append(self.record(21, bytes([level, code]), epoch))

    def say(self, kind, body, epoch=0):
        """A message of the flight, in the hash."""
        whole = message(kind, body, self.turn)
        self.turn += 1
        self.note(whole)
        if not self.fragment:
            self.flight.append((22, epoch, whole))
            return
        for at in range(0, max(len(body), 1), self.fragment):
            piece = body[at : at + self.fragment]
            head = whole[:6] + at.to_bytes(3, "big") + len(piece).to_bytes(3, "big")
            self.flight.append((22, epoch, head + piece))

    def note(self, whole):
        """Into the hash."""
        self.transcript += bytes(whole)

    def digest(self):
        """The hash of all so far."""
        return sha256(self.transcript).digest()

    def transmit(self, now=0):
        """Send the flight in one datagram."""
        if self.flight:
            made = [self.record(kind, body, epoch) for kind, epoch, body in self.flight]
            self.outbox.append(b"".join(made))

    def poll(self, now):
        """Its timer: it waits for the end of an abbreviated handshake."""
        if now >= self.deadline:
            self.transmit()
            self.deadline = now + 2000
        return self.deadline

    # What arrives

    def input(self, datagram, now=0):
        """Take a datagram of the client's."""
        for kind, epoch, seq, body, whole in records(datagram, len(self.cid or b"")):
            if epoch:
                self.protected(kind, seq, body, whole, now)
            elif kind == 22:
                self.handshake(body, now)
            elif kind == 21:
                self.alerts.append(body[1])

    def protected(self, kind, seq, body, whole, now):
        if not self.into or seq in self.numbers:
            return
        number = b"\x00\x01" + seq.to_bytes(6, "big")
        head = number + bytes([kind, 0xFE, 0xFD])
        if self.cid:
            assert kind == 25 and whole[11 : 11 + len(self.cid)] == self.cid
            head = b"\xff" * 8 + bytes([25, len(self.cid), 25, 0xFE, 0xFD]) + number + self.cid
        text = self.into.open(head, number, body)
        if text is None:
            return
        self.numbers.add(seq)
        if self.cid:
            text, kind = text[:-1], text[-1]
        if kind == 22:
            self.handshake(text, now)
        elif kind == 21:
            self.alerts.append(text[1])
            if text[1] == 0:
                self.established = False
        else:
            self.got.append(bytes(text))

    def handshake(self, body, now):
        kind = body[0]
        if kind == 1:
            self.hello(bytes(body), now)
        elif (kind, bytes(body)) in self.seen:
            if kind == 20:
                self.transmit()
        elif kind == 16 and self.flight and not self.resumed:
            self.seen.add((kind, bytes(body)))
            self.note(body)
            size = be(body[12:14])
            self.named = bytes(body[14 : 14 + size])
            self.keys(self.premaster())
        elif kind == 20:
            self.finished(bytes(body), now)

    def hello(self, body, now):
        if body == self.last_hello and self.flight:
            self.transmit()
            return
        self.hellos += 1
        nonce = body[14:46]
        i = 47 + body[46]
        sid = body[47:i]
        cookie = body[i + 1 : i + 1 + body[i]]
        i += 1 + body[i]
        suites = body[i + 2 : i + 2 + be(body[i : i + 2])]
        i += 2 + be(body[i : i + 2])
        offered = {}
        i += 1 + body[i] + 2
        while i < len(body):
            size = be(body[i + 2 : i + 4])
            offered[be(body[i : i + 2])] = body[i + 4 : i + 4 + size]
            i += 4 + size
        self.offered = offered
        self.offered_suites = suites
        if self.cookie and cookie != self.cookie:
            answer = message(3, b"\xfe\xff" + vector(self.cookie), be(body[4:6]))
            self.outbox.append(plain(22, answer, self.hellos))
            return
        if self.refuse is not None:
            self.outbox.append(plain(21, bytes([2, self.refuse])))
            return
        self.last_hello = body
        self.dumb()
        self.client_nonce = nonce
        self.transcript = body
        self.turn = be(body[4:6])
        self.server_hello(sid, offered, now)

    def server_hello(self, sid, offered, now):
        self.nonce = self.random(32)
        resumed = self.resumes and sid in self.sessions
        self.sid = sid if resumed else self.random(32) if self.resumes else b""
        extensions = b""
        if self.ems:
            extensions += b"\x00\x17\x00\x00"
        if self.renegotiation:
            extensions += b"\xff\x01\x00\x01\x00"
        if self.etm and 22 in offered:
            extensions += b"\x00\x16\x00\x00"
        if self.cid is not None and 54 in offered:
            extensions += b"\x00\x36" + vector(vector(self.cid), 2)
            self.theirs = offered[54][1:]
        extensions += self.extra
        body = self.version + self.nonce + vector(self.sid) + self.suite.to_bytes(2, "big")
        self.say(2, body + b"\x00" + (vector(extensions, 2) if extensions else b""))
        self.resumed = resumed
        if resumed:
            self.keys(None)
            self.tail()
            self.deadline = now + 2000
        else:
            if self.hint is not None:
                self.say(12, vector(self.hint, 2))
            self.say(14, b"")
        self.transmit()

    def premaster(self):
        return vector(bytes(len(self.key)), 2) + vector(self.key, 2)

    def keys(self, premaster):
        if premaster is None:
            self.master = self.sessions[self.sid][0]
        elif self.ems:
            self.master = prf(premaster, b"extended master secret" + self.digest(), 48)
        else:
            self.master = prf(premaster, b"master secret" + self.client_nonce + self.nonce, 48)
        seed = b"key expansion" + self.nonce + self.client_nonce
        block = prf(self.master, seed, 96 if self.suite == CBC else 40)
        self.block = block
        self.into, self.out = ciphers(self.suite, block, self.etm)

    def tail(self):
        self.flight.append((20, 0, b"\x01"))
        body = prf(self.master, b"server finished" + self.digest(), 12)
        self.say(20, bytes(12) if self.wrong_finished else body, 1)

    def finished(self, body, now):
        if body[12:] != prf(self.master, b"client finished" + self.digest(), 12):
            return
        if self.named_wrong():
            return
        self.seen.add((20, body))
        self.note(body)
        self.established = True
        self.deadline = NEVER
        if not self.resumed:
            self.flight = []
            self.tail()
            self.transmit()
            self.sessions[self.sid] = self.master, self.ems

    def named_wrong(self):
        return not self.resumed and self.named != self.identity


def client(seed=3, key=KEY, identity=IDENTITY, random=None, **settings):
    """A client with chance in place of randomness; settings are attributes or arguments."""
    arguments = {}
    for name in ("suites", "cid", "store"):
        if name in settings:
            arguments[name] = settings.pop(name)
    core = Dtls(identity, key, random or Chance(seed), **arguments)
    for name, value in settings.items():
        setattr(core, name, value)
    return core


def pump(core, server, now=0, sent=None):
    """Carry datagrams both ways until none is left; what the client's application got."""
    got = []
    for _ in range(100):
        if not core.outbox and not server.outbox:
            return got
        there, back = core.outbox[:], server.outbox[:]
        core.outbox.clear()
        server.outbox.clear()
        for datagram in there:
            if sent is not None:
                sent.append(bytes(datagram))
            server.input(datagram, now)
        for datagram in back:
            got += core.input(datagram, now)
    raise AssertionError("never ends")


def given_up(core, server=None, now=0):
    """Let a handshake go on until the client gives up; when that was."""
    while core.state == SHAKING:
        if server:
            pump(core, server, now)
        core.outbox.clear()
        if core.state == SHAKING:
            now = core.deadline
            core.poll(now)
    if server:
        pump(core, server, now)
    return now


def shaken(core=None, server=None, now=0, **settings):
    """(client, server) with a session."""
    server = server or Server(**settings)
    core = core or client()
    core.connect(now)
    pump(core, server, now)
    assert core.established and server.established
    return core, server


def waiting(core, server, now=0):
    """Carry on one step: the client's datagrams to the server, the server's answers returned."""
    for datagram in core.outbox:
        server.input(datagram, now)
    core.outbox.clear()
    answers = server.outbox[:]
    server.outbox.clear()
    return answers
