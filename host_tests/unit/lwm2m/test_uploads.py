"""An opaque value written in blocks goes to its Object as it comes: no body in memory."""

from lab import BYTES, NUMBER, OID, SECRET, Lab, lab_session
from slow_lab import Pause
from virtual import GET, POST, PUT, request

from lwm2m.model import Lwm2mError

OCTETS = (12, 42)
BLOCK1, IF_NONE_MATCH = 27, 5
CONTINUE, CHANGED, TOO_LARGE = 0x5F, 0x44, 0x8D


class Flash:
    """A sink that counts."""

    def __init__(self):
        self.size = self.sum = 0
        self.events = []
        self.fault = None

    def write(self, chunk):
        if self.fault:
            raise self.fault
        self.size += len(chunk)
        self.sum = (self.sum * 31 + sum(chunk)) & 0xFFFFFFF

    def commit(self):
        self.events.append("commit")

    def abort(self):
        self.events.append("abort")


class SlowFlash(Flash):
    """Its methods take their time."""

    async def write(self, chunk):
        await Pause()
        super().write(chunk)

    async def commit(self):
        await Pause()
        super().commit()


class Updater(Lab):
    """Has BYTES streamed, nothing else."""

    kind = Flash

    def __init__(self):
        super().__init__()
        self.asked = []
        self.flash = None

    def upload(self, iid, rid):
        self.asked.append((iid, rid))
        if rid != BYTES:
            return None
        self.flash = self.kind()
        return self.flash


def path(*ids):
    return "/".join([str(i) for i in (OID, 0) + ids])


def put(session, number, more, payload, rid=BYTES, options=(), code=PUT, form=OCTETS):
    """The code of the answer to one block of 1,024 bytes."""
    options = [form, (BLOCK1, number << 4 | more << 3 | 6)] + list(options)
    return session.ask(code, path(rid), options, payload)[0]


def chunk(number):
    return bytes([number & 255]) * 1024


def test_a_body_of_any_length_goes_to_its_sink_and_nothing_of_it_is_kept():
    session, lab = lab_session(Updater())
    changes = session.model.changes
    peer = session.registration.peer
    for number in range(300):
        assert put(session, number, 1, chunk(number)) == CONTINUE
        assert peer.size < 1024
    assert put(session, 300, 0, b"end") == CHANGED
    assert lab.asked == [(0, BYTES)]
    assert lab.flash.size == 300 * 1024 + 3 and lab.flash.events == ["commit"]
    assert lab.ran == [] and session.model.changes == changes + 1


def test_its_observer_is_notified():
    session, lab = lab_session(Updater())
    session.ask(GET, path(BYTES), [(6, b"")])
    put(session, 0, 1, chunk(0))
    before = len(session.sent)
    assert put(session, 1, 0, b"end") == CHANGED
    assert [sent[1] for _, sent in session.sent[before:]] == [CHANGED, 0x45]


def test_a_body_in_one_block_goes_there_too():
    session, lab = lab_session(Updater())
    assert put(session, 0, 0, b"all") == CHANGED
    assert lab.flash.size == 3 and lab.flash.events == ["commit"]


def test_what_a_write_would_be_refused_for_is_refused_with_the_first_block():
    for rid, options, code in (
        (11, (), 0x85),  # read only
        (9, (), 0x85),
        (77, (), 0x84),
        (BYTES, ((IF_NONE_MATCH, b""),), 0x8C),
    ):
        session, lab = lab_session(Updater())
        assert put(session, 0, 1, chunk(0), rid, options) == code
        assert lab.asked == []
    session, lab = lab_session(Updater())
    for where, code in (("0/0/5", 0x81), ("32000/7/4", 0x84), ("9999/0/0", 0x84), ("x", 0x84)):
        block = [OCTETS, (BLOCK1, 0x0E)]
        assert session.ask(PUT, where, block, chunk(0))[0] == code
    assert not session.registration.peer.blocks.uploads


def test_what_an_object_does_not_take_is_collected():
    session, lab = lab_session(Updater())
    assert put(session, 0, 1, chunk(0), SECRET) == CONTINUE
    assert lab.asked == [(0, SECRET)]
    assert put(session, 1, 0, b"x", SECRET) == 0x80  # no opaque one
    assert put(session, 0, 0, b"5", NUMBER, (), PUT, (12, 0)) == CHANGED
    assert put(session, 0, 1, chunk(0), BYTES, (), POST) == CONTINUE
    assert lab.asked == [(0, SECRET)] and lab.flash is None
    session, lab = lab_session()
    lab.ranges = {}
    assert put(session, 0, 1, chunk(1)) == CONTINUE
    assert put(session, 1, 0, b"end") == CHANGED
    assert lab.instances[0][BYTES] == chunk(1) + b"end"


def test_a_sink_that_refuses_ends_the_transfer():
    session, lab = lab_session(Updater())
    put(session, 0, 1, chunk(0))
    lab.flash.fault = Lwm2mError(TOO_LARGE)
    assert put(session, 1, 1, chunk(1)) == TOO_LARGE
    assert lab.flash.events == ["abort"]
    assert put(session, 2, 1, chunk(2)) == 0x88
    assert put(session, 0, 1, chunk(0)) == CONTINUE  # and begins again
    assert lab.asked == [(0, BYTES)] * 2


def test_a_sink_may_take_its_time():
    class Slow(Updater):
        kind = SlowFlash

    session, lab = lab_session(Slow())
    for number in range(3):
        assert put(session, number, int(number < 2), chunk(number)) == 0
        answers = []
        while not answers:
            answers = session.work()
        assert answers[0][1] == (CONTINUE if number < 2 else CHANGED)
        session.acknowledge(answers[0])
    assert lab.flash.size == 3 * 1024 and lab.flash.events == ["commit"]


def test_before_the_registration_nothing_is_taken():
    session, lab = lab_session(Updater())
    session.registration.location = None
    first = request(PUT, 1, path(BYTES), (OCTETS, (BLOCK1, 14)), chunk(0))
    assert session.give(first) == [] and lab.asked == []


def test_a_sink_whose_peer_went_while_it_took_its_time_is_aborted():
    class Slow(Updater):
        kind = SlowFlash

    session, lab = lab_session(Slow())
    assert put(session, 0, 1, chunk(0)) == 0
    session.registration.recover(2, session.now)
    for _ in range(4):
        session.work()
    assert session.working == [] and lab.flash.events == ["abort"]
