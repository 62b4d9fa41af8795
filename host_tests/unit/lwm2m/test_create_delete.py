"""Create and Delete, and that the server hears of it (LwM2M Core 6.3.5 and 6.3.6)."""

from lab import (
    COUNT,
    LINK,
    LIST,
    MEASURED,
    NAMES,
    NUMBER,
    OID,
    RUN,
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
from virtual import DELETE, GET, POST, PUT

from lwm2m.model import Lwm2mError

CREATED, DELETED, CHANGED = 0x41, 0x42, 0x44
HERE = str(OID)
NEW = resource(TEXT, b"new")


def location(iid):
    return [(8, HERE.encode()), (8, str(iid).encode())]


def test_an_instance_is_created_with_the_id_given():
    for iid, head in ((1, b""), (7, b""), (300, None), (65534, None)):
        session, lab = lab_session()
        body = instance(iid, NEW) if head is not None else b"\x25" + iid.to_bytes(2, "big") + NEW
        assert session.ask(POST, HERE, TLV, body) == (CREATED, location(iid), b"")
        assert lab.instances[iid] == {TEXT: "new", MEASURED: None, RUN: None}
        assert session.ask(GET, "%s/%d/0" % (HERE, iid))[2] == b"new"
        assert lab.instances[0] == Lab.filled()


def test_an_instance_is_created_with_an_id_of_ours():
    session, lab = lab_session()
    for expected in (1, 2):
        assert session.ask(POST, HERE, TLV, NEW) == (CREATED, location(expected), b"")
    assert session.ask(DELETE, HERE + "/1")[0] == DELETED
    assert session.ask(POST, HERE, TLV, NEW) == (CREATED, location(1), b"")
    assert sorted(lab.instances) == [0, 1, 2]


def test_an_instance_gets_all_that_is_given_but_what_only_the_device_knows():
    session, lab = lab_session()
    body = NEW + resource(MEASURED, bytes(4)) + multiple(SEEN, element(0, b"\1"))
    body += multiple(LIST, element(4, b"\x04")) + multiple(NAMES) + resource(99, b"?")
    assert session.ask(POST, HERE, TLV, instance(5, body))[0] == CREATED
    assert lab.instances[5] == {
        TEXT: "new",
        MEASURED: None,
        LIST: {4: 4},
        RUN: None,
        NAMES: {},
    }


def test_what_the_device_has_no_value_for_yet_is_not_read():
    session, lab = lab_session()
    assert session.ask(POST, HERE, TLV, NEW)[0] == CREATED
    assert session.ask(GET, HERE + "/1", [(17, 11542)])[2] == NEW
    assert session.ask(GET, "%s/1/%d" % (HERE, MEASURED))[0] == 0x84
    lab.instances[1][MEASURED] = 2
    assert session.ask(GET, "%s/1/%d" % (HERE, MEASURED))[2] == b"2"


def test_an_object_without_mandatory_resources_is_created_of_nothing():
    def optional(lab):
        lab.table = b"\x00\x01\x03\x02"
        lab.instances.clear()

    for body, options, iid in (
        (b"", [], 0),
        (b"", TLV, 0),
        (instance(4), TLV, 4),
        (instance(4, resource(99, b"?")), TLV, 4),
        (resource(99, b"?"), TLV, 0),
    ):
        session, lab = lab_session()
        optional(lab)
        assert session.ask(POST, HERE, options, body) == (CREATED, location(iid), b"")
        assert lab.instances == {iid: {}}


def test_a_create_that_is_wrong_is_refused():
    for body in (
        instance(0, NEW),  # taken
        instance(0),
        instance(1, NEW) + instance(2, NEW),
        instance(1, NEW) + NEW,
        b"",
        instance(1),
        resource(NUMBER, b"\1"),  # TEXT is mandatory
        instance(1, resource(NUMBER, b"\1")),
        resource(TEXT, b"sixsix"),
        resource(TEXT, b"no"),
        resource(TEXT, b"\xff"),
        NEW + resource(NUMBER, b"\x65"),
        NEW + resource(LINK, b"\0\x4d\0\0"),
        NEW + resource(COUNT, bytes(3)),
        NEW + resource(LIST, b"\1"),
        multiple(TEXT, element(0, b"a")),
        element(0, b"a"),
        b"\x25\xff\xff" + NEW,  # 65535 is no Instance
        instance(1, instance(1, NEW)),
        NEW[:-1],
    ):
        refused(0x80, POST, HERE, body)
    refused(0x8F, POST, HERE, NEW, [])
    refused(0x8F, POST, HERE, NEW, [(12, 40)])
    refused(0x8F, POST, HERE, NEW, [(12, 9999)])
    refused(0x84, POST, "32001", NEW)


def test_what_may_not_be_created_or_deleted():
    def fixed(lab):
        lab.creatable = False

    def single(lab):
        lab.single = True

    refused(0x85, POST, HERE, NEW, change=fixed)
    refused(0x85, DELETE, HERE + "/0", change=fixed)
    refused(0x85, POST, HERE, NEW, change=single)  # the one is there
    refused(0x85, DELETE, "3/0")
    refused(0x85, POST, "3", NEW)
    refused(0x85, POST, "3", b"", [])
    refused(0x85, POST, "1", NEW)
    refused(0x85, DELETE, "1/0")
    refused(0x85, DELETE, HERE)
    refused(0x85, DELETE, "%s/0/1" % HERE)
    refused(0x85, DELETE, "3/0/0")
    refused(0x84, DELETE, HERE + "/1")
    refused(0x84, DELETE, "32001/0")
    for where in ("0", "0/0", "0/0/0", "21", "21/0", "23/0"):
        refused(0x81, DELETE, where)
        refused(0x81, POST, where, NEW)


def test_a_single_instance_has_the_id_0():
    for body, code in ((NEW, CREATED), (instance(0, NEW), CREATED), (instance(1, NEW), 0x80)):
        session, lab = lab_session()
        lab.single = True
        assert session.ask(DELETE, HERE + "/0")[0] == DELETED
        assert session.ask(POST, HERE, TLV, body)[0] == code
        assert list(lab.instances) == ([0] if code == CREATED else [])


def test_a_driver_may_refuse_to_create_or_to_delete():
    class Refusing(Lab):
        def create(self, iid, resources):
            super().create(iid, resources)
            raise Lwm2mError(0x80)

        def delete(self, iid):
            raise OSError(5)

    session, lab = lab_session(Refusing())
    assert session.ask(POST, HERE, TLV, NEW)[0] == 0x80
    assert session.ask(DELETE, HERE + "/0")[0] == 0xA0
    assert lab.instances == {0: Lab.filled()} and session.model.listing == 0


def test_the_server_hears_of_instances_that_come_and_go():
    session, lab = lab_session()
    assert session.ask(POST, HERE, TLV, NEW)[0] == CREATED
    assert session.registration.state == UPDATING
    code, where, queries, links = session.requests()[-1]
    assert (code, where, queries) == (POST, "rd/abc", [])
    assert links.endswith(b",</32000>;ver=1.1,</32000/0>,</32000/1>")
    session.reply(CHANGED)
    assert session.registration.state == REGISTERED
    assert session.ask(DELETE, HERE + "/0") == (DELETED, [], b"")
    assert session.requests()[-1][3].endswith(b",</32000>;ver=1.1,</32000/1>")
    session.reply(CHANGED)
    assert session.ask(GET, HERE + "/0")[0] == 0x84
    count = len(session.requests())
    assert session.ask(PUT, HERE + "/1/0", [], b"a")[0] == CHANGED
    assert len(session.requests()) == count  # a Write changes no listing


def test_instances_that_change_during_an_update_are_registered_after_it():
    session, lab = lab_session()
    session.ask(POST, HERE, TLV, NEW)
    session.ask(POST, HERE, TLV, NEW)
    assert session.requests()[-1][3].endswith(b"</32000/1>")
    session.reply(CHANGED)
    assert session.requests()[-1][3].endswith(b"</32000/2>")


def test_a_create_and_a_delete_run_once():
    session, lab = lab_session()
    session.ask(POST, HERE, TLV, NEW)
    session.mid -= 1
    assert session.ask(POST, HERE, TLV, NEW) == (CREATED, location(1), b"")
    assert sorted(lab.instances) == [0, 1]


def test_a_resource_instance_is_deleted():
    session, lab = lab_session()
    where = "%s/0/%d" % (HERE, LIST)
    assert session.ask(PUT, where + "/3", [(15, "pmin=1")])[0] == CHANGED
    assert session.ask(DELETE, where + "/3") == (DELETED, [], b"")
    assert lab.instances[0][LIST] == {0: 1} and session.model.listing == 0
    assert session.ask(DELETE, where + "/3")[0] == 0x84
    assert session.ask(PUT, where, TLV, element(3, b"\1"))[0] == CHANGED
    assert b"pmin" not in session.ask(GET, where, [(17, 40)])[2]


def test_a_resource_instance_that_may_not_be_deleted():
    refused(0x85, DELETE, "%s/0/%d/0" % (HERE, SEEN))
    refused(0x84, DELETE, "%s/0/%d/9" % (HERE, LIST))
    refused(0x84, DELETE, "%s/0/%d/0" % (HERE, TEXT))
    refused(0x84, DELETE, "%s/0/%d/0" % (HERE, NAMES))
    refused(0x84, DELETE, "%s/0/99/0" % HERE)

    def thirteen(lab):
        lab.instances[0][LIST] = {0: 1, 1: 6, 2: 7}

    refused(0x80, DELETE, "%s/0/%d/0" % (HERE, LIST), change=thirteen)
