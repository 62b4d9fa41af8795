"""What is stored, and what dropped, when the link or the session ends while a sample is sent."""

from lab import NUMBER
from session import CONNECTING, REGISTERED
from test_stored import all_of, away, back, storing, values
from watcher import CHANGED, NOT_FOUND, SENML_CBOR, SENML_JSON, Watcher, path

from coap.peer import Peer

GIVEN_UP = 94000  # ms, with the longest spread
UPDATE, REGISTER = (2, "rd/abc"), (2, "rd")


def reconnected(session):
    """A new transport over which the server knows the device by its security context."""
    session.registration.recover(2, session.now)
    while session.registration.state != CONNECTING:
        session.registration.poll(session.now)
    session.registration.connected(Peer(session.management, session.random), session.now, True)
    session.service()


def test_an_outage_while_one_is_in_flight():
    w = storing()
    w.change(NUMBER, 2)
    w.go(1000)
    w.change(NUMBER, 3)
    w.session.network = False
    notified = w.go(GIVEN_UP * 3)  # the notification, then the Update, then the transport
    assert notified == [] and w.session.registration.peer is None
    w.change(NUMBER, 4)
    notified = back(w)
    w.observe(path(NUMBER), b"n", SENML_JSON)
    assert values(all_of(w, notified + w.go(10))) == [2, 3, 4]
    assert w.repeated() == 1


def test_after_the_session_goes_on_so_do_the_samples():
    # Over DTLS the server may know the device by its security context: no Register
    w = storing()
    (first,) = w.change(NUMBER, 2)
    session = w.session
    session.registration.recover(2, session.now)
    w.lab.set(0, NUMBER, 3)
    reconnected(session)
    assert w.requests(1) == [UPDATE]
    notified = w.reply(CHANGED)
    assert session.registration.state == REGISTERED and w.requests(2) == []
    assert values(all_of(w, notified)) == [2, 3]
    assert {one.token for one in notified} == {b"a"}


def test_an_observation_that_was_lost_is_lost_after_a_new_transport_too():
    w = Watcher()
    w.observe(path(NUMBER))
    session = w.session
    w.change(NUMBER, 2)
    w.go(GIVEN_UP)  # the notification is given up; so is the Update
    assert w.requests(1) == [UPDATE] and w.tokens() == []
    session.network = False
    reconnected(session)
    assert w.requests(2) == [UPDATE]
    w.reply(CHANGED)
    assert w.requests(3) == [REGISTER]


def test_a_new_server_knows_nothing():
    w = storing()
    w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    w.go(GIVEN_UP)
    assert w.requests(1) == [UPDATE]
    assert w.reply(NOT_FOUND) == []
    assert w.requests(2) == [REGISTER]
    w.session.accept("rd", "new")
    assert w.notified() == [] and w.reporting.observations[0].token is None
    w.observe(path(NUMBER), b"n", SENML_JSON)
    assert values(all_of(w, w.go(10))) == [2, 3]


def test_many_outages():
    w = storing()
    notified = []
    value = 1
    for outage in range(10):
        away(w)
        for _ in range(outage):
            w.session.now += 1000
            value += 1
            w.change(NUMBER, value)
        notified += back(w)
        w.observe(path(NUMBER), b"%d" % outage, SENML_JSON)
        notified += all_of(w, w.go(10))
    assert values(notified) == list(range(2, value + 1))
    assert w.repeated() == 0


def test_the_next_waits_until_all_blocks_of_the_one_before_are_fetched():
    w = Watcher({6: True}, szx=1)
    w.observe(path(), accept=SENML_JSON)
    w.session.run(w.session.now + 300000)  # nobody fetches the rest of the answer
    (first,) = w.change(NUMBER, 42)
    w.change(NUMBER, 43)
    assert w.acknowledge(first) == []
    bodies = []
    notified = [first]
    while notified:
        one = notified.pop(0)
        body = bytes(one.payload)
        number = 0
        block = int.from_bytes(one.options[23], "big")
        while block & 8:
            number += 1
            options = [(17, SENML_JSON), (23, number << 4 | block & 7)]
            answer = w.ask(1, path(), options, b"b%d" % number)
            assert answer.options[4] == one.options[4]
            block = int.from_bytes(answer.options[23], "big")
            body += bytes(answer.payload)
            assert w.go(500) == [] or not block & 8
        bodies.append(body)
        notified += w.notified() + w.go(2000)
        for other in notified:
            w.acknowledge(other)
    assert len(bodies) == 2
    assert b'"v":42' in bodies[0] and b'"v":43' in bodies[1]


def test_a_read_left_half_way_does_not_hold_up_what_is_stored():
    w = Watcher({6: True}, szx=1)
    w.observe(path(NUMBER), accept=SENML_CBOR)
    assert w.ask(1, path(), [(17, SENML_JSON)], b"r").options[23][-1] & 8  # more is never fetched
    notified = w.change(NUMBER, 2) + w.change(NUMBER, 3)
    assert len(notified) == 1
    notified += w.acknowledge(notified[0])
    assert len(notified) == 2


def test_what_changes_between_two_transports_is_notified_over_the_next():
    # Nothing is stored here; the observation goes on with the security context
    w = Watcher()
    w.observe(path(NUMBER), b"a", SENML_JSON)
    core = w.session.registration
    core.recover(2, w.session.now)
    w.session.now += 1000
    w.lab.set(0, NUMBER, 5)
    while core.state != CONNECTING:
        core.poll(w.session.now)
    core.poll(w.session.now)
    core.connected(Peer(w.session.management, w.session.random), w.session.now, True)
    w.session.service()
    assert w.requests()[-1][:2] == UPDATE
    (notified,) = w.reply(CHANGED)
    assert notified.token == b"a" and values([notified]) == [5]
