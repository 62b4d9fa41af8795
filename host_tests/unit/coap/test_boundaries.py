"""The last value within a limit and the first one beyond it; what is alike in one bit only."""

from virtual import (
    ACK,
    CON,
    FETCH,
    GET,
    NON,
    POST,
    RST,
    App,
    Chance,
    Replies,
    ask,
    drain,
    parse,
    parts,
    request,
)

from coap.message import SILENCE, Message, encode
from coap.peer import Peer

BLOCK2, BLOCK1 = 23, 27
BLOCK = 1024
FIRST = 0x0E  # block 0 of 1024 bytes, more follow
NOW = 5


def peer_of(response=0x45):
    return Peer(App(response), Chance(7))


def options_of(datagram):
    return dict(datagram[4])


def sent(peer):
    [datagram] = [one for one in drain(peer) if one[1]]
    return datagram


# Message IDs


def test_message_id_zero_is_one_like_any_other():
    peer = peer_of()
    for mid in (0, 1, 65535):
        assert ask(peer, request(GET, mid, "a"))[0][:3] == (ACK, 0x45, mid)
    peer.input(bytes(encode(CON, 0, 0)), NOW)
    assert drain(peer) == [(RST, 0, 0, b"", [], b"")]


def test_an_empty_message_that_is_non_confirmable_acknowledges_nothing():
    peer = peer_of()
    peer.request(GET, [], b"", None, 0)
    mid = sent(peer)[2]
    for kind in (NON, CON):
        peer.input(bytes(encode(kind, 0, mid)), NOW)
    drain(peer)
    peer.poll(peer.deadline)
    assert sent(peer)[2] == mid  # again


def answered_apart(peer, mid):
    """A request of the peer's that is answered by a confirmable message of a given ID."""
    replies = Replies()
    peer.request(GET, [], b"", replies, NOW)
    token = sent(peer)[3]
    peer.input(bytes(encode(CON, 0x45, mid, token)), NOW)
    assert replies.got[0] is not None and drain(peer) == [(ACK, 0, mid, b"", [], b"")]


def test_an_acknowledgement_is_no_repeat_of_the_servers_message_of_the_same_id():
    peer = peer_of()
    replies = Replies()
    ahead = peer.mid + 2 & 0xFFFF
    answered_apart(peer, ahead)  # the server counts its own Message IDs
    peer.request(GET, [], b"", replies, NOW)
    asked = sent(peer)
    assert asked[2] == ahead
    peer.input(bytes(encode(ACK, 0x45, ahead, asked[3])), NOW)
    assert len(replies.got) == 1


def test_the_servers_message_is_no_repeat_of_its_acknowledgement_of_the_same_id():
    peer = peer_of()
    peer.request(GET, [], b"", None, NOW)
    asked = sent(peer)
    peer.input(bytes(encode(ACK, 0x45, asked[2], asked[3])), NOW)
    assert ask(peer, request(POST, asked[2], "a"), NOW)[0][:3] == (ACK, 0x45, asked[2])
    assert len(peer.app.ran) == 1
    answered_apart(peer, asked[2] + 1 & 0xFFFF)


def test_a_fetch_may_run_twice_and_is_not_remembered_as_a_post_is():
    peer = peer_of()
    ask(peer, request(FETCH, 1, "a"), NOW)
    assert not peer.codes
    ask(peer, request(POST, 2, "a"), NOW)
    assert peer.codes


def test_what_has_run_is_remembered_but_not_what_was_refused():
    for code, kept in (
        (0x44, True),
        (0x5F, False),
        (0x80, False),
        (0x9F, False),
        (0xA0, True),
        (0x41, True),
    ):
        peer = peer_of(code)
        ask(peer, request(POST, 2, "a"), NOW)
        assert bool(peer.codes) == kept, code
        assert kept or peer.answers[0][2][1] == code


# Blocks


def test_a_block_has_1024_bytes_by_default():
    whole = ask(peer_of((0x45, (), bytes(BLOCK))), request(GET, 1, "a"))[0]
    assert len(whole[5]) == BLOCK and BLOCK2 not in options_of(whole)
    first = ask(peer_of((0x45, (), bytes(BLOCK + 1))), request(GET, 1, "a"))[0]
    assert len(first[5]) == BLOCK and options_of(first)[BLOCK2] == bytes((FIRST,))


def test_an_answer_that_comes_later_is_in_blocks_by_the_same_limit():
    for length, block in ((BLOCK, None), (BLOCK + 1, bytes((FIRST,)))):
        peer = peer_of()
        peer.respond(parse(request(GET, 1, "a")), (0x45, (), bytes(length)), None, NOW)
        answer = sent(peer)
        assert len(answer[5]) == BLOCK and options_of(answer).get(BLOCK2) == block


def test_a_notification_is_in_blocks_by_the_same_limit():
    for length, block in ((BLOCK, None), (BLOCK + 1, bytes((FIRST,)))):
        peer = peer_of()
        key = parse(request(GET, 1, "a")).key
        peer.notify(NON, b"t", (0x45, ((6, 1),), bytes(length)), key, None, NOW)
        answer = sent(peer)
        assert len(answer[5]) == BLOCK and options_of(answer).get(BLOCK2) == block


def test_a_request_of_ours_is_in_blocks_by_the_same_limit():
    for length, block in ((BLOCK, None), (BLOCK + 1, bytes((FIRST,)))):
        peer = peer_of()
        peer.request(POST, [], bytes(length), None, NOW)
        asked = sent(peer)
        assert len(asked[5]) == BLOCK and options_of(asked).get(BLOCK1) == block


def test_what_fits_one_block_never_loads_the_module_of_blocks():
    peer = peer_of((0x45, (), bytes(BLOCK)))
    ask(peer, request(GET, 1, "a", [(11, "b"), (17, 0)]))
    ask(peer, request(GET, 2, "a", [(60, 5)]))
    peer.respond(parse(request(GET, 3, "a")), (0x45, (), bytes(BLOCK)), None, NOW)
    peer.notify(NON, b"t", (0x45, (), bytes(BLOCK)), None, None, NOW)
    assert peer.blocks is None


# Options


def test_a_segment_of_a_path_is_an_id_of_up_to_five_digits():
    for text, value in (
        ("0", 0),
        ("9", 9),
        ("65535", 65535),
        ("99999", 99999),
        ("100000", -1),
        ("", -1),
        ("00", -1),
        ("01", -1),
        ("1:", -1),
        (":", -1),
        ("/", -1),
        ("1/", -1),
    ):
        message = Message()
        message.parse(bytes(encode(CON, GET, 1, b"", ((11, text),))))
        assert message.decimal(0) == value, text


def test_a_critical_option_that_is_unknown_is_named_in_the_refusal():
    peer = peer_of()
    [answer] = ask(peer, request(GET, 1, "a", [(4095, "")]))
    assert answer[1] == 0x82 and answer[5] == b"option 4095"


# Requests of ours


def test_a_transfer_that_is_reset_ends_with_the_reset():
    peer = peer_of()
    replies = Replies()
    peer.request(POST, [], bytes(BLOCK + 1), replies, NOW)
    peer.input(bytes(encode(RST, 0, sent(peer)[2])), NOW)
    assert len(replies.got) == 1 and drain(peer) == []


def test_a_last_block_of_ours_that_is_answered_by_continue_ends_the_transfer():
    peer = peer_of()
    replies = Replies()
    peer.request(POST, [], bytes(2 * BLOCK), replies, NOW)
    for _ in range(2):
        assert not replies.got
        asked = sent(peer)
        options = ((BLOCK1, options_of(asked)[BLOCK1]),)
        peer.input(bytes(encode(ACK, 0x5F, asked[2], asked[3], options)), NOW)
    assert len(replies.got) == 1 and drain(peer) == []


def test_tokens_of_requests_one_after_another_differ():
    peer = peer_of()
    tokens = {}
    for _ in range(300):
        peer.request(GET, [], b"", None, NOW)
        asked = sent(peer)
        tokens[asked[3][:2]] = 1
        peer.input(bytes(encode(ACK, 0x45, asked[2], asked[3])), NOW)
    assert len(tokens) == 300 and len(asked[3]) == 4
    assert parts(bytes(encode(CON, GET, 1, asked[3])))[3] == asked[3]


def test_a_body_in_one_block_takes_no_place_of_the_two_that_may_be_coming_in():
    peer = peer_of()
    mid = 1
    for path in ("a", "b"):
        datagram = request(POST, mid, path, [(BLOCK1, FIRST)], bytes(BLOCK))
        assert ask(peer, datagram)[0][1] == 0x5F
        mid += 1
    for path in ("c", "d", "e"):
        datagram = request(POST, mid, path, [(BLOCK1, FIRST & ~8)], b"short")
        assert ask(peer, datagram)[0][1] == 0x45
        mid += 1
    for path in ("a", "b"):
        datagram = request(POST, mid, path, [(BLOCK1, 0x16)], b"end")
        assert ask(peer, datagram)[0][1] == 0x45, path
        mid += 1
    assert [len(ran[2]) for ran in peer.app.ran] == [5, 5, 5, BLOCK + 3, BLOCK + 3]


def test_a_request_that_must_not_be_answered_takes_no_memory():
    peer = peer_of(SILENCE)
    for mid in range(300):
        assert ask(peer, request(POST, mid, "a", kind=NON)) == []
    assert peer.size == 0 and len(peer.app.ran) == 300
