"""A slow Write that fails: what it had changed comes back, what is newer stays."""

from lab import COUNT, LEVEL, NAMES, NUMBER, OID, TEXT, TLV, lab_session, resource
from slow_lab import SlowLab
from test_composite import body
from virtual import DELETE, GET, POST, PUT
from watcher import CHANGED, IPATCH, SENML_JSON, Watcher, path, text

from lwm2m.model import Lwm2mError

LATER = (0, [], b"")
BUSY = (0xA3, [], b"")
FAULT = Lwm2mError(0x84)


def compose(w, *resources):
    """A Write-Composite to the Lab's Instance 0."""
    return w.compose(body(SENML_JSON, (0, resources)), code=IPATCH, token=b"w").code


def test_a_failed_composite_write_leaves_no_resource_that_was_not_there():
    w = Watcher(lab=SlowLab((COUNT,), write7=FAULT))
    before = dict(w.lab.instances[0])
    assert NAMES not in before
    assert compose(w, (NUMBER, 2, 5), (NAMES, 1, {0: "x"}), (COUNT, 8, 9)) == 0
    assert w.lab.instances[0][NAMES] == {0: "x"} and w.lab.instances[0][NUMBER] == 5
    assert [answer.code for answer in w.work(2)] == [0x84]
    assert w.lab.instances[0] == before


def test_observers_of_what_a_failed_write_changed_are_notified_that_it_is_back():
    for write in (compose, plain):
        w = Watcher(lab=SlowLab((COUNT,), write7=FAULT))
        w.observe(path(NUMBER), b"n")
        assert write(w, (NUMBER, 2, 5), (COUNT, 8, 9)) == 0
        notified = w.go(0)
        assert text(notified) == ["5"]
        w.acknowledge(notified[0])
        answer = w.work(2)
        assert [one.code for one in answer] == [0x84]
        assert text(w.acknowledge(answer[0])) == ["1"]


def plain(w, number, count):
    """The same as a Write to the Instance."""
    written = resource(NUMBER, bytes([number[2]])) + resource(COUNT, bytes([count[2]]))
    return w.ask(POST, path(), [(12, 11542)], b"w", written).code


def test_a_registration_looks_at_what_a_failed_write_changed():
    session, lab = lab_session(SlowLab((COUNT,), write7=FAULT))
    session.ask(POST, path(), TLV, resource(NUMBER, b"\x05") + resource(COUNT, b"\x09"))
    changes = session.model.changes
    session.work()
    session.work()
    assert session.model.changes > changes


def both(session, numbers=(5, 6)):
    """The answers to two Writes of the fast and the slow Resource, one after the other."""
    for number in numbers:
        written = resource(NUMBER, bytes([number])) + resource(COUNT, b"\x09")
        yield session.ask(POST, path(), TLV, written)


def test_two_slow_writes_of_a_resource_that_both_fail_leave_nothing_of_either():
    session, lab = lab_session(SlowLab((COUNT,), write7=FAULT))
    before = dict(lab.instances[0])
    assert list(both(session)) == [LATER, BUSY]
    session.work()
    (answer,) = session.work()
    assert answer[1] == 0x84 and lab.instances[0] == before
    session.acknowledge(answer)
    assert session.ask(PUT, path(NUMBER), [], b"7")[0] == CHANGED  # it is free again
    assert lab.instances[0][NUMBER] == 7


def test_what_a_slow_write_is_about_to_change_nobody_else_writes_and_others_may_be():
    session, lab = lab_session(SlowLab((COUNT,)))
    next(both(session))
    lab.instances[1] = lab.filled()
    for code, where, form, payload in (
        (PUT, path(NUMBER), [], b"7"),
        (PUT, path(COUNT), [], b"7"),
        (PUT, path(), TLV, resource(TEXT, b"new")),  # which would remove both
        (IPATCH, "", [(12, SENML_JSON)], body(SENML_JSON, (0, ((NUMBER, 2, 7),)))),
    ):
        assert session.ask(code, where, form, payload) == BUSY, where
    assert session.ask(PUT, path(TEXT), [], b"new")[0] == CHANGED
    assert session.ask(PUT, "%d/1/%d" % (OID, NUMBER), [], b"7")[0] == CHANGED
    assert session.ask(GET, path(NUMBER))[2] == b"5"
    session.work()
    (answer,) = session.work()
    assert answer[1] == CHANGED
    values = lab.instances[0]
    assert (values[NUMBER], values[COUNT], values[TEXT]) == (5, 9, "new")


def test_a_handler_that_is_ended_for_its_time_frees_the_resource():
    session, lab = lab_session(SlowLab((COUNT,), steps=10**6), account={1: 86400})
    next(both(session))
    session.work()
    session.reply(CHANGED)
    session.run(session.now + 60001)
    assert lab.instances[0][NUMBER] == 1
    assert session.ask(PUT, path(NUMBER), [], b"7")[0] == CHANGED


def test_an_instance_that_is_deleted_and_created_anew_during_a_slow_write_is_not_touched():
    session, lab = lab_session(SlowLab((COUNT,), write7=FAULT))
    next(both(session))
    assert session.ask(DELETE, path())[0] == 0x42
    lab.instances[0] = {LEVEL: (1, 0)}
    session.work()
    session.work()
    assert lab.instances == {0: {LEVEL: (1, 0)}}


def test_a_write_whose_report_fails_is_undone_and_its_slow_part_never_begins():
    session, lab = lab_session(SlowLab((TEXT,)), account={1: 86400})
    before = dict(lab.instances[0])
    changed = session.model.changed
    calls = []

    def failing(*ids):
        calls.append(ids)
        if len(calls) == 1:
            raise MemoryError
        changed(*ids)

    session.model.changed = failing
    values = resource(NUMBER, b"\x02") + resource(TEXT, b"new")
    assert session.ask(POST, "%d/0" % OID, TLV, values)[0] == 0xA3
    assert session.work() == [] and session.work() == []
    assert lab.instances == {0: before} and lab.started == []
