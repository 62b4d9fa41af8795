"""Write-Attributes: what is kept, what is refused (LwM2M Core 5.1.2 and 6.3.7)."""

from lab import AT, COUNT, FLAG, LEVEL, LINK, LIST, MEASURED, NUMBER, RUN, TEXT, lab_session
from virtual import GET, PUT

CHANGED, BAD = 0x44, 0x80


def path(*ids):
    return "/".join([str(i) for i in (32000, 0) + ids])


def setting(session, where, text):
    """The code of a Write-Attributes of `text`, written as in a URI."""
    return session.ask(PUT, where, [(15, query) for query in text.split("&")])[0]


def shown(session, where):
    """The attributes at a path, those of above among them."""
    text = session.ask(GET, where, [(15, "depth=0"), (17, 40)])[2].decode()
    return [part for part in text.split(";")[1:] if part[:3] not in ("ver", "dim")]


def test_every_attribute_at_every_level_it_may_have():
    for where in ("32000", path(), path(TEXT), path(NUMBER), path(LIST), path(RUN)):
        for name in ("pmin", "pmax", "epmin", "epmax", "hqmax"):
            session, lab = lab_session()
            assert setting(session, where, name + "=0") == CHANGED
            assert setting(session, where, name + "=86400") == CHANGED
            assert shown(session, where) == [name + "=86400"]
        session, lab = lab_session()
        assert setting(session, where, "con=1") == CHANGED
        assert shown(session, where) == ["con=1"]
    for rid in (NUMBER, MEASURED, LEVEL, COUNT, AT, LIST):
        session, lab = lab_session()
        assert setting(session, path(rid), "gt=10.5&lt=-3.25&st=1") == CHANGED
        assert shown(session, path(rid)) == ["gt=10.5", "lt=-3.25", "st=1"]
    session, lab = lab_session()
    assert setting(session, path(FLAG), "edge=0") == CHANGED
    assert shown(session, path(FLAG)) == ["edge=0"]


def test_a_key_without_a_value_unsets():
    session, lab = lab_session()
    setting(session, path(NUMBER), "pmin=1&pmax=5&gt=3")
    assert setting(session, path(NUMBER), "pmin&gt") == CHANGED
    assert shown(session, path(NUMBER)) == ["pmax=5"]
    assert setting(session, path(NUMBER), "pmin&pmax=6") == CHANGED
    assert shown(session, path(NUMBER)) == ["pmax=6"]
    assert setting(session, path(NUMBER), "pmax") == CHANGED
    assert shown(session, path(NUMBER)) == []
    assert session.management.attributes == {}


def test_what_is_wrong_changes_nothing():
    session, lab = lab_session()
    setting(session, path(NUMBER), "pmin=1")
    setting(session, path(FLAG), "pmin=1")
    before = session.management.attributes.copy()
    for rid, text in (
        (NUMBER, "pmin=-1"),
        (NUMBER, "pmin=1.5"),
        (NUMBER, "pmin="),
        (NUMBER, "pmin=x"),
        (NUMBER, "pmin=%s" % ("9" * 20)),
        (NUMBER, "gt="),
        (NUMBER, "gt=x"),
        (NUMBER, "gt=1e999"),
        (NUMBER, "gt=nan"),
        (NUMBER, "st=-1"),
        (NUMBER, "con=2"),
        (NUMBER, "con=true"),
        (NUMBER, "edge=1"),
        (NUMBER, "edge"),
        (NUMBER, "dim=1"),
        (NUMBER, "ver=1"),
        (NUMBER, "foo"),
        (NUMBER, "foo=1"),
        (NUMBER, ""),
        (NUMBER, "=1"),
        (NUMBER, "PMIN=1"),
        (NUMBER, "pmin=5&pmin=6"),
        (NUMBER, "pmin&pmin=6"),
        (NUMBER, "pmin&pmin"),
        (NUMBER, "pmin=5&pmax=x"),
        (NUMBER, "pmin&foo"),
        (FLAG, "gt=1"),
        (FLAG, "gt"),
        (FLAG, "edge=2"),
        (TEXT, "lt=1"),
        (LINK, "st=1"),
        (RUN, "gt=1"),
    ):
        assert setting(session, path(rid), text) == BAD, text
    for where in ("32000", path()):
        for text in ("gt=1", "lt=1", "st=1", "edge=1", "gt", "edge"):
            assert setting(session, where, text) == BAD, text
    assert session.ask(PUT, path(NUMBER), [(15, b"\xff\xfe=1")])[0] == BAD
    assert session.ask(PUT, path(NUMBER), [(15, b"pmin=\xc3")])[0] == BAD
    assert session.ask(PUT, path(NUMBER), [(15, "pmin=5")], b"1")[0] == BAD
    assert session.management.attributes == before
    assert lab.instances[0][NUMBER] == 1 and lab.ran == []


def test_limits_that_contradict_each_other_are_refused():
    for text, code in (
        ("lt=1&gt=2", CHANGED),
        ("lt=2&gt=2", BAD),
        ("lt=3&gt=2", BAD),
        ("lt=2&gt=2.001", CHANGED),
        ("lt=1&gt=2&st=0.4", CHANGED),
        ("lt=1&gt=2&st=0.5", BAD),
        ("lt=1&gt=2&st=3", BAD),
        ("lt=-2&gt=-1", CHANGED),
        ("lt=-1&gt=-2", BAD),
        ("lt=1e3&gt=100", BAD),
        ("lt=100&gt=1e3", CHANGED),
        ("lt=9&st=5", CHANGED),
        ("gt=1&st=5", CHANGED),
        ("lt=9&gt", CHANGED),
        ("st&lt=1&gt=2", CHANGED),
    ):
        session, lab = lab_session()
        assert setting(session, path(NUMBER), text) == code, text
        assert bool(session.management.attributes) == (code == CHANGED)


def test_where_attributes_may_not_be_set():
    session, lab = lab_session()
    for where, code in (
        ("0", 0x81),
        ("0/0", 0x81),
        ("0/0/0", 0x81),
        ("21", 0x81),
        ("23", 0x81),
        ("32001", 0x84),
        ("32000/1", 0x84),
        (path(99), 0x84),
        (path(13), 0x84),
        (path(LIST, 1), 0x84),
        (path(TEXT, 0), 0x84),
        (path(RUN, 0), 0x84),
        ("", 0x85),
    ):
        assert setting(session, where, "pmin=1") == code, where
    assert session.management.attributes == {}


def test_a_resource_instance_has_attributes():
    session, lab = lab_session()
    assert setting(session, path(LIST, 3), "pmin=1&gt=5&con=0") == CHANGED
    links = session.ask(GET, path(LIST), [(17, 40)])[2]
    assert links.endswith(b"</32000/0/8/0>,</32000/0/8/3>;con=0;gt=5;pmin=1")


def test_attributes_do_not_count_as_a_change():
    session, lab = lab_session()
    changes = session.model.changes
    assert setting(session, path(), "pmin=1") == CHANGED
    assert session.model.changes == changes


def test_a_resource_that_is_gone_has_no_instances_to_set_attributes_of():
    session, lab = lab_session()
    del lab.instances[0][LIST]
    assert setting(session, path(LIST, 0), "pmin=1") == 0x84
    assert session.management.attributes == {}
