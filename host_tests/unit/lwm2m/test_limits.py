"""Ranges of decimals with exponents, IDs of two bytes, answers that there is no memory for."""

from lab import LEVEL, OID, TEXT, TLV, lab_session
from session import meter_model, registered
from test_composite import names
from virtual import DELETE, GET, POST, PUT
from watcher import SENML_CBOR, SENML_JSON, Watcher, path

from lwm2m.formats import senml_cbor
from lwm2m.model import Object

CREATED, DELETED, CHANGED, CONTENT, BAD, UNAVAILABLE = 0x41, 0x42, 0x44, 0x45, 0x80, 0xA3
FAR, WIDE = 33000, 65534  # IDs of two bytes, as far as they go


def test_the_range_of_a_float_holds_for_every_exponent():
    for written, kept in (
        ("1e2", (1, 2)),
        ("10e1", (10, 1)),
        ("1000e-1", (1000, -1)),
        ("100", (100, 0)),
        ("100.0", (1000, -1)),
        ("99.99", (9999, -2)),
        ("1e-9", (1, -9)),
        ("0e5", (0, 5)),
        ("-0.0", (0, -1)),
    ):
        session, lab = lab_session()
        assert session.ask(PUT, path(LEVEL), [], written.encode())[0] == CHANGED, written
        assert lab.instances[0][LEVEL] == kept, written
    for written in ("1e3", "11e1", "1001e-1", "100.01", "100000000001e-9", "-1e-9", "-1", "1e300"):
        session, lab = lab_session()
        assert session.ask(PUT, path(LEVEL), [], written.encode())[0] == BAD, written
        assert lab.instances[0][LEVEL] == (5, -1)


class Wide(Object):
    """Resources 44, 256, 300 and 65534; 44 is the low byte of 300."""

    oid = FAR
    creatable = True
    table = b"\x00\x2c\x03\x02\x01\x00\x03\x02\x01\x2c\x03\x02\xff\xfe\x0b\x02"


def wide():
    model = meter_model()
    model.objects[FAR] = Wide({300: {44: 1, 256: 2, 300: 3, WIDE: {44: 4, 300: 5, WIDE: 6}}})
    return registered(model=model), model.objects[FAR]


def test_ids_of_two_bytes_are_read_and_written_by_path():
    session, obj = wide()
    for rid, value in ((44, b"1"), (256, b"2"), (300, b"3")):
        where = "%d/300/%d" % (FAR, rid)
        assert session.ask(GET, where)[2] == value
        assert session.ask(PUT, where, [], value + b"0")[0] == CHANGED
        assert session.ask(GET, where)[2] == value + b"0"
    for riid, value in ((44, b"4"), (300, b"5"), (WIDE, b"6")):
        where = "%d/300/%d/%d" % (FAR, WIDE, riid)
        assert session.ask(GET, where)[2] == value
        assert session.ask(PUT, where, [], value + b"0")[0] == CHANGED
    assert obj.instances[300][WIDE] == {44: 40, 300: 50, WIDE: 60}
    for missing in ("300/1", "44/44", "300/%d/256" % WIDE, "65535/44", "300/65535"):
        assert session.ask(GET, "%d/%s" % (FAR, missing))[0] == 0x84


def test_ids_of_two_bytes_are_created_and_deleted():
    session, obj = wide()
    for iid in (256, 556, WIDE):
        body = b"\x28" + iid.to_bytes(2, "big") + b"\x04\xe1\x01\x2c\x07"
        answer = session.ask(POST, str(FAR), TLV, body)
        expected = [(8, b"%d" % FAR), (8, b"%d" % iid)]
        assert answer[:2] == (CREATED, expected), iid
        session.reply(CHANGED)
        assert obj.instances[iid] == {300: 7}
    assert session.ask(POST, str(FAR), TLV, body)[0] == BAD  # it is there
    assert session.ask(DELETE, "%d/256" % FAR)[0] == DELETED
    assert sorted(obj.instances) == [300, 556, WIDE]


def test_all_that_there_is_is_refused_where_there_is_no_room_for_it():
    for form in (SENML_JSON, SENML_CBOR):
        w = Watcher(szx=2)
        w.management.budget.memory = 300
        answer = w.compose(names(form, ""), form=form)
        assert (answer.code, answer.options) == (UNAVAILABLE, {})
        w.management.budget.memory = 4000
        assert w.compose(names(form, ""), form=form).code == CONTENT


def test_all_that_there_is_is_refused_where_the_heap_is_full():
    w = Watcher()
    encode = senml_cbor.encode

    def full(*arguments):
        raise MemoryError

    senml_cbor.encode = full
    try:
        for observe in (None, 0):
            answer = w.compose(names(SENML_CBOR, ""), form=SENML_CBOR, observe=observe)
            assert answer.code == UNAVAILABLE and answer.number is None
    finally:
        senml_cbor.encode = encode
    assert w.compose(names(SENML_CBOR, ""), form=SENML_CBOR).code == CONTENT
    assert w.ask(GET, "%d/0/%d" % (OID, TEXT)).code == CONTENT
