"""A forger off the path: he knows both addresses, sees nothing, and sends what he likes.

He may cost time. He ends no attempt and no session, and what he made the client believe in the
clear is taken back once he stops.
"""

from dtls_peer import (
    CCM,
    ESTABLISHED,
    SHAKING,
    Server,
    client,
    given_up,
    message,
    plain,
    pump,
    records,
    shaken,
    vector,
    waiting,
)
from virtual import Chance, Fixed, Link

STEPS = (0, 1, 2)  # before any answer, after the HelloVerifyRequest, after our Finished


def handshake(message_type, body, seq):
    """A record in the clear with a whole message."""
    return plain(22, message(message_type, body, seq), 500 + seq)


def hello(seed=99, suite=b"\xc0\xa8", sid=b"", version=b"\xfe\xfd", rest=b"\x00", seq=1):
    """A ServerHello that the client did not ask for."""
    return handshake(2, version + Chance(seed)(32) + vector(sid) + suite + rest, seq)


def done(seq=2):
    """A ServerHelloDone."""
    return handshake(14, b"", seq)


def verify(cookie, seq=0):
    """A HelloVerifyRequest."""
    return handshake(3, b"\xfe\xfd" + vector(cookie), seq)


def at_step(step, core=None, **settings):
    """(client, server, what the server has sent but has not arrived) after that many answers."""
    core, server = core or client(), Server(**settings)
    core.connect(0)
    answers = waiting(core, server)
    for _ in range(step):
        for datagram in answers:
            core.input(datagram, 0)
        answers = waiting(core, server)
    assert core.state == SHAKING
    return core, server, answers


def last_flight(core, server, answers):
    """What the server sends at the end, once it had the client's second flight."""
    for datagram in answers:
        core.input(datagram, 0)
    for datagram in core.outbox:
        server.input(datagram)
    core.outbox.clear()
    (flight,) = server.outbox
    return flight


def succeeds(core, server, answers, now=0):
    """The handshake goes on, with retransmissions where it takes them; when it was over."""
    for datagram in answers:
        core.input(datagram, now)
    pump(core, server, now)
    while core.state == SHAKING:
        now = core.deadline
        core.poll(now)
        pump(core, server, now)
    assert core.established and server.established, (core.state, core.failed)
    core.send(b"text", now)
    server.send(b"back")
    assert pump(core, server, now) == [b"back"] and server.got == [b"text"]
    return now


WRONG = (
    hello(suite=b"\xc0\xa4"),
    hello(version=b"\xfe\xff"),
    hello(rest=b"\x01"),  # a compression method
    hello(rest=b"\x00\x00\x09"),  # extensions cut off
    hello(rest=b"\x00" + vector(b"\x00\x0a\x00\x00", 2)),
    handshake(2, b"\xfe\xfd", 1),
    handshake(3, b"\xfe\xfd\x20cookie", 1),  # cut off
    handshake(3, b"", 1),
)


# What ends nothing


def test_an_alert_in_the_clear_ends_no_attempt():
    for step in STEPS:
        for level in (1, 2):
            for code in (0, 10, 20, 40, 70, 115):
                core, server, answers = at_step(step)
                core.input(plain(21, bytes([level, code])), 0)
                assert core.state == SHAKING and not core.outbox
                assert succeeds(core, server, answers) == 0


def test_a_message_that_cannot_be_ends_no_attempt_and_is_not_answered():
    for step in STEPS:
        for i, datagram in enumerate(WRONG):
            core, server, answers = at_step(step)
            core.input(datagram, 0)
            assert core.state == SHAKING and not core.outbox, i
            assert succeeds(core, server, answers) == 0, (step, i)


def test_a_ticket_in_the_clear_ends_no_attempt():
    for step in STEPS:
        for seq in range(5):
            core, server, answers = at_step(step)
            core.input(handshake(4, b"\x00\x00\x0e\x10" + vector(b"ticket", 2), seq), 0)
            assert succeeds(core, server, answers) == 0, (step, seq)


def test_a_fragment_of_nearly_every_message_ends_no_attempt():
    for kind in range(26):
        for seq in range(5):
            for step in STEPS:
                core, server, answers = at_step(step)
                head = bytes([kind, 0, 0, 60, 0, seq, 0, 0, 0, 0, 0, 9])
                core.input(plain(22, head + bytes(9)), 0)
                assert succeeds(core, server, answers) < 30000, (kind, seq, step)


def test_what_was_wrong_is_said_where_nobody_answers():
    for datagram, code in (
        (plain(21, b"\x02\x28"), 40),
        (plain(21, b"\x02\x73"), 115),
        (WRONG[0], 47),
        (WRONG[1], 70),
        (WRONG[5], 50),
    ):
        core = client()
        core.connect(0)
        core.input(datagram.replace(b"\x00\x01\x00\x00\x00", b"\x00\x00\x00\x00\x00", 1), 0)
        if datagram[0] == 22:
            core, _, _ = at_step(1)
            core.input(datagram, 0)
        assert given_up(core) > 60000
        assert core.failed == code, (core.failed, code)


# What is taken back


def test_a_hello_verify_request_of_a_forger_is_followed_and_then_the_true_one():
    for forged in ([verify(b"forged")], [verify(b"forged", 7), verify(b"again", 70)]):
        core, server, answers = at_step(0)
        for datagram in forged:
            core.input(datagram, 0)
        assert succeeds(core, server, answers) < 5000
        core, server, answers = at_step(1)  # the ServerHello is on its way
        for datagram in forged:
            core.input(datagram, 0)
        assert not core.outbox and succeeds(core, server, answers) == 0


def test_a_thousand_hello_verify_requests_of_a_forger_do_not_keep_the_true_one_out():
    core, server, answers = at_step(0)
    sent = 0
    for i in range(1000):
        core.input(verify(b"%d" % i, i), 0)
        sent += len(core.outbox)
        core.outbox.clear()
    assert sent <= 5, "he has us send"
    assert succeeds(core, server, answers) < 5000


def test_a_server_hello_of_a_forger_is_taken_back():
    for seq in (0, 1):
        for step in (0, 1):
            for forged in (
                [hello(seq=seq)],
                [hello(seq=seq), done(seq + 1)],
                [hello(seq=seq), handshake(12, b"\x00\x04hint", seq + 1), done(seq + 2)],
                [done(seq + 1), hello(seq=seq)],
                [handshake(12, b"\x00\x04hint", seq + 1)],
            ):
                core, server, answers = at_step(step)
                for datagram in forged:
                    core.input(datagram, 0)
                assert succeeds(core, server, answers) < 15000, (seq, step, len(forged))


def test_a_server_hello_of_a_forger_does_not_end_a_resumption():
    core, server = shaken(server=Server(cookie=b""))
    core.connect(0)
    answers = waiting(core, server)
    core.input(hello(seq=0), 0)
    core.input(done(1), 0)
    assert succeeds(core, server, answers) < 15000
    assert core.resumed and core.contexts == 1


def test_a_key_hint_of_a_forger_between_two_true_messages_is_taken_back():
    core, server, answers = at_step(1)
    true_hello, true_done = [one[4] for one in records(answers[0])]
    core.input(true_hello, 0)
    core.input(handshake(12, b"\x00\x04hint", 2), 0)
    assert succeeds(core, server, [true_done]) < 15000


def test_a_server_that_was_confused_by_our_answer_and_forgot_us_is_begun_with_again():
    # mbedTLS 3.6 ends where a Finished does not open, with an alert in the clear
    core, server, answers = at_step(1)
    core.input(hello(), 0)
    core.input(done(), 0)
    for datagram in core.outbox:
        server.input(datagram)
    core.outbox.clear()
    server.dumb()
    server.last_hello = b""
    core.input(plain(21, b"\x02\x14"), 0)
    assert succeeds(core, server, []) < 15000


def test_a_server_that_never_takes_that_hello_again_is_sent_another():
    core, server, _ = at_step(1)
    random = core._shake.nonce
    core.input(hello(), 0)
    core.input(done(), 0)
    true = server.hello
    server.dumb()
    server.hello = lambda body, now: None if body[14:46] == random else true(body, now)
    core.input(plain(21, b"\x02\x28"), 0)
    assert succeeds(core, server, []) < 60000


def test_a_cookie_that_is_not_answered_is_given_up_where_it_may_be_forged():
    core, server, _ = at_step(0)
    core.input(verify(b"forged"), 0)
    core.outbox.clear()
    true = server.hello
    server.hello = lambda body, now: None if b"forged" in body else true(body, now)
    core.input(plain(21, b"\x02\x28"), 0)  # what OpenSSL says to a wrong cookie
    assert succeeds(core, server, []) < 5000


def test_no_nonce_is_used_twice_where_a_handshake_goes_back():
    for ems in (True, False):
        core, server, answers = at_step(1, ems=ems)
        true_hello, true_done = [one[4] for one in records(answers[0])]
        core.input(true_hello, 0)
        core.input(handshake(12, b"\x00\x04hint", 2), 0)  # other Finished, and the same keys?
        core.input(handshake(14, b"", 3), 0)
        used = {}
        now = 0
        while core.state == SHAKING:
            for datagram in core.outbox:
                for _, epoch, seq, body, _ in records(datagram):
                    if epoch:
                        where = core._shake.block, seq
                        assert used.setdefault(where, body) == body, "a nonce twice"
            for datagram in waiting(core, server) or [true_hello + true_done]:
                core.input(datagram, now)
            if not core.outbox and core.state == SHAKING:
                now = core.deadline
                core.poll(now)
        assert core.established and len(used) > 2


class Sprayer:
    """A forger who sends something at random every `pause` ms, and never listens."""

    def __init__(self, core, seed, pause):
        self.core = core
        self.below = Chance(seed).below
        self.pause = pause
        self.at = 0

    def send(self):
        """Send the next one."""
        core, below, now = self.core, self.below, self.at
        self.at += self.pause // 2 + below(self.pause)
        seq = below(3)
        kind = below(6)
        if kind == 0:
            core.input(plain(21, bytes([2, below(256)])), now)
        elif kind == 1:
            core.input(verify(b"%d" % below(1000), seq), now)
        elif kind == 2:
            core.input(WRONG[below(len(WRONG))], now)
        elif kind == 3:
            core.input(handshake(4, b"\x00\x00\x00\x00\x00\x00", seq + 1), now)
        else:
            core.input(hello(below(1000), seq=seq), now)
            if kind == 5:
                core.input(done(seq + 1), now)


def test_a_meter_gets_through_while_a_forger_sends_several_times_per_second():
    failed = 0
    for seed in range(60):
        core = client(seed=seed + 1)
        server = Server(seed=seed + 100, cookie=b"cookie" if seed & 1 else b"")
        link = Link(core, server, lambda datagram: (40,))  # 80 ms there and back
        forger = Sprayer(core, seed + 500, 400)
        core.connect(0)
        while core.state == SHAKING:
            if not link.step(forger.at):
                link.now = forger.at
                forger.send()
        failed += core.state != ESTABLISHED
    assert failed <= 1, failed


def test_an_attempt_ends_whatever_a_forger_sends():
    for forge in (
        lambda i: verify(b"%d" % i, i & 0xFFFF),
        lambda i: hello(i, seq=i & 3),
        lambda i: done(i & 3),
        lambda i: plain(21, b"\x02\x28"),
    ):
        core = client(random=Fixed())
        core.connect(0)
        sent = now = 0
        while core.state == SHAKING:
            assert now < 1000000, "it never ends"
            for i in range(5):
                core.input(forge(now + i), now)
            if now >= core.deadline:
                core.poll(now)
            sent += len(core.outbox)
            core.outbox.clear()
            now += 50
        assert sent < 100, sent


# What is counted


def test_forged_records_and_alerts_are_counted_and_seldom_logged():
    core, server = shaken()
    said = []
    core.log = lambda level, *event: said.append((level,) + event)
    datagram = bytearray(server.send(b"text"))
    true = bytes(datagram)
    datagram[-1] ^= 1
    for i in range(1000):
        core.input(bytes(datagram), i)
        core.input(plain(21, b"\x02\x28"), i)
    assert core.suspect == {"wrong tag": 1000, "alert": 1000}
    assert len(said) == 20 and (2, "dtls", "wrong tag", 23, 512) in said
    assert (2, "dtls", "alert", 40, 512) in said
    assert core.input(true, 0) == [b"text"] and not core.input(true, 0)
    assert core.suspect["wrong tag"] == 1000  # what came before is no forgery
    core.connect(0)
    core.input(WRONG[5], 0)
    core.input(WRONG[5].replace(b"\x00\x01\x00\x00\x00", b"\x00\x00\x00\x00\x00", 1), 0)
    assert core.suspect["wrong message"] == 1
    pump(core, server)
    assert core.suspect["wrong tag"] == 1000  # of all sessions


# What only the server can say


def test_an_alert_under_the_keys_of_the_handshake_ends_the_attempt():
    core, server, answers = at_step(1)
    for datagram in answers:
        core.input(datagram, 0)
    for datagram in core.outbox[:]:
        server.input(datagram)
    server.outbox.clear()
    server.alert(40, 1)  # a warning does not
    core.input(server.outbox.pop(), 0)
    assert core.state == SHAKING
    server.alert(51)
    core.input(server.outbox.pop(), 0)
    assert core.state == 0 and core.failed == 51


def test_nothing_of_the_application_is_taken_before_the_servers_finished():
    core, server, answers = at_step(1)
    for datagram in answers:
        core.input(datagram, 0)
    for datagram in core.outbox:
        server.input(datagram)
    core.outbox.clear()
    assert list(core.input(server.record(23, b"early"), 0)) == []
    assert core.state == SHAKING
    assert pump(core, server) == [] and core.established
    server.send(b"now")
    assert pump(core, server) == [b"now"]


def test_a_finished_in_the_clear_is_none():
    core, server, answers = at_step(1)
    flight = last_flight(core, server, answers)
    finished = [body for kind, epoch, body in server.flight if epoch][0]
    core.input(plain(22, finished, 9), 0)
    assert core.state == SHAKING
    core.input(flight, 0)
    assert core.established


def test_a_hello_under_the_keys_of_the_handshake_is_none():
    core, server, answers = at_step(1)
    flight = last_flight(core, server, answers)
    for kind in (3, 4, 12, 14):
        core.input(server.record(22, message(kind, b"\xfe\xfd\x01c", 3)), 0)
    shake = core._shake
    assert shake.next == 3 and 3 not in shake.parts and shake.hint < 0 and not core.outbox
    core.input(flight, 0)
    assert core.established


def test_a_second_finished_out_of_order_raises_nothing():
    core, server, answers = at_step(1)
    flight = last_flight(core, server, answers)
    core.input(server.record(22, message(20, bytes(12), 4)), 0)
    core.input(flight, 0)
    assert core.established


def test_a_finished_that_comes_after_a_step_back_is_none_of_the_next_flight():
    core, server, answers = at_step(2)  # its Finished is under way
    core.input(verify(b"of a forger"), 0)
    while core._shake.wait:
        core.outbox.clear()
        core.poll(core.deadline)
    for datagram in answers:
        core.input(datagram, 0)
    server.last_hello = b""
    pump(core, server)
    assert core.established and server.established


def test_a_finished_of_another_length_ends_the_attempt():
    for cut in (0, 1, 11, 13, 24):
        core, server, answers = at_step(1)
        last_flight(core, server, answers)
        server.outbox.clear()
        finished = [body for kind, epoch, body in server.flight if epoch][0]
        body = finished[12:] if cut > 12 else finished[12 : 12 + cut]
        body = bytes(cut - 12) + body if cut > 12 else body  # zeros: the same number
        core.input(server.record(22, message(20, body, 3)), 0)
        assert core.state == 0 and core.failed == 51, cut
        assert core.outbox, "the server does not learn of it"


def test_a_compression_method_is_not_taken():
    core, server, answers = at_step(1)
    body = bytearray(answers[0])
    at = 13 + 12 + 34
    body[at + 1 + body[at] + 2] = 1
    core.input(bytes(body), 0)
    assert core._shake.wait == 0 and core._shake.hint == 47


def test_the_other_suite_of_a_forger_is_not_taken():
    core, server, answers = at_step(1, client(suites=(CCM,)), suite=CCM)
    core.input(hello(), 0)
    assert core._shake.wait == 0
    assert succeeds(core, server, answers) == 0
