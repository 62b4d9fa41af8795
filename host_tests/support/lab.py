"""An Object with a Resource of every kind, for servers to play with, and TLV to write to it."""

from session import REGISTERED, meter_model, registered

from lwm2m.model import Lwm2mError, Object

OID = 32000
TLV = [(12, 11542)]
READ_TLV = [(17, 11542)]
TEXT, NUMBER, MEASURED, FLAG, BYTES, AT, LINK, COUNT, LIST, RUN, SECRET, SEEN, LEVEL, NAMES = (
    range(14)
)


class Lab(Object):
    """Counts what it is asked; `fault` is raised by a write to Resource `broken`."""

    oid = OID
    version = "1.1"
    creatable = True
    table = (
        b"\x00\x00\x13\x01"  # 0 String, mandatory
        b"\x00\x01\x03\x02"  # 1 Integer
        b"\x00\x02\x11\x03"  # 2 Float, read only, mandatory
        b"\x00\x03\x03\x04"  # 3 Boolean
        b"\x00\x04\x03\x05"  # 4 Opaque
        b"\x00\x05\x03\x06"  # 5 Time
        b"\x00\x06\x03\x07"  # 6 Objlnk
        b"\x00\x07\x03\x08"  # 7 Unsigned Integer
        b"\x00\x08\x0b\x02"  # 8 Integers
        b"\x00\x09\x14\x00"  # 9 executable, mandatory
        b"\x00\x0a\x02\x01"  # 10 String, write only
        b"\x00\x0b\x09\x02"  # 11 Integers, read only
        b"\x00\x0c\x03\x03"  # 12 Float
        b"\x00\x0d\x0b\x01"  # 13 Strings
    )
    ranges = {
        TEXT: (1, 5),
        NUMBER: (-10, 100),
        BYTES: (None, 4),
        LIST: (0, 9),
        LEVEL: (0, 100),
        AT: (0, None),
    }

    def __init__(self):
        super().__init__({0: self.filled()})
        self.broken = -1
        self.fault = None
        self.ran = []

    @staticmethod
    def filled():
        """An Instance with a value for each Resource."""
        return {
            TEXT: "one",
            NUMBER: 1,
            MEASURED: (15, -1),
            FLAG: False,
            BYTES: b"\x01\x02",
            AT: 1000,
            LINK: (3, 0),
            COUNT: 7,
            LIST: {0: 1, 3: 2},
            RUN: None,
            SECRET: "x",
            SEEN: {0: 5},
            LEVEL: (5, -1),
        }

    def check(self, iid, rid, value):
        """No text may be "no", no list may sum up to 13."""
        if value == "no" or rid == LIST and sum(value.values()) == 13:
            raise Lwm2mError(0x80)

    def write(self, iid, rid, value):
        """Keep it, and note it; or raise."""
        if rid == self.broken:
            raise self.fault
        self.ran.append((iid, rid, value))
        super().write(iid, rid, value)

    def execute(self, iid, rid, argument):
        """Note it."""
        self.ran.append((iid, rid, argument))


def lab_session(lab=None, account=None, **arguments):
    """(session, lab): registered, with a Lab in the model."""
    model = meter_model(account)
    lab = lab or Lab()
    model.objects[OID] = lab
    return registered(model=model, **arguments), lab


def refused(code, method, where, body=b"", options=TLV, change=None, **settings):
    """Assert that a request is refused with `code` and changes nothing.

    `settings` are attributes of the Lab, `change(lab)` prepares it; a write to `broken` may have
    been begun.
    """
    session, lab = lab_session()
    for name in settings:
        setattr(lab, name, settings[name])
    if change:
        change(lab)
    model = session.model
    changes = model.changes, model.listing
    before = {iid: dict(lab.instances[iid]) for iid in lab.instances}
    got = session.ask(method, where, options, body)
    assert got == (code, [], b""), (hex(got[0]), where, body)
    assert lab.instances == before, lab.instances
    if lab.broken < 0:
        assert lab.ran == [] and (model.changes, model.listing) == changes
    assert session.management.slow is None
    assert session.registration.state == REGISTERED


def tlv(tag, ident, body):
    """One TLV with a body of less than 256 bytes."""
    if len(body) < 8:
        return bytes([tag | len(body), ident]) + body
    return bytes([tag | 8, ident, len(body)]) + body


def resource(rid, body):
    """The TLV of a single Resource."""
    return tlv(0xC0, rid, body)


def element(riid, body):
    """The TLV of a Resource Instance."""
    return tlv(0x40, riid, body)


def multiple(rid, *elements):
    """The TLV of a multiple Resource."""
    return tlv(0x80, rid, b"".join(elements))


def instance(iid, *resources):
    """The TLV of an Instance."""
    return tlv(0, iid, b"".join(resources))
