"""Write in all its forms: checked whole, then applied whole (LwM2M Core 6.3.3)."""

from lab import (
    AT,
    BYTES,
    COUNT,
    FLAG,
    LEVEL,
    LINK,
    LIST,
    MEASURED,
    NAMES,
    NUMBER,
    OID,
    RUN,
    SECRET,
    SEEN,
    TEXT,
    TLV,
    Lab,
    element,
    instance,
    lab_session,
    multiple,
    refused,
    resource,
)
from session import REGISTERED, UPDATING
from virtual import GET, POST, PUT

from lwm2m.model import Lwm2mError

CHANGED = 0x44
AT_0 = "%d/0" % OID


def path(*ids):
    return "/".join([str(i) for i in (OID, 0) + ids])


def test_a_resource_of_every_type_is_written_as_text_and_as_tlv():
    for rid, text, body, value in (
        (TEXT, b"five", b"five", "five"),
        (NUMBER, b"-10", b"\xf6", -10),
        (FLAG, b"1", b"\x01", True),
        (BYTES, b"AAE=", b"\x00\x01", b"\x00\x01"),
        (AT, b"4294967296", bytes.fromhex("0000000100000000"), 1 << 32),
        (LINK, b"1:0", b"\x00\x01\x00\x00", (1, 0)),
        (LINK, b"65535:65535", b"\xff\xff\xff\xff", (65535, 65535)),
        (LINK, b"3424:65535", b"\x0d\x60\xff\xff", (3424, 65535)),
        (COUNT, b"18446744073709551615", b"\xff" * 8, (1 << 64) - 1),
        (SECRET, b"quiet", b"quiet", "quiet"),
        (LEVEL, b"99.5", bytes.fromhex("4058e00000000000"), (995, -1)),
        (LEVEL, b"100", bytes.fromhex("42c80000"), None),
    ):
        for options, payload in (([], text), ([(12, 0)], text), (TLV, resource(rid, body))):
            session, lab = lab_session()
            assert session.ask(PUT, path(rid), options, payload) == (CHANGED, [], b""), rid
            if value is not None:
                assert lab.instances[0][rid] == value
            expected = Lab.filled()
            expected[rid] = lab.instances[0][rid]
            assert lab.instances == {0: expected} and len(lab.ran) == 1


def test_a_resource_of_a_wrong_type_size_or_range_is_refused():
    for rid, text, body in (
        (TEXT, b"sixsix", b"sixsix"),
        (TEXT, b"", b""),
        (TEXT, b"\xff", b"\xff"),
        (TEXT, b"no", b"no"),
        (NUMBER, b"101", b"\x65"),
        (NUMBER, b"-11", b"\xf5"),
        (NUMBER, b"1.5", b"\x00\x00\x01"),
        (FLAG, b"true", b"\x02"),
        (BYTES, b"AAECAwQ=", b"\x00\x01\x02\x03\x04"),
        (AT, b"-1", b"\xff"),
        (AT, b"now", b""),
        (LINK, b"77:0", b"\x00\x4d\x00\x00"),
        (LINK, b"3:1", b"\x00\x03\x00\x01"),
        (LINK, b"65535:0", b"\xff\xff\x00\x00"),
        (LINK, b"3", b"\x00\x03"),
        (COUNT, b"-1", b"\x00" * 3),
        (LEVEL, b"100.1", bytes.fromhex("4059066666666666")),
        (LEVEL, b"-0.001", bytes.fromhex("bf50624dd2f1a9fc")),
        (LEVEL, b"1e400", bytes.fromhex("7ff0000000000000")),
        (LEVEL, b"", bytes.fromhex("7fc00000")),
    ):
        refused(0x80, PUT, path(rid), text, [])
        refused(0x80, PUT, path(rid), resource(rid, body))
        refused(0x80, PUT, AT_0, resource(TEXT, b"new") + resource(rid, body))
        refused(0x80, POST, AT_0, resource(COUNT, b"\x05") + resource(rid, body))


def test_what_is_not_there_or_not_writable_is_refused():
    refused(0x84, PUT, path(99), resource(99, b"1"))
    refused(0x84, PUT, path(99), b"1", [])
    refused(0x84, PUT, path(NAMES), multiple(NAMES))  # of the table, but not there
    refused(0x84, PUT, "%d/1" % OID, resource(TEXT, b"a"))
    refused(0x84, PUT, "%d/1/0" % OID, b"a", [])
    refused(0x84, PUT, "32001/0/0", b"a", [])
    for rid in (MEASURED, RUN, SEEN):
        refused(0x85, PUT, path(rid), b"1", [])
    refused(0x85, PUT, str(OID), instance(0, resource(TEXT, b"a")))
    refused(0x85, POST, path(TEXT), b"a", [])
    refused(0x85, POST, path(LIST, 0), element(0, b"\1"))
    refused(0x85, PUT, path(SEEN, 0), b"1", [])


def test_what_is_not_writable_among_what_is_refuses_all():
    for method in (PUT, POST):
        for other in (
            resource(MEASURED, bytes(4)),
            resource(RUN, b""),
            multiple(SEEN, element(0, b"\1")),
        ):
            body = resource(TEXT, b"new") + other
            refused(0x85, method, AT_0, body)
            refused(0x85, method, AT_0, other + resource(TEXT, b"new"))
            refused(0x85, method, AT_0, instance(0, body))


def test_a_body_for_another_place_is_refused():
    new = resource(TEXT, b"new")
    for method in (PUT, POST):
        refused(0x80, method, AT_0, instance(1, new))
        refused(0x80, method, AT_0, instance(0, new) + instance(1, new))
        refused(0x80, method, AT_0, element(0, b"\1"))
    refused(0x80, PUT, path(TEXT), resource(NUMBER, b"\1"))
    refused(0x80, PUT, path(TEXT), new + resource(NUMBER, b"\1"))
    refused(0x80, PUT, path(TEXT), instance(0, new))
    refused(0x80, PUT, path(TEXT), b"")
    refused(0x80, PUT, path(TEXT), multiple(TEXT, element(0, b"new")))
    refused(0x80, PUT, path(TEXT), element(0, b"new"))
    refused(0x80, PUT, path(LIST), resource(LIST, b"\1"))
    refused(0x80, PUT, path(LIST), multiple(NAMES))
    refused(0x80, PUT, path(LIST, 0), multiple(LIST, element(1, b"\1")))
    refused(0x80, PUT, path(LIST, 0), element(1, b"\1"))
    refused(0x80, PUT, path(LIST, 0), element(0, b"\1") + element(3, b"\1"))
    refused(0x80, PUT, path(LIST, 0), resource(LIST, b"\1"))
    refused(0x80, PUT, path(LIST, 0), b"")
    refused(0x80, PUT, path(LIST, 0), multiple(LIST))


def test_a_content_format_that_cannot_carry_it_is_refused():
    for form in (40, 43, 1542, 65535):
        for where in (AT_0, path(TEXT), path(LIST), path(LIST, 0)):
            refused(0x8F, PUT, where, b"\1", [(12, form)])
    for form in ([], [(12, 0)]):
        refused(0x8F, PUT, AT_0, b"1", form)
        refused(0x8F, POST, AT_0, b"1", form)
    refused(0x80, PUT, path(LIST), b"1", [])
    refused(0x80, POST, path(LIST), b"1", [])


def test_put_replaces_an_instance():
    session, lab = lab_session()
    body = resource(TEXT, b"new") + multiple(LIST, element(5, b"\x09"))
    for payload in (body, instance(0, body)):
        assert session.ask(PUT, AT_0, TLV, payload)[0] == CHANGED
        assert lab.instances == {
            0: {TEXT: "new", MEASURED: (15, -1), RUN: None, SEEN: {0: 5}, LIST: {5: 9}}
        }


def test_put_without_a_mandatory_resource_is_refused():
    refused(0x80, PUT, AT_0, resource(NUMBER, b"\1"))
    refused(0x80, PUT, AT_0, b"")
    refused(0x80, PUT, AT_0, instance(0))


def test_post_merges_an_instance():
    session, lab = lab_session()
    body = resource(NUMBER, b"\2") + multiple(LIST, element(5, b"\x09"), element(0, b"\x03"))
    expected = Lab.filled()
    expected[NUMBER] = 2
    expected[LIST] = {0: 3, 3: 2, 5: 9}
    assert session.ask(POST, AT_0, TLV, body)[0] == CHANGED
    assert lab.instances == {0: expected}
    assert session.ask(POST, AT_0, TLV, multiple(NAMES, element(0, b"a")))[0] == CHANGED
    expected[NAMES] = {0: "a"}
    assert lab.instances == {0: expected}
    assert session.ask(POST, AT_0, TLV, b"")[0] == CHANGED
    assert lab.instances == {0: expected}


def test_what_is_unknown_in_an_instance_is_ignored():
    for method in (PUT, POST):
        session, lab = lab_session()
        body = resource(99, b"?") + multiple(98, element(0, b"?")) + resource(TEXT, b"new")
        assert session.ask(method, AT_0, TLV, body)[0] == CHANGED
        assert lab.instances[0][TEXT] == "new"
        assert 99 not in lab.instances[0] and 98 not in lab.instances[0]


def test_post_merges_and_put_replaces_a_multiple_resource():
    for method, body, expected in (
        (POST, multiple(LIST, element(3, b"\x08"), element(9, b"\1")), {0: 1, 3: 8, 9: 1}),
        (POST, element(3, b"\x08"), {0: 1, 3: 8}),
        (POST, multiple(LIST), {0: 1, 3: 2}),
        (POST, b"", {0: 1, 3: 2}),
        (PUT, multiple(LIST, element(3, b"\x08"), element(9, b"\1")), {3: 8, 9: 1}),
        (PUT, element(7, b"\x07"), {7: 7}),
        (PUT, multiple(LIST), {}),
        (PUT, b"", {}),
    ):
        session, lab = lab_session()
        assert session.ask(method, path(LIST), TLV, body)[0] == CHANGED
        assert lab.instances[0][LIST] == expected
    for method in (PUT, POST):
        refused(0x80, method, path(LIST), multiple(LIST, element(0, b"\1"), element(1, b"\x0a")))
    # Together with what is there the driver would see a sum of 13
    refused(0x80, POST, path(LIST), multiple(LIST, element(5, b"\x09"), element(0, b"\2")))


def test_a_resource_instance_is_written():
    for options, body in (
        ([], b"7"),
        (TLV, element(3, b"\x07")),
        (TLV, multiple(LIST, element(3, b"\x07"))),
    ):
        session, lab = lab_session()
        assert session.ask(PUT, path(LIST, 3), options, body)[0] == CHANGED
        assert lab.instances[0][LIST] == {0: 1, 3: 7}
    refused(0x84, PUT, path(LIST, 1), b"7", [])
    refused(0x84, PUT, path(TEXT, 0), b"a", [])  # a single one has none
    refused(0x84, PUT, path(NAMES, 0), b"a", [])
    refused(0x80, PUT, path(LIST, 3), b"10", [])
    refused(0x80, PUT, path(LIST, 3), b"x", [])


def test_a_driver_that_refuses_half_way_is_rolled_back():
    body = resource(TEXT, b"new") + resource(NUMBER, b"\2") + multiple(NAMES, element(0, b"a"))
    for fault, code in ((Lwm2mError(0x80), 0x80), (Lwm2mError(0x84), 0x84), (OSError(5), 0xA0)):
        for broken in (TEXT, NUMBER, NAMES):
            for method in (PUT, POST):
                refused(code, method, AT_0, body, broken=broken, fault=fault)
        refused(code, PUT, path(TEXT), b"new", [], broken=TEXT, fault=fault)


def test_what_a_driver_had_taken_it_gets_back():
    session, lab = lab_session()
    lab.broken = NUMBER
    lab.fault = Lwm2mError(0x80)
    body = resource(TEXT, b"new") + resource(NUMBER, b"\2")
    assert session.ask(POST, AT_0, TLV, body)[0] == 0x80
    assert lab.ran in ([(0, TEXT, "new"), (0, TEXT, "one")], [])
    # A dictionary has no order of its own in MicroPython, so both orders may come
    lab.broken = -1
    assert session.ask(POST, AT_0, TLV, body)[0] == CHANGED
    assert lab.instances[0][TEXT] == "new" and lab.instances[0][NUMBER] == 2


def test_instances_stay_the_same_object():
    session, lab = lab_session()
    kept = lab.instances[0]
    session.ask(PUT, AT_0, TLV, resource(TEXT, b"new"))
    lab.broken = TEXT
    lab.fault = OSError(5)
    session.ask(PUT, AT_0, TLV, resource(TEXT, b"newer"))
    assert lab.instances[0] is kept and kept[TEXT] == "new"


def test_attributes_go_with_the_resources_that_a_replaced_instance_loses():
    session, lab = lab_session()
    assert session.ask(PUT, path(NUMBER), [(15, "pmin=5")])[0] == CHANGED
    assert session.ask(PUT, path(TEXT), [(15, "pmin=6")])[0] == CHANGED
    assert session.ask(PUT, AT_0, TLV, resource(TEXT, b"new"))[0] == CHANGED
    assert session.ask(POST, AT_0, TLV, resource(NUMBER, b"\1"))[0] == CHANGED
    links = session.ask(GET, AT_0, [(17, 40)])[2]
    assert b"</32000/0/0>;pmin=6," in links and b"</32000/0/1>," in links


def test_a_body_in_blocks_is_written_whole():
    session, lab = lab_session()
    lab.ranges = {}
    body = resource(TEXT, b"t" * 30) + resource(NUMBER, b"\2")
    where = [(12, 11542)]
    for number in range(3):
        more = 8 if number < 2 else 0
        part = body[number * 16 :][:16]
        answer = session.ask(POST, AT_0, where + [(27, number << 4 | more)], part)
        assert answer[0] == (0x5F if more else CHANGED)
        assert (lab.instances[0][NUMBER] == 2) == (number == 2)
    assert lab.instances[0][TEXT] == "t" * 30


def test_a_body_in_blocks_that_is_too_large_is_refused():
    session, lab = lab_session(body_limit=32)
    codes = []
    for number in range(3):
        codes.append(session.ask(POST, AT_0, TLV + [(27, number << 4 | 8)], bytes(16))[0])
    assert codes == [0x5F, 0x5F, 0x8D] and lab.instances == {0: Lab.filled()}


def test_a_lifetime_that_is_written_goes_out_with_an_update():
    session, lab = lab_session()
    assert session.ask(POST, "1/0", TLV, resource(1, b"\x64"))[0] == CHANGED
    assert session.registration.state == UPDATING
    assert session.requests()[-1][2] == ["lt=100"]
    session.reply(0x44)
    assert session.registration.state == REGISTERED


def test_an_account_whose_binding_is_refused_keeps_its_lifetime():
    session, lab = lab_session()
    body = resource(1, b"\x64") + resource(7, b"X")
    assert session.ask(POST, "1/0", TLV, body)[0] == 0x80
    assert session.ask(GET, "1/0/1")[2] == b"300" and session.ask(GET, "1/0/7")[2] == b"U"
    assert session.registration.state == REGISTERED
