"""Discover: what is there, how deep, with which attributes (LwM2M Core 6.3.2)."""

from lab import LIST, OID, TLV, Lab, lab_session, resource
from virtual import DELETE, GET, POST, PUT

from lwm2m.management.dispatch import Management

LINK = [(17, 40)]
ALL = "0 1 2 3 4 5 6 7 8 9 10 11 12"


def links(session, where, depth=None):
    """What a Discover lists."""
    options = LINK if depth is None else [(15, "depth=%s" % depth)] + LINK
    code, options, body = session.ask(GET, where, options)
    assert (code, options) == (0x45, [(12, b"\x28")]), hex(code)
    return body.decode().split(",")


def links_of(*parts):
    return ["</%d%s" % (OID, part) for part in parts]


RESOURCES = links_of(
    *["/0/%s>%s" % (rid, {"8": ";dim=2", "11": ";dim=1"}.get(rid, "")) for rid in ALL.split()]
)


def test_an_object_is_listed_down_to_its_resources():
    session, lab = lab_session()
    whole = links_of(">;ver=1.1", "/0>") + RESOURCES
    assert links(session, str(OID)) == whole
    assert links(session, str(OID), 2) == whole


def test_an_instance_is_listed_with_its_resources():
    session, lab = lab_session()
    assert links(session, "%d/0" % OID) == links_of("/0>") + RESOURCES
    assert links(session, "%d/0" % OID, 1) == links_of("/0>") + RESOURCES


def test_a_resource_is_listed_with_its_instances():
    session, lab = lab_session()
    where = "%d/0/%d" % (OID, LIST)
    whole = links_of("/0/8>;dim=2", "/0/8/0>", "/0/8/3>")
    assert links(session, where) == whole
    for depth in (1, 2, 3):
        assert links(session, where, depth) == whole
    assert links(session, where, 0) == whole[:1]
    for rid in (0, 9, 10):  # a single one, executable, write only
        assert links(session, "%d/0/%d" % (OID, rid)) == links_of("/0/%d>" % rid)


def test_the_depth_is_as_asked():
    session, lab = lab_session()
    assert links(session, str(OID), 0) == links_of(">;ver=1.1")
    assert links(session, str(OID), 1) == links_of(">;ver=1.1", "/0>")
    deepest = list(RESOURCES)
    deepest[9:9] = links_of("/0/8/0>", "/0/8/3>")
    deepest[14:14] = links_of("/0/11/0>")
    assert links(session, str(OID), 3) == links_of(">;ver=1.1", "/0>") + deepest
    assert links(session, "%d/0" % OID, 0) == links_of("/0>")
    for depth in (2, 3):
        assert links(session, "%d/0" % OID, depth) == links_of("/0>") + deepest


def test_several_instances_and_none():
    session, lab = lab_session()
    lab.instances[10] = {0: "a"}
    lab.instances[2] = {0: "b"}
    assert links(session, str(OID), 1) == links_of(">;ver=1.1", "/0>", "/2>", "/10>")
    assert links(session, str(OID))[-2:] == links_of("/10>", "/10/0>")
    lab.instances.clear()
    assert links(session, str(OID)) == links_of(">;ver=1.1")


def test_versions_of_objects():
    session, lab = lab_session(version="1.0")
    assert links(session, str(OID), 0) == links_of('>;ver="1.1"')
    lab.version = "1.0"
    assert links(session, str(OID), 0) == links_of(">")


def test_a_discover_that_is_wrong():
    session, lab = lab_session()
    for depth in ("4", "-1", "", "00", "x", "10"):
        got = session.ask(GET, str(OID), [(15, "depth=" + depth)] + LINK)[0]
        assert got == 0x80, depth
    for query in ("depth", "pmin=1", "Depth=1", "", b"\xff"):
        assert session.ask(GET, str(OID), [(15, query)] + LINK)[0] == 0x80
    for where, code in (
        ("32001", 0x84),
        ("32000/1", 0x84),
        ("32000/0/99", 0x84),
        ("32000/0/13", 0x84),
        ("32000/0/8/0", 0x85),
        ("32000/0/0/0", 0x85),
        ("32000/0/8/0/0", 0x85),
        ("", 0x85),
        ("0", 0x81),
        ("0/0", 0x81),
        ("0/0/0", 0x81),
        ("21/0", 0x81),
        ("23", 0x81),
    ):
        assert session.ask(GET, where, LINK)[0] == code, where


def test_attributes_are_shown_and_those_of_above_at_the_target_only():
    session, lab = lab_session()
    for where, queries in (
        ("32000", ("pmin=10", "pmax=60")),
        ("32000/0", ("pmax=30", "epmin=1")),
        ("32000/0/1", ("gt=5", "st=0.5", "pmin=1")),
        ("32000/0/8/3", ("lt=-1.25",)),
    ):
        assert session.ask(PUT, where, [(15, query) for query in queries])[0] == 0x44
    whole = links(session, "32000")
    assert whole[:4] == links_of(">;ver=1.1;pmax=60;pmin=10", "/0>;epmin=1;pmax=30", "/0/0>") + [
        "</32000/0/1>;gt=5;pmin=1;st=0.5"
    ]
    assert links(session, "32000/0", 0) == links_of("/0>;epmin=1;pmax=30;pmin=10")
    assert links(session, "32000/0")[2] == "</32000/0/1>;gt=5;pmin=1;st=0.5"
    assert links(session, "32000/0/1") == links_of("/0/1>;epmin=1;gt=5;pmax=30;pmin=1;st=0.5")
    assert links(session, "32000/0/0") == links_of("/0/0>;epmin=1;pmax=30;pmin=10")
    assert links(session, "32000/0/8") == links_of(
        "/0/8>;dim=2;epmin=1;pmax=30;pmin=10", "/0/8/0>", "/0/8/3>;lt=-1.25"
    )


def test_attributes_are_each_servers_own():
    session, lab = lab_session()
    other, _ = lab_session(lab)
    session.ask(PUT, "32000/0", [(15, "pmin=10")])
    assert links(session, "32000/0", 0) == links_of("/0>;pmin=10")
    assert links(other, "32000/0", 0) == links_of("/0>")


def test_attributes_are_forgotten_with_the_instance():
    session, lab = lab_session()
    session.ask(POST, "32000", TLV, resource(0, b"new"))
    for where in ("32000", "32000/0", "32000/1", "32000/1/0"):
        session.ask(PUT, where, [(15, "pmin=10")])
    # A server's attributes go, too, where another deletes the Instance
    other = Management(session.model, session.registration)
    other.attributes = far = {(32000, 1): {"pmin": 1}, (32000, 0): {"pmin": 1}}
    assert session.ask(DELETE, "32000/1")[0] == 0x42
    assert far == {(32000, 0): {"pmin": 1}}
    assert session.ask(POST, "32000", TLV, resource(0, b"new"))[0] == 0x41
    assert links(session, "32000")[-4:] == links_of("/1>", "/1/0>", "/1/2>", "/1/9>")
    assert links(session, "32000", 1)[:2] == links_of(">;ver=1.1;pmin=10", "/0>;pmin=10")


def test_a_long_list_comes_in_blocks():
    session, lab = lab_session(szx=2)
    code, options, body = session.ask(GET, "32000", LINK)
    got = body
    number = 0
    while dict(options)[23][-1] & 8:
        number += 1
        code, options, body = session.ask(GET, "32000", LINK + [(23, number << 4 | 2)])
        assert code == 0x45
        got += body
    assert got.decode().split(",") == links_of(">;ver=1.1", "/0>") + RESOURCES


def test_a_slow_resource_does_not_hold_up_a_discover():
    class Slow(Lab):
        async def read(self, iid, rid):
            return {0: 1}

    session, lab = lab_session(Slow())
    assert links(session, "32000/0/8") == links_of("/0/8>;dim=0")
    assert session.management.slow is None
