"""A server that observes a Lab by hand: it says what it acknowledges, resets or leaves unanswered.

The device knows the time: its clock shows `START` when the session begins.
"""

from lab import OID, Lab
from session import meter_model, registered
from virtual import ACK, CON, FETCH, GET, RST, request

from coap.message import encode

START = 1700000000
TEXT, SENML_JSON, SENML_CBOR, TLV, LWM2M_CBOR = 0, 110, 112, 11542, 11544
IPATCH = 7
CHANGED, CONTENT, BAD, NOT_FOUND, NOT_ALLOWED = 0x44, 0x45, 0x80, 0x84, 0x85


def path(*ids):
    """The path of something in the Lab's Instance 0, or below the path given as text."""
    return "/".join([str(i) for i in (OID, 0) + ids])


class Told:
    """One notification or answer as the server sees it."""

    def __init__(self, sent):
        self.kind, self.code, self.mid, self.token, options, self.payload = sent
        self.options = dict(options)
        self.number = None
        if 6 in self.options:
            self.number = int.from_bytes(self.options[6], "big")

    def __repr__(self):
        return "%d %02x #%s %s %r" % (
            self.kind,
            self.code,
            self.number,
            self.token,
            bytes(self.payload),
        )


class Watcher:
    """A registered session with a Lab; `told` are the responses and notifications so far."""

    def __init__(self, account=None, lab=None, version="1.1", **arguments):
        settings = {1: 1 << 30}  # a lifetime so long that no Update is in the way
        settings.update(account or {})
        model = meter_model(settings)
        self.lab = lab or Lab()
        model.objects[OID] = self.lab
        self.session = registered(model=model, version=version, **arguments)
        model.time = lambda: START + self.session.now // 1000
        self.management = self.session.management
        self.seen = len(self.session.sent)
        self.mid = 5000
        self.mids = set()  # of what was told
        self.repeats = 0  # of what was told before: retransmissions

    @property
    def reporting(self):
        """The device's observations."""
        return self.management.reporting

    def tokens(self):
        """The tokens of all observations."""
        return [bytes(one.token) for one in self.reporting.observations]

    # What the server says

    def ask(self, code, where, options=(), token=b"a", payload=b"", kind=CON):
        """The answer to a request, whatever else is sent stays for `told`; None without one."""
        self.mid += 1
        before = len(self.session.sent)
        self.session.give(request(code, self.mid, where, options, payload, kind, token))
        for i in range(before, len(self.session.sent)):
            sent = self.session.sent[i][1]
            if sent[0] == ACK and sent[2] == self.mid or kind != CON and sent[3] == token:
                del self.session.sent[i]
                return Told(sent)
        return None

    def observe(self, where, token=b"a", accept=None, query=(), number=0):
        """The answer to an Observe."""
        options = [(6, number)] + [(15, part) for part in query]
        if accept is not None:
            options.append((17, accept))
        return self.ask(GET, where, options, token)

    def compose(self, body, token=b"a", form=SENML_JSON, observe=None, accept=None, code=FETCH):
        """The answer to a composite operation."""
        options = [(12, form)]
        if observe is not None:
            options.append((6, observe))
        if accept is not None:
            options.append((17, accept))
        return self.ask(code, "", options, token, body)

    def acknowledge(self, told):
        """Acknowledge a notification; what is told because of it."""
        self.session.give(encode(ACK, 0, told.mid))
        return self.told()

    def reset(self, told):
        """Reject a notification; what is told because of it."""
        self.session.give(encode(RST, 0, told.mid))
        return self.told()

    # What the device does

    def told(self):
        """The notifications since the latest call: nothing that came before."""
        sent = self.session.sent[self.seen :]
        self.seen = len(self.session.sent)
        found = []
        for _, one in sent:
            if one[1] > 31 and one[0] < ACK:
                if one[2] in self.mids:
                    self.repeats += 1
                else:
                    self.mids.add(one[2])
                    found.append(Told(one))
        return found

    def change(self, rid, value, iid=0):
        """The driver has a value; what is told because of it."""
        self.lab.set(iid, rid, value)
        return self.go(0)

    def go(self, ms):
        """Let time pass; what is told because of it."""
        self.session.service()
        self.session.run(self.session.now + ms)
        return self.told()

    def work(self, steps=1):
        """Slow handlers go on; what is told because of it."""
        for _ in range(steps):
            self.session.work()
        return self.told()

    def requests(self, since=0):
        """(code, path) of the requests that the device sent, each once, from a number on."""
        return [one[:2] for one in self.session.requests()[since:]]

    def reply(self, code, options=(), payload=b""):
        """Answer the latest request; what is told because of it."""
        self.session.reply(code, options, payload)
        return self.told()


def text(told):
    """The payloads as text."""
    return [bytes(one.payload).decode() for one in told]
