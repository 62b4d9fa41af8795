"""Server accounts: what Objects 0 and 1 are made of, and what is read from them."""

from session import meter_model, registered
from virtual import GET

from coap.clock import jitter
from lwm2m.account import Account, accounts
from lwm2m.configured import objects
from lwm2m.model import Model

SERVERS = (
    {"uri": "coap://a", "short_server_id": 7, "lifetime": 60, "retry_count": 9},
    {
        "uri": "coaps://b",
        "short_server_id": 8,
        "identity": "meter",
        "key": b"0123456789abcdef",
        "suites": [0xC0A8, 0xC0A6],
        "mute_send": True,
    },
)


def configured():
    return Model(list(objects(SERVERS)))


def test_a_configuration_becomes_objects_0_and_1_with_all_that_they_must_have():
    security, server = objects(SERVERS)
    assert security.instances[0] == {0: "coap://a", 1: False, 2: 3, 10: 7}
    assert security.instances[1] == {
        0: "coaps://b",
        1: False,
        2: 0,
        3: "meter",
        4: b"",
        5: b"0123456789abcdef",
        10: 8,
        16: {0: 0xC0A8, 1: 0xC0A6},
    }
    always = {2: 0, 3: 0, 5: 86400, 6: False, 7: "U"}
    first, second = server.instances[0], server.instances[1]
    assert {rid: first[rid] for rid in always} == always
    assert (first[0], first[1], first[17], first[23]) == (7, 60, 9, False)
    assert {rid: second[rid] for rid in always} == always
    assert second[0] == 8 and second[23] is True and 1 not in second


def test_every_setting_of_an_account_is_read_from_its_resource():
    first, second = accounts(configured())
    assert (first.uri, first.short_server_id, first.lifetime, first.retry_count) == (
        "coap://a",
        7,
        60,
        9,
    )
    assert (second.uri, second.identity, second.key, second.suites) == (
        "coaps://b",
        "meter",
        b"0123456789abcdef",
        {0: 0xC0A8, 1: 0xC0A6},
    )
    assert (first.hold_off, first.identity, first.suites) == (None, None, None)
    assert (first.mute_send, second.mute_send) == (False, True)


def test_what_an_account_does_not_have_is_as_lwm2m_says():
    model = configured()
    model.object(1).instances[0] = {0: 7}
    account = Account(model, 0)
    for name, value in (
        ("lifetime", 86400),
        ("min_period", 0),
        ("max_period", 0),
        ("disable_timeout", 86400),
        ("store", 0),
        ("binding", "U"),
        ("initial_delay", 0),
        ("retry_count", 5),
        ("retry_timer", 60),
        ("sequence_delay", 86400),
        ("sequence_count", 1),
        ("mute_send", True),
        ("confirm", 1),
    ):
        assert getattr(account, name) == value, name


def test_an_instance_that_no_keys_belong_to_is_no_account():
    model = configured()
    model.object(0).instances[0][10] = 99
    assert [account.iid for account in accounts(model)] == [1]
    model.object(0).instances[1][1] = True  # of a bootstrap server
    assert accounts(model) == []


def test_the_latest_alert_is_read_at_the_account():
    session = registered(model=meter_model())
    account = session.registration.account
    account.alert(0)
    assert session.ask(GET, "1/0/11")[:1] == (0x45,)
    account.alert(49)
    assert session.ask(GET, "1/0/11")[2] == b"49"
    del session.model.object(1).instances[0]
    account.alert(50)  # of an account that is gone


def test_a_jitter_is_from_nothing_to_nearly_all_of_a_span():
    spans = (1, 1000, 3600000)
    assert [jitter(lambda size: bytes(size), span) for span in spans] == [0, 0, 0]
    largest = [jitter(lambda size: b"\xff" * size, span) for span in spans]
    assert largest == [0, 999, 3599945]
    assert jitter(lambda size: b"\x80\x00"[:size], 1000) == 500
    assert jitter(lambda size: b"\x00\x80"[:size], 65536) == 128
