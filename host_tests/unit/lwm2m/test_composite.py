"""Read-Composite gives what there is, Write-Composite all or nothing, Observe-Composite all."""

from lab import COUNT, FLAG, LEVEL, LINK, LIST, MEASURED, NUMBER, OID, RUN, SECRET, TEXT, Lab
from slow_lab import SlowLab
from virtual import ACK, CON, DELETE, FETCH, GET, NON, POST, PUT
from watcher import (
    BAD,
    CHANGED,
    CONTENT,
    IPATCH,
    LWM2M_CBOR,
    NOT_ALLOWED,
    NOT_FOUND,
    SENML_CBOR,
    SENML_JSON,
    TLV,
    Watcher,
    path,
)
from watcher import TEXT as PLAIN

from lwm2m.formats import senml_cbor, senml_json
from lwm2m.model import Lwm2mError

ETCH_JSON, ETCH_CBOR = 320, 322
UNAUTHORIZED, NOT_ACCEPTABLE, UNSUPPORTED = 0x81, 0x86, 0x8F
ANSWER = {SENML_JSON: SENML_JSON, SENML_CBOR: SENML_CBOR}
ANSWER.update({ETCH_JSON: SENML_JSON, ETCH_CBOR: SENML_CBOR})
LATER = 0


def names(form, *paths):
    """The body of a FETCH."""
    if form in (SENML_JSON, ETCH_JSON):
        return ("[%s]" % ",".join(['{"n":"/%s"}' % where for where in paths])).encode()
    out = bytearray([0x80 | len(paths)])
    for where in paths:
        out += bytes([0xA1, 0, 0x78, len(where) + 1]) + b"/" + where.encode()
    return bytes(out)


def body(form, *values):
    """The body of an iPATCH; each value is (ID, [(ID, type, value), ...]) below the Lab."""
    content = [(OID, iid, list(resources)) for iid, resources in values]
    module = senml_json if form in (SENML_JSON, ETCH_JSON) else senml_cbor
    return bytes(module.encode(content, ()))


def items(w, notified):
    """{path: value} of an answer or a notification in SenML."""
    form = int.from_bytes(notified.options[12], "big")
    assert form in (SENML_JSON, SENML_CBOR)
    module = senml_json if form == SENML_JSON else senml_cbor
    if bytes(notified.payload) in (b"[]", b"\x80"):
        return {}
    values = module.decode(memoryview(notified.payload), [], w.session.model.resource_type)
    return {"/".join([str(i) for i in where]): value for where, value in values}


def fetch(w, *paths, **options):
    """What a Read-Composite finds."""
    answer = w.compose(names(SENML_JSON, *paths), **options)
    assert answer.code == CONTENT and answer.number is None
    return items(w, answer)


def write(w, *resources, form=SENML_JSON, iid=0):
    """The code of a Write-Composite to the Lab."""
    return w.compose(body(form, (iid, resources)), code=IPATCH, form=form).code


def test_what_is_at_several_paths():
    w = Watcher()
    assert fetch(w, path(NUMBER), "3/0/0", path(LIST, 3)) == {
        "3/0/0": "Maker",
        path(NUMBER): 1,
        path(LIST, 3): 2,
    }
    assert fetch(w, path(LIST)) == {path(LIST, 0): 1, path(LIST, 3): 2}
    assert fetch(w, path(LIST, 3), path(LIST, 0), path(LIST, 3)) == fetch(w, path(LIST))
    whole = fetch(w, path())
    assert whole == fetch(w, str(OID)) == fetch(w, path(), path(NUMBER), str(OID))
    assert whole[path(NUMBER)] == 1 and len(whole) == 12


def test_each_format_of_request_and_answer():
    for form in (SENML_JSON, SENML_CBOR, ETCH_JSON, ETCH_CBOR):
        w = Watcher()
        answer = w.compose(names(form, path(NUMBER)), form=form)
        assert answer.code == CONTENT and answer.options[12] == bytes([ANSWER[form]])
        assert items(w, answer) == {path(NUMBER): 1}
        for accept in (SENML_JSON, SENML_CBOR):
            answer = w.compose(names(form, path(NUMBER)), form=form, accept=accept)
            assert answer.options[12] == bytes([accept])
            assert items(w, answer) == {path(NUMBER): 1}
    answer = w.compose(names(SENML_JSON, path(NUMBER)), accept=LWM2M_CBOR)
    assert answer.code == CONTENT
    assert bytes(answer.payload) == b"\xa1\x82\x19\x7d\x00\x00\xa1\x01\x01"
    answer = w.compose(names(SENML_JSON, path(NUMBER)), accept=41)
    assert answer.code == NOT_ACCEPTABLE


def test_as_much_as_there_is():
    w = Watcher()
    assert fetch(w, path(NUMBER), path(99), path(13), "9999", "9999/0/0", path(LIST, 7)) == {
        path(NUMBER): 1
    }
    assert fetch(w, path(NUMBER), path(SECRET), path(RUN), "%d/7/1" % OID) == {path(NUMBER): 1}
    assert fetch(w, "0", "0/0/0", "21/0", path(COUNT)) == {path(COUNT): 7}
    assert fetch(w, "9999") == {} == fetch(w, "0/0")


def test_the_root():
    w = Watcher()
    values = fetch(w, "")
    objects = {name.split("/")[0] for name in values}
    assert objects == {"1", "3", "3424", str(OID)}
    assert values[path(NUMBER)] == 1 and path(SECRET) not in values
    assert sorted(fetch(w, "", path(NUMBER), "3/0")) == sorted(values)


def test_what_is_wrong_with_the_request():
    w = Watcher()
    for payload, form, code in (
        (b"", SENML_JSON, BAD),
        (b"[]", SENML_JSON, BAD),
        (b"\x80", SENML_CBOR, BAD),
        (b"", SENML_CBOR, BAD),
        (b"nonsense", SENML_JSON, BAD),
        (b'[{"n":"/x"}]', SENML_JSON, BAD),
        (b'[{"n":"/3/0/0/0/0"}]', SENML_JSON, BAD),
        (names(SENML_JSON, "3/0"), SENML_CBOR, BAD),
        (names(SENML_CBOR, "3/0"), SENML_JSON, BAD),
        (names(SENML_JSON, "3/0"), TLV, UNSUPPORTED),
        (names(SENML_JSON, "3/0"), LWM2M_CBOR, UNSUPPORTED),
        (names(SENML_JSON, "3/0"), PLAIN, UNSUPPORTED),
    ):
        for code_of, observe in ((5, None), (5, 0), (IPATCH, None)):
            answer = w.compose(payload, form=form, observe=observe, code=code_of)
            assert answer.code == code, (payload, form, code_of, answer)
            assert answer.number is None
    assert w.ask(5, "", [], payload=names(SENML_JSON, "3/0")).code == UNSUPPORTED
    assert w.ask(5, "3/0", [(12, SENML_JSON)], payload=names(SENML_JSON, "3/0")).code == (
        NOT_ALLOWED
    )
    assert w.reporting is None or w.tokens() == []


def test_slow_values_among_the_others():
    w = Watcher(lab=SlowLab((MEASURED, LIST)))
    answer = w.compose(names(SENML_JSON, path(MEASURED), path(NUMBER), path(LIST)))
    assert answer.code == LATER
    (notified,) = w.work(3)
    assert items(w, notified) == {
        path(MEASURED): (15, -1),
        path(NUMBER): 1,
        path(LIST, 0): 1,
        path(LIST, 3): 2,
    }


def test_all_values_are_written():
    for form in (SENML_JSON, SENML_CBOR, ETCH_JSON, ETCH_CBOR):
        w = Watcher()
        w.lab.instances[1] = Lab.filled()
        payload = body(
            form,
            (0, [(NUMBER, 2, 5), (TEXT, 1, "two"), (LEVEL, 3, (25, 0)), (FLAG, 4, True)]),
            (1, [(NUMBER, 2, 6), (LINK, 7, (3, 0)), (SECRET, 1, "y")]),
        )
        answer = w.compose(payload, form=form, code=IPATCH)
        assert answer.code == CHANGED and answer.payload == b""
        values = w.lab.instances[0]
        assert [values[rid] for rid in (NUMBER, TEXT, FLAG)] == [5, "two", True]
        assert w.lab.instances[1][NUMBER] == 6 and w.lab.instances[1][SECRET] == "y"
        assert len(w.lab.ran) == 7


def test_over_several_objects():
    w = Watcher()
    payload = b'[{"n":"/32000/0/1","v":9},{"n":"/1/0/2","v":3},{"n":"/1/0/3","v":60}]'
    assert w.compose(payload, code=IPATCH).code == CHANGED
    assert w.lab.instances[0][NUMBER] == 9
    assert w.session.model.object(1).instances[0][3] == 60


def test_what_was_not_there_comes_and_lists_are_merged():
    w = Watcher()
    assert write(w, (13, 1, {1: "x"}), (LIST, 2, {0: 4, 7: 2})) == CHANGED
    assert w.lab.instances[0][13] == {1: "x"}
    assert w.lab.instances[0][LIST] == {0: 4, 3: 2, 7: 2}
    payload = b'[{"n":"/32000/0/8/3","v":1},{"n":"/32000/0/8/9","v":0}]'
    assert w.compose(payload, code=IPATCH).code == CHANGED
    assert w.lab.instances[0][LIST] == {0: 4, 3: 1, 7: 2, 9: 0}


def test_nothing_changes_where_one_is_refused():
    good = '{"n":"/32000/0/1","v":5},'
    for bad, code in (
        ('{"n":"/32000/0/0","vs":"no"}', BAD),  # by the Object's own check
        ('{"n":"/32000/0/0","vs":"too long"}', BAD),
        ('{"n":"/32000/0/12","v":101}', BAD),
        ('{"n":"/32000/0/1/0","v":1}', BAD),
        ('{"n":"/32000/0/8","v":1}', BAD),
        ('{"n":"/32000/0/3","v":1}', BAD),
        ('{"n":"/32000/0/6","vlo":"3:9"}', BAD),
        ('{"n":"/32000/0/8/0","v":10}', BAD),
        ('{"n":"/32000/0/1","v":6}', BAD),  # twice
        ('{"n":"/32000/0"}', BAD),
        ('{"n":"/32000/0","v":1}', BAD),
        ('{"n":"/32000/0/0"}', BAD),
        ('{"n":"/32000/0/2","v":1}', NOT_ALLOWED),  # read only
        ('{"n":"/32000/0/9","v":1}', NOT_ALLOWED),  # executable
        ('{"n":"/32000/0/99","v":1}', NOT_FOUND),
        ('{"n":"/32000/1/1","v":1}', NOT_FOUND),
        ('{"n":"/9999/0/1","v":1}', NOT_FOUND),
        ('{"n":"/0/0/0","vs":"coap://x"}', UNAUTHORIZED),
        ('{"n":"/3/0/0","vs":"x"}', NOT_ALLOWED),
    ):
        for both in (good + bad, bad + "," + good[:-1]):
            w = Watcher()
            w.observe(path(NUMBER))
            before = dict(w.lab.instances[0])
            answer = w.compose(("[%s]" % both).encode(), code=IPATCH)
            assert answer.code == code, (both, hex(answer.code))
            assert w.lab.instances[0] == before and w.lab.ran == []
            assert w.go(1000) == []


def test_a_drivers_refusal_half_way_brings_the_old_values_back():
    for fault, code in ((Lwm2mError(0x80), 0x80), (OSError("bus"), 0xA0)):
        w = Watcher()
        w.lab.broken, w.lab.fault = COUNT, fault
        before = dict(w.lab.instances[0])
        resources = (NUMBER, 2, 5), (TEXT, 1, "two"), (COUNT, 8, 9), (LIST, 2, {0: 5})
        assert write(w, *resources) == code
        assert w.lab.instances[0] == before
        assert (0, NUMBER, 5) in w.lab.ran and (0, NUMBER, 1) in w.lab.ran  # the driver's, too


def test_slow_writes():
    for faults, code, number in (
        ({}, CHANGED, 5),
        ({"write7": Lwm2mError(0x80)}, 0x80, 1),
        ({"write7": OSError("bus")}, 0xA0, 1),
    ):
        w = Watcher(lab=SlowLab((NUMBER, COUNT), **faults))
        assert write(w, (NUMBER, 2, 5), (COUNT, 8, 9), (TEXT, 1, "two")) == LATER
        notified = w.work(6)
        assert [message.code for message in notified] == [code]
        w.acknowledge(notified[0])
        w.work(4)
        values = w.lab.instances[0]
        good = not faults
        assert values[NUMBER] == number and values[COUNT] == (9 if good else 7)
        assert values[TEXT] == ("two" if good else "one")


def test_observers_are_notified_what_was_written():
    w = Watcher()
    w.observe(path(NUMBER))
    w.observe(path(COUNT), b"c")
    write(w, (NUMBER, 2, 5), (COUNT, 8, 7))  # the same count
    (notified,) = w.go(0)
    assert notified.token == b"a"


def test_all_paths_are_in_each_notification():
    for form in (SENML_JSON, SENML_CBOR, ETCH_JSON, ETCH_CBOR):
        w = Watcher()
        where = path(NUMBER), path(LIST), "3/0/0"
        answer = w.compose(names(form, *where), observe=0, form=form)
        first = items(w, answer)
        assert answer.number is not None and len(first) == 4
        (notified,) = w.change(NUMBER, 2)
        first[path(NUMBER)] = 2
        assert notified.kind == CON and items(w, notified) == first
        w.acknowledge(notified)
        assert w.change(COUNT, 8) == []
        (notified,) = w.change(LIST, {5: 6})
        assert items(w, notified) == {path(NUMBER): 2, path(LIST, 5): 6, "3/0/0": "Maker"}
        w.acknowledge(notified)
        assert w.go(1000000) == []


def test_what_comes_and_goes_comes_and_goes():
    w = Watcher()
    other = "%d/1/%d" % (OID, NUMBER)
    answer = w.compose(names(SENML_JSON, path(NUMBER), other, "9999/0/0", path(13)), observe=0)
    assert answer.code == CONTENT and items(w, answer) == {path(NUMBER): 1}
    created = b"\x08\x01\x08\xc3\x00new\xc1\x01\x05"
    assert w.ask(POST, str(OID), [(12, TLV)], b"p", created).code == 0x41
    (notified,) = w.reply(CHANGED)  # to the Update with the Instances
    assert items(w, notified) == {path(NUMBER): 1, other: 5}
    w.acknowledge(notified)
    (notified,) = w.change(13, {0: "x"})
    assert items(w, notified) == {path(NUMBER): 1, other: 5, path(13, 0): "x"}
    w.acknowledge(notified)
    assert w.ask(DELETE, "%d/1" % OID, token=b"d").code == 0x42
    (notified,) = w.reply(CHANGED)
    assert items(w, notified) == {path(NUMBER): 1, path(13, 0): "x"}
    assert w.tokens() == [b"a"]


def test_nothing_there_is_an_empty_list_that_is_observed():
    w = Watcher()
    answer = w.compose(names(SENML_JSON, "%d/1" % OID), observe=0)
    assert answer.code == CONTENT and answer.payload == b"[]" and answer.number is not None
    w.lab.instances[1] = {NUMBER: 4}
    w.session.model.instance_changed(OID, 1)
    assert w.go(0) == []  # first an Update with the Instances
    (notified,) = w.reply(CHANGED)
    assert items(w, notified) == {"%d/1/1" % OID: 4}


def test_cancelled_like_any_other():
    w = Watcher({26: 0})
    payload = names(SENML_JSON, path(NUMBER), path(COUNT))
    w.compose(payload, b"a", observe=0)
    answer = w.compose(payload, b"a", observe=1)
    assert items(w, answer) == {path(NUMBER): 1, path(COUNT): 7} and answer.number is None
    assert w.tokens() == [] and w.change(NUMBER, 2) == []
    w.compose(payload, b"b", observe=0)
    (notified,) = w.change(NUMBER, 3)
    assert notified.kind == NON and w.reset(notified) == []
    assert w.tokens() == []


def test_the_same_paths_under_a_new_token():
    w = Watcher()
    payload = names(SENML_JSON, path(NUMBER), path(COUNT))
    w.compose(payload, b"a", observe=0)
    w.compose(payload, b"b", observe=0)
    assert w.tokens() == [b"b"]
    w.compose(names(SENML_JSON, path(COUNT), path(NUMBER)), b"c", observe=0)  # in any order
    w.compose(payload, b"d", observe=0, accept=SENML_CBOR)
    w.observe(path(NUMBER), b"e")
    assert w.tokens() == [b"c", b"d", b"e"]


def test_attributes_of_the_request():
    w = Watcher()
    payload = names(SENML_JSON, path(NUMBER), path(COUNT))
    for query, code in (("pmin=10", CONTENT), ("gt=1", BAD), ("foo=1", BAD), ("pmin=x", BAD)):
        options = [(12, SENML_JSON), (6, 0), (15, query)]
        answer = w.ask(5, "", options, query.encode()[:4], payload)
        assert answer.code == code
    assert w.tokens() == [b"pmin"]
    w.change(NUMBER, 2)
    assert w.go(9999) == []
    (notified,) = w.go(10)
    assert items(w, notified) == {path(NUMBER): 2, path(COUNT): 7}


def test_an_attribute_without_a_value_is_as_if_it_were_not_set():
    w = Watcher()
    options = [(6, 0), (12, SENML_JSON), (15, "pmin"), (15, "epmax")]
    answer = w.ask(FETCH, "", options, b"a", b'[{"n":"/32000/0/1"}]')
    assert answer.code == CONTENT and answer.number is not None
    assert len(w.change(NUMBER, 2)) == 1


def test_conditions_of_each_path():
    w = Watcher()
    w.ask(PUT, path(NUMBER), [(15, "gt=10")])
    w.compose(names(SENML_JSON, path(NUMBER), path(COUNT)), observe=0)
    assert w.change(NUMBER, 5) == []
    (notified,) = w.change(COUNT, 8)
    assert items(w, notified) == {path(NUMBER): 5, path(COUNT): 8}
    w.acknowledge(notified)
    (notified,) = w.change(NUMBER, 11)
    assert items(w, notified) == {path(NUMBER): 11, path(COUNT): 8}


def test_slow_values_are_observed():
    w = Watcher(lab=SlowLab((MEASURED,)))
    payload = names(SENML_JSON, path(MEASURED), path(NUMBER))
    assert w.compose(payload, observe=0).code == LATER
    (notified,) = w.work(2)
    assert notified.number is not None
    w.acknowledge(notified)
    assert w.change(NUMBER, 2) == []
    (notified,) = w.work(2)
    assert items(w, notified) == {path(MEASURED): (15, -1), path(NUMBER): 2}
    assert notified.kind != ACK and w.ask(GET, path(NUMBER)).payload == b"2"


def test_the_root_with_an_evaluation_period():
    w = Watcher()
    options = [(12, SENML_JSON), (6, 0), (15, "epmax=5")]
    assert w.ask(5, "", options, b"a", names(SENML_JSON, "")).code == CONTENT
    assert w.go(20000) == [] and w.tokens() == [b"a"]
    (notified,) = w.change(NUMBER, 2)
    assert items(w, notified)[path(NUMBER)] == 2


def test_nothing_is_notified_before_the_first_answer():
    w = Watcher(lab=SlowLab((MEASURED,), steps=4))
    w.ask(PUT, path(NUMBER), [(15, "gt=10")])
    w.compose(names(SENML_JSON, path(MEASURED), path(NUMBER)), observe=0)
    w.change(NUMBER, 20)
    (first,) = w.work(12) + w.go(1000)
    assert items(w, first)[path(NUMBER)] == 1
    (notified,) = w.acknowledge(first) + w.work(12)
    assert items(w, notified)[path(NUMBER)] == 20 and notified.number > first.number


def test_only_the_object_that_is_named_is_read_whatever_the_ids_behind_it():
    w = Watcher()
    w.lab.instances[1] = Lab.filled()
    w.session.model.object(1).instances[1] = dict(w.session.model.object(1).instances[0])
    where = "%d/1/0" % OID
    assert fetch(w, where) == {where: "one"}
