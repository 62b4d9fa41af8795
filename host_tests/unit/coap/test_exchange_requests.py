"""Requests from a peer: answers, duplicates, what is forgotten and refused (RFC 7252, 4)."""

from virtual import (
    ACK,
    CON,
    GET,
    NON,
    POST,
    PUT,
    RST,
    App,
    Chance,
    Replies,
    ask,
    drain,
    idle,
    parse,
    request,
)

from coap.message import CoapError, Message, encode
from coap.peer import Peer

LIFETIME = 247000  # EXCHANGE_LIFETIME with the defaults
OVER = LIFETIME + LIFETIME // 30  # what is kept of an unsafe request has ended


def server(response=0x45, **settings):
    peer = Peer(App(response), Chance(7))
    for name, value in settings.items():
        setattr(peer, name, value)
    return peer


def test_a_confirmable_request_is_answered_in_its_acknowledgement():
    peer = server((0x45, ((12, 0),), b"42"))
    assert ask(peer, request(GET, 9, "3/0/0")) == [(ACK, 0x45, 9, b"\x01\x02", [(12, b"")], b"42")]
    assert peer.app.ran == [(GET, b"3/0/0", b"")]


def test_a_non_confirmable_request_is_answered_in_kind_with_our_own_ids():
    peer = server()
    first = ask(peer, request(GET, 9, "a", kind=NON))[0]
    second = ask(peer, request(GET, 10, "a", kind=NON))[0]
    assert first[:2] == (NON, 0x45) and first[3] == b"\x01\x02"
    assert (second[2] - first[2]) & 0xFFFF == 1


def test_a_repeated_confirmable_request_gets_the_same_answer_and_runs_once():
    peer = server()
    datagram = request(POST, 9, "a")
    first = ask(peer, datagram)
    assert ask(peer, datagram, LIFETIME - 1) == first
    assert len(peer.app.ran) == 1


def test_a_repeated_non_confirmable_request_is_dropped():
    peer = server()
    datagram = request(POST, 9, "a", kind=NON)
    assert len(ask(peer, datagram)) == 1
    assert ask(peer, datagram, 1000) == []
    assert len(peer.app.ran) == 1


def test_after_the_exchange_lifetime_a_message_id_is_new():
    peer = server()
    assert peer.exchange_lifetime() == LIFETIME
    ask(peer, request(POST, 9, "a"))
    ask(peer, request(POST, 9, "a"), OVER)
    assert len(peer.app.ran) == 2
    ask(peer, request(GET, 10, "a"), OVER)
    ask(peer, request(GET, 10, "a"), OVER + LIFETIME)
    assert len(peer.app.ran) == 4


def test_the_latest_eight_answers_are_kept_for_repeats():
    peer = server()
    answers = [ask(peer, request(GET, mid, "a"), mid) for mid in range(8)]
    assert [ask(peer, request(GET, mid, "a"), 10) for mid in range(8)] == answers
    assert len(peer.app.ran) == 8
    ask(peer, request(GET, 8, "a"), 11)
    ask(peer, request(GET, 0, "a"), 12)  # safe: forgotten first, and asked again
    assert len(peer.app.ran) == 10


def test_answers_to_unsafe_requests_are_forgotten_last():
    peer = server()
    unsafe = request(POST, 100, "a", payload=b"once")
    answer = ask(peer, unsafe)
    for mid in range(200, 300):
        ask(peer, request(GET, mid, "b"), mid)
    assert ask(peer, unsafe, 1000) == answer
    assert len([r for r in peer.app.ran if r[0] == POST]) == 1


def test_every_unsafe_request_is_answered_alike_for_its_lifetime_and_runs_once():
    count = 1200  # five each second
    for mids in ([i + 65000 & 0xFFFF for i in range(count)], shuffled(count)):
        peer = Peer(Counting(), Chance(7))
        for i in range(count):
            assert ask(peer, request(PUT, mids[i], "a"), i * 200)[0][2] == mids[i]
        for i in range(count):
            (answer,) = ask(peer, request(PUT, mids[i], "a"), 240000)
            code = (0x44, 0x42, 0xA0)[(i + 1) % 3]
            assert answer == (ACK, code, mids[i], b"\x01\x02", [], b"")
        assert peer.app.count == count and peer.size == 5 * count


class Counting(App):
    """An application that counts what it ran, and answers by another code each time."""

    count = 0

    def handle(self, message, now):
        self.count += 1
        return (0x44, 0x42, 0xA0)[self.count % 3]


def shuffled(count):
    """Different Message IDs in a random order."""
    chance = Chance(5)
    mids = []
    known = set()
    while len(mids) < count:
        mid = chance.below(65536)
        if mid not in known:
            known.add(mid)
            mids.append(mid)
    return mids


def test_another_request_with_the_message_id_of_an_unsafe_one_is_neither_run_nor_said_to_be_done():
    peer = server(0x44)
    ask(peer, request(PUT, 1, "a", payload=b"1"))
    for token, payload in ((b"\x01\x02", b"2"), (b"\x03\x04", b"1")):
        again = request(PUT, 1, "a", payload=payload, token=token)
        assert ask(peer, again) == [(ACK, 0xA3, 1, token, [], b"")]
    assert len(peer.app.ran) == 1


def test_message_ids_at_random_are_served_for_an_hour_and_take_no_more_memory():
    peer = Peer(Counting(), Chance(7))
    mids = shuffled(2000)
    for i in range(2000):  # one each two seconds
        ask(peer, request(PUT, mids[i], "a"), i * 2000)
        assert peer.size <= 5 * 130
    assert peer.app.count == 2000


def test_an_unsafe_request_that_was_not_confirmable_runs_once():
    peer = server()
    for mid in range(1, 20):
        assert len(ask(peer, request(PUT, mid, "a", kind=NON), mid)) == 1
    for mid in range(1, 20):
        assert ask(peer, request(PUT, mid, "a", kind=NON), 100) == []
    assert len(peer.app.ran) == 19


def test_an_unsafe_request_whose_answer_was_more_than_a_code_and_is_forgotten_is_unavailable():
    peer = server((0x41, ((8, "1"),), b""))
    first = ask(peer, request(POST, 1, "a"))
    for mid in range(2, 9):
        ask(peer, request(POST, mid, "a"), mid)
    assert ask(peer, request(POST, 1, "a"), 9) == first
    ask(peer, request(POST, 9, "a"), 10)
    assert ask(peer, request(POST, 1, "a"), 11) == [(ACK, 0xA3, 1, b"\x01\x02", [], b"")]
    assert len(peer.app.ran) == 9


def test_what_a_refusal_or_silence_was_the_answer_to_may_come_again():
    peer = server(0x84)
    for mid in range(1, 20):
        ask(peer, request(PUT, mid, "a"), mid)
    peer.app.response = -1
    assert ask(peer, request(PUT, 20, "a"), 20) == []
    peer.app.response = 0x44
    for mid in (1, 20):
        assert ask(peer, request(PUT, mid, "a"), 30)[0][1] == 0x44
    assert len(peer.app.ran) == 22


def test_a_put_off_answer_to_an_unsafe_request_is_not_asked_for_twice():
    peer = server(lambda message, now: None)
    ask(peer, request(POST, 1, "a"))
    peer.app.response = 0x45
    for mid in range(2, 30):
        ask(peer, request(GET, mid, "a"), mid)
    assert ask(peer, request(POST, 1, "a"), 100) == [(ACK, 0, 1, b"", [], b"")]
    assert len(peer.app.ran) == 29


def test_a_safe_request_with_the_message_id_of_an_unsafe_one_is_run():
    peer = server()
    ask(peer, request(PUT, 1, "a"))
    assert ask(peer, request(GET, 1, "a"), 20)[0][1] == 0x45
    assert peer.app.ran[-1][0] == GET


def test_without_room_for_one_more_unsafe_requests_are_refused_for_a_time_and_safe_ones_run():
    peer = server()
    peer.budget.memory = 4096
    for i in range(205):  # a quarter of it
        assert ask(peer, request(POST, i * 99, "a"), i)[0][1] == 0x45
    refused = ask(peer, request(POST, 60000, "a"), 300)
    assert refused == [(ACK, 0xA3, 60000, b"\x01\x02", [], b"")]  # no Max-Age is one of a minute
    assert len(peer.app.ran) == 205
    assert ask(peer, request(GET, 60001, "a"), 301)[0][1] == 0x45
    assert ask(peer, request(POST, 60000, "a"), OVER)[0][1] == 0x45


def test_an_answer_that_there_is_no_room_for_is_answered_anew():
    peer = server((0x45, (), bytes(200)))
    peer.budget.memory = 8192
    for mid in range(4):
        ask(peer, request(GET, mid, "a"))
    assert peer.size == 4 * 207
    peer.budget.memory = 4096  # 200 is more than a 32nd of it
    for mid in range(4, 8):
        ask(peer, request(GET, mid, "a"))
    ask(peer, request(GET, 7, "a"))
    ask(peer, request(GET, 3, "a"))
    assert peer.size == 3 * 207 and len(peer.app.ran) == 9  # 7 was asked for again
    for mid in range(8, 12):
        ask(peer, request(GET, mid, "a"))
    assert peer.size == 0


def test_unknown_critical_options_are_refused_on_confirmable_requests():
    peer = server()
    answer = ask(peer, request(GET, 9, "a", ((9, b"x"),)))[0]
    assert answer[:4] == (ACK, 0x82, 9, b"\x01\x02")
    assert peer.app.ran == []


def test_unknown_critical_options_silence_non_confirmable_requests():
    peer = server()
    assert ask(peer, request(GET, 9, "a", ((9, b"x"),), kind=NON)) == []
    assert peer.app.ran == []


def test_unknown_elective_options_and_the_hosts_name_are_accepted():
    peer = server()
    options = ((3, "meter.example"), (7, 5683), (2048, b"x"))
    assert ask(peer, request(GET, 9, "a", options))[0][1] == 0x45


def test_a_proxy_is_not_what_we_are():
    for options in (((35, "coap://other/a"),), ((39, "coap"),)):
        assert ask(server(), request(GET, 9, "a", options))[0][1] == 0xA5
    assert ask(server(), request(GET, 9, "a", ((35, b""),)))[0][1] == 0x82


def test_malformed_confirmables_are_reset_and_others_dropped():
    peer = server()
    assert ask(peer, b"\x40\x01\x12\x34\xff") == [(RST, 0, 0x1234, b"", [], b"")]
    assert ask(peer, b"\x49\x01\x12\x34") == [(RST, 0, 0x1234, b"", [], b"")]
    for head in (b"\x50", b"\x60", b"\x70"):
        assert ask(peer, head + b"\x01\x12\x34\xff") == []
    assert ask(peer, b"\x80\x01\x12\x34\xff") == []
    assert ask(peer, b"") == [] and ask(peer, b"\x40\x01") == []


def test_a_ping_is_answered_by_a_reset():
    assert ask(server(), encode(CON, 0, 77)) == [(RST, 0, 77, b"", [], b"")]


def test_acknowledgements_and_resets_of_nothing_are_dropped():
    peer = server()
    for kind in (ACK, RST):
        for code in (0, GET, 0x45):
            assert ask(peer, encode(kind, code, 5)) == []
    assert ask(peer, encode(NON, 0, 5)) == []
    assert peer.app.ran == []


def test_an_unmatched_response_is_reset_if_confirmable():
    peer = server()
    assert ask(peer, encode(CON, 0x45, 5, b"tk")) == [(RST, 0, 5, b"", [], b"")]
    assert ask(peer, encode(NON, 0x45, 6, b"tk")) == []


def test_an_error_of_the_application_becomes_its_code():
    def fail(message, now):
        raise CoapError(0x84)

    assert ask(server(fail), request(GET, 9, "a"))[0][1] == 0x84


def test_an_unforeseen_error_becomes_5_00_and_is_logged():
    def fail(message, now):
        raise OSError(5)

    peer = server(fail)
    assert ask(peer, request(GET, 9, "a"))[0][1] == 0xA0
    assert peer.app.logged[0][0] == 1
    peer.app.response = 0x45
    assert ask(peer, request(GET, 10, "a"))[0][1] == 0x45


def test_silence_answers_nothing_and_notes_nothing():
    peer = server(-1)
    assert ask(peer, request(GET, 9, "a")) == []
    peer.app.response = 0x45
    assert ask(peer, request(GET, 9, "a"))[0][1] == 0x45


def test_an_answer_put_off_comes_as_a_confirmable_message():
    tickets = []
    replies = Replies()
    peer = server()

    def later(message, now):
        tickets.append(parse(message.data))

    peer.app.response = later
    datagram = request(POST, 9, "a")
    assert ask(peer, datagram) == [(ACK, 0, 9, b"", [], b"")]
    assert ask(peer, datagram, 10) == [(ACK, 0, 9, b"", [], b"")]  # a repeat meanwhile
    assert len(peer.app.ran) == 1
    peer.respond(tickets[0], (0x44, ((12, 0),), b"done"), replies, 5000)
    sent = drain(peer)
    assert sent[0][:2] == (CON, 0x44) and sent[0][3:] == (b"\x01\x02", [(12, b"")], b"done")
    peer.input(bytes(encode(ACK, 0, sent[0][2])), 5100)
    assert replies.got == [(0, b"")] and idle(peer)


def test_an_answer_put_off_is_sent_again_until_acknowledged():
    replies = Replies()
    peer = server(max_retransmit=1)
    peer.respond(parse(request(POST, 9, "a")), 0x44, replies, 0)
    assert len(drain(peer)) == 1
    while peer.deadline < 100000:
        peer.poll(peer.deadline)
    assert len(drain(peer)) == 1
    assert replies.got == [None]


def test_an_answer_put_off_may_be_reset():
    replies = Replies()
    peer = server()
    peer.respond(parse(request(POST, 9, "a")), 0x44, replies, 0)
    mid = drain(peer)[0][2]
    peer.input(bytes(encode(RST, 0, mid)), 10)
    assert replies.got == ["RST"]


def test_an_answer_put_off_to_a_non_confirmable_request_is_none_itself():
    peer = server()
    peer.respond(parse(request(POST, 9, "a", kind=NON)), 0x44, None, 0)
    assert drain(peer)[0][:2] == (NON, 0x44)
    assert idle(peer)


def test_a_block_past_the_end_of_a_put_off_answer_is_a_bad_request():
    peer = server()
    message = Message()
    message.parse(bytes(request(GET, 9, "a", ((23, 9 << 4),))))
    peer.respond(message, (0x45, (), b"short"), None, 0)
    assert peer.outbox[0][1] == 0x80


def test_an_unsafe_request_whose_answer_found_no_memory_is_not_run_again():
    peer = server(0x44)
    seal = peer._seal

    def full(*arguments):
        raise MemoryError

    peer._seal = full
    try:
        peer.input(request(PUT, 1, "a"), 0)
        raise AssertionError("answered")
    except MemoryError:
        pass
    peer._seal = seal
    assert ask(peer, request(PUT, 1, "a"), 2000) == [(ACK, 0xA3, 1, b"\x01\x02", [], b"")]
    assert len(peer.app.ran) == 1 and peer.size == 5
