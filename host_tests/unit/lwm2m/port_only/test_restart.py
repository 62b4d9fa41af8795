"""A new address while a server is being tried."""

from session import CONNECTING, REGISTERING, WAITING, Session

from lwm2m.client import Client


def test_a_new_address_during_an_attempt_begins_a_new_sequence():
    for state in (CONNECTING, REGISTERING):
        session = Session()
        core = session.registration
        client = Client(session.model, "x")
        (link,) = client.links
        link.core = core
        client.clock.now = lambda: 0
        core.attempts = 4
        core.state = state
        client.restart()
        assert core.state == WAITING and core.at == 60000
