"""Requests of ours: retransmission, responses together and apart, giving up (RFC 7252, 4)."""

from virtual import ACK, CON, GET, NEVER, NON, POST, RST, App, Chance, Fixed, Replies, drain, idle

from coap.exchange import Peer
from coap.message import encode


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
    assert times == [0, 2998, 2998 * 3, 2998 * 7, 2998 * 15]


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
