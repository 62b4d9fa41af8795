"""What a Link's state says of its registration, in each state of both."""

from session import Session

from lwm2m import persistence
from lwm2m.client import Client

REGISTERED, UPDATING = 4, 5
AT = 6  # of a state: ms until the next Update
LOCATION = 2


class Transport:
    contexts = 1


def registered(at=0, state=REGISTERED):
    """A Link that has a registration, at 1000 ms."""
    session = Session()
    core = session.registration
    client = Client(session.model, "x")
    client.clock.now = lambda: 1000
    (link,) = client.links
    link.core = core
    core.location = ["rd", "x"]
    core.known = (60, "U", core.model.listing)
    core.state = state
    core.at = at
    return link


def state_of(link):
    return persistence.state(link, b"", 0)


def test_an_update_that_is_due_is_due_at_once_later():
    assert state_of(registered(at=1000))[AT] == 0
    assert state_of(registered(at=900))[AT] == 0
    assert state_of(registered(at=1500))[AT] == 500


def test_an_update_under_way_is_due_at_once_later():
    assert state_of(registered(at=5000, state=UPDATING))[AT] == 0


def test_a_transport_that_was_not_used_yet_ends_no_registration():
    link = registered()
    link.transport = Transport
    assert state_of(link)[LOCATION] == ("rd", "x")
    link.used = True
    assert state_of(link)[LOCATION] == ()  # of another security context
    link.contexts = 1
    assert state_of(link)[LOCATION] == ("rd", "x")


def test_a_restored_session_is_no_context_that_was_connected():
    kept = persistence.state(registered(), b"a session", 0)
    link = registered()
    persistence.restore(link, kept, 0)
    assert link.contexts == -1 and link.restored
