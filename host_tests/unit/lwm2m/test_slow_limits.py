"""Handlers that take too long, answers that nobody acknowledges, faults while one is undone."""

from lab import BYTES, LIST, NUMBER, OID, RUN, SEEN, TEXT, TLV, Lab, lab_session, resource
from session import under_way
from slow_lab import Pause, SlowLab
from virtual import CON, GET, NEVER, POST, PUT, RST

from coap.message import encode
from lwm2m.model import Lwm2mError

LATER = (0, [], b"")
CONTENT = 0x45
LONG = 10**6


def path(*ids):
    return "/".join([str(i) for i in (OID, 0) + ids])


def codes(sent):
    return [one[1] for one in sent]


def test_a_handler_that_never_ends_is_ended_after_a_minute_undone_and_answered_unavailable():
    session, lab = lab_session(SlowLab((TEXT,), steps=LONG), account={1: 86400})
    before = dict(lab.instances[0])
    body = resource(NUMBER, b"\x02") + resource(TEXT, b"new")
    assert session.ask(POST, path(), TLV, body) == LATER
    session.work()
    assert lab.instances[0][NUMBER] == 2
    session.run(session.now + 59999)
    session.acknowledge(session.sent[-1][1])  # the Update that the Write led to
    assert session.work() == [] and under_way(session.management) == 1
    asked = len(session.sent)
    session.run(session.now + 2)
    (answer,) = [sent for _, sent in session.sent[asked:] if sent[3] == b"\x01\x02"]
    assert answer[:2] == (CON, 0xA3)
    assert lab.instances == {0: before} and lab.ran == [(0, NUMBER, 2)] + [(0, NUMBER, 1)]
    assert session.working == [] and under_way(session.management) == 0


def test_the_time_of_a_handler_is_a_setting_of_the_client():
    session, lab = lab_session(SlowLab((TEXT,), steps=LONG))
    session.management.budget.handler_time = 5000
    session.ask(GET, path(TEXT))
    session.work()
    session.run(session.now + 5001)
    assert session.sent[-1][1][1] == 0xA3 and session.working == []


def test_four_that_never_end_do_not_keep_their_places():
    session, lab = lab_session(SlowLab((TEXT,), steps=LONG), account={1: 86400})
    for _ in range(4):
        assert session.ask(GET, path(TEXT)) == LATER
    session.work()
    assert session.ask(GET, path(TEXT)) == (0xA3, [], b"")
    session.run(session.now + 60001)
    for _ in range(4):  # NSTART is 1
        session.acknowledge(session.sent[-1][1])
    lab.steps = 1
    assert session.ask(GET, path(TEXT)) == LATER
    session.work()
    assert codes(session.work()) == [CONTENT]


def test_one_that_its_owner_never_ran_ends_alike():
    session, lab = lab_session(SlowLab((TEXT,)))
    session.ask(GET, path(TEXT))
    session.run(session.now + 60001)
    assert session.sent[-1][1][1] == 0xA3
    assert session.management.slow.waiting == [] and session.work() == [] and lab.started == []


def test_a_handler_that_goes_on_after_its_end_changes_nothing_more():
    class Stubborn(Lab):
        async def write_slowly(self):
            await Pause()
            await Pause()

        def write(self, iid, rid, value):
            return self.write_slowly()

    class Deaf:
        def cancel(self):
            """It does not hear."""

    session, lab = lab_session(Stubborn())
    session.ask(PUT, path(TEXT), [], b"new")
    session.work()
    (deferred,) = session.management.slow.running
    deferred.task = Deaf()
    deferred.close = lambda: None
    session.run(session.now + 60001)
    assert session.sent[-1][1][1] == 0xA3
    changes = session.model.changes
    for _ in range(3):
        assert session.work() == []
    assert session.working == [] and session.model.changes == changes


def test_answers_that_are_not_acknowledged_keep_their_places_and_no_more_come():
    session, lab = lab_session(SlowLab((SEEN,)), account={1: 86400})
    lab.instances[0][SEEN] = {riid: riid for riid in range(200)}
    answered = refused = 0
    for _ in range(40):
        session.now += 1000
        session.registration.poll(session.now)
        code = session.ask(GET, path(SEEN), [(17, 11542)])[0]
        answered += code == 0
        refused += code == 0xA3
        session.work()
        session.work()
        assert session.registration.peer.unacknowledged() <= 4
    assert (answered, refused) == (4, 36)
    session.run(session.now + 400000)  # they are given up
    assert session.registration.peer.unacknowledged() == 0
    assert session.ask(GET, path(SEEN), [(17, 11542)]) == LATER


def test_an_answer_that_is_acknowledged_or_reset_frees_its_place():
    session, lab = lab_session(SlowLab((TEXT,)))
    for kind in (2, RST) * 5:
        assert session.ask(GET, path(TEXT)) == LATER
        session.work()
        (answer,) = session.work()
        assert session.registration.peer.unacknowledged() == 1
        session.give(encode(kind, 0, answer[2]))
        assert session.registration.peer.unacknowledged() == 0


def test_what_is_put_off_wakes_the_loop_though_nothing_came_from_the_network():
    session, lab = lab_session(SlowLab((TEXT,)), account={23: False})
    woken = []
    session.registration.wake = lambda: woken.append(session.registration.deadline)
    session.management.sender().values([(OID, 0, TEXT)], 112, None)
    assert woken == [0] and len(session.management.slow.waiting) == 1
    session.work()
    session.work()
    assert [request[1] for request in session.requests()] == ["rd", "dp"]


def test_a_fault_of_whoever_gets_the_result_ends_nothing():
    session, lab = lab_session(SlowLab((TEXT,)))
    session.registration.log = lambda *event: logged.append(event)
    logged = []

    def fail(*arguments):
        raise MemoryError

    session.ask(GET, path(TEXT))
    (deferred,) = session.management.slow.running
    deferred.deliver = fail
    assert session.work() == [] and session.work() == []
    assert under_way(session.management) == 0 and session.working == []
    assert [event[:2] for event in logged] == [(1, "failed")]
    assert session.ask(GET, "3/0/0")[2] == b"Maker"


def test_a_fault_while_a_write_is_undone_ends_nothing_and_the_first_fault_is_answered():
    session, lab = lab_session(SlowLab((TEXT,), write0=Lwm2mError(0x84)))

    def fail(*arguments):
        raise MemoryError

    session.ask(PUT, path(TEXT), [], b"new")
    (deferred,) = session.management.slow.running
    deferred.undo = fail
    session.work()
    assert codes(session.work()) == [0x84]


def test_a_full_heap_in_a_handler_is_answered_unavailable_for_a_while():
    class Full(Lab):
        def read(self, iid, rid):
            if rid == TEXT:
                raise MemoryError
            return super().read(iid, rid)

    session, lab = lab_session(Full())
    assert session.ask(GET, path(TEXT)) == (0xA3, [], b"")
    session, lab = lab_session(SlowLab((LIST, RUN), read8=MemoryError(), execute9=OSError(5)))
    for method, rid, code in ((GET, LIST, 0xA3), (POST, RUN, 0xA0)):
        assert session.ask(method, path(rid), [(17, 11542)] if method == GET else []) == LATER
        session.work()
        (answer,) = session.work()
        assert answer[1] == code
        session.acknowledge(answer)


def test_a_slow_answer_is_sent_again_at_its_time_though_nothing_else_is_due():
    session, lab = lab_session(SlowLab((TEXT,)), account={1: 86400})
    session.ask(GET, path(TEXT))
    session.run(session.now + 10)
    session.work()
    (answer,) = session.work()
    assert session.registration.deadline <= session.now + 3000
    session.run(session.now + 3000)
    assert session.sent[-1][1] == answer and len([1 for _, s in session.sent if s == answer]) == 2
    session.acknowledge(answer)
    assert session.registration.deadline < NEVER


def test_a_handler_that_fails_at_its_end_is_undone_all_the_same():
    class Failing(SlowLab):
        closed = 0

        async def _wait(self, what):
            try:
                await super()._wait(what)
            finally:
                self.closed += 1
                if what == "write%d" % NUMBER:
                    raise OSError(5)

    class Later:
        def cancel(self):
            """As asyncio's: its task gets to know when it runs next."""

    session, lab = lab_session(Failing((NUMBER, TEXT), steps=LONG), account={1: 86400})
    before = dict(lab.instances[0])
    body = resource(NUMBER, b"\x02") + resource(TEXT, b"new") + resource(BYTES, b"\x07")
    assert session.ask(POST, path(), TLV, body) == LATER
    session.work()
    assert lab.instances[0] != before
    (deferred,) = session.management.slow.running
    deferred.task = Later()
    session.run(session.now + 60001)
    assert lab.instances == {0: before} and lab.closed == 1
    assert 0xA3 in codes([sent for _, sent in session.sent])
