"""A registration after a sleep, after a Disable, and how far ahead of its end it is renewed."""

from session import ACCOUNT, CONNECTING, REGISTERED, UPDATING, Session, meter_model, registered
from virtual import DELETE, NEVER, POST, Chance, Fixed, parts

from coap.peer import Peer
from lwm2m.account import Account
from lwm2m.management.dispatch import Management
from lwm2m.registration import Registration

LOCATION = [b"rd", b"x"]
UPDATE = (POST, "rd/abc")


def resumed(listing=None, at=5000):
    """A registration that goes on over a transport by which the server knows it."""
    model = meter_model()
    registration = Registration(Account(model, 0), "urn:test", "1.1", Chance(11))
    management = Management(model, registration)
    listing = model.listing if listing is None else listing
    registration.resume("1.0", LOCATION, (300, "U", listing), at)
    registration.poll(0)
    assert registration.state == CONNECTING
    registration.connected(Peer(management, Chance(3)), 0, True)
    registration.poll(0)
    return registration


def test_after_a_sleep_nothing_is_said_before_the_update_is_due():
    registration = resumed()
    assert registration.state == REGISTERED and registration.outbox == []
    assert registration.deadline == 5000 and registration.version == "1.0"
    registration.poll(5000)
    assert registration.state == UPDATING
    _, code, _, _, options, body = parts(registration.outbox[0])
    assert (code, options, body) == (POST, [(11, b"rd"), (11, b"x")], b"")


def test_after_a_sleep_with_other_objects_the_server_hears_of_them_at_once():
    registration = resumed(listing=-1)
    assert registration.state == UPDATING
    assert b"</3/0>" in parts(registration.outbox[0])[5]


def test_after_a_power_cut_an_update_comes_at_once():
    registration = resumed(at=NEVER)
    assert registration.state == UPDATING
    assert parts(registration.outbox[0])[1:2] == (POST,)


def test_after_a_disable_the_next_thing_is_an_update_not_another_goodbye():
    session = registered(account={1: 60, 5: 10})
    session.ask(POST, "1/0/4")
    session.run(stop=lambda: session.requests()[-1][0] == DELETE)
    session.reply(0x42)
    count = len(session.requests())
    session.run(stop=lambda: len(session.requests()) > count)
    session.accept("rd", "abc")
    count = len(session.requests())
    session.run(stop=lambda: len(session.requests()) > count)
    assert session.requests()[-1][:2] == UPDATE


def renewed_after(byte, lifetime):
    """How long after its Register a registration is renewed, by a random byte."""
    account = dict(ACCOUNT)
    account[1] = lifetime
    session = Session(account, random=Fixed(byte))
    session.accept()
    return session.registration.at - session.registration.sent_at


def test_a_day_is_renewed_an_exchange_and_up_to_a_sixteenth_before_its_end():
    day, exchange = 86400000, 93000
    assert renewed_after(0, 86400) == day - exchange
    assert 0 <= renewed_after(255, 86400) - (day - exchange - day // 16) < 1000


def test_a_short_lifetime_is_renewed_at_half_of_it_or_a_little_earlier():
    assert renewed_after(0, 120) == 60000
    assert renewed_after(255, 120) == 60000 - 7499
