"""Observations exported before a restart and restored after it; what `close` ends."""

from lab import COUNT, LIST, NUMBER, OID
from virtual import CON, NON
from watcher import SENML_JSON, Watcher, path

from lwm2m.model import Lwm2mError
from lwm2m.reporting import persistence

UNAVAILABLE = 0xA3


def plain(value):
    """Is it made of tuples, integers, texts and bytes, None and booleans?"""
    if isinstance(value, tuple):
        return all([plain(part) for part in value])
    return value is None or isinstance(value, (int, str, bytes))


def restarted(w, slept=0):
    """Another device that goes on where `w` ended, its clock `slept` ms on."""
    structure = persistence.export(w.management, w.session.now)
    assert plain(structure), structure
    other = Watcher()
    other.lab.instances[0] = dict(w.lab.instances[0])
    persistence.restore(other.management, structure, other.session.now - slept)
    return other


def test_the_same_token_and_a_greater_number():
    w = Watcher()
    answer = w.observe(path(NUMBER), b"token")
    (before,) = w.change(NUMBER, 2)
    w.acknowledge(before)
    other = restarted(w)
    assert other.go(1000) == []
    (notified,) = other.change(NUMBER, 3)
    assert notified.token == b"token" and notified.payload == b"3"
    assert notified.kind == CON and notified.number > before.number > answer.number


def test_pmin_and_pmax_count_from_before():
    for slept in (0, 7000):
        w = Watcher()
        w.observe(path(NUMBER), query=("pmin=20", "pmax=50"))
        w.go(5000)
        other = restarted(w, slept)
        left = 20000 - 5000 - slept
        assert other.change(NUMBER, 2) == []
        assert other.go(left - 1) == []
        (notified,) = other.go(2)
        assert notified.payload == b"2"
        other.acknowledge(notified)
        assert other.go(49990) == []
        assert len(other.go(20)) == 1


def test_a_change_that_waits_for_pmin_is_not_forgotten():
    w = Watcher()
    w.observe(path(NUMBER), query=("pmin=20",))
    assert w.change(NUMBER, 2) == []
    other = restarted(w)
    (notified,) = other.go(20001)
    assert notified.payload == b"2"


def test_conditions_hold_against_the_value_before():
    w = Watcher()
    w.observe(path(NUMBER), query=("st=5",))
    w.observe(path(LIST), b"l", accept=SENML_JSON, query=("st=5",))
    other = restarted(w)
    assert other.change(NUMBER, 5) == []
    assert other.change(LIST, {0: 2, 3: 2}) == []
    (notified,) = other.change(NUMBER, 6)
    assert notified.payload == b"6"
    other.acknowledge(notified)
    (notified,) = other.change(LIST, {0: 6, 3: 2})
    assert notified.token == b"l"


def test_a_composite_one():
    w = Watcher()
    body = b'[{"n":"/%d/0/%d"},{"n":"/%d/0/%d"}]' % (OID, NUMBER, OID, COUNT)
    assert w.compose(body, b"c", observe=0).number is not None
    other = restarted(w)
    (notified,) = other.change(COUNT, 9)
    assert notified.token == b"c" and b'"v":9' in notified.payload


def test_a_day_of_non_confirmable_ones_goes_on():
    w = Watcher()
    w.observe(path(NUMBER), query=("con=0",))
    (notified,) = w.change(NUMBER, 2)
    assert notified.kind == NON
    w.go(80000000)
    other = restarted(w)
    (notified,) = other.change(NUMBER, 3)
    assert notified.kind == NON
    other.go(7000000)
    (notified,) = other.change(NUMBER, 4)
    assert notified.kind == CON


def test_nothing_is_observed_and_too_much_is():
    w = Watcher()
    assert restarted(w).tokens() == []
    w.observe(path(NUMBER), b"n")
    w.observe(path(COUNT), b"c")
    structure = persistence.export(w.management, w.session.now)
    other = Watcher()
    other.limit_observations(1)
    persistence.restore(other.management, structure, 0)
    assert other.tokens() == [b"n"]


def test_close_ends_observations_and_samples():
    w = Watcher({6: True})
    w.observe(path(NUMBER))
    w.change(NUMBER, 2)  # in flight
    w.change(NUMBER, 3)
    assert len(w.stored()) == 2
    reporting = w.reporting
    reporting.close()
    assert reporting.observations == [] and w.stored() == []
    assert reporting not in w.session.registration.parts
    assert w.change(NUMBER, 4) == []


def test_close_answers_every_send():
    w = Watcher({23: False})
    sender = w.management.sender()
    codes = []
    for rid in (NUMBER, COUNT):
        sender.values([(OID, 0, rid)], SENML_JSON, codes.append)
    sender.values([(OID, 0, NUMBER)], SENML_JSON, None)
    w.session.service()
    sender.close()
    assert codes == [UNAVAILABLE, UNAVAILABLE] and sender.waiting == []
    assert sender not in w.session.registration.parts
    w.reply(0x44)  # to the one that was in flight
    assert codes == [UNAVAILABLE, UNAVAILABLE]
    try:
        sender.values([(OID, 0, NUMBER)], SENML_JSON, codes.append)
    except Lwm2mError as error:
        assert error.code == UNAVAILABLE
    else:
        raise AssertionError("a closed Sender takes Sends")


def test_a_server_that_is_closed_has_both_closed():
    w = Watcher({23: False})
    w.observe(path(NUMBER))
    codes = []
    w.management.sender().values([(OID, 0, NUMBER)], SENML_JSON, codes.append)
    w.management.close()
    assert codes == [UNAVAILABLE]
    assert w.management.reporting is None and w.management.sending is None


def ordered(structure):
    """An export with its attributes in order, which a dict of MicroPython's has not."""
    entries = [list(entry) for entry in structure[1:]]
    for entry in entries:
        entry[3] = sorted(entry[3])
    return entries


def test_nothing_is_lost_by_another_export():
    w = Watcher(version="1.2")
    w.observe(path(NUMBER), b"a", query=("pmin=1", "con=0"))
    w.observe(path(LIST), b"b", SENML_JSON, query=("hqmax=5",))
    w.compose(b'[{"n":"/%d/0/1"},{"n":"/3/0/0"}]' % OID, b"c", observe=0)
    w.go(3000)
    for notified in w.change(NUMBER, 2) + w.go(3000):
        w.acknowledge(notified)
    before = persistence.export(w.management, w.session.now)
    assert before[1][-1] >= 0  # when it was confirmed last
    other = Watcher(version="1.2")
    persistence.restore(other.management, before, other.session.now)
    after = persistence.export(other.management, other.session.now)
    assert ordered(after) == ordered(before)
