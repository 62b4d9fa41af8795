"""Observe and its end, on what there is and what is slow (RFC 7641, LwM2M Core 6.4.1 to 6.4.3)."""

from lab import COUNT, LIST, MEASURED, NUMBER, OID, RUN, SECRET, TEXT, Lab
from session import under_way
from slow_lab import SlowLab
from virtual import ACK, CON, DELETE, GET, NON, RST
from watcher import (
    BAD,
    CHANGED,
    CONTENT,
    NOT_ALLOWED,
    NOT_FOUND,
    SENML_CBOR,
    SENML_JSON,
    TLV,
    Watcher,
    path,
    text,
)

from coap.message import encode
from lwm2m.model import Lwm2mError

NONE = {26: 0}  # notifications that are not confirmable
FAULT = OSError("bus")


class Faulty(Lab):
    """Raises `fault`, if there is one, wherever Resource `bad` is read."""

    bad = -1
    fault = None

    def read(self, iid, rid):
        if rid == self.bad and self.fault:
            raise self.fault
        return super().read(iid, rid)


def quiet(watcher, ms=0):
    """Nothing is notified."""
    assert watcher.go(ms) == []


def test_an_observation_of_each_level():
    for where, accept in (
        (path(NUMBER), 0),
        (path(LIST, 3), 0),
        (path(LIST), TLV),
        (path(), TLV),
        (str(OID), SENML_JSON),
    ):
        w = Watcher()
        answer = w.observe(where, accept=accept)
        read = w.ask(GET, where, [(17, accept)])
        assert answer.code == CONTENT and answer.kind == ACK and answer.token == b"a"
        assert answer.number is not None and read.number is None
        assert answer.payload == read.payload
        quiet(w, 100000)
        w.lab.set(0, NUMBER, 2)
        w.lab.set(0, LIST, {0: 1, 3: 9})
        (notified,) = w.go(0)
        assert notified.kind == CON and notified.code == CONTENT and notified.token == b"a"
        assert notified.number == answer.number + 1
        assert notified.payload == w.ask(GET, where, [(17, accept)]).payload
        assert w.acknowledge(notified) == []
        quiet(w, 100000)


def test_what_was_not_observed_is_not_notified():
    w = Watcher()
    w.observe(path(NUMBER))
    w.observe(path(LIST, 3), b"b")
    for rid, value in ((TEXT, "two"), (COUNT, 8), (SECRET, "y"), (LIST, {0: 7, 3: 2})):
        assert w.change(rid, value) == []
    w.lab.set(0, NUMBER, 1)  # the same value
    quiet(w)


def test_a_new_token_on_the_same_path_and_format_replaces():
    w = Watcher()
    w.observe(path(NUMBER), b"a")
    w.observe(path(NUMBER), b"bb")
    assert w.tokens() == [b"bb"]
    (notified,) = w.change(NUMBER, 2)
    assert notified.token == b"bb"
    assert w.acknowledge(notified) == []
    assert w.observe(path(NUMBER), b"a", number=1).code == CONTENT  # a token of the past
    assert w.tokens() == [b"bb"]


def test_the_same_token_on_another_path_replaces_too():
    w = Watcher()
    w.observe(path(NUMBER), b"a")
    w.observe(path(COUNT), b"a")
    assert w.change(NUMBER, 2) == []
    (notified,) = w.change(COUNT, 8)
    assert notified.token == b"a" and text([notified]) == ["8"]


def test_another_format_is_another_observation():
    w = Watcher()
    for accept, token in ((None, b"n"), (0, b"t"), (SENML_CBOR, b"c"), (SENML_JSON, b"j")):
        assert w.observe(path(NUMBER), token, accept).number is not None
    assert w.tokens() == [b"n", b"t", b"c", b"j"]
    notified = w.change(NUMBER, 2)
    for _ in range(3):  # one unacknowledged message at a time
        assert len(notified) < 5
        notified += w.acknowledge(notified[-1])
    assert [one.token for one in notified] == [b"n", b"t", b"c", b"j"]
    assert [one.options[12] for one in notified] == [b"", b"", b"\x70", b"\x6e"]
    assert notified[2].payload[0] == 0x81 and notified[3].payload[:2] == b"[{"


def test_an_old_token_in_flight_does_not_end_the_new_one():
    for answer in (RST, ACK):
        w = Watcher()
        w.observe(path(NUMBER), b"a")
        (notified,) = w.change(NUMBER, 2)
        w.observe(path(NUMBER), b"b")
        w.session.give(encode(answer, 0, notified.mid))  # the server knows `a` no more
        assert w.tokens() == [b"b"]
        (notified,) = w.change(NUMBER, 3)
        assert notified.token == b"b" and text([notified]) == ["3"]


def test_cancelled_by_observe_1():
    w = Watcher()
    w.observe(path(NUMBER), b"a")
    w.observe(path(COUNT), b"b")
    answer = w.observe(path(NUMBER), b"a", number=1)
    assert answer.code == CONTENT and answer.number is None and answer.payload == b"1"
    assert w.tokens() == [b"b"]
    assert w.change(NUMBER, 2) == []
    assert len(w.change(COUNT, 8)) == 1
    # A cancel of what is not observed is a Read
    answer = w.observe(path(LIST), b"z", TLV, number=1)
    assert answer.code == CONTENT and answer.number is None
    assert w.tokens() == [b"b"]


def test_cancelled_by_a_reset_to_a_con():
    w = Watcher()
    w.observe(path(NUMBER))
    (notified,) = w.change(NUMBER, 2)
    assert w.reset(notified) == []
    assert w.tokens() == []
    assert w.change(NUMBER, 3) == []
    quiet(w, 1000000)


def test_cancelled_by_a_reset_to_any_recent_non():
    for which in (0, 5, 19):
        w = Watcher(NONE)
        w.observe(path(NUMBER), b"a")
        w.observe(path(COUNT), b"b")
        notified = []
        for i in range(20):
            notified += w.change(NUMBER, 10 + i)
            assert len(w.change(COUNT, 100 + i)) == 1 or which  # mixed with those of another
        assert {one.kind for one in notified} == {NON} and len(notified) == 20
        # 32 are remembered, of both: the first eight are forgotten
        assert w.reset(notified[which]) == []
        assert w.tokens() == ([b"a", b"b"] if not which else [b"b"])


def test_resets_that_mean_nothing():
    w = Watcher(NONE)
    w.observe(path(NUMBER))
    (notified,) = w.change(NUMBER, 2)
    for mid in (notified.mid + 1, notified.mid - 1, 0, 65535):
        w.session.give(encode(RST, 0, mid & 0xFFFF))
    assert w.tokens() == [b"a"]
    w.session.give(encode(ACK, 0, notified.mid))
    assert w.tokens() == [b"a"]
    w.observe(path(NUMBER), b"b")  # the Reset to an old token's notification comes late
    w.reset(notified)
    assert w.tokens() == [b"b"]


def test_beyond_the_limit_it_is_a_read():
    w = Watcher()
    w.limit_observations(2)
    assert w.observe(path(NUMBER), b"a").number is not None
    assert w.observe(path(COUNT), b"b").number is not None
    answer = w.observe(path(TEXT), b"c")
    assert answer.code == CONTENT and answer.number is None and answer.payload == b"one"
    assert w.tokens() == [b"a", b"b"]
    assert w.observe(path(NUMBER), b"d").number is not None  # it takes the place of a
    assert w.tokens() == [b"d", b"b"]
    w.observe(path(COUNT), b"b", number=1)
    assert w.observe(path(TEXT), b"c").number is not None


def test_errors_do_not_observe():
    for where, accept, query, code in (
        ("9999", None, (), NOT_FOUND),
        (path() + "1", None, (), NOT_FOUND),
        (path(99), None, (), NOT_FOUND),
        (path(13), None, (), NOT_FOUND),
        (path(LIST, 1), None, (), NOT_FOUND),
        (path(NUMBER, 0), None, (), NOT_FOUND),
        (path(SECRET), None, (), NOT_ALLOWED),
        (path(RUN), None, (), NOT_ALLOWED),
        (path(NUMBER), 41, (), 0x86),
        (path(LIST), 0, (), 0x86),
        ("0", None, (), 0x81),
        ("0/0/0", None, (), 0x81),
        ("21/0", None, (), 0x81),
        ("", None, (), NOT_ALLOWED),
        (path(NUMBER), None, ("pmin=x",), BAD),
        (path(NUMBER), None, ("edge=1",), BAD),
        (path(NUMBER), None, ("foo=1",), BAD),
        (path(NUMBER), None, ("lt=3", "gt=2"), BAD),
        (path(), None, ("gt=2",), BAD),
    ):
        w = Watcher()
        answer = w.observe(where, accept=accept, query=query)
        assert answer.code == code and answer.number is None, where
        assert w.reporting is None or w.tokens() == []
        w.lab.set(0, NUMBER, 2)
        quiet(w, 100000)


def test_what_is_deleted_says_so_once():
    for gone, notified_at in (("1", "1"), ("1", "1/1"), ("1", "1/8/0")):
        w = Watcher()
        w.lab.instances[1] = Lab.filled()
        w.observe("%d/%s" % (OID, notified_at), b"a", TLV)
        w.observe(str(OID), b"o", TLV)
        assert w.ask(DELETE, "%d/%s" % (OID, gone)).code == 0x42
        notified = w.reply(CHANGED)  # to the Update with the Instances
        notified += w.acknowledge(notified[0])
        assert [(one.token, one.code) for one in notified] == [(b"a", NOT_FOUND), (b"o", CONTENT)]
        assert (
            notified[0].kind == CON and notified[0].number is None and notified[0].payload == b""
        )
        assert w.tokens() == [b"o"]
        w.acknowledge(notified[1])
        w.lab.instances[1] = Lab.filled()
        w.session.model.instance_changed(OID, 1)
        assert w.go(0) == []  # first an Update with the Instances
        (notified,) = w.reply(CHANGED)
        assert notified.token == b"o"


def test_a_driver_that_raises_is_asked_again():
    for fault in (FAULT, ValueError(), Lwm2mError(0xA3), Lwm2mError(0xA0)):
        for query in ((), ("gt=1",)):
            w = Watcher(lab=Faulty())
            assert w.observe(path(NUMBER), query=query).code == CONTENT
            w.observe(path(COUNT), b"b")
            w.lab.bad, w.lab.fault = NUMBER, fault
            assert w.change(NUMBER, 2) == []
            (notified,) = w.change(COUNT, 8)  # the others go on
            assert notified.token == b"b"
            w.acknowledge(notified)
            quiet(w, 60000)
            w.lab.fault = None
            (notified,) = w.go(10001)
            assert notified.token == b"a" and text([notified]) == ["2"]
            assert w.tokens() == [b"a", b"b"]


def test_a_driver_that_raises_at_first_is_not_observed():
    w = Watcher(lab=Faulty())
    w.lab.bad, w.lab.fault = NUMBER, FAULT
    assert w.observe(path(NUMBER)).code == 0xA0
    assert w.tokens() == []


def test_a_slow_first_answer():
    w = Watcher(lab=SlowLab((MEASURED,)))
    assert w.observe(path(MEASURED)).code == 0
    (notified,) = w.work(2)
    assert notified.number is not None and notified.payload == b"1.5" and notified.token == b"a"
    w.acknowledge(notified)
    assert w.tokens() == [b"a"]
    quiet(w, 100000)
    assert w.change(MEASURED, (2, 0)) == []
    (later,) = w.work(2)
    assert later.payload == b"2" and later.number > notified.number
    w.acknowledge(later)
    quiet(w, 100000)


def test_a_change_while_the_first_answer_is_read_is_notified():
    w = Watcher(lab=SlowLab((MEASURED,)))
    w.observe(path(MEASURED))
    w.work(1)
    values = [w.change(MEASURED, (2, 0))]
    for _ in range(6):
        found = w.work(1) + w.go(10)
        for one in found:
            found = found + w.acknowledge(one)
        values.append(found)
    assert text([one for found in values for one in found])[-1] == "2"


def test_a_slow_first_answer_that_fails():
    for fault in (FAULT, Lwm2mError(0x84)):
        w = Watcher(lab=SlowLab((MEASURED,), read2=fault))
        w.observe(path(MEASURED))
        (notified,) = w.work(2)
        assert notified.code in (0xA0, 0x84) and notified.number is None
        assert w.tokens() == []


def test_a_slow_notification_that_is_cancelled_meanwhile():
    w = Watcher(lab=SlowLab((MEASURED,)))
    w.observe(path(MEASURED))
    w.acknowledge(w.work(2)[0])
    w.change(MEASURED, (2, 0))
    w.observe(path(MEASURED), number=1)
    notified = w.work(2) + w.work(2)
    assert [one.number for one in notified] == [None]  # the answer to the cancel


def test_a_slow_driver_that_fails_is_asked_again():
    for query in ((), ("st=1",)):
        w = Watcher(lab=SlowLab((MEASURED,)))
        w.observe(path(MEASURED), query=query)
        w.acknowledge(w.work(2)[0])
        w.lab.faults = {"read2": FAULT}
        w.change(MEASURED, (9, 0))
        for _ in range(4):
            assert w.work(3) + w.go(5000) == []
        w.lab.faults = {}
        notified = []
        for _ in range(8):
            notified += w.work(3) + w.go(5000)
        assert set(text(notified)) == {"9"}
        assert under_way(w.management) == 0


def test_a_slow_resource_with_a_condition():
    w = Watcher(lab=SlowLab((MEASURED,)))
    w.observe(path(MEASURED), query=("gt=5",))
    w.acknowledge(w.work(2)[0])
    w.change(MEASURED, (3, 0))
    assert w.work(4) == []
    w.change(MEASURED, (6, 0))
    (notified,) = w.work(4)
    assert text([notified]) == ["6"]


def test_more_slow_observations_than_can_be_read_at_once():
    w = Watcher(lab=SlowLab((MEASURED,)))
    accepts = (None, 0, TLV, SENML_JSON, SENML_CBOR, 60)
    for i in range(6):
        w.observe(path(MEASURED), b"%d" % i, accepts[i])
        w.acknowledge(w.work(2)[0])
    w.change(MEASURED, (2, 0))
    notified = []
    for _ in range(20):
        found = w.work(1) + w.go(1000)
        for one in found:
            found += w.acknowledge(one)
        notified += found
    assert sorted({one.token for one in notified}) == [b"%d" % i for i in range(6)]
    assert {one.code for one in notified} == {CONTENT}
    assert len(w.tokens()) == 6


def test_slow_values_are_notified_one_after_the_other():
    for account in ({}, {6: True}):
        w = Watcher(account, lab=SlowLab((MEASURED,)))
        w.observe(path(MEASURED), accept=SENML_JSON)
        w.acknowledge(w.work(2)[0])
        notified = []
        for value in range(2, 12):
            w.lab.steps = 12 - value  # each is faster than the one before
            notified += w.change(MEASURED, (value, 0))
            notified += w.work(1)
            assert under_way(w.management) < 2
            w.session.now += 100
        for _ in range(30):
            notified += w.work(1) + w.go(10)
            for one in list(notified):
                notified += w.acknowledge(one)
        values = [float(one.split('"v":')[1].split("}")[0]) for one in text(notified)]
        assert values == sorted(values) and values[-1] == 11 and len(values) > 1
