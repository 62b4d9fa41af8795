"""When a bootstrap begins, fails, is tried again, and what then holds (LwM2M Core 6.1)."""

from bootstrapping import (
    CHANGED,
    ENDED,
    KEY,
    NOT_ACCEPTABLE,
    OFF,
    SERVED,
    WAITING,
    Bench,
    bare_model,
    security,
    server,
    with_server,
)
from session import DISCONNECTED, UNREACHABLE, Chance
from virtual import NEVER

from lwm2m.account import Account, accounts
from lwm2m.registration import Registration

HOUR = 3600000
SECRET = bytes(range(16, 32))


def registration(bench, iid=5):
    """A registration at a server of the bench, as a client would have made it."""
    made = Registration(Account(bench.model, iid), "urn:test", "1.1", Chance(3))
    made.overseer = bench.core
    return made


def failed(made):
    """The time at which a registration whose server is away is given up."""
    made.start(0)
    now = 0
    waited = []
    while not waited or made.attempts:
        now = made.at
        made.poll(now)
        made.recover(UNREACHABLE, now)
        waited.append(now)
        assert len(waited) < 20
    return waited


def test_a_device_with_a_server_does_not_ask():
    bench = Bench(with_server(bare_model(iid=1)))
    bench.run(10**9)
    assert bench.dials == [] and bench.core.state == OFF and bench.core.deadline == NEVER


def test_hold_off_and_spread_go_before_it():
    assert Bench(bare_model(_11=30)).core.at == 30000
    late = Bench(spread=100).core.at
    assert 0 < late < 100000
    assert Bench(bare_model(_11=30)).dials == []


def test_silence_is_answered_by_pauses_that_double_to_a_day():
    bench = Bench()
    bench.run(20 * 24 * HOUR)
    gaps = [b - a for a, b in zip(bench.dials, bench.dials[1:])]
    assert len(bench.dials) < 40
    for i, gap in enumerate(gaps[:11]):
        least = 60000 << i
        assert least <= gap <= least * 5 // 4 + 100000, (i, gap)
    assert 24 * HOUR <= gaps[-1] <= 30 * HOUR + 100000


def test_no_way_to_the_server_pauses_too():
    bench = Bench(network=False)
    bench.run(HOUR)
    assert 4 <= len(bench.dials) <= 6
    assert bench.account.elsewhere


def test_a_refusal_is_a_failure():
    bench = Bench()
    bench.accept(0x80)
    assert bench.core.state == WAITING and 60000 <= bench.core.at <= 75000
    assert (2, "not bootstrapped", 0x80) in bench.logged


def test_no_finish_in_247_seconds_is_a_failure():
    bench = Bench()
    before = bench.state()
    bench.accept()
    bench.write("0/0", security("coap://new", 1))
    bench.write("1/0", server(1))
    bench.run(246000)
    assert bench.core.state == SERVED
    bench.run(248000)
    assert bench.core.state == WAITING and bench.state() == before
    bench.run(400000)
    assert bench.bootstrap() == CHANGED


def test_the_servers_time_begins_anew_with_each_of_its_requests():
    bench = Bench()
    bench.accept()
    for i in range(4):
        bench.run(bench.now + 200000)
        assert bench.write("1/%d" % i, server(i + 1)) == CHANGED
    assert bench.core.state == SERVED


def test_its_operations_count_even_where_its_answer_was_lost():
    bench = Bench()
    bench.write("0/0", security("coap://new", 1))
    bench.write("1/0", server(1))
    assert bench.finish() == CHANGED
    bench.run(10**7)
    assert bench.core.state == OFF and len(bench.asked()) == 1


def test_it_ends_without_a_transport_and_is_not_repeated():
    bench = Bench()
    assert bench.bootstrap() == CHANGED
    assert bench.core.state == ENDED and bench.core.peer
    bench.core.settled(bench.now)
    bench.run(10**8)
    assert bench.core.state == OFF and bench.core.peer is None and bench.core.deadline == NEVER
    assert len(bench.dials) == 1


def test_ets_9_after_an_inconsistency_it_is_tried_again():
    bench = Bench()
    bench.accept()
    assert bench.finish() == NOT_ACCEPTABLE
    bench.run(10**6, lambda: len(bench.dials) > 1)
    assert 60000 <= bench.dials[1] <= 100000
    assert bench.bootstrap() == CHANGED


def test_ets_5_a_server_executes_the_trigger():
    bench = Bench(with_server(bare_model(iid=1)))
    made = registration(bench)
    bench.model.object(1).execute(5, 9, b"")
    bench.model.registration_changed()
    made.state = 4
    made.location = [b"x"]
    made.known = made._parameters()
    made._changes = -1
    made._check(0)
    assert made.at == NEVER  # no Update
    bench.service()
    assert bench.asked() == [("bs", ["ep=urn:test"])]
    assert 9 in bench.model.object(1).instances[5]


def test_the_trigger_is_not_there_without_a_bootstrap_server():
    from session import meter_model

    assert 9 not in meter_model().object(1).instances[0]


def test_what_a_server_executes_in_haste_is_slowed_down():
    bench = Bench(with_server(bare_model(iid=1)))
    for _ in range(30):
        bench.core.requested(bench.now)
        bench.service()
        if bench.core.peer:
            bench.accept()
            bench.delete("0/5")
            bench.delete("1/5")
            bench.write("0/5", security("coap://old", 1))
            bench.write("1/5", server(1))
            assert bench.finish() == CHANGED
            bench.core.settled(bench.now)
        bench.run(bench.now + 100000)
    assert 4 <= len(bench.dials) <= 9


def test_what_was_good_for_an_hour_slows_nothing_down():
    bench = Bench()
    for _ in range(9):
        assert bench.bootstrap() == CHANGED
        bench.run(bench.now + HOUR)
        bench.core.settled(bench.now)
        bench.core.requested(bench.now)
        bench.service()
        assert bench.dials[-1] == bench.now


def test_ets_7_a_server_that_is_dead_leads_to_it():
    bench = Bench(with_server(bare_model(iid=1)))
    at = failed(registration(bench))
    assert len(at) == 5 and 900000 <= at[-1] <= 1125000  # 60, 120, 240, 480 s
    assert bench.core.state == WAITING
    bench.now = at[-1]
    bench.service()
    assert bench.dials == at[-1:]


def test_as_many_sequences_as_the_server_has():
    bench = Bench(with_server(bare_model(iid=1), r17=2, r18=1, r19=10, r20=3))
    at = failed(registration(bench))
    made = registration(bench)
    assert len(at) == 2 and bench.core.state == OFF
    made.sequences = 2
    failed(made)
    assert bench.core.state == WAITING


def test_a_server_may_forbid_it():
    bench = Bench(with_server(bare_model(iid=1), r16=False))
    failed(registration(bench))
    assert bench.core.state == OFF


def test_a_server_that_is_back_makes_it_needless():
    bench = Bench(with_server(bare_model(iid=1)), network=False)
    made = registration(bench)
    failed(made)
    bench.service()
    assert bench.core.state == WAITING
    made.settled(False, 10**6)
    assert bench.core.state == OFF
    bench.core.requested(0)
    bench.core.settled(0)  # but not what a server wants
    assert bench.core.state == WAITING


def test_accounts_are_on_trial_until_a_server_registers_us():
    trials = []
    bench = Bench(with_server(bare_model(iid=1)), on_trial=trials.append)
    bench.core.requested(0)
    bench.service()
    assert bench.bootstrap(iid=5) == CHANGED
    assert trials == [True]
    bench.core.settled(0)
    assert trials == [True, False] and bench.core.before is None
    bench.core.settled(0)
    assert trials == [True, False]


def test_accounts_that_fail_give_way_to_those_before():
    trials = []
    bench = Bench(with_server(bare_model(iid=1)), on_trial=trials.append)
    before = bench.state()
    bench.core.requested(0)
    bench.service()
    bench.accept()
    bench.delete("0")
    bench.delete("1")
    bench.write("0/0", security("coap://dead", 1))
    bench.write("1/0", server(1))
    assert bench.finish() == CHANGED
    assert bench.uris() == ["coap://dead"]
    bench.run(200000)
    failed(registration(bench, 0))
    assert bench.state() == before and bench.renewed == 2
    assert trials[-1] is False
    assert bench.core.state == WAITING  # and the bootstrap server is asked again
    bench.core.settled(bench.now)  # unless the server of before is there
    assert bench.core.state == OFF


def test_wrong_accounts_again_and_again_are_slowed_down():
    bench = Bench(keys_allowed=True)
    for _ in range(12):
        assert bench.bootstrap("coaps://new", 1, b"me", SECRET) == CHANGED
        made = registration(bench, 0)
        end = failed(made)[-1]
        bench.run(bench.now + end)
        bench.core.given_up(made, bench.now)
        dials = len(bench.dials)
        bench.run(bench.now + 48 * HOUR, lambda: len(bench.dials) > dials)  # noqa: B023
        assert len(bench.dials) == dials + 1
    gaps = [b - a for a, b in zip(bench.dials, bench.dials[1:])]
    assert max(gaps) > 12 * HOUR


def test_the_account_is_purged_when_its_time_is_over_and_not_before():
    trials = []
    bench = Bench(bare_model(_12=600), on_trial=trials.append)
    assert bench.bootstrap() == CHANGED
    bench.run(10**7)
    assert bench.account.exists()
    bench.core.settled(bench.now)
    began = bench.now
    bench.run(began + 599000)
    assert bench.account.exists()
    bench.run(began + 601000)
    assert not bench.account.exists()
    assert sorted(bench.model.object(0).instances) == [0]
    assert trials[-1] is False and bench.uris() == ["coap://new"]


def test_the_account_stays_where_it_has_no_time():
    for model in (bare_model(), bare_model(_12=0)):
        bench = Bench(model)
        assert bench.bootstrap() == CHANGED
        bench.core.settled(bench.now)
        bench.run(10**10)
        assert bench.account.exists()


def test_a_changed_key_makes_another_account():
    model = with_server(bare_model("coaps://bs", 1, _3=b"me", _5=KEY))
    bench = Bench(model)
    bench.core.requested(0)
    bench.service()
    assert bench.bootstrap("coaps://new", 7, b"me", KEY) == NOT_ACCEPTABLE  # 5 is there, too
    bench = Bench(bare_model("coaps://bs", 1, _3=b"me", _5=KEY))
    assert bench.bootstrap("coaps://new", 1, b"me", KEY) == CHANGED
    account = accounts(bench.model)[0]
    bench.core.settled(0)
    for key, same in ((KEY, True), (SECRET, False)):
        bench.run(bench.now + 10**6)
        bench.core.requested(bench.now)
        bench.service()
        assert bench.bootstrap("coaps://new", 1, b"me", key) == CHANGED
        assert account.exists() == same


def test_a_new_address_of_the_device_ends_a_pause():
    bench = Bench(network=False)
    bench.run(2 * HOUR)
    bench.network = True
    bench.core.recover(DISCONNECTED, bench.now)
    bench.service()
    assert bench.dials[-1] == bench.now and bench.bootstrap() == CHANGED
    bench.core.recover(DISCONNECTED, bench.now)  # when it was over already
    assert bench.core.state == OFF


def test_a_transport_that_ends_in_the_midst_is_a_failure():
    bench = Bench()
    before = bench.state()
    bench.accept()
    bench.write("0/0", security("coap://new", 1))
    bench.core.recover(DISCONNECTED, bench.now)
    assert bench.core.state == WAITING and bench.state() == before and bench.core.stage is None
    bench.run(10**6, lambda: len(bench.dials) > 1)
    assert bench.bootstrap() == CHANGED


def test_there_must_be_an_account():
    model = bare_model()
    model.object(0).instances.clear()
    try:
        Bench(model)
    except ValueError:
        return
    raise AssertionError
