"""Requests of ours: retransmission, responses together and apart, giving up (RFC 7252, 4)."""

from virtual import ACK, CON, GET, NEVER, NON, POST, RST, App, Chance, Fixed, Replies, drain, idle

from coap.message import encode
from coap.peer import Peer


def client(random=None, **settings):
    peer = Peer(App(), random or Chance(3))
    for name, value in settings.items():
        setattr(peer, name, value)
    return peer


def sendings(peer, until=NEVER):
    """The times at which something is sent, from now to the end."""
    times = [0] * len(drain(peer))
    while peer.deadline < until:
        now = peer.deadline
        peer.poll(now)
        times += [now] * len(drain(peer))
        assert len(times) < 1000, "never ends"
    return times


def asked(peer, replies, now=0, code=GET):
    """Ask; the datagram that went out: (kind, code, MID, token, options, payload)."""
    peer.request(code, [(11, "a")], b"", replies, now)
    return drain(peer)[0]


def test_retransmission_doubles_from_the_shortest_timeout():
    replies = Replies()
    peer = client(Fixed(0))
    peer.request(GET, [], b"", replies, 0)
    assert sendings(peer) == [0, 2000, 6000, 14000, 30000]
    assert replies.got == [None]
    assert idle(peer)


def test_retransmission_doubles_from_the_longest_timeout():
    replies = Replies()
    peer = client(Fixed(255))
    peer.request(GET, [], b"", replies, 0)
    times = sendings(peer)
    assert times == [0, 2999, 2999 * 3, 2999 * 7, 2999 * 15]


def test_giving_up_takes_at_most_max_transmit_wait():
    for seed in range(20):
        gone = []
        peer = client(Chance(seed))
        assert peer.max_transmit_wait() == 93000
        peer.request(GET, [], b"", lambda m, now, gone=gone: gone.append(now), 0)
        sendings(peer)
        assert 62000 <= gone[0] <= 93000


def test_the_parameters_are_settings():
    peer = client(Fixed(0), ack_timeout=500, max_retransmit=2)
    peer.request(GET, [], b"", None, 0)
    assert sendings(peer) == [0, 500, 1500]
    peer = client(Fixed(255), ack_random=1000, max_retransmit=0)
    peer.request(GET, [], b"", None, 0)
    assert sendings(peer) == [0]
    peer = client(ack_timeout=4000)
    assert peer.max_transmit_wait() == 186000
    assert peer.exchange_lifetime() == 4000 * 15 * 3 // 2 + 200000 + 4000


def test_the_jitter_differs_between_meters():
    first = {}
    for seed in range(50):
        peer = client(Chance(seed))
        peer.request(GET, [], b"", None, 0)
        assert 2000 <= peer.deadline < 3000
        first[peer.deadline] = 1
    assert len(first) > 25


def test_message_ids_and_tokens_start_at_random_and_count_over_the_wrap():
    peer = client(Fixed(0xFF))
    mids = []
    tokens = {}
    for _ in range(3):
        sent = asked(peer, None)
        mids.append(sent[2])
        tokens[sent[3]] = 1
        peer.input(bytes(encode(ACK, 0x45, sent[2], sent[3])), 0)
    assert mids == [0, 1, 2] and len(tokens) == 3
    starts = {}
    for seed in range(20):
        starts[asked(client(Chance(seed)), None)[2]] = 1
    assert len(starts) > 15


def test_a_piggybacked_response_ends_the_exchange():
    replies = Replies()
    peer = client()
    sent = asked(peer, replies)
    assert sent[0] == CON and sent[4] == [(11, b"a")]
    peer.input(bytes(encode(ACK, 0x45, sent[2], sent[3], (), b"42")), 100)
    assert replies.got == [(0x45, b"42")] and idle(peer)
    assert sendings(peer) == []


def test_a_response_apart_is_acknowledged_and_its_repeat_too():
    replies = Replies()
    peer = client()
    sent = asked(peer, replies)
    peer.input(bytes(encode(ACK, 0, sent[2])), 100)
    assert replies.got == [] and not idle(peer)
    response = bytes(encode(CON, 0x45, 777, sent[3], (), b"late"))
    peer.input(response, 50000)
    assert replies.got == [(0x45, b"late")]
    assert drain(peer) == [(ACK, 0, 777, b"", [], b"")]
    peer.input(response, 52000)
    assert drain(peer) == [(ACK, 0, 777, b"", [], b"")]
    assert len(replies.got) == 1


def test_an_acknowledged_request_is_not_sent_again():
    peer = client()
    replies = Replies()
    sent = asked(peer, replies)
    peer.input(bytes(encode(ACK, 0, sent[2])), 100)
    assert sendings(peer) == []
    assert replies.got == [None]  # the response apart never came


def test_a_repeated_acknowledgement_does_not_put_off_giving_up():
    peer = client()
    sent = asked(peer, None)
    peer.input(bytes(encode(ACK, 0, sent[2])), 100)
    at = peer.poll(peer.deadline)
    assert 62000 <= at <= 93100
    peer.input(bytes(encode(ACK, 0, sent[2])), at - 1000)
    peer.poll(at)
    assert idle(peer)


def test_a_response_before_its_acknowledgement_acknowledges_too():
    replies = Replies()
    peer = client()
    sent = asked(peer, replies)
    peer.input(bytes(encode(CON, 0x45, 5, sent[3])), 100)
    assert replies.got == [(0x45, b"")]
    assert drain(peer)[0][:3] == (ACK, 0, 5)
    peer.input(bytes(encode(ACK, 0, sent[2])), 200)
    assert sendings(peer) == [] and len(replies.got) == 1


def test_a_non_confirmable_response_is_taken_without_acknowledgement():
    replies = Replies()
    peer = client()
    sent = asked(peer, replies)
    peer.input(bytes(encode(NON, 0x45, 5, sent[3], (), b"x")), 100)
    assert replies.got == [(0x45, b"x")] and drain(peer) == []


def test_a_piggybacked_response_must_match_id_and_token():
    replies = Replies()
    peer = client()
    sent = asked(peer, replies)
    peer.input(bytes(encode(ACK, 0x45, sent[2] ^ 1, sent[3])), 10)
    peer.input(bytes(encode(ACK, 0x45, sent[2], b"xx")), 10)
    peer.input(bytes(encode(ACK, 0, sent[2] ^ 1)), 10)
    peer.input(bytes(encode(RST, 0, sent[2] ^ 1)), 10)
    assert replies.got == []
    assert len(sendings(peer)) == 4  # all its retransmissions


def test_a_response_with_an_unknown_critical_option_is_rejected():
    replies = Replies()
    peer = client()
    sent = asked(peer, replies)
    peer.input(bytes(encode(CON, 0x45, 5, sent[3], ((9, b"x"),))), 10)
    assert drain(peer)[0][:3] == (RST, 0, 5)
    peer.input(bytes(encode(NON, 0x45, 6, sent[3], ((9, b"x"),))), 10)
    assert drain(peer) == [] and replies.got == []


def test_a_reset_ends_the_exchange():
    replies = Replies()
    peer = client()
    sent = asked(peer, replies)
    peer.input(bytes(encode(RST, 0, sent[2])), 10)
    assert replies.got == ["RST"] and sendings(peer) == []


def test_a_reset_with_a_code_is_dropped():
    replies = Replies()
    peer = client()
    sent = asked(peer, replies)
    peer.input(bytes(encode(RST, 0x45, sent[2], sent[3])), 10)
    assert replies.got == []


def test_a_ping_gets_its_reset():
    replies = Replies()
    peer = client()
    peer.ping(replies, 0)
    sent = drain(peer)[0]
    assert sent[:2] == (CON, 0) and sent[3:] == (b"", [], b"")
    peer.input(bytes(encode(RST, 0, sent[2])), 10)
    assert replies.got == ["RST"] and idle(peer)


def test_a_ping_nobody_hears_is_given_up():
    replies = Replies()
    peer = client()
    peer.ping(replies, 0)
    assert len(sendings(peer)) == 5 and replies.got == [None]


def test_one_request_is_outstanding_at_a_time():
    replies = Replies()
    peer = client()
    first = asked(peer, replies)
    peer.request(POST, [(11, "b")], b"", replies, 0)
    assert drain(peer) == []
    peer.input(bytes(encode(ACK, 0x45, first[2], first[3])), 500)
    second = drain(peer)[0]
    assert second[1] == POST
    peer.input(bytes(encode(ACK, 0x44, second[2], second[3])), 600)
    assert replies.got == [(0x45, b""), (0x44, b"")] and idle(peer)


def test_a_waiting_request_goes_when_the_one_before_is_given_up():
    replies = Replies()
    peer = client(Fixed(0))
    for _ in range(2):
        peer.request(GET, [], b"", replies, 0)
    assert sendings(peer) == [0, 2000, 6000, 14000, 30000, 62000, 64000, 68000, 76000, 92000]
    assert replies.got == [None, None]


def test_an_acknowledged_request_lets_the_next_one_go():
    peer = client()
    first = asked(peer, None)
    peer.request(POST, [], b"", None, 0)
    peer.input(bytes(encode(ACK, 0, first[2])), 100)
    peer.poll(peer.deadline)
    assert [sent[1] for sent in drain(peer)] == [POST]


def test_nstart_is_a_setting():
    peer = client(nstart=2)
    for _ in range(3):
        peer.request(GET, [], b"", None, 0)
    assert len(drain(peer)) == 2


def test_done_may_ask_again():
    peer = client()
    got = []

    def again(message, now):
        got.append(message.code if message else None)
        if len(got) < 3:
            peer.request(GET, [], b"", again, now)

    peer.request(GET, [], b"", again, 0)
    for _ in range(3):
        sent = drain(peer)[0]
        peer.input(bytes(encode(ACK, 0x45, sent[2], sent[3])), 10)
    assert got == [0x45] * 3 and idle(peer)


def test_done_may_ask_again_after_giving_up():
    peer = client(Fixed(0), max_retransmit=0)
    got = []

    def again(message, now):
        got.append(now)
        if len(got) < 3:
            peer.request(GET, [], b"", again, now)

    peer.request(GET, [], b"", again, 0)
    assert sendings(peer) == [0, 2000, 4000]
    assert got == [2000, 4000, 6000]


def test_a_response_whose_message_id_lies_in_a_forgotten_range_is_taken():
    replies = Replies()
    peer = client()
    for mid in list(range(0, 36, 4)) + [36]:
        peer.input(bytes(encode(CON, POST, mid, b"x")), mid)
    drain(peer)
    sent = asked(peer, replies, 100)
    peer.input(bytes(encode(CON, 0x45, 2, sent[3])), 200)  # between two forgotten ones
    assert replies.got == [(0x45, b"")]
    assert drain(peer) == [(ACK, 0, 2, b"", [], b"")]


def refused(peer, *numbers):
    """When an exchange is given up whose transmissions of these numbers are refused, 0 the first.

    Each refusal comes twice, a ms after its transmission.
    """
    ended = []
    peer.request(GET, [], b"", lambda message, now: ended.append(now), 0)
    number = 0
    now = 0
    while not ended:
        if drain(peer):
            if number in numbers:
                peer.input(b"", now + 1)
                peer.input(b"", now + 1)
            number += 1
        now = max(now, peer.deadline)
        peer.poll(now)
    assert number == 5 and idle(peer)
    return ended[0]


def test_a_port_that_is_closed_all_along_is_not_waited_for_in_the_end():
    assert refused(client(Fixed(0)), 0, 1, 2, 3, 4) == 30001
    assert refused(client(Fixed(0))) == 62000


def test_one_transmission_that_was_not_refused_is_waited_for():
    for missing in range(5):
        numbers = [number for number in range(5) if number != missing]
        assert refused(client(Fixed(0)), *numbers) == 62000


def test_a_refusal_ends_no_wait_for_a_response_that_comes_apart():
    replies = Replies()
    peer = client(max_retransmit=0)
    sent = asked(peer, replies)
    peer.input(bytes(encode(ACK, 0, sent[2])), 100)
    peer.input(b"", 200)
    assert replies.got == []
    peer.input(b"", 300)  # and with nothing to wait for it is nothing
    client().input(b"", 0)


def test_a_request_is_not_held_up_by_a_notification_that_nobody_acknowledges():
    peer = client(Fixed(0))
    replies = Replies()
    peer.notify(CON, b"n", (0x45, (), b"1"), None, replies, 0)
    peer.notify(CON, b"m", (0x45, (), b"2"), None, None, 0)
    assert [sent[3] for sent in drain(peer)] == [b"n"]
    sent = asked(peer, replies, 10)
    assert sent[:2] == (CON, GET)
    times = []
    while peer.deadline < 40000:  # nothing else is sent again meanwhile
        now = peer.deadline
        peer.poll(now)
        times += [(now, one[2]) for one in drain(peer)]
    assert times == [(at, sent[2]) for at in (2010, 6010, 14010, 30010)]
    peer.input(bytes(encode(ACK, 0x44, sent[2], sent[3])), 40000)
    assert replies.got == [(0x44, b"")]
    assert [one[3] for one in drain(peer)] == [b"n"]  # now it goes on


def test_a_refusal_counts_for_one_exchange_only():
    peer = client(Fixed(0), nstart=2, max_retransmit=0)
    replies = Replies()
    asked(peer, replies)
    asked(peer, replies)
    peer.input(b"", 1)
    assert replies.got == [None]
    peer.input(b"", 1)
    assert replies.got == [None, None] and idle(peer)


def test_requests_keep_their_order_ahead_of_notifications():
    peer = client()
    first = asked(peer, None)
    peer.notify(CON, b"n", (0x45, (), b"1"), None, None, 0)
    peer.notify(CON, b"m", (0x45, (), b"2"), None, None, 0)
    for path in "bc":
        peer.request(GET, [(11, path)], b"", None, 0)
    order = []
    sent = first
    while sent:
        order.append(dict(sent[4]).get(11, sent[3]))
        answer = (0x45, sent[2], sent[3]) if sent[1] == GET else (0, sent[2])
        peer.input(bytes(encode(ACK, *answer)), 1)
        sent = (drain(peer) or [None])[0]
    assert order == [b"a", b"b", b"c", b"n", b"m"]


def test_a_reset_to_a_request_is_none_to_a_notification():
    app = App()
    peer = Peer(app, Chance(3))
    replies = Replies()
    sent = asked(peer, replies)
    peer.input(bytes(encode(RST, 0, sent[2])), 1)
    assert replies.got == ["RST"] and app.resets == []
    peer.input(bytes(encode(RST, 0, sent[2])), 2)
    assert app.resets == [sent[2]]
