"""Samples kept for a server that is away or slow: /1/x/6 and hqmax (LwM2M Core 6.4.4)."""

from lab import COUNT, LIST, NUMBER, OID
from virtual import ACK, CON, DELETE, NON, PUT, Chance
from watcher import (
    CHANGED,
    CONTENT,
    NOT_FOUND,
    SENML_CBOR,
    SENML_JSON,
    START,
    TEXT,
    TLV,
    Watcher,
    path,
    text,
)

from coap.message import encode
from lwm2m.formats import senml_json

STORE = {6: True}
GIVEN_UP = 94000
UPDATE, REGISTER = (2, "rd/abc"), (2, "rd")


def storing(accept=SENML_JSON, account=None, **arguments):
    """A Watcher that observes NUMBER, and whose samples are stored."""
    w = Watcher(dict(account or STORE), **arguments)
    assert w.observe(path(NUMBER), accept=accept).number is not None
    return w


def values(told):
    """The values of samples in SenML JSON."""
    return [senml_json.decode(memoryview(one.payload), [], kind)[0][1] for one in told]


def kind(oid, rid):
    return 2


def times(told):
    """The base times of samples in SenML JSON as text."""
    found = []
    for one in text(told):
        found.append(one.partition('"bt":')[2].partition(",")[0])
    return found


def all_of(w, told):
    """What is told after another, each acknowledged, with a minute for more."""
    told = list(told)
    for one in told:
        assert one.kind == CON
        told += w.acknowledge(one)
    assert w.go(60000) == []
    return told


def away(w):
    """The network is gone, and the device notices."""
    w.session.network = False
    w.session.registration.restart(w.session.now)
    w.session.service()


def back(w, *path_of_location):
    """The network is there again; the device registers anew."""
    w.session.network = True
    w.session.registration.restart(w.session.now)
    w.session.service()
    w.session.accept(*path_of_location or ("rd", "new"))
    return w.told()


def test_each_waits_for_the_acknowledgement_of_the_one_before():
    w = storing()
    (first,) = w.change(NUMBER, 2)
    for value in range(3, 8):
        w.go(1000)
        assert w.change(NUMBER, value) == []
    assert len(w.reporting.stored) == 6
    told = all_of(w, [first])
    assert values(told) == [2, 3, 4, 5, 6, 7]
    assert times(told) == [str(START + i) for i in range(6)]
    numbers = [one.number for one in told]
    assert numbers == sorted(numbers) and len(set(numbers)) == 6
    assert w.reporting.stored == [] and w.reporting.repeated == 0


def test_times_in_the_formats_that_have_them():
    for accept, timed in ((SENML_JSON, True), (SENML_CBOR, True), (TEXT, False), (TLV, False)):
        w = storing(accept)
        w.go(5000)
        (told,) = w.change(NUMBER, 2)
        here = b'"bt":1700000005' if accept == SENML_JSON else b"\x22\x1a\x65\x53\xf1\x05"
        assert (here in bytes(told.payload)) == timed, told.payload
        assert (len(told.payload) < 5) != timed
        told = all_of(w, [told] + w.change(NUMBER, 3))
        assert len(told) == 2
    # Where they are not stored they are now, and need no time
    w = storing(account={6: False})
    assert b"bt" not in bytes(w.change(NUMBER, 2)[0].payload)
    # Nor while the device does not know the time
    w = storing()
    w.session.model.time = lambda: None
    assert b"bt" not in bytes(w.change(NUMBER, 2)[0].payload)


def test_no_two_samples_of_a_path_have_the_same_time():
    w = storing()
    w.observe(path(COUNT), b"c", SENML_JSON)
    w.reporting.stored_limit = 200
    told = w.go(500)
    chance = Chance(3)
    for value in range(2, 60):
        told += w.change(NUMBER, value)
        told += w.change(COUNT, 100 + value)
        w.session.run(w.session.now + 1 + chance.below(700))
    told = all_of(w, told)
    assert len(told) == 116
    for token in (b"a", b"c"):
        mine = [one for one in told if one.token == token]
        at = times(mine)
        assert len(set(at)) == 58
        exact = []
        for one in at:
            whole, _, part = one.partition(".")
            exact.append((int(whole), int((part + "000")[:3])))
        assert exact == sorted(exact)
        assert values(mine) == sorted(values(mine))


def test_nor_have_two_within_one_millisecond():
    w = storing()
    told = all_of(w, [one for value in range(2, 6) for one in w.change(NUMBER, value)])
    assert values(told) == [2, 3, 4, 5]
    assert times(told) == [str(START)] + ["%d.00%d" % (START, i) for i in (1, 2, 3)]


def test_times_of_parts_of_a_second_in_cbor():
    w = storing(SENML_CBOR)
    w.go(500)
    (first,) = w.change(NUMBER, 2)
    w.go(250)
    w.change(NUMBER, 3)
    (second,) = w.acknowledge(first)
    # 1700000000.25 as a double, for the first second of the clock that is seen begins there
    assert b"\x22\xfb\x41\xd9\x54\xfc\x40\x10\x00\x00" in bytes(second.payload)


def test_stored_while_offline():
    w = storing()
    away(w)
    for value in range(2, 6):
        w.session.now += 60000
        assert w.change(NUMBER, value) == []
    assert len(w.reporting.stored) == 4
    assert back(w) == []
    assert w.go(100000) == []  # they wait for the server's Observe
    assert w.observe(path(NUMBER), b"n", SENML_JSON).number is not None
    told = all_of(w, w.go(10))
    assert values(told) == [2, 3, 4, 5]
    assert {one.token for one in told} == {b"n"}
    assert times(told) == [str(START + 60 * i) for i in range(1, 5)]
    told = all_of(w, w.change(NUMBER, 6))
    assert values(told) == [6] and w.tokens() == [b"n"]


def test_only_the_same_path_and_format_goes_on():
    w = storing()
    away(w)
    w.change(NUMBER, 2)
    back(w)
    w.observe(path(NUMBER), b"t", TEXT)
    w.observe(path(COUNT), b"c", SENML_JSON)
    w.observe(path(), b"i", SENML_JSON)
    assert w.go(100000) == []
    assert len(w.reporting.stored) == 1
    w.observe(path(NUMBER), b"n", SENML_JSON)
    assert values(all_of(w, w.go(10))) == [2]


def test_a_composite_observation_is_stored_too():
    body = b'[{"n":"/32000/0/1"},{"n":"/32000/0/7"}]'
    w = Watcher(STORE)
    w.compose(body, observe=0)
    away(w)
    w.change(NUMBER, 2)
    w.go(1000)
    w.change(COUNT, 8)
    back(w)
    w.compose(b'[{"n":"/32000/0/1"}]', b"x", observe=0)
    assert w.go(1000) == []
    w.compose(body, b"n", observe=0)
    told = all_of(w, w.go(1))
    assert [one.token for one in told] == [b"n", b"n"]
    pairs = [sorted([v for _, v in items(one)]) for one in told]
    assert pairs == [[2, 7], [2, 8]]


def items(one):
    return senml_json.decode(memoryview(one.payload), [], kind)


def test_not_stored_where_the_server_does_not_want_it():
    for account in ({6: False}, {}):
        w = storing(account=account or {7: "U"})
        away(w)
        w.change(NUMBER, 2)
        w.change(NUMBER, 3)
        assert w.reporting is None or w.reporting.stored == []
        back(w)
        assert w.tokens() == []
        assert w.go(1000) == []
        w.observe(path(NUMBER), b"n", SENML_JSON)
        assert w.go(1000) == []
        assert values(w.change(NUMBER, 4)) == [4]


def test_dropped_when_the_server_wants_it_no_more():
    w = storing()
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.change(NUMBER, 4)
    w.session.model.object(1).set(0, 6, False)
    w.change(NUMBER, 5)  # it takes the place of all
    told = w.acknowledge(first)
    assert values(told) == [5] and w.reporting.stored == []
    w.acknowledge(told[0])
    w.session.model.object(1).set(0, 6, True)
    told = all_of(w, w.change(NUMBER, 6))
    assert values(told) == [6]


def test_the_oldest_goes_where_there_is_no_room():
    w = storing()
    w.reporting.stored_limit = 5
    away(w)
    for value in range(2, 30):
        w.session.now += 1000
        w.change(NUMBER, value)
        assert len(w.reporting.stored) <= 5
    back(w)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    assert values(all_of(w, w.go(10))) == [25, 26, 27, 28, 29]


def test_the_one_in_flight_stays_where_there_is_no_room():
    for limit in (1, 2):
        w = storing()
        w.reporting.stored_limit = limit
        (first,) = w.change(NUMBER, 2)
        for value in range(3, 9):
            assert w.change(NUMBER, value) == []
        assert values(all_of(w, [first])) == [2] + list(range(9 - limit, 9))


def test_hqmax_bounds_the_samples_of_a_path():
    for by_query in (False, True):
        w = Watcher(STORE)
        query = ("hqmax=3",)
        if not by_query:
            assert w.ask(PUT, path(NUMBER), [(15, "hqmax=3")]).code == CHANGED
            query = ()
        w.observe(path(NUMBER), b"a", SENML_JSON, query)
        w.observe(path(COUNT), b"c", SENML_JSON)
        away(w)
        for value in range(2, 12):
            w.change(NUMBER, value)
            w.change(COUNT, 100 + value)
        back(w)
        w.observe(path(NUMBER), b"a", SENML_JSON, query)
        w.observe(path(COUNT), b"c", SENML_JSON)
        told = all_of(w, w.go(10))
        mine = [one for one in told if one.token == b"a"]
        assert values(mine) == [9, 10, 11]
        if not by_query:
            assert len(told) == 3  # hqmax is set somewhere: other paths have none


def test_hqmax_of_zero_and_of_above():
    w = Watcher(STORE)
    w.ask(PUT, path(), [(15, "hqmax=2")])
    w.ask(PUT, path(COUNT), [(15, "hqmax=0")])
    w.observe(path(NUMBER), b"a", SENML_JSON)
    w.observe(path(COUNT), b"c", SENML_JSON)
    w.observe("3/0", b"d", SENML_JSON)
    away(w)
    assert [one.path for one in w.reporting.observations] == [(OID, 0, NUMBER)]
    for value in range(5):
        w.change(NUMBER, 20 + value)
    assert len(w.reporting.stored) == 2


def test_text_and_tlv_are_stored_in_order_too():
    for accept in (TEXT, TLV):
        w = storing(accept)
        (first,) = w.change(NUMBER, 2)
        for value in (3, 2, 2, 3, 4):
            w.change(NUMBER, value)
        told = all_of(w, [first])
        assert [bytes(one.payload)[-1] & 15 for one in told] == [2, 3, 2, 3, 4]


def test_a_reset_drops_them():
    w = storing()
    w.observe(path(COUNT), b"c", SENML_JSON)
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.change(COUNT, 8)
    (told,) = w.reset(first)
    assert told.token == b"c"
    assert all_of(w, [told]) == [told]
    assert w.tokens() == [b"c"] and w.reporting.stored == []


def test_a_cancel_drops_them_and_the_others_go_on():
    w = storing()
    w.observe(path(COUNT), b"c", SENML_JSON)
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.change(COUNT, 8)
    w.observe(path(NUMBER), b"a", SENML_JSON, number=1)
    told = w.go(0) + w.acknowledge(first)
    assert [one.token for one in all_of(w, told)] == [b"c"]


def test_a_sample_in_flight_goes_out_again_under_a_new_token():
    w = storing()
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    told = w.reset(first)  # it knows the old token no more
    told = all_of(w, told)
    assert values(told) == [2, 3]
    assert {one.token for one in told} == {b"n"}


def test_an_instance_that_goes_does_not_keep_the_others_back():
    w = Watcher(STORE)
    w.lab.instances[1] = w.lab.filled()
    w.observe("%d/1/1" % OID, b"a", SENML_JSON)
    w.observe(path(COUNT), b"c", SENML_JSON)
    (first,) = w.change(NUMBER, 2, 1)
    w.change(COUNT, 8)
    assert w.ask(DELETE, "%d/1" % OID).code == 0x42
    told = w.go(0) + w.acknowledge(first)
    for one in told:
        told += w.acknowledge(one)
    told += w.reply(CHANGED)  # to the Update with the Instances
    for one in told[1:]:
        told += w.acknowledge(one)
    assert (b"a", NOT_FOUND) in [(one.token, one.code) for one in told]
    assert (b"c", CONTENT) in [(one.token, one.code) for one in told]
    told = all_of(w, w.change(COUNT, 9))
    assert values(told) == [9]


def test_not_confirmable_samples():
    w = storing(account={6: True, 26: 0})
    away(w)
    for value in range(2, 5):
        w.change(NUMBER, value)
    back(w)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    told = w.go(10)
    assert [one.kind for one in told] == [NON] * 3 and values(told) == [2, 3, 4]
    assert w.reporting.stored == []


def test_the_limit_of_observations_does_without_those_of_a_server_that_is_away():
    w = storing()
    w.reporting.limit = 2
    w.observe(path(COUNT), b"c", SENML_JSON)
    away(w)
    w.change(NUMBER, 2)
    w.change(COUNT, 8)
    back(w)
    for rid, token in ((LIST, b"l"), (COUNT, b"n")):
        assert w.observe(path(rid), token, SENML_JSON).number is not None
    told = all_of(w, w.go(1))
    assert [one.token for one in told] == [b"n"] and values(told) == [8]
    assert w.reporting.stored == []


def test_an_acknowledgement_that_comes_twice():
    w = storing()
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.change(NUMBER, 4)
    (second,) = w.acknowledge(first)
    assert w.acknowledge(first) == []
    w.session.give(encode(ACK, 0, first.mid))
    (third,) = w.acknowledge(second)
    assert values([first, second, third]) == [2, 3, 4]
    assert w.acknowledge(second) == []
    assert len(w.reporting.stored) == 1
