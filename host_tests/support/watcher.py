"""A server that observes a Lab by hand: it says what it acknowledges, resets or leaves unanswered.

The device knows the time: its clock shows `START` when the session begins.
"""

from lab import OID, Lab
from session import meter_model, registered
from virtual import ACK, CON, FETCH, GET, RST, budget_of, request

from coap.message import encode
from lwm2m.reporting.observe import _weight
from lwm2m.reporting.stored import StoredSamples
from lwm2m.reporting.weight import weight

START = 1700000000
TEXT, SENML_JSON, SENML_CBOR, TLV, LWM2M_CBOR = 0, 110, 112, 11542, 11544
IPATCH = 7
SAMPLE = 64 + weight([(OID, 0, [(1, 2, 3)])])  # bytes in the budget, of a number
OBSERVATION = _weight((OID, 0, 1))
CHANGED, CONTENT, BAD, NOT_FOUND, NOT_ALLOWED = 0x44, 0x45, 0x80, 0x84, 0x85


def path(*ids):
    """The path of something in the Lab's Instance 0, or below the path given as text."""
    return "/".join([str(i) for i in (OID, 0) + ids])


class Response:
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
    """A registered session with a Lab; `notified` are the responses and notifications so far."""

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
        self.mids = set()  # of what was notified
        self.repeats = 0  # of what was notified before: retransmissions

    @property
    def reporting(self):
        """The device's observations."""
        return self.management.reporting

    def tokens(self):
        """The tokens of all observations."""
        return [bytes(one.token) for one in self.reporting.observations if one.token is not None]

    def stored(self):
        """The samples that are kept."""
        stored = self.reporting and self.reporting.stored
        return stored.queue if stored else []

    def repeated(self):
        """How many samples may have come twice."""
        stored = self.reporting.stored
        return stored.repeated if stored else 0

    def limit_samples(self, limit):
        """Have so many samples of a number kept at most."""
        stored = stored_samples(self.management.observer())
        stored.budget.users.remove(stored)
        stored.budget = budget_of(limit * SAMPLE)
        stored.budget.users.append(stored)

    def limit_observations(self, limit):
        """Have so many observations of a Resource kept at most, and nothing else counted."""
        self.management.budget = budget_of(limit * OBSERVATION)

    # What the server says

    def ask(self, code, where, options=(), token=b"a", payload=b"", kind=CON):
        """The answer to a request, None without one; whatever else is sent is for `notified`."""
        self.mid += 1
        before = len(self.session.sent)
        self.session.give(request(code, self.mid, where, options, payload, kind, token))
        for i in range(before, len(self.session.sent)):
            sent = self.session.sent[i][1]
            if sent[0] == ACK and sent[2] == self.mid or kind != CON and sent[3] == token:
                del self.session.sent[i]
                return Response(sent)
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

    def acknowledge(self, notified):
        """Acknowledge a notification; what is notified because of it."""
        self.session.give(encode(ACK, 0, notified.mid))
        return self.notified()

    def reset(self, notified):
        """Reject a notification; what is notified because of it."""
        self.session.give(encode(RST, 0, notified.mid))
        return self.notified()

    # What the device does

    def notified(self):
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
                    found.append(Response(one))
        return found

    def change(self, rid, value, iid=0):
        """The driver has a value; what is notified because of it."""
        self.lab.set(iid, rid, value)
        return self.go(0)

    def go(self, ms):
        """Let time pass; what is notified because of it."""
        self.session.service()
        self.session.run(self.session.now + ms)
        return self.notified()

    def work(self, steps=1):
        """Slow handlers go on; what is notified because of it."""
        for _ in range(steps):
            self.session.work()
        return self.notified()

    def requests(self, since=0):
        """(code, path) of the requests that the device sent, each once, from a number on."""
        return [one[:2] for one in self.session.requests()[since:]]

    def reply(self, code, options=(), payload=b""):
        """Answer the latest request; what is notified because of it."""
        self.session.reply(code, options, payload)
        return self.notified()


def stored_samples(reporting):
    """The StoredSamples of a device's observations, made where there are none yet."""
    if reporting.stored is None:
        reporting.stored = StoredSamples(reporting)
    return reporting.stored


def text(notified):
    """The payloads as text."""
    return [bytes(one.payload).decode() for one in notified]
