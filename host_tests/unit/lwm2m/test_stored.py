"""Samples kept for a server that is away or slow: /1/x/6 and hqmax (LwM2M Core 6.4.4)."""

from lab import COUNT, LIST, NUMBER, OID
from lab import TEXT as TEXT_RESOURCE
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


def values(notified):
    """The values of samples in SenML JSON."""
    return [senml_json.decode(memoryview(one.payload), [], kind)[0][1] for one in notified]


def kind(oid, rid):
    return 2


def times(notified):
    """The base times of samples in SenML JSON as text."""
    found = []
    for one in text(notified):
        found.append(one.partition('"bt":')[2].partition(",")[0])
    return found


def all_of(w, notified):
    """What is notified after another, each acknowledged, with a minute for more."""
    notified = list(notified)
    for one in notified:
        assert one.kind == CON
        notified += w.acknowledge(one)
    assert w.go(60000) == []
    return notified


def away(w):
    """The network is gone, and the device notices."""
    w.session.network = False
    w.session.registration.recover(2, w.session.now)
    w.session.service()


def back(w, *path_of_location):
    """The network is there again; the device registers anew."""
    w.session.network = True
    w.session.registration.since -= 60000  # a minute after the latest trouble
    w.session.registration.recover(2, w.session.now)
    w.session.service()
    w.session.accept(*path_of_location or ("rd", "new"))
    return w.notified()


def test_each_waits_for_the_acknowledgement_of_the_one_before():
    w = storing()
    (first,) = w.change(NUMBER, 2)
    for value in range(3, 8):
        w.go(1000)
        assert w.change(NUMBER, value) == []
    assert len(w.stored()) == 6
    notified = all_of(w, [first])
    assert values(notified) == [2, 3, 4, 5, 6, 7]
    assert times(notified) == [str(START + i) for i in range(6)]
    numbers = [one.number for one in notified]
    assert numbers == sorted(numbers) and len(set(numbers)) == 6
    assert w.stored() == [] and w.repeated() == 0


def test_times_in_the_formats_that_have_them():
    for accept, timed in ((SENML_JSON, True), (SENML_CBOR, True), (TEXT, False), (TLV, False)):
        w = storing(accept)
        w.go(5000)
        (notified,) = w.change(NUMBER, 2)
        here = b'"bt":1700000005' if accept == SENML_JSON else b"\x22\x1a\x65\x53\xf1\x05"
        assert (here in bytes(notified.payload)) == timed, notified.payload
        assert (len(notified.payload) < 5) != timed
        notified = all_of(w, [notified] + w.change(NUMBER, 3))
        assert len(notified) == 2
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
    w.limit_samples(200)
    notified = w.go(500)
    chance = Chance(3)
    for value in range(2, 60):
        notified += w.change(NUMBER, value)
        notified += w.change(COUNT, 100 + value)
        w.session.run(w.session.now + 1 + chance.below(700))
    notified = all_of(w, notified)
    assert len(notified) == 116
    for token in (b"a", b"c"):
        mine = [one for one in notified if one.token == token]
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
    notified = all_of(w, [one for value in range(2, 6) for one in w.change(NUMBER, value)])
    assert values(notified) == [2, 3, 4, 5]
    assert times(notified) == [str(START)] + ["%d.00%d" % (START, i) for i in (1, 2, 3)]


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
    assert len(w.stored()) == 4
    assert back(w) == []
    assert w.go(100000) == []  # they wait for the server's Observe
    assert w.observe(path(NUMBER), b"n", SENML_JSON).number is not None
    notified = all_of(w, w.go(10))
    assert values(notified) == [2, 3, 4, 5]
    assert {one.token for one in notified} == {b"n"}
    assert times(notified) == [str(START + 60 * i) for i in range(1, 5)]
    notified = all_of(w, w.change(NUMBER, 6))
    assert values(notified) == [6] and w.tokens() == [b"n"]


def test_samples_belong_to_a_path_not_to_the_format_in_which_it_was_observed():
    for accept, expected in ((SENML_JSON, None), (TEXT, b"2"), (TLV, b"\xc1\x01\x02")):
        w = storing()
        away(w)
        w.change(NUMBER, 2)
        back(w)
        w.observe(path(COUNT), b"c", accept)
        w.observe(path(), b"i", SENML_JSON)
        assert w.go(100000) == []
        assert len(w.stored()) == 1
        w.observe(path(NUMBER), b"n", accept)
        (notified,) = all_of(w, w.go(10))
        assert notified.token == b"n"
        if expected:
            assert notified.payload == expected
        else:
            assert values([notified]) == [2] and times([notified]) == [str(START)]
        assert w.stored() == [] and sorted(w.tokens()) == [b"c", b"i", b"n"]


def test_samples_are_sent_in_the_format_of_an_observe_that_came_while_one_was_in_flight():
    for token in (b"a", b"n"):  # the same token, or another one beside it
        w = storing()
        (first,) = w.change(NUMBER, 2)
        w.change(NUMBER, 3)
        assert w.observe(path(NUMBER), token, SENML_CBOR).number is not None
        if token == b"n":  # its server has forgotten the one before
            notified = w.reset(first)
            assert w.requests(1) == [UPDATE]
            notified += w.reply(CHANGED)
        else:
            notified = w.acknowledge(first)
        notified = all_of(w, notified)
        assert [one.options[12] for one in notified] == [b"\x70"] * len(notified)
        assert [bytes(one.payload)[-1] for one in notified] == ([2, 3] if token == b"n" else [3])
        assert w.tokens() == [token] and w.stored() == []


def test_a_sample_is_of_its_time_though_the_driver_changes_the_value_in_place():
    w = Watcher(STORE)
    w.observe(path(LIST), accept=SENML_JSON)
    away(w)
    w.lab.instances[0][LIST][0] = 5
    w.lab.changed(0, LIST)
    w.go(0)
    w.lab.instances[0][LIST][0] = 6
    w.lab.changed(0, LIST)
    w.go(0)
    back(w)
    w.observe(path(LIST), b"n", SENML_JSON)
    found = [values([one])[0] for one in all_of(w, w.go(10))]
    assert found == [5, 6]


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
    notified = all_of(w, w.go(1))
    assert [one.token for one in notified] == [b"n", b"n"]
    pairs = [sorted([v for _, v in items(one)]) for one in notified]
    assert pairs == [[2, 7], [2, 8]]


def items(one):
    return senml_json.decode(memoryview(one.payload), [], kind)


def test_not_stored_where_the_server_does_not_want_it():
    for account in ({6: False}, {}):
        w = storing(account=account or {7: "U"})
        away(w)
        w.change(NUMBER, 2)
        w.change(NUMBER, 3)
        assert w.stored() == []
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
    notified = w.acknowledge(first)
    assert values(notified) == [5] and w.stored() == []
    w.acknowledge(notified[0])
    w.session.model.object(1).set(0, 6, True)
    notified = all_of(w, w.change(NUMBER, 6))
    assert values(notified) == [6]


def test_the_oldest_goes_where_there_is_no_room_and_is_counted():
    w = storing()
    w.limit_samples(5)
    away(w)
    for value in range(2, 30):
        w.session.now += 1000
        w.change(NUMBER, value)
        assert len(w.stored()) <= 5
        assert w.reporting.stored.evicted == max(0, value - 6)
    logged = []
    w.session.registration.log = lambda *event: logged.append(event)
    back(w)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    assert values(all_of(w, w.go(10))) == [25, 26, 27, 28, 29]
    assert [event for event in logged if event[1] == "samples evicted"] == [
        (2, "samples evicted", 23)
    ]
    assert w.reporting.stored.size == 0


def test_the_oldest_of_all_paths_goes_first():
    w = storing()
    w.observe(path(COUNT), b"c", SENML_JSON)
    w.limit_samples(3)
    away(w)
    for value in (2, 3):
        w.change(NUMBER, value)
        w.change(COUNT, 100 + value)
    back(w)
    w.observe(path(COUNT), b"c", SENML_JSON)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    assert values(all_of(w, w.go(10))) == [102, 3, 103]


def test_the_one_in_flight_stays_where_there_is_no_room():
    for limit in (2, 3):
        w = storing()
        w.limit_samples(limit)
        (first,) = w.change(NUMBER, 2)
        for value in range(3, 9):
            assert w.change(NUMBER, value) == []
        assert values(all_of(w, [first])) == [2] + list(range(10 - limit, 9))


def test_samples_of_large_instances_stay_within_the_bytes_of_the_budget():
    w = Watcher(STORE)
    w.observe(path(), accept=SENML_JSON)
    budget = w.management.budget
    away(w)
    for value in range(100):
        w.lab.set(0, TEXT_RESOURCE, "x" * 3000 + str(value))
        w.change(NUMBER, value)
        assert sum([user.size for user in budget.users]) <= budget.memory
    kept = sum([len(str(sample[1])) for sample in w.stored()])
    assert 3000 < kept < budget.memory
    assert w.reporting.stored.evicted == 100 - len(w.stored())
    w.reporting.close()
    assert w.stored() == [] and budget.users == [user for user in budget.users if user.size]


def test_a_sample_larger_than_the_budget_is_sent_and_not_stored():
    w = Watcher(STORE, szx=6)
    w.observe(path(TEXT_RESOURCE))
    w.limit_samples(2)
    (notified,) = w.change(TEXT_RESOURCE, "y" * 900)
    assert notified.payload == b"y" * 900 and w.stored() == []
    w.acknowledge(notified)
    (notified,) = w.change(TEXT_RESOURCE, "z")
    assert notified.payload == b"z" and len(w.stored()) == 1


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
        notified = all_of(w, w.go(10))
        mine = [one for one in notified if one.token == b"a"]
        assert values(mine) == [9, 10, 11]
        if not by_query:
            assert len(notified) == 3  # hqmax is set somewhere: other paths have none


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
    assert len(w.stored()) == 2


def test_text_and_tlv_are_stored_in_order_too():
    for accept in (TEXT, TLV):
        w = storing(accept)
        (first,) = w.change(NUMBER, 2)
        for value in (3, 2, 2, 3, 4):
            w.change(NUMBER, value)
        notified = all_of(w, [first])
        assert [bytes(one.payload)[-1] & 15 for one in notified] == [2, 3, 2, 3, 4]


def test_a_reset_of_a_server_that_knows_us_drops_them_once_it_says_so():
    w = storing()
    w.observe(path(COUNT), b"c", SENML_JSON)
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.change(COUNT, 8)
    assert w.reset(first) == []
    assert len(w.stored()) == 3 and w.tokens() == [b"c"]
    assert w.requests(1) == [UPDATE]
    (notified,) = w.reply(CHANGED)
    assert notified.token == b"c"
    w.acknowledge(notified)
    assert [one.path[2] for one in w.reporting.observations] == [COUNT] and w.stored() == []
    w.go(1000000)
    assert w.requests(2) == []


def test_samples_outlive_a_reset_of_a_server_that_has_forgotten_us():
    for account in (STORE, {6: True, 26: 0}):
        w = storing(account=account)
        (first,) = w.change(NUMBER, 2)
        w.change(NUMBER, 3)
        w.reset(first)
        w.change(NUMBER, 4)
        assert w.requests(1) == [UPDATE]
        w.reply(NOT_FOUND)
        assert w.requests(1) == [UPDATE, REGISTER]
        w.session.accept("rd", "new")
        w.notified()
        w.observe(path(NUMBER), b"n", SENML_JSON)
        notified = w.go(10)
        if account is STORE:
            notified = all_of(w, notified)
        assert values(notified) == ([2, 3, 4] if account is STORE else [4])
        assert w.tokens() == [b"n"] and w.stored() == []


def test_an_observe_before_the_answer_to_the_update_after_a_reset_keeps_them():
    w = storing()
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.reset(first)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    notified = all_of(w, w.notified() + w.reply(CHANGED))
    assert values(notified) == [2, 3] and w.tokens() == [b"n"]


def test_a_driver_that_answers_none_once_loses_no_sample_and_no_observation():
    for query in ((), ("gt=1",), ("epmax=5",)):
        w = Watcher(STORE)
        w.observe(path(NUMBER), accept=SENML_JSON, query=query)
        (first,) = w.change(NUMBER, 2)
        w.change(NUMBER, -3)
        w.change(NUMBER, None)
        assert len(w.stored()) == 2 and w.tokens() == [b"a"]
        w.lab.instances[0][NUMBER] = 4
        notified = [first]
        for one in notified:
            notified += w.acknowledge(one) + w.go(10001)
        assert {one.code for one in notified} == {CONTENT}
        assert values(notified) == [2, -3, 4]


def test_a_value_that_its_format_cannot_say_holds_nobody_up():
    w = Watcher(STORE)
    w.observe(path(NUMBER), accept=SENML_JSON)
    away(w)
    encoded = w.management.encoded

    def fastidious(content, *arguments):
        if content[0][2][0][2] == 99:
            raise ValueError(99)
        return encoded(content, *arguments)

    w.management.encoded = fastidious
    for value in (2, 99, 3):
        w.change(NUMBER, value)
    back(w)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    assert values(all_of(w, w.go(10))) == [2, 3] and w.stored() == []


def test_a_cancel_drops_them_and_the_others_go_on():
    w = storing()
    w.observe(path(COUNT), b"c", SENML_JSON)
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.change(COUNT, 8)
    w.observe(path(NUMBER), b"a", SENML_JSON, number=1)
    notified = w.go(0) + w.acknowledge(first)
    assert [one.token for one in all_of(w, notified)] == [b"c"]


def test_a_sample_in_flight_goes_out_again_under_a_new_token():
    w = storing()
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    notified = w.reset(first)  # it knows the old token no more
    notified = all_of(w, notified)
    assert values(notified) == [2, 3]
    assert {one.token for one in notified} == {b"n"}


def test_an_instance_that_goes_does_not_keep_the_others_back():
    w = Watcher(STORE)
    w.lab.instances[1] = w.lab.filled()
    w.observe("%d/1/1" % OID, b"a", SENML_JSON)
    w.observe(path(COUNT), b"c", SENML_JSON)
    (first,) = w.change(NUMBER, 2, 1)
    w.change(COUNT, 8)
    assert w.ask(DELETE, "%d/1" % OID).code == 0x42
    notified = w.go(0) + w.acknowledge(first)
    for one in notified:
        notified += w.acknowledge(one)
    notified += w.reply(CHANGED)  # to the Update with the Instances
    for one in notified:
        notified += w.acknowledge(one)
    assert (b"a", NOT_FOUND) in [(one.token, one.code) for one in notified]
    assert (b"c", CONTENT) in [(one.token, one.code) for one in notified]
    notified = all_of(w, w.change(COUNT, 9))
    assert values(notified) == [9]


def test_not_confirmable_samples():
    w = storing(account={6: True, 26: 0})
    away(w)
    for value in range(2, 5):
        w.change(NUMBER, value)
    back(w)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    notified = w.go(10)
    assert [one.kind for one in notified] == [NON] * 3 and values(notified) == [2, 3, 4]
    assert w.stored() == []


def test_the_limit_of_observations_does_without_those_of_a_server_that_is_away():
    w = Watcher(STORE)
    w.limit_observations(2)
    w.observe(path(NUMBER), accept=SENML_JSON)
    w.limit_samples(2)
    w.observe(path(COUNT), b"c", SENML_JSON)
    away(w)
    w.change(NUMBER, 2)
    w.change(COUNT, 8)
    back(w)
    for rid, token in ((LIST, b"l"), (COUNT, b"n")):
        assert w.observe(path(rid), token, SENML_JSON).number is not None
    notified = all_of(w, w.go(1))
    assert [one.token for one in notified] == [b"n"] and values(notified) == [8]
    assert w.stored() == []


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
    assert len(w.stored()) == 1
