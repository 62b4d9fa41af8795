"""A seeded corpus of mutated messages and a session to take them, alike on every interpreter."""

from binascii import hexlify
from hashlib import sha256

from lab import BYTES, LIST, NUMBER, OID, SECRET, SEEN, TEXT, Lab
from session import (
    DEREGISTERING,
    REGISTERED,
    REGISTERING,
    WAITING,
    Session,
    meter_model,
    under_way,
)
from virtual import ACK, CON, DELETE, GET, NON, POST, PUT, RST, Chance

from coap.message import encode

FIRST_MID = 0x4000


LAB_TRAFFIC = (
    ("32000", POST, 11542, b"\xc3\x00new"),
    ("32000", POST, 11542, b"\x08\x01\x0b\xc3\x00new\xc4\x06\x00\x03\x00\x00"),
    ("32000/0", PUT, 11542, b"\xc3\x00new\xc1\x01\x05\x86\x08\x41\x00\x01\x41\x03\x02"),
    (
        "32000/0",
        POST,
        11542,
        b"\xc1\x01\x05\xc1\x03\x01\xc4\x06\x00\x03\x00\x00\x83\x08\x41\x05\x03",
    ),
    ("32000/1", POST, 11542, b"\x08\x01\x08\xc1\x01\x05\xc1\x63\x05"),
    ("32000/0/1", PUT, 0, b"-10"),
    ("32000/0/6", PUT, 0, b"3:0"),
    ("32000/0/12", PUT, 0, b"99.5"),
    ("32000/0/12", PUT, 11542, b"\xc8\x0c\x08\x40\x58\xe0\x00\x00\x00\x00\x00"),
    ("32000/0/8", PUT, 11542, b"\x86\x08\x41\x00\x01\x41\x03\x02"),
    ("32000/0/8", POST, 11542, b"\x41\x05\x01"),
    ("32000/0/8/3", PUT, 0, b"4"),
    ("32000/0/8/0", PUT, 11542, b"\x41\x00\x04"),
)


class Memory:
    """In the place of `gc` in the Device: its free memory is the same on every interpreter."""

    @staticmethod
    def mem_free():
        """128 KiB."""
        return 131072

    @staticmethod
    def mem_alloc():
        """64 KiB, as the shim of gc says: the unit tests of the Device may run after these."""
        return 65536


def valid():
    """Valid traffic of a registered server: (code, kind, options, payload), without IDs."""
    found = []
    for path in ("3/0/0", "3/0", "3", "1/0", "3424/0/1", "3424", "3/0/11/0", "9", "0/0", "1/0/1"):
        segments = [(11, s) for s in path.split("/")]
        for extra in ((), ((17, 0),), ((17, 11542),), ((17, 40),), ((23, 0x02),), ((23, 0x12),)):
            found.append((GET, CON, segments + list(extra), b""))
        found.append((GET, NON, segments, b""))
        found.append((POST, CON, segments, b"0='x'"))
        found.append((DELETE, CON, segments, b""))
    for path, form, body in (
        ("3/0/14", 0, b"+02:00"),
        ("3/0/15", 11542, b"\xc6\x0fBerlin"),
        ("1/0/6", 11542, b"\xc1\x06\x01"),
        ("1/0/2", 0, b"10"),
        ("3/0", 11542, b"\xc3\x0eUTC\xc3\x0fBln"),
    ):
        segments = [(11, s) for s in path.split("/")] + [(12, form)]
        found.append((PUT, CON, segments, body))
        found.append((PUT, NON, segments, body))
        found.append((PUT, CON, segments + [(15, "pmin=10")], b""))
        for block in (0x08, 0x18, 0x10, 0x20, 0x0E, 0x06):
            found.append((PUT, CON, segments + [(27, block)], (body * 16)[: 16 << (block & 7)]))
    for path, method, form, body in LAB_TRAFFIC:
        segments = [(11, s) for s in path.split("/")] + [(12, form)]
        found.append((method, CON, segments, body))
        found.append((method, NON, segments, body))
    for path in ("32000", "32000/0", "32000/0/8", "32000/0/8/3", "32000/1", "32000/0/9"):
        segments = [(11, s) for s in path.split("/")]
        for query in ("depth=3", "pmin=10", "gt=5.5", "lt=1", "st", "con=1", "depth=0"):
            found.append((GET, CON, segments + [(15, query), (17, 40)], b""))
            found.append((PUT, CON, segments + [(15, query)], b""))
        for code in (GET, POST, DELETE):
            found.append((code, CON, segments, b""))
            found.append((code, CON, segments + [(17, 11542)], b"0='x',1"))
    segments = [(3, "meter.example"), (7, 5683), (11, "3"), (11, "0"), (11, "1")]
    found.append((GET, CON, segments, b""))
    found.append((GET, CON, [(1, b"tag")] + segments, b""))
    found.append((GET, CON, [(11, "3"), (35, "coap://other/3")], b""))
    found.append((5, CON, [(11, "3"), (12, 112)], b"\x80"))
    found.append((7, CON, [(12, 112)], b"\x80"))
    return found


class Corpus:
    """Mutated messages, one after the other."""

    def __init__(self, seed):
        self.chance = Chance(seed)
        self.traffic = valid()
        self.mid = FIRST_MID
        self.latest = b"\x40\x00\x00\x00"
        self.others = [b"\x40\x01\x00\x01\xb13\x010"]

    def next(self, mids):
        """A message; `mids` are Message ID and token of the device's own latest request."""
        chance = self.chance
        kind = chance.below(16)
        if kind == 0:
            data = chance(chance.below(64))
        elif kind == 1:
            data = bytes([0x40 | chance.below(64)]) + chance(3 + chance.below(40))
        elif kind == 2:
            data = self.latest  # once more
        elif kind == 3:
            data = self.response(mids)
        else:
            data = self.request()
            if kind > 5:
                data = self.mutated(data)
        self.latest = data
        if len(self.others) < 16:
            self.others.append(data)
        else:
            self.others[chance.below(16)] = data
        return data

    def request(self):
        """A valid request with the next Message ID, sometimes a far one."""
        chance = self.chance
        code, kind, options, payload = self.traffic[chance.below(len(self.traffic))]
        self.mid = (self.mid + 1) & 0xFFFF
        if not chance.below(500):
            self.mid = chance.below(65536)
        return bytes(encode(kind, code, self.mid, chance(chance.below(9)), options, payload))

    def response(self, mids):
        """A response, an acknowledgement or a reset, perhaps of the latest request."""
        chance = self.chance
        mid, token = mids
        if chance.below(3):
            mid = chance.below(65536)
        if chance.below(3):
            token = chance(4)
        code = (0, 0x41, 0x44, 0x45, 0x5F, 0x80, 0x84, 0x88, 0x8C, 0x8D, 0xA0)[chance.below(11)]
        options = ((), ((23, 0x0E),), ((27, 0x08),), ((8, "rd"), (8, "x")))[chance.below(4)]
        kind = (CON, NON, ACK, RST)[chance.below(4)]
        if not code:
            return bytes(encode(kind, 0, mid))
        return bytes(encode(kind, code, mid, token, options, b"body"[: chance.below(5)]))

    def mutated(self, data):
        """The message with one to three mutations."""
        chance = self.chance
        for _ in range(1 + chance.below(3)):
            size = len(data)
            if not size:
                break
            at = chance.below(size)
            how = chance.below(8)
            if how < 2:  # a bit
                data = data[:at] + bytes([data[at] ^ 1 << chance.below(8)]) + data[at + 1 :]
            elif how == 2:  # cut
                data = data[:at]
            elif how == 3:  # a splice
                other = self.others[chance.below(len(self.others))]
                data = data[:at] + other[chance.below(len(other) + 1) :]
            elif how == 4:  # a byte in, such as an option's head
                data = data[:at] + chance(1) + data[at:]
            elif how == 5:  # a byte out
                data = data[:at] + data[at + 1 :]
            elif how == 6:  # something twice
                data = data[:at] + data[at : at + 8] + data[at:]
            else:  # an option edited to one of ours
                edit = (
                    b"\xff",
                    b"\xd1\x0a\x08",
                    b"\xb13",
                    b"\x00",
                    b"\xe0\xff\xff",
                    b"\xd3\x01abc",
                )
                data = data[:at] + edit[chance.below(6)] + data[at:]
        return data[:1200]


class Victim:
    """A session under attack: feed it messages, it stays registered or registers again.

    Its Lab must at all times hold values that a Write may have left.
    """

    def __init__(self, seed):
        from lwm2m.objects import device

        device.gc = Memory
        model = meter_model()
        self.lab = model.objects[OID] = Lab()
        self.session = Session(random=Chance(seed), model=model)
        self.session.accept()
        self.session.sent.clear()

    def mids(self):
        """Message ID and token of the device's latest request."""
        for _, sent in reversed(self.session.sent):
            if sent[0] == CON and 0 < sent[1] < 32:
                return sent[2], sent[3]
        return 0, b""

    def feed(self, datagram):
        """What the device sends because of a datagram, as bytes."""
        session = self.session
        session.now += 1000
        session.service()  # what is due anyway
        session.raw.clear()
        session.registration.input(datagram, session.now)
        session.service()
        if len(session.sent) > 40:
            del session.sent[:20]
        return session.raw

    def whole(self):
        """Is what servers have written to the Lab what they may write?"""
        assert under_way(self.session.management) == 0
        for iid, resources in self.lab.instances.items():
            assert 0 <= iid < 65535
            for rid in (0, 2, 9):  # mandatory
                assert rid in resources, resources
            assert 0 < len(resources[TEXT]) < 6 and resources[TEXT] != "no"
            assert -10 <= resources.get(NUMBER, 0) <= 100
            assert len(resources.get(BYTES, b"")) <= 4
            assert isinstance(resources.get(SECRET, ""), str)
            assert resources.get(SEEN, {0: 5}) == {0: 5}
            for riid, value in resources.get(LIST, {}).items():
                assert 0 <= riid < 65536 and 0 <= value <= 9
        while len(self.lab.instances) > 8:  # no server has so many made
            del self.lab.instances[max(self.lab.instances)]
        self.lab.ran.clear()
        if 0 not in self.lab.instances:
            self.lab.instances[0] = Lab.filled()

    def settle(self):
        """The server's side of what the device wants: it is registered again in the end."""
        session = self.session
        core = session.registration
        for _ in range(300):
            session.now += 1000
            session.service()
            state = core.state
            if state == REGISTERED:
                return
            if state == WAITING:  # disabled, or to be retried
                session.now = max(session.now, core.deadline)
                continue
            mid, token = self.mids()
            if state == REGISTERING:
                session.give(encode(ACK, 0x41, mid, token, ((8, "rd"), (8, "x"))))
            else:
                session.give(encode(ACK, 0x42 if state == DEREGISTERING else 0x44, mid, token))
        raise AssertionError("not registered again, state %d" % core.state)


def attack(count, seed, check=None, every=10000, note=None):
    """Feed `count` mutated messages; `check(datagram, sent)` checks what came out.

    Each `every` messages the device must still be alive, and `note(number, digest)` gets the
    digest of all that was sent since the last time: the same on every interpreter.
    """
    corpus = Corpus(seed)
    victim = Victim(seed)
    digest = sha256()
    for number in range(1, count + 1):
        datagram = corpus.next(victim.mids())
        sent = victim.feed(datagram)
        for one in sent:
            digest.update(one)
        if check:
            check(datagram, sent)
        if number % 50 == 0:
            victim.settle()
            victim.whole()
        if number % every == 0:
            alive(victim, corpus)
            if note:
                note(number, hexlify(digest.digest()).decode())
            digest = sha256()


def alive(victim, corpus):
    """The device still answers a Read and sends its Update."""
    session = victim.session
    session.now += 1000000  # what it noted of Message IDs is over
    session.service()
    victim.settle()
    corpus.mid = session.mid = FIRST_MID
    # Refusals may have brought it down to LwM2M 1.0, where TLV is the default
    assert session.ask(GET, "3/0/0", [(17, 0)]) == (0x45, [(12, b"")], b"Maker")
    corpus.mid = session.mid
    session.registration.update(session.now)
    before = len(session.sent)
    session.service()
    sent = session.sent[before:]
    assert len(sent) == 1 and sent[0][1][:2] == (CON, POST), sent
    session.reply(0x44)
    assert session.registration.state == 4
