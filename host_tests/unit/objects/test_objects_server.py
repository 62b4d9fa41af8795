"""Object 1: the limits of what a server may write about itself."""

from session import registered
from virtual import GET, PUT

CHANGED, BAD = 0x44, 0x80


def test_numbers_have_their_limits():
    session = registered(account={26: 0, 27: 1, 17: 5, 18: 60})
    for rid, good, bad in (
        (1, b"0", b"-1"),
        (2, b"2147483647", b"-5"),
        (3, b"10", b"-1"),
        (5, b"86400", b"-86400"),
        (17, b"4294967295", b"-1"),
        (26, b"1", b"2"),
        (27, b"255", b"256"),
    ):
        path = "1/0/%d" % rid
        assert session.ask(PUT, path, (), bad)[0] == BAD, path
        assert session.ask(PUT, path, (), good)[0] == CHANGED, path
        assert session.ask(GET, path)[2] == good


def test_the_binding_is_udp_with_or_without_a_queue():
    session = registered()
    for binding in (b"T", b"", b"SQ", b"UU"):
        assert session.ask(PUT, "1/0/7", (), binding)[0] == BAD
    assert session.ask(PUT, "1/0/7", (), b"U")[0] == CHANGED


def test_each_limit_may_be_reached():
    session = registered(account={26: 0, 27: 1})
    for rid, values in ((26, (b"0", b"1")), (27, (b"0", b"255"))):
        for value in values:
            assert session.ask(PUT, "1/0/%d" % rid, (), value)[0] == CHANGED, (rid, value)
