"""What becomes of a handshake and of a session: alerts, resumption, timers, secrets."""

from dtls_peer import (
    CCM,
    CCM_8,
    CLOSED,
    ESTABLISHED,
    SHAKING,
    Server,
    client,
    given_up,
    plain,
    pump,
    records,
    shaken,
    waiting,
)
from virtual import NEVER, Chance, Fixed, Link, lossy, raises

from dtls.client import Dtls

# Alerts


def test_an_alert_ends_the_attempt_and_deletes_nothing():
    core, server = shaken()
    session = core.session
    core.connect(0)
    server.refuse = 115
    server.cookie = b""
    assert given_up(core, server) > 60000
    assert core.state == CLOSED and core.failed == 115
    assert core.session == session
    server.refuse = None
    core.connect(0)  # not resumed: perhaps that was what the server did not like
    pump(core, server)
    assert core.established and not core.resumed
    assert core.failed is None


def test_a_warning_does_not_end_an_attempt():
    core, server = client(), Server()
    core.connect(0)
    for code in (0, 90, 100):
        core.input(plain(21, bytes([1, code])), 0)
    core.input(plain(21, b"\x02"), 0)
    pump(core, server)
    assert core.established


def test_an_alert_in_the_clear_is_dropped_on_an_established_session():
    core, server = shaken()
    for level in (1, 2):
        for code in (0, 10, 20, 40, 115):
            core.input(plain(21, bytes([level, code])), 0)
    core.send(b"text", 0)
    pump(core, server)
    assert core.state == ESTABLISHED and server.got == [b"text"]


def test_a_true_alert_ends_the_session():
    core, server = shaken()
    server.alert(80)
    pump(core, server)
    assert core.state == CLOSED and core.failed == 80
    assert core.session is None  # RFC 5246 section 7.2.2: not to be resumed


def test_close_notify_is_answered_and_the_session_can_be_resumed():
    core, server = shaken()
    server.alert(0, 1)
    pump(core, server)
    assert core.state == CLOSED and core.failed == 0
    assert server.alerts == [0]
    core.connect(0)
    pump(core, server)
    assert core.resumed


def test_our_close_notify():
    core, server = shaken()
    core.close(0)
    pump(core, server)
    assert server.alerts == [0] and core.state == CLOSED and core.failed is None
    raises(-1, core.send, b"text", 0)
    core.close(0)
    assert not core.outbox


# Resumption


def test_a_resumed_session_has_new_keys_and_a_new_cid():
    core, server = shaken(cid=b"first")
    block = core.block
    server.cid = b"second!"
    core.connect(0)
    pump(core, server)
    assert core.resumed and core.block != block
    assert core.records.cid == b"second!" and core.records.seq == 1
    server.cid = None
    core.connect(0)
    pump(core, server)
    assert core.resumed and core.records.cid == b""


def test_a_server_that_forgot_makes_a_full_handshake():
    core, server = shaken()
    server.sessions.clear()
    core.connect(0)
    pump(core, server)
    assert core.established and not core.resumed
    assert core.session[0] == server.sid


def test_a_server_without_sessions():
    core, server = shaken(resumes=False)
    assert core.session is None
    core.connect(0)
    pump(core, server)
    assert core.established and not core.resumed


def test_extended_master_secret_may_not_come_or_go():
    for ems in (True, False):
        core, server = shaken(ems=ems)
        server.ems = not ems
        core.connect(0)
        given_up(core, server)
        assert core.failed == 40
        core.connect(0)
        pump(core, server)
        assert core.established and not core.resumed


def test_a_session_of_a_suite_that_is_not_wanted_any_more_is_not_offered():
    core, server = shaken()
    core.suites = (CCM,)
    server.suite = CCM
    core.connect(0)
    pump(core, server)
    assert core.established and not core.resumed


def test_a_resumed_session_in_another_suite_ends_the_attempt():
    core, server = shaken(client(suites=(CCM_8, CCM)))
    server.suite = CCM
    core.connect(0)
    given_up(core, server)
    assert core.failed == 40


def test_the_last_flight_of_a_resumed_session_is_repeated():
    core, server = shaken()
    core.connect(0)
    for _ in range(2):
        for datagram in waiting(core, server):
            core.input(datagram, 0)
    assert core.established and core.outbox
    core.outbox.clear()  # they do not arrive
    server.poll(server.deadline)
    core.input(server.outbox.pop(), 2000)
    assert core.established and core.deadline == core.expires
    pump(core, server, 2000)
    assert server.established
    core.send(b"x", 3000)
    server.send(b"y")
    assert pump(core, server) == [b"y"]
    assert core._shake is None  # nothing of the handshake is kept


def test_a_copy_of_the_last_flight_starts_no_endless_exchange():
    """OpenSSL answers every Finished that it sees again with its own, and ends at the twelfth."""
    for trip in (1, 40, 400):
        core, server = shaken()
        core.connect(0)
        for _ in range(2):
            for datagram in waiting(core, server):
                core.input(datagram, 0)
        made = len(core.outbox)
        now = 0
        while core.outbox and now < 60000:
            core.outbox.clear()
            now += trip
            server.transmit(now)
            for datagram in server.outbox:
                core.input(bytes(datagram), now)
            server.outbox.clear()
            made += len(core.outbox)
        assert core.established and made <= 3, (trip, made)


# Time


def times(core, until=NEVER):
    """When something is sent, until the core gives up."""
    times = [0] * len(core.outbox)
    core.outbox.clear()
    while core.deadline < until:
        now = core.deadline
        core.poll(now)
        times += [now] * len(core.outbox)
        core.outbox.clear()
    return times


def test_a_flight_is_repeated_doubling_and_then_given_up():
    core = client(random=Fixed())
    said = []
    core.log = lambda level, *event: said.append((level, event))
    core.connect(0)
    assert times(core) == [0, 1000, 3000, 7000, 15000, 31000]
    assert core.failed == -1 and core.state == CLOSED
    assert (1, ("dtls", "no answer")) in said


def test_the_timers_are_settings():
    core = client(random=Fixed(), first_timeout=9000, max_retransmit=2)
    core.connect(0)
    assert times(core) == [0, 9000, 27000]
    core = client(random=Fixed(), max_retransmit=9)
    core.connect(0)
    assert times(core)[-3:] == [123000, 183000, 243000]  # 60 s at most


def test_the_first_timer_is_longer_at_random_by_up_to_a_half():
    seen = set()
    for byte in range(256):
        core = client(random=Fixed(byte), max_retransmit=1)
        core.connect(0)
        seen.add(core.deadline)
        assert times(core) == [0, core.first_timeout * (512 + byte) >> 9]
    assert min(seen) == 1000 and 1490 <= max(seen) < 1500 and len(seen) > 200


def test_a_wrong_key_ends_by_silence_and_says_so():
    core, server = client(key=b"wrong"), Server()
    said = []
    core.log = lambda level, *event: said.append((level, event))
    core.connect(0)
    pump(core, server)
    while core.deadline < NEVER:
        core.poll(core.deadline)
        pump(core, server, core.deadline)
    assert core.failed == -1
    again = [event[2] for level, event in said[:-2] if event[:2] == ("dtls", "sent again")]
    assert again == list(range(1, core.max_retransmit + 1)) and len(said) == len(again) + 2
    assert said[-2:] == [(1, ("dtls", "no answer: wrong key?")), (1, ("dtls", "ended", -1))]


def test_the_timer_begins_anew_with_each_flight():
    core, server = client(random=Fixed(9)), Server()
    core.connect(0)
    core.poll(core.deadline)
    core.poll(core.deadline)
    pump(core, server, 3500)
    assert core.established
    core, server = client(random=Fixed()), Server()
    core.connect(0)
    core.poll(1000)
    for datagram in waiting(core, server, 1500):
        core.input(datagram, 1500)
    assert core.deadline == 2500


def test_a_repeated_flight_of_the_server_repeats_ours_but_not_for_everyone():
    core, server = client(random=Fixed()), Server(cookie=b"")
    core.connect(0)
    made = waiting(core, server)[0]
    core.input(made, 0)
    core.outbox.clear()
    for now in range(250):
        core.input(made, now)
    assert not core.outbox
    core.input(made, 250)
    assert len(core.outbox) == 1
    sent = 1
    for now in range(250, 60000, 10):  # an attacker repeats it without end
        core.input(made, now)
        if now >= core.deadline:
            core.poll(now)
        sent += len(core.outbox)
        core.outbox.clear()
    assert sent <= 12


def test_a_flight_that_is_repeated_to_us_without_end_does_not_keep_an_attempt_alive():
    core, server = client(random=Fixed()), Server(cookie=b"")
    core.connect(0)
    made = waiting(core, server)[0]
    sent = now = 0
    while core.state == SHAKING and now < 400000:
        core.input(made, now)
        if now >= core.deadline:
            core.poll(now)
        sent += len(core.outbox)
        core.outbox.clear()
        now += 100
    assert core.state == CLOSED and now <= 100000 and sent <= 7, (now, sent)


def test_repeated_flights_have_new_record_numbers_and_the_same_messages():
    core, server = client(), Server(cookie=b"")
    core.connect(0)
    core.input(waiting(core, server)[0], 0)
    first = records(core.outbox.pop())
    core.poll(core.deadline)
    second = records(core.outbox.pop())
    assert [r[2] for r in first] == [1, 2, 0]
    assert [r[2] for r in second] == [3, 4, 1]
    assert first[0][3] == second[0][3]
    assert first[2][3] != second[2][3]


def test_handshakes_over_a_lossy_link():
    failures = 0
    for seed in range(60):
        chance = Chance(seed + 1)
        core = client(seed=seed, max_retransmit=7)
        server = Server(seed=seed + 100, cid=b"C" if seed & 1 else None, fragment=seed % 3 * 25)
        link = Link(core, server, lossy(chance))
        core.connect(0)
        link.run(600000)
        assert core.established == server.established or core.state != SHAKING
        failures += not core.established
        if core.established:
            core.connect(link.now)  # and once more, resumed
            link.run(link.now + 600000)
            assert core.state != SHAKING
            failures += not core.established
    assert failures <= 3, failures


# Secrets


def test_no_secret_is_logged_shown_or_raised():
    from binascii import b2a_base64, hexlify

    key = b"\x91secret-key-\xfe\x07"
    said = []

    def log(level, *event):
        said.append((level, event))

    core, server = client(key=key), Server(key=key)
    core.log = log
    shaken(core, server)
    secrets = [key, core.session[1], core.block[:16], core.block[16:32]]
    said.append((core, core.records, core.records.out, core._shake))
    core.close(0)
    for wrong in (Server(key=b"other"), Server(suite=CCM), Server(refuse=40, cookie=b"")):
        core.connect(0)
        said.append((core._shake,))
        pump(core, wrong)
        while core.deadline < NEVER:
            core.poll(core.deadline)
            pump(core, wrong)
    for arguments in ((core.send, b"text", 0), (Dtls, b"i", key * 9)):
        try:
            arguments[0](*arguments[1:])
        except Exception as error:  # noqa: BLE001 whatever it is, it must not show them
            said.append((repr(error), str(error)))
    text = repr(said)
    for secret in secrets:
        for shown in (repr(secret), hexlify(secret).decode(), b2a_base64(secret).decode().strip()):
            assert shown.strip("b'") not in text
            assert shown.strip("b'=") not in text
