"""A session that outlives sleep: its size, its single use, what is resumed only."""

from dtls_peer import CBC, CCM, CCM_8, KEY, Server, client, pump, shaken
from dtls_store import Store
from virtual import NEVER, raises


def asleep(core):
    """Export; the witness."""
    witness = core.export(0)
    assert len(witness) == 8
    return witness


def woken(store, witness, seed=50, **settings):
    """(client after a boot, whether it goes on)."""
    core = client(seed, store=store, **settings)
    return core, core.restore(witness, 0)


def stored(**settings):
    """(client, server, store) with a session."""
    store = Store()
    core, server = shaken(client(store=store), Server(**settings))
    return core, server, store


# What it does


def test_a_session_goes_on_after_a_sleep_without_a_byte():
    for suite in (CCM_8, CCM, CBC):
        for cid in (None, b"C", bytes(32)):
            store = Store()
            core = client(store=store, suites=(suite,), cid=b"me")
            core, server = shaken(core, Server(suite=suite, cid=cid))
            core.send(b"before", 0)
            server.send(b"heard")
            pump(core, server)
            core, good = woken(store, asleep(core), suites=(suite,), cid=b"me")
            assert good and core.established and core.resumed and not core.outbox
            core.send(b"after", 0)
            assert len(core.outbox) == 1
            server.send(b"back")
            assert pump(core, server) == [b"back"]
            assert server.got == [b"before", b"after"]


def test_a_record_is_at_most_176_bytes_and_the_cids():
    for cid in (b"", b"123456", bytes(32)):
        core, server, store = stored(cid=cid)
        core.records.seq = 0x7FFFFF
        asleep(core)
        assert len(store.record) <= 176 + len(cid), len(store.record)


def test_no_secret_lies_in_the_store_in_the_clear():
    core, server, store = stored()
    asleep(core)
    for secret in (KEY, core.block[:16], core.block[16:32], core.session[1][:16]):
        assert secret not in store.record and secret[:8] not in store.record


def test_a_record_needs_its_key_and_identity_and_every_bit_of_itself():
    core, server, store = stored()
    witness = asleep(core)
    for wrong in (client(key=b"other", store=store), client(identity=b"else", store=store)):
        assert not wrong.restore(witness, 0) and wrong.session is None
    whole = store.record
    for i in range(len(whole)):
        store.record = whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :]
        core, good = woken(store, witness)
        assert not good and core.session is None
        store.record = whole[:i]
        assert not woken(store, witness)[1]
    store.record = whole
    assert woken(store, witness)[1]


def test_it_is_used_once():
    core, server, store = stored()
    witness = asleep(core)
    core, good = woken(store, witness)
    assert good
    assert woken(store, witness)[1]  # nothing was sent: it is still unspent
    core.send(b"text", 0)
    other, good = woken(store, witness)
    assert not good and other.session is not None
    other.connect(0)
    pump(other, server)
    assert other.resumed and other.established


def test_it_is_spent_before_the_first_record_is_sent():
    core, server, store = stored()
    core, _ = woken(store, asleep(core))
    states = []
    put = store.put
    store.put = lambda record: (states.append(len(core.outbox)), put(record))
    core.send(b"text", 0)
    assert states == [0] and store.number == 1 and len(core.outbox) == 1
    core.send(b"more", 0)
    assert states == [0]


def test_it_is_spent_before_the_first_record_is_believed():
    core, server, store = stored()
    core, _ = woken(store, asleep(core))
    assert core.input(server.send(b"text"), 0) == [b"text"]
    assert store.number == 1


def test_a_store_that_does_not_keep_what_it_was_given_is_not_believed():
    for name in ("put", "spend_up_to"):
        core, server, store = stored()
        core, _ = woken(store, asleep(core))
        setattr(store, name, lambda _: None)  # no error, and nothing is written
        raises(-1, core.send, b"text", 0)
        assert core.state == 1 and all(record[0] == 22 for record in core.outbox)


def test_no_two_records_of_the_store_have_the_same_nonce():
    core, server, store = stored()
    seen = {store.record[:8]}
    for i in range(1, 8):
        core.export(0)
        seen.add(store.record[:8])
        assert len(seen) == i + 1


def test_a_session_that_was_exported_and_is_used_all_the_same_is_spent():
    for use in (lambda core, server: core.send(b"x", 0), lambda core, server: core.close(0)):
        core, server, store = stored()
        witness = asleep(core)
        use(core, server)
        assert not woken(store, witness)[1]
    core, server, store = stored()
    witness = asleep(core)
    assert core.input(server.send(b"text"), 0) == [b"text"]
    assert not woken(store, witness)[1]


def test_the_replay_window_is_kept():
    core, server, store = stored()
    sent = [server.send(bytes([i])) for i in range(70)]
    server.outbox.clear()
    for i in (0, 5, 69, 66):
        assert core.input(sent[i], 0) == [bytes([i])]
    core, good = woken(store, asleep(core))
    assert good
    for i in (0, 5, 69, 66, 1):
        assert list(core.input(sent[i], 0)) == []
    assert core.input(sent[67], 0) == [b"\x43"]


def test_sequence_numbers_are_left_behind_in_jumps():
    core, server, store = stored()
    core.send(b"text", 0)
    used = core.records.seq
    core, _ = woken(store, asleep(core))
    assert core.records.seq >= used and core.records.seq % 64 == 0


def test_the_jump_of_sequence_numbers_is_never_zero():
    for used in (0, 1, 63, 64, 65, 128, 6400):
        core, server, store = stored()
        core.records.seq = used
        core, _ = woken(store, asleep(core))
        assert used < core.records.seq <= used + 64, (used, core.records.seq)


def test_without_the_witness_it_is_resumed_only():
    for witness in (b"", bytes(8), b"12345678"):
        core, server, store = stored()
        asleep(core)
        core, good = woken(store, witness)
        assert not good and not core.established
        core.connect(0)
        pump(core, server)
        assert core.resumed


def test_a_restored_backup_is_resumed_only():
    core, server, store = stored()
    asleep(core)
    backup = store.record, store.number
    core, _ = woken(store, core.witness)
    core.send(b"text", 0)
    pump(core, server)
    witness = asleep(core)
    store.record, store.number = backup
    assert not woken(store, witness)[1]


def test_an_image_on_another_board_is_resumed_only():
    core, server, store = stored()
    asleep(core)
    other, good = woken(store, b"")  # its memory of the RTC is empty
    assert not good
    other.connect(0)
    pump(other, server)
    assert other.resumed


def test_what_a_handshake_made_can_be_resumed_after_a_power_cut():
    core, server, store = stored()
    assert store.puts == 1
    core, good = woken(store, b"")
    assert not good
    core.connect(0)
    pump(core, server)
    assert core.resumed


def test_a_server_that_forgot_costs_two_datagrams():
    core, server, store = stored()
    core, _ = woken(store, asleep(core))
    server.dumb()
    server.sessions.clear()
    core.send(b"one", 0)
    core.send(b"one", 2000)
    assert len(core.outbox) == 2
    raises(-1, core.send, b"one", 6000)
    pump(core, server, 6000)
    assert core.established and not core.resumed
    core.send(b"one", 7000)
    pump(core, server)
    assert server.got == [b"one"]


def wakes(core, server, store, count, answered=True):
    """So many times awake, a datagram each, nothing heard; the last client."""
    for _ in range(count):
        core, good = woken(store, asleep(core))
        assert good
        core.send(b"text", 0, answered)
        core.outbox.clear()
    return core


def test_a_server_that_forgot_is_noticed_by_one_datagram_per_wake():
    core, server, store = stored()
    core = wakes(core, server, store, 2)
    server.dumb()
    server.sessions.clear()
    core, good = woken(store, asleep(core))
    assert good
    raises(-1, core.send, b"one", 0)
    pump(core, server)
    assert core.established and not core.resumed
    core = wakes(core, server, store, 1)  # from then on it is counted anew
    assert core.established and core.unconfirmed == 1


def test_an_answer_in_any_wake_ends_the_doubt():
    core, server, store = stored()
    for _ in range(4):
        core = wakes(core, server, store, 1)
        server.send(b"back")
        server.outbox, there = [], server.outbox
        assert core.input(there[0], 0) == [b"back"]


def test_datagrams_that_demand_no_answer_prove_nothing():
    core, server, store = stored()
    core = wakes(core, server, store, 8, False)
    assert core.established


def test_a_session_is_not_older_than_its_greatest_age():
    for age, slept, begun in ((100, 0, 100), (100, 60, 40), (50, 0, 50)):
        store = Store()
        core, server = shaken(client(store=store, max_age=age))
        witness = core.export(0)
        core = client(50, store=store)
        assert core.restore(witness, 5000, slept * 1000)
        assert core.deadline == 5000 + begun * 1000
        core.poll(core.deadline - 1)
        assert core.established
        core.poll(core.deadline)
        assert core.state == 1
        pump(core, server)
        assert core.established and not core.resumed and core.contexts == 1


def test_a_sleep_longer_than_the_greatest_age_leaves_nothing_to_resume():
    for begun in (0, 7000):
        core, server = shaken(client(store=Store(), max_age=100), now=begun)
        witness = core.export(begun + 40000)
        for slept, resumed in ((59999, True), (60000, False)):
            other = client(50, store=core.store)
            assert other.restore(witness, 0, slept) == resumed
            other.connect(0)
            pump(other, server)
            assert other.established and other.resumed == resumed


def test_a_session_may_be_used_a_little_after_its_greatest_age():
    # Its deadline is at hand, but the loop has not come to it.
    core, server, store = stored()
    late = core.expires + 1
    asleep(core)
    core.send(b"late", late)
    pump(core, server)
    assert server.got == [b"late"]
    witness = core.export(late)
    assert len(witness) == 8 and not woken(store, witness)[1]
    core.close(late)
    pump(core, server)
    assert not server.established


def test_what_was_resumed_is_as_old_as_its_first_handshake():
    core, server = shaken(client(max_age=100))
    for now in (40000, 99999):
        core.connect(now)
        pump(core, server, now)
        assert core.resumed and core.deadline == 100000
    core.close(99999)
    core.connect(100000)
    pump(core, server, 100000)
    assert core.established and not core.resumed and core.deadline == 200000


def test_a_greatest_age_of_zero_is_no_limit():
    core, server = shaken(client(store=Store(), max_age=0))
    assert core.deadline >= NEVER
    other = client(50, store=core.store)
    assert other.restore(core.export(0), 0, 86400000 * 3650)  # ten years


def test_a_server_that_was_heard_is_not_doubted():
    core, server, store = stored()
    core, _ = woken(store, asleep(core))
    core.send(b"one", 0)
    server.send(b"back")
    pump(core, server)
    for _ in range(10):
        core.send(b"more", 0)
    assert core.established


def test_nothing_is_exported_without_a_session_or_a_store():
    core, server, store = stored()
    core.close(0)
    assert core.export(0) == b""
    core, server = shaken()
    assert core.export(0) == b""
    core.connect(0)
    assert core.export(0) == b""
    assert not client(store=Store()).restore(b"12345678", 0)


def test_a_store_that_raises_is_no_store():
    class Broken(Store):
        def get(self):
            raise OSError(5)

        put = spend_up_to = lambda self, _: raises(0, self.get)

    core, server = shaken(client(store=Broken()))
    assert core.export(0) == b""
    assert not client(store=Broken()).restore(bytes(8), 0)


def failing_once(store):
    """Let the store's next `get` raise."""

    def get():
        del store.get
        raise OSError(5)

    store.get = get


def test_a_get_that_fails_once_never_lowers_the_mark():
    for step in ("export", "spend", "handshake", "restore"):
        core, server, store = stored()
        for _ in range(3):
            core, good = woken(store, asleep(core))
            assert good
            core.send(b"text", 0)
            server.send(b"back")
            pump(core, server)
        spent = store.number
        assert spent == 3
        core, _ = woken(store, asleep(core)) if step == "spend" else (core, True)
        failing_once(store)
        if step == "export":
            assert core.export(0) == b""
        elif step == "spend":
            raises(-1, core.send, b"text", 0)
        elif step == "handshake":
            core.session = None
            core.connect(0)
        else:
            assert not woken(store, core.witness)[1]
        pump(core, server)
        assert store.number >= spent, (step, store.number)
        core.export(0)
        assert store.number >= spent, (step, store.number)


def test_a_fatal_alert_ends_the_session_in_the_store_too():
    core, server, store = stored()
    asleep(core)
    server.alert(80)
    pump(core, server)
    assert core.failed == 80 and core.session is None
    other, good = woken(store, core.witness)
    assert not good and other.session is None
    other.connect(0)
    pump(other, server)
    assert other.established and not other.resumed


def test_a_session_that_is_forgotten_is_in_neither_memory_nor_the_store():
    core, server, store = stored()
    core.forget()
    assert core.established  # what there is goes on
    core.close(0)
    assert woken(store, b"")[0].session is None
    core.connect(0)
    pump(core, server)
    assert core.established and not core.resumed and core.contexts == 2
    core, server = shaken()  # without a store
    core.forget()
    core.connect(0)
    pump(core, server)
    assert core.established and not core.resumed


def test_a_suite_that_is_not_wanted_any_more_is_not_restored():
    core, server, store = stored()
    witness = asleep(core)
    core, good = woken(store, witness, suites=(CCM,))
    assert not good and core.session is None
