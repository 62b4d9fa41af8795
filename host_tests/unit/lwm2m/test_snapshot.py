"""Instances of Objects exported to be stored, and restored."""

from session import meter_model, registered
from virtual import GET, POST, PUT

from lwm2m import snapshot
from lwm2m.account import Account, accounts
from lwm2m.configured import objects
from lwm2m.model import Model, Object
from lwm2m.objects.binary_app_data import BinaryAppData
from lwm2m.objects.device import Device
from lwm2m.objects.portfolio import Portfolio
from nvstore.pack import pack, unpack

KEY = bytes(range(16))


class Everything(Object):
    """A Resource of each type, single and multiple."""

    oid = 33001
    kept = True
    table = b"".join(bytes((0, kind, 3, kind)) for kind in range(1, 10)) + b"".join(
        bytes((0, 100 + kind, 11, kind)) for kind in range(1, 10)
    )


VALUES = {
    1: ("", "text", "\u00df\u4e2d"),
    2: (0, -1, 2**63 - 1, -(2**63)),
    3: (5, (123456789, -3), (-1, 0), (0, 0), (10**63 + 1, -62), (0, 5)),
    4: (True, False),
    5: (b"", bytes(range(256))),
    6: (0, 1790000007, -1),
    7: ((0, 0), (3, 0), (65535, 65535)),
    8: (0, 2**64 - 1),
    9: ("</3/0>",),
}


def stored(state):
    """The state as it comes back from a record."""
    return unpack(pack(state))


def same(found, value):
    assert found == value and type(found) is type(value), (found, value)
    if isinstance(value, dict):
        for riid in value:
            same(found[riid], value[riid])


def made(instances):
    return Model([Everything(instances)])


def test_a_value_of_each_type_comes_back_the_same():
    for kind in VALUES:
        for value in VALUES[kind]:
            state = stored(snapshot.export(made({7: {kind: value}}), (33001,)))
            model = made({})
            snapshot.restore(model, state)
            same(model.object(33001).instances, {7: {kind: value}})


def test_multiple_resources_come_back_the_same():
    for kind in VALUES:
        several = {}
        for riid, value in enumerate(VALUES[kind]):
            several[riid * 9] = value
        for value in (several, {}, {65534: VALUES[kind][0]}):
            state = stored(snapshot.export(made({0: {100 + kind: value}}), (33001,)))
            model = made({})
            snapshot.restore(model, state)
            same(model.object(33001).instances, {0: {100 + kind: value}})


def test_what_has_no_value_yet_is_there_and_a_function_is_not():
    state = stored(snapshot.export(made({0: {1: None, 2: lambda: 5}, 1: {}}), (33001,)))
    model = made({})
    snapshot.restore(model, state)
    assert model.object(33001).instances == {0: {1: None}, 1: {}}


def test_the_same_model_gives_the_same_bytes_in_whatever_order_it_was_filled():
    one = made({0: {1: "a", 2: 5, 101: {0: "x", 1: "y"}}, 1: {}})
    other = made({1: {}, 0: {101: {1: "y", 0: "x"}, 2: 5, 1: "a"}})
    assert snapshot.export(one, (33001,)) == snapshot.export(other, (33001,))


def coaps(**settings):
    server = {"uri": "coaps://h:5684", "short_server_id": 7, "suites": (0xC0A8, 0xC0AE)}
    server.update({"identity": b"meter", "key": KEY})
    server.update(settings)
    return Model(list(objects([server])))


def test_accounts_come_back_whole():
    state = stored(snapshot.export(coaps(lifetime=77, uri="coaps://other:1"), (0, 1, 2)))
    model = coaps()
    before = Account(model, 0)
    snapshot.restore(model, state)
    (account,) = accounts(model)
    assert account.exists() and not before.exists()
    assert (account.uri, account.lifetime, account.key) == ("coaps://other:1", 77, KEY)
    assert account.suites == {0: 0xC0A8, 1: 0xC0AE} and account.identity == b"meter"
    assert 4 in account.server and 8 in account.server, "Disable, Update Trigger"
    assert model.listing and model.changes


def test_an_account_that_is_the_same_goes_on():
    model = coaps()
    (account,) = accounts(model)
    changes = model.changes
    snapshot.restore(model, stored(snapshot.export(model, (0, 1))))
    assert account.exists() and accounts(model)[0].server is account.server
    assert model.changes == changes and not model.listing
    account.server[1] = 5
    state = snapshot.export(model, (0, 1))
    account.server[1] = 6
    snapshot.restore(model, state)
    assert not account.exists() and accounts(model)[0].lifetime == 5


def test_another_format_changes_nothing():
    for state in ((), (2,), (0, (33001,)), ("1", (33001,)), (None,)):
        model = made({0: {1: "a"}})
        try:
            snapshot.restore(model, state)
        except ValueError:
            assert model.object(33001).instances == {0: {1: "a"}} and not model.changes
            continue
        raise AssertionError(state)


def test_a_state_that_is_wrong_at_its_end_changes_nothing():
    model = made({0: {1: "a"}})
    for wrong in ((33001, (0, (1, "b"))), 5), ((33001, (0, (1, "b")), (1, 5)),):
        try:
            snapshot.restore(model, (1,) + wrong)
        except (ValueError, TypeError):
            assert model.object(33001).instances == {0: {1: "a"}}
            continue
        raise AssertionError(wrong)


def test_objects_and_resources_that_are_no_more_are_left_out():
    state = (1, (33001, (0, (1, "b"), (99, 5))), (33002, (0, (1, "c"))))
    model = made({})
    snapshot.restore(model, state)
    assert model.object(33001).instances == {0: {1: "b"}} and list(model.objects) == [33001]
    assert snapshot.export(model, (33001, 33002)) == (1, (33001, (0, (1, "b"))))


def test_what_a_server_created_and_wrote_is_read_after_a_restart_and_what_is_gone_is_forgotten():
    model = meter_model()
    for obj in (Portfolio({0: {0: {0: "mine"}}}), BinaryAppData({})):
        model.objects[obj.oid] = obj
    session = registered(model=model)
    before = stored(snapshot.export(model, (16, 19)))
    body = b"\x83\x00\x41\x05x"
    assert session.ask(POST, "16", [(12, b"\x2d\x16")], body)[0] == 0x41
    assert session.ask(PUT, "16/0/0/0", (), b"theirs")[0] == 0x44
    assert session.ask(PUT, "16/1", [(15, "pmin=5")], b"")[0] == 0x44
    after = stored(snapshot.export(model, (16, 19)))
    other = meter_model()
    for obj in (Portfolio({}), BinaryAppData({})):
        other.objects[obj.oid] = obj
    snapshot.restore(other, after)
    restarted = registered(model=other)
    assert restarted.ask(GET, "16/0/0/0")[2] == b"theirs"
    assert restarted.ask(GET, "16/1/0/5")[2] == b"x"
    snapshot.restore(model, before)
    assert session.ask(GET, "16/0/0/0")[2] == b"mine" and session.ask(GET, "16/1")[0] == 0x84
    assert session.management.attributes == {}


def test_objects_say_whether_they_are_kept():
    security, server = objects([{"uri": "coap://h", "short_server_id": 1}])
    kept = (security, server, Portfolio({}), BinaryAppData({}))
    assert all(obj.kept for obj in kept) and not Device({}).kept and not Object({}).kept
