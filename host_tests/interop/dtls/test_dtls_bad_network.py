"""Handshakes with OpenSSL through a network that loses 30 %, repeats, reorders, delays and cuts.

Each ends established, with data echoed and undisturbed by what comes late, or failed with a code.
`many_handshakes` drives many on CPython against libssl, whose timers hurry there; a few are driven
inside the Unix port against `openssl s_server`, whose first timer is a second.
"""

import collections
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import IDENTITY, KEY, driver
from .many_handshakes import many_handshakes
from .peers import FIRST_MS

SHARE = 0.9  # of the handshakes succeed at least; of six sendings one in sixty comes to nothing
LONGEST_S = 20  # three flights of 63 times the first timer, and a machine that is busy
CODES = {-1, 20, 40, 42, 47, 50, 51, 10}  # silence, or an alert for what was cut


def through_a_bad_network(server, count):
    """The outcomes of so many handshakes, each held to what a handshake may come to."""
    outcomes = many_handshakes(IDENTITY, KEY, server.port, count, first_timeout=FIRST_MS)
    assert len(outcomes) == count and server.process.poll() is None
    for one in outcomes:
        if one.state == 2:
            assert one.failed is None and one.echoed and one.undisturbed, one
        else:
            assert one.state == 0 and one.failed in CODES, one
        assert one.seconds < LONGEST_S, one
    kinds = collections.Counter((one.state, one.failed, one.resumed) for one in outcomes)
    # Chance: 1/2 of the round trips, twelve of the server's tries: once in some thousands
    assert sum(one.unanswered for one in outcomes) <= 1 + count // 500
    print(dict(kinds), "longest %.1f s" % max(one.seconds for one in outcomes))
    assert sum(one.state == 2 for one in outcomes) >= SHARE * count, kinds
    assert sum(one.resumed for one in outcomes) >= SHARE * count / 2 * SHARE, kinds
    return outcomes


def test_a_hundred_handshakes_through_a_bad_network(shouting):
    through_a_bad_network(shouting("openssl"), 100)


@pytest.mark.slow
def test_two_thousand_handshakes_through_a_bad_network(shouting):
    through_a_bad_network(shouting("openssl"), 2000)


def test_a_wrong_key_through_a_bad_network_fails_cleanly(shouting):
    port = shouting("openssl").port
    outcomes = many_handshakes(IDENTITY, b"wrong", port, 20, first_timeout=20, max_retransmit=3)
    for one in outcomes:
        assert one.state == 0 and one.failed in CODES, one


def test_inside_the_unix_port_through_a_bad_network(openssl):
    drive = driver("micropython")
    servers = [openssl() for _ in range(8)]  # each waits for its one client

    def pair(i):
        job = {"percent": 30, "seed": i + 1, "settings": {"first_timeout": 100}, "limit": 60000}
        steps = ("shake", "close", ["wait", 20], "socket", "shake", "close")
        return drive(servers[i], *steps, **job)["shakes"]

    with ThreadPoolExecutor(len(servers)) as pool:
        shakes = sum(pool.map(pair, range(len(servers))), [])
    assert len(shakes) == 16
    for shake in shakes:
        assert shake["state"] == 2 or shake["state"] == 0 and shake["failed"] in CODES, shake
    assert sum(shake["state"] == 2 for shake in shakes) >= 8
