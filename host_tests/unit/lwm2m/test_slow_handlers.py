"""Handlers that take their time: the answer comes apart, the rest goes on meanwhile."""

from lab import (
    LIST,
    MEASURED,
    NUMBER,
    OID,
    READ_TLV,
    RUN,
    SECRET,
    SEEN,
    TEXT,
    TLV,
    Lab,
    element,
    lab_session,
    multiple,
    resource,
)
from session import under_way
from slow_lab import SlowLab
from virtual import ACK, CON, DELETE, GET, NON, POST, PUT, request

from coap.peer import Peer
from lwm2m.model import Lwm2mError

LATER = (0, [], b"")
CHANGED, CONTENT = 0x44, 0x45


def path(*ids):
    return "/".join([str(i) for i in (OID, 0) + ids])


def answer(session, steps=2):
    """What comes apart after so many steps, and not before: (code, options, payload)."""
    for _ in range(steps - 1):
        assert session.work() == []
    (sent,) = session.work()
    assert sent[0] == CON and sent[3] == b"\x01\x02"
    session.acknowledge(sent)
    assert under_way(session.management) == 0 and session.working == []
    return sent[1], sent[4], sent[5]


def test_a_slow_read_is_answered_apart():
    for options, expected in (
        ([], (CONTENT, [(12, b"")], b"one")),
        ([(17, 0)], (CONTENT, [(12, b"")], b"one")),
        (READ_TLV, (CONTENT, TLV_OPTION, b"\xc3\x00one")),
    ):
        session, lab = lab_session(SlowLab((TEXT,)))
        assert session.ask(GET, path(TEXT), options) == LATER
        assert lab.started == []
        assert answer(session) == expected


TLV_OPTION = [(12, b"\x2d\x16")]


def test_others_are_answered_meanwhile():
    session, lab = lab_session(SlowLab((TEXT,), steps=5))
    assert session.ask(GET, path(TEXT)) == LATER
    session.work()
    assert session.ask(GET, "3/0/0")[2] == b"Maker"
    assert session.ask(PUT, path(NUMBER), [], b"9")[0] == CHANGED
    assert session.ask(GET, path(NUMBER))[2] == b"9"
    assert answer(session, 5)[2] == b"one"


def test_a_repeat_meanwhile_is_acknowledged_and_does_not_run():
    session, lab = lab_session(SlowLab((RUN,)))
    datagram = request(POST, 77, path(RUN), (), b"1")
    for _ in range(3):
        assert session.give(datagram) == [(ACK, 0, 77, b"", [], b"")]
        session.work() if not lab.started else None
    assert answer(session, 1) == (CHANGED, [], b"")
    assert lab.ran == [(0, RUN, b"1")]
    assert session.give(datagram) == [(ACK, 0, 77, b"", [], b"")]
    assert session.work() == [] and len(lab.ran) == 1


def test_a_request_that_is_not_confirmable_gets_such_an_answer():
    session, lab = lab_session(SlowLab((TEXT,)))
    assert session.give(request(GET, 77, path(TEXT), kind=NON)) == []
    assert session.work() == []
    (sent,) = session.work()
    assert sent[:2] == (NON, CONTENT) and sent[5] == b"one"


def test_slow_resources_within_an_instance_and_an_object():
    fast, _ = lab_session()
    for where in (path(), str(OID)):
        expected = fast.ask(GET, where, READ_TLV)
        session, lab = lab_session(SlowLab((TEXT, LIST)))
        assert session.ask(GET, where, READ_TLV) == LATER
        assert answer(session, 3) == expected  # two of them, one after the other
        assert lab.started == ["read0", "read8"]


def test_a_slow_read_of_several_instances():
    session, lab = lab_session(SlowLab((MEASURED,)))
    lab.instances = {5: {MEASURED: (1, 0)}, 2: {MEASURED: (2, 0), TEXT: "a"}}
    assert session.ask(GET, str(OID), READ_TLV) == LATER
    one, two = bytes.fromhex("c802083ff0000000000000"), bytes.fromhex("c802084000000000000000")
    expected = b"\x08\x02\x0e\xc1\x00a" + two + b"\x08\x05\x0b" + one
    assert answer(session, 3) == (CONTENT, TLV_OPTION, expected)


def test_a_slow_resource_instance():
    session, lab = lab_session(SlowLab((LIST,)))
    assert session.ask(GET, path(LIST, 3)) == LATER
    assert answer(session) == (CONTENT, [(12, b"")], b"2")
    assert session.ask(GET, path(LIST, 1)) == LATER
    assert answer(session) == (0x84, [], b"")
    assert session.ask(GET, path(LIST), [(17, 0)]) == LATER
    assert answer(session) == (0x86, [], b"")


def test_what_is_refused_is_refused_at_once():
    session, lab = lab_session(SlowLab(range(14)))
    for method, where, options, code in (
        (GET, path(SECRET), [], 0x85),
        (GET, path(TEXT), [(17, 9999)], 0x86),
        (PUT, path(TEXT), [], 0x80),  # too short
        (PUT, path(MEASURED), [], 0x85),
        (POST, path(TEXT), [], 0x85),
        (POST, path(RUN), [(12, 40)], 0x8F),
    ):
        assert session.ask(method, where, options)[0] == code, where
    assert lab.started == [] and not session.management.slow


def test_a_slow_write_is_answered_apart():
    session, lab = lab_session(SlowLab((TEXT,)))
    before = session.model.changes
    assert session.ask(PUT, path(TEXT), [], b"new") == LATER
    assert lab.instances[0][TEXT] == "one"
    assert answer(session) == (CHANGED, [], b"")
    assert lab.instances[0][TEXT] == "new" and session.model.changes > before


def test_a_write_of_slow_and_fast_resources():
    session, lab = lab_session(SlowLab((TEXT, LIST)))
    body = resource(TEXT, b"new") + resource(NUMBER, b"\x02")
    body += multiple(LIST, element(0, b"\x09"))
    assert session.ask(PUT, path(), TLV, body) == LATER
    assert answer(session, 3) == (CHANGED, [], b"")
    now = lab.instances[0]
    assert (now[TEXT], now[NUMBER], now[LIST]) == ("new", 2, {0: 9})


def test_a_resource_instance_of_a_slow_resource_is_deleted():
    class SlowWrite(SlowLab):
        def read(self, iid, rid):
            return Lab.read(self, iid, rid)

    session, lab = lab_session(SlowWrite((LIST,)))
    assert session.ask(DELETE, path(LIST, 3)) == LATER
    assert answer(session) == (0x42, [], b"")
    assert lab.instances[0][LIST] == {0: 1}


def test_a_slow_execute_is_answered_apart():
    session, lab = lab_session(SlowLab((RUN,)))
    assert session.ask(POST, path(RUN), [], b"0='x'") == LATER
    assert lab.ran == []
    assert answer(session) == (CHANGED, [], b"")
    assert lab.ran == [(0, RUN, b"0='x'")]


def test_faults_of_slow_handlers():
    for fault, code in (
        (Lwm2mError(0x80), 0x80),
        (Lwm2mError(0xA3), 0xA3),
        (OSError(5), 0xA0),
        (ValueError("x"), 0xA0),
    ):
        faults = {"read0": fault, "write0": fault, "execute9": fault}
        session, lab = lab_session(SlowLab((TEXT, RUN), **faults))
        before = dict(lab.instances[0])
        for method, where, options, body in (
            (GET, path(TEXT), [], b""),
            (GET, path(), READ_TLV, b""),
            (PUT, path(TEXT), [], b"new"),
            (POST, path(), TLV, resource(NUMBER, b"\x02") + resource(TEXT, b"new")),
            (PUT, path(), TLV, resource(TEXT, b"new")),
            (POST, path(RUN), [], b""),
        ):
            assert session.ask(method, where, options, body) == LATER
            assert answer(session) == (code, [], b"")
            assert lab.instances == {0: before}
        assert session.ask(GET, "3/0/0")[2] == b"Maker"


def test_a_fault_of_one_spares_the_rest_the_trouble():
    session, lab = lab_session(SlowLab((TEXT, LIST), read0=OSError(5)))
    assert session.ask(GET, path(), READ_TLV) == LATER
    assert answer(session)[0] == 0xA0
    assert lab.started == ["read0"]


def test_an_instance_that_is_deleted_during_a_slow_write():
    session, lab = lab_session(SlowLab((TEXT,), write0=OSError(5)))
    assert session.ask(PUT, path(TEXT), [], b"new") == LATER
    session.work()
    assert session.ask(DELETE, path())[0] == 0x42
    session.reply(0x44)
    assert answer(session, 1)[0] == 0xA0
    assert lab.instances == {}


def test_an_undone_write_does_not_touch_an_instance_that_was_created_anew():
    session, lab = lab_session(SlowLab((TEXT,), write0=OSError(5)))
    body = resource(TEXT, b"slow") + resource(NUMBER, b"\x02")
    assert session.ask(POST, path(), TLV, body) == LATER
    session.work()
    assert session.ask(DELETE, path())[0] == 0x42
    session.reply(0x44)
    lab.instances[0] = {TEXT: "anew", NUMBER: 7}
    assert answer(session, 1)[0] == 0xA0
    assert lab.instances == {0: {TEXT: "anew", NUMBER: 7}}


def test_an_answer_does_not_go_to_a_peer_that_took_the_place_of_the_asking_one():
    for method, where, body in ((GET, path(TEXT), b""), (PUT, path(TEXT), b"new")):
        session, lab = lab_session(SlowLab((TEXT,)))
        assert session.ask(method, where, [], body) == LATER
        session.work()
        core = session.registration
        core.connected(Peer(session.management, session.random), session.now, True)
        session.service()
        sent = session.work()
        assert [part for part in sent if part[3] == b"\x01\x02"] == []
        assert under_way(session.management) == 0 and session.working == []


def test_what_waits_when_a_server_is_closed_is_not_run():
    session, lab = lab_session(SlowLab((TEXT, RUN)))
    assert session.ask(GET, path(TEXT)) == LATER
    assert session.ask(POST, path(RUN)) == LATER
    session.management.close()
    assert session.management.slow.waiting == [] and under_way(session.management) == 0
    assert session.work() == [] and lab.started == [] and lab.ran == []


def test_at_most_four_are_under_way():
    session, lab = lab_session(SlowLab((TEXT, RUN), steps=3))
    for _ in range(3):
        assert session.ask(GET, path(TEXT)) == LATER
    assert session.ask(POST, path(RUN)) == LATER
    session.work()
    body = resource(NUMBER, b"\x02") + resource(TEXT, b"new")
    before = dict(lab.instances[0])
    changes = session.model.changes
    assert session.ask(GET, path(TEXT)) == (0xA3, [], b"")
    assert session.ask(GET, path(), READ_TLV) == (0xA3, [], b"")
    assert session.ask(POST, path(RUN)) == (0xA3, [], b"")
    assert session.ask(PUT, path(), TLV, body) == (0xA3, [], b"")
    assert lab.instances == {0: before}
    assert session.ask(GET, path(NUMBER))[2] == b"1"
    got = []
    for _ in range(4):
        got += session.work()
    while len(got) < 4:  # one after the other: NSTART is 1
        got += session.acknowledge(got[-1])
    assert [sent[1] for sent in got] == [CONTENT, CONTENT, CONTENT, CHANGED]
    assert session.ask(GET, path(TEXT)) == LATER  # there is room again
    session.acknowledge(got[-1])
    assert answer(session, 4)[2] == b"one"
    assert session.model.changes > changes


def test_a_long_answer_comes_in_blocks():
    session, lab = lab_session(SlowLab((SEEN,)), szx=2)
    lab.instances[0][SEEN] = {riid: riid for riid in range(40)}
    fast, other = lab_session()
    other.instances[0][SEEN] = lab.instances[0][SEEN]
    expected = fast.ask(GET, path(SEEN), READ_TLV)[2]
    assert session.ask(GET, path(SEEN), READ_TLV) == LATER
    code, options, got = answer(session)
    number = 0
    while dict(options)[23][-1] & 8:
        number += 1
        options, body = session.ask(GET, path(SEEN), READ_TLV + [(23, number << 4 | 2)])[1:]
        got += body
    assert got == expected and lab.started == ["read11"]


def test_a_body_in_blocks_for_a_slow_handler():
    session, lab = lab_session(SlowLab((TEXT,)))
    lab.ranges = {}
    assert session.ask(PUT, path(TEXT), [(27, 0x08)], b"a" * 16)[0] == 0x5F
    assert session.ask(PUT, path(TEXT), [(27, 0x10)], b"b") == LATER
    assert answer(session) == (CHANGED, [(27, b"\x10")], b"")
    assert lab.instances[0][TEXT] == "a" * 16 + "b"
