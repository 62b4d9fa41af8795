"""Accounts on trial: what may end the trial, and what must not."""

from bootstrapping import (
    CHANGED,
    NOT_ACCEPTABLE,
    OFF,
    WAITING,
    Bench,
    bare_model,
    resource,
    security,
    server,
    with_server,
)
from session import Chance

from lwm2m.account import Account
from lwm2m.objects.device import Device
from lwm2m.registration import Registration

DAY = 86400000


def registration(bench, iid):
    """A registration at a server of the bench."""
    made = Registration(Account(bench.model, iid), "urn:test", "1.1", Chance(3))
    made.overseer = bench.core
    return made


def on_trial(model=None, more=b"", **settings):
    """A bench whose server had it bootstrap: the only account now is that of a dead server."""
    bench = Bench(model or with_server(bare_model(iid=1)), **settings)
    bench.core.requested(0)
    bench.service()
    bench.accept()
    bench.delete("0")
    bench.delete("1")
    assert bench.write("0/0", security("coap://dead", 1)) == CHANGED
    assert bench.write("1/0", server(1) + more) == CHANGED
    assert bench.finish() == CHANGED
    assert bench.uris() == ["coap://dead"]
    return bench


def test_the_bootstrap_account_is_not_purged_during_a_trial():
    bench = Bench(with_server(bare_model(iid=1, _12=600)))
    bench.core.settled(0)  # the old server: the account's time begins
    bench.now = 590000
    bench.core.requested(bench.now)
    bench.service()
    assert bench.bootstrap("coap://dead", 2, iid=6) == NOT_ACCEPTABLE  # 5 has no access control
    bench.run(1800000)
    assert bench.account.exists()


def test_the_account_is_not_purged_while_its_accounts_are_on_trial():
    bench = Bench(with_server(bare_model(iid=1, _12=600)))
    old = bench.state()
    bench.core.settled(0)
    bench.now = 590000
    bench.core.requested(bench.now)
    bench.service()
    bench.accept()
    bench.delete("0")
    bench.delete("1")
    bench.write("0/0", security("coap://dead", 1))
    bench.write("1/0", server(1))
    assert bench.finish() == CHANGED
    bench.run(700000)
    assert bench.account.exists() and bench.core.before is not None
    bench.core.given_up(registration(bench, 0), bench.now)
    assert bench.state() == old


def test_the_account_is_not_purged_while_its_server_is_needed():
    bench = Bench(with_server(bare_model(iid=1, _12=600)), network=False)
    bench.core.settled(0)
    bench.now = 590000
    bench.core.given_up(registration(bench, 5), bench.now)
    bench.run(10 * DAY)
    assert bench.account.exists() and bench.core.state == WAITING
    bench.core.settled(bench.now)  # the server is back: its time begins anew
    assert bench.core.state == OFF
    bench.run(bench.now + 601000)
    assert not bench.account.exists()


def test_an_account_of_negative_time_stays():
    bench = Bench(with_server(bare_model(iid=1, _12=-1)))
    bench.core.settled(0)
    bench.run(DAY)
    assert bench.account.exists()


def test_a_server_that_forbids_to_bootstrap_does_not_make_a_trial_last_for_ever():
    flags = []
    bench = on_trial(more=resource(16, b"\0"), on_trial=flags.append)
    bench.run(200000)
    bench.core.given_up(registration(bench, 0), bench.now)
    assert bench.uris() == ["coap://old"] and flags == [True, False]
    assert bench.core.state == WAITING


def test_a_trial_ends_after_a_day_though_nobody_gives_up():
    """A server may have any number of attempts: /1/x/17 to /1/x/20."""
    flags = []
    bench = on_trial(more=resource(17, b"\x7f\xff"), on_trial=flags.append)
    bench.run(DAY - 1000)
    assert bench.uris() == ["coap://dead"]
    bench.run(DAY + 1000)
    assert bench.uris() == ["coap://old"] and flags == [True, False]


def test_the_account_of_before_neither_ends_a_trial_nor_begins_another():
    bench = Bench(with_server(bare_model(iid=1)))
    old = registration(bench, 5)
    bench.core.requested(0)
    bench.service()
    bench.accept()
    bench.delete("0")
    bench.delete("1")
    bench.write("0/0", security("coap://new", 1))
    bench.write("1/0", server(1))
    assert bench.finish() == CHANGED
    old.settled(True, bench.now)  # the answer to an Update from before the Finish
    assert bench.core.before is not None
    bench.core.given_up(old, bench.now)
    assert bench.uris() == ["coap://new"]


def test_a_new_address_of_the_device_does_not_end_hold_off_and_spread():
    bench = Bench(bare_model(_11=3600))
    bench.core.recover(2, 1000)
    assert bench.core.at == 3600000


def test_what_the_device_found_meanwhile_is_not_overwritten():
    bench = Bench()
    device = bench.model.object(3)
    device.instances[0][9] = 80  # the battery's level
    bench.accept()
    assert bench.write("3/0/14", b"+05:00", [(12, 0)]) == CHANGED
    device.set(0, 9, 70)
    bench.write("0/0", security("coap://new", 1))
    bench.write("1/0", server(1))
    assert bench.finish() == CHANGED
    assert device.instances[0][9] == 70 and device.instances[0][14] == "+05:00"
    device.set(0, 9, 60)
    bench.core.given_up(registration(bench, 0), bench.now)
    assert device.instances[0][9] == 60 and device.instances[0][14] == "+01:00"


def test_a_resource_that_was_not_there_goes_with_the_trial():
    bench = Bench()
    device = bench.model.object(3)
    assert 15 not in device.instances[0]
    bench.accept()
    assert bench.write("3/0/15", b"Europe/Berlin", [(12, 0)]) == CHANGED
    bench.write("0/0", security("coap://new", 1))
    bench.write("1/0", server(1))
    assert bench.finish() == CHANGED
    assert device.instances[0][15] == "Europe/Berlin"
    bench.core.given_up(registration(bench, 0), bench.now)
    assert 15 not in device.instances[0]


def test_an_object_that_fails_in_its_own_way_leaves_all_as_it_was():
    class Broken(Device):
        def write(self, iid, rid, value):
            raise OSError(5)

    bench = Bench()
    bench.model.objects[3] = Broken({0: "Maker", 14: "+01:00"}, lambda: 1)
    before = bench.state()
    bench.accept()
    assert bench.write("3/0/14", b"+02:00", [(12, 0)]) == CHANGED
    bench.write("0/0", security("coap://new", 1))
    bench.write("1/0", server(1))
    assert bench.finish() == NOT_ACCEPTABLE
    assert bench.state() == before and bench.uris() == [] and bench.core.before is None
