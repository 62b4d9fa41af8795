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

from coap.exchange import Peer
from coap.message import CoapError, Message, encode

LIFETIME = 247000  # EXCHANGE_LIFETIME with the defaults


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
    ask(peer, request(POST, 9, "a"), LIFETIME)
    assert len(peer.app.ran) == 2


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


def test_a_forgotten_unsafe_request_is_answered_unavailable_and_not_run_again():
    peer = server()
    for mid in range(1, 10):
        ask(peer, request(PUT, mid, "a"), mid)
    answer = ask(peer, request(PUT, 1, "a"), 20)
    assert [a[:3] for a in answer] == [(ACK, 0xA3, 1)]
    assert len(peer.app.ran) == 9
    assert ask(peer, request(PUT, 2, "a"), 21)[0][1] == 0x45  # the ring still has it
    assert len(peer.app.ran) == 9


def test_a_forgotten_range_ends_with_its_lifetime():
    peer = server()
    for mid in range(1, 10):
        ask(peer, request(PUT, mid, "a"), mid)
    assert ask(peer, request(PUT, 1, "a"), LIFETIME + 100)[0][1] == 0x45
    assert len(peer.app.ran) == 10


def test_a_safe_request_in_a_forgotten_range_is_run():
    peer = server()
    for mid in range(1, 10):
        ask(peer, request(PUT, mid, "a"), mid)
    assert ask(peer, request(GET, 1, "a"), 20)[0][1] == 0x45
    assert peer.app.ran[-1][0] == GET


def test_message_ids_that_count_up_share_a_range_over_the_wrap():
    peer = server()
    for i in range(200):
        ask(peer, request(POST, (0xFFC0 + i) & 0xFFFF, "a"), i)
    assert len(peer.answers.ranges) == 1
    first, last = peer.answers.ranges[0][:2]
    assert (first, last) == (0xFFC0, (0xFFC0 + 191) & 0xFFFF)
    for mid in (0xFFC0, 0xFFFF, 0, 0x7F):
        assert ask(peer, request(POST, mid, "a"), 300)[0][1] == 0xA3
    assert len(peer.app.ran) == 200


def test_with_all_ranges_taken_new_unsafe_requests_are_refused_and_safe_ones_run():
    peer = server()
    for i in range(8 + 32):  # far apart: a range each
        assert ask(peer, request(POST, i * 1000, "a"), i)[0][1] == 0x45
    refused = ask(peer, request(POST, 60000, "a"), 100)[0]
    assert refused[:3] == (ACK, 0xA3, 60000)
    assert [option[0] for option in refused[4]] == [14]  # Max-Age: when to come again
    assert len(peer.app.ran) == 40
    assert ask(peer, request(GET, 60001, "a"), 101)[0][1] == 0x45
    wait = int.from_bytes(refused[4][0][1], "big") * 1000
    assert ask(peer, request(POST, 60000, "a"), 100 + max(wait, LIFETIME))[0][1] == 0x45


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
    seen = []
    peer.log = lambda *event: seen.append(event)
    assert ask(peer, request(GET, 9, "a"))[0][1] == 0xA0
    assert seen[0][0] == 1
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
