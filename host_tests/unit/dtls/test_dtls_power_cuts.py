"""A session that goes on after a power cut: numbers reserved, records sent again."""

from dtls_peer import CBC, CCM, CCM_8, ESTABLISHED, KEY, SHAKING, Server, client, pump, records
from dtls_store import Store
from virtual import Chance

from dtls.transport import DtlsTransport

JUMP = 8
WITNESS = 8


def begun(seed=3, cid=b"C", suite=CCM_8, jump=JUMP, stored=True):
    """(client, server, store) with a session; `stored`: numbers of it are reserved."""
    store = Store()
    server = Server(cid=cid, suite=suite)
    core = client(seed, store=store, suites=(suite,), reserve=jump)
    core.connect(0)
    pump(core, server)
    assert core.state == ESTABLISHED and store.record is None
    core.send(b"first", 0)  # before anything is stored of these keys
    pump(core, server)
    server.got.clear()
    if stored:
        assert core.export(0) == core.witness
    return core, server, store


def restarted(store, witness, seed=50, suite=CCM_8, **settings):
    """(another client with what the store has, whether it goes on)."""
    settings.setdefault("reserve", JUMP)
    core = client(seed, store=store, suites=(suite,), **settings)
    return core, core.restore(witness, 0)


def numbers(core):
    """The sequence numbers of what is about to be sent, which is sent."""
    found = []
    for datagram in core.outbox:
        for _, epoch, number, _, _ in records(datagram, 1):
            found.append((epoch, number))
    core.outbox.clear()
    return found


def test_it_goes_on_after_a_power_cut_without_a_byte():
    for suite in (CCM_8, CCM, CBC):
        core, server, store = begun(suite=suite)
        core.send(b"before", 0)
        pump(core, server)
        core, good = restarted(store, core.witness, suite=suite)
        assert good and core.established and core.resumed and not core.outbox
        core.send(b"after", 0)
        server.send(b"back")
        assert pump(core, server) == [b"back"]
        assert server.got == [b"before", b"after"] and server.hellos == 2  # of the first handshake


def test_numbers_are_reserved_before_the_first_of_them_is_used():
    core, _, store = begun()
    states = []
    put = store.put
    store.put = lambda record: (states.append((core.records.seq, len(core.outbox))), put(record))
    start = core.records.seq
    for _ in range(3 * JUMP):
        core.send(b"x", 0)
        core.outbox.clear()
    assert states == [(start + JUMP * i, 0) for i in (1, 2)]


def test_no_number_is_used_twice_whenever_the_power_goes():
    chance = Chance(5)
    core, server, store = begun()
    witness = core.witness
    used = set()
    numbers(core)
    for turn in range(100):
        cut, count = chance(2)
        for _ in range(count % 20):
            core.send(b"x", 0, False)
            for number in numbers(core):
                assert number[0] == 1 and number not in used, (turn, number)
                used.add(number)
        if cut & 1:
            core, good = restarted(store, witness, turn)
            assert good
    assert len(used) > 600


def test_a_restart_that_sends_nothing_writes_nothing_and_one_that_sends_writes_once():
    core, _, store = begun()
    core.send(b"x", 0)
    puts = store.puts
    core, _ = restarted(store, core.witness)
    assert store.puts == puts
    for _ in range(JUMP):
        core.send(b"x", 0, False)
    assert store.puts == puts + 1


def test_a_store_that_fails_at_first_costs_nothing_before_the_reserved_ones_are_used():
    """It may have been written all the same: no number beyond is used under these keys."""
    core, server, store = begun(stored=False)
    put = store.put
    start = core.records.seq

    def broken(record):
        put(record)
        raise OSError(5)

    store.put = broken
    core.export(0)
    for _ in range(JUMP):
        core.send(b"x", 0)
    assert core.state == ESTABLISHED
    assert [n for _, n in numbers(core)] == list(range(start, start + JUMP))
    refused(core)
    assert core.state == SHAKING and all(record[0] == 22 for record in core.outbox)


def test_a_store_that_fails_later_ends_in_a_handshake():
    core, server, store = begun()
    for _ in range(JUMP):
        core.send(b"x", 0)
    core.outbox.clear()

    def full(record):
        raise OSError(28)

    store.put = full
    refused(core)
    assert core.state == SHAKING
    pump(core, server)
    assert core.state == ESTABLISHED
    core.send(b"under other keys", 0)


def refused(core):
    try:
        core.send(b"x", 0)
    except Exception as error:  # noqa: BLE001 the code is what counts
        assert getattr(error, "code", None) == -1
        return
    raise AssertionError("sent")


def test_another_context_or_none_is_not_resumed_even():
    core, _, store = begun()
    core.send(b"x", 0)
    for witness in (b"", bytes(WITNESS), b"12345678"):
        other, good = restarted(store, witness)
        assert not good and other.session is None and not other.established
    for settings in ({"key": b"another key"}, {"identity": b"another"}, {"reserve": 0}):
        other, good = restarted(store, core.witness, **settings)
        assert not good and other.session is None


def test_a_full_handshake_is_another_context_and_a_resumed_one_is_not():
    core, server, store = begun(cid=None)
    witness = core.witness
    core.send(b"x", 0)
    core.close(0)
    core.outbox.clear()
    other, good = restarted(store, witness)
    assert not good and other.session is not None  # said goodbye to: resumed only
    other.connect(0)
    pump(other, server)
    assert other.resumed and other.witness == witness and other.contexts == -1
    other.send(b"y", 0)
    limit = other.limit
    assert limit == JUMP + 1  # reserved with the end of the handshake, whose Finished has 0
    other, good = restarted(store, witness, 60)
    assert good and other.records.seq == limit
    other.forget()
    other.connect(0)
    pump(other, server)
    assert not other.resumed and other.witness != witness


def test_a_suspended_session_goes_on_and_says_no_goodbye():
    core, server, store = begun()
    core.send(b"x", 0)
    pump(core, server)
    assert core.export(0) == core.witness
    core.suspend()
    core.close(0)
    assert core.outbox == [] and restarted(store, core.witness)[1]


def test_a_session_that_is_too_old_is_not_gone_on_with():
    core, _, store = begun()
    core.send(b"x", 0)
    other = client(9, store=store, reserve=JUMP)
    assert not other.restore(core.witness, 0, core.expires + 1)


def test_a_record_is_at_most_176_bytes_and_the_cids():
    core, _, store = begun()
    core.records.seq = 0x7FFF00
    core.limit = 0
    core.send(b"x", 0)
    assert len(store.record) <= 177 and KEY not in store.record


# What is sent again by somebody


class Clock:
    @staticmethod
    def now():
        return 0


class Lower:
    def __init__(self):
        self.came, self.sent = [], []

    def send(self, datagram):
        self.sent.append(datagram)

    def recv(self):
        return self.came.pop(0) if self.came else None

    def close(self):
        pass


CON, RESET_REQUEST = b"\x40\x01\x12\x34", b"\x40\x02\x77\x77\xb1\x33"


def woken(core, store):
    """(transport, the network below it) of the session after a restart."""
    other, good = restarted(store, core.witness)
    assert good and other.doubt
    lower = Lower()
    return DtlsTransport(lower, other, Clock()), lower


def test_what_came_before_the_power_cut_does_not_come_twice():
    core, server, store = begun()
    core.send(CON, 0)
    old = [server.send(RESET_REQUEST), server.send(b"\x60\x00\x12\x34"), server.send(b"\x50\x45")]
    for datagram in old:
        assert core.input(datagram, 0)
    transport, lower = woken(core, store)
    for datagram in old:  # recorded by somebody, and sent again
        lower.came.append(datagram)
        assert transport.recv() is None
    assert transport.doubted and transport.core.established
    transport.send(b"\x40\x01\x13\x35")
    for datagram in old:
        lower.came.append(datagram)
        assert transport.recv() is None
    assert transport.doubt
    new = server.send(b"\x60\x45\x13\x35answer")
    lower.came.append(new)
    assert transport.recv() == b"\x60\x45\x13\x35answer" and not transport.doubt
    for datagram in old + [new]:
        lower.came.append(datagram)
        assert transport.recv() is None
    lower.came.append(server.send(RESET_REQUEST))
    assert transport.recv() == RESET_REQUEST


def test_an_alert_from_before_ends_nothing():
    core, server, store = begun()
    core.send(CON, 0)
    server.alert(0)
    transport, lower = woken(core, store)
    lower.came.append(server.outbox[-1])
    assert transport.recv() is None and transport.core.state == ESTABLISHED


def test_a_server_that_forgot_the_session_gets_two_datagrams():
    core, _, store = begun()
    core.send(CON, 0)
    transport, lower = woken(core, store)
    for _ in range(3):
        transport.send(CON)
    assert [datagram[0] for datagram in lower.sent] == [25, 25, 22]
