"""Block-wise transfers that a peer asks of us: bodies coming in, representations going out."""

from virtual import ACK, GET, NEVER, POST, PUT, App, Chance, ask, drain, request

from coap.message import CoapError
from coap.peer import Peer

ETAG, OBSERVE, BLOCK2, BLOCK1, SIZE2, SIZE1 = 4, 6, 23, 27, 28, 60
BODY = bytes([i & 255 for i in range(1000)])
OTHER = bytes(reversed(BODY))
LIFETIME = 247000


class Sink:
    """Takes a body as it comes, and notes what is done to it."""

    def __init__(self, fail_at=None):
        self.chunks = []
        self.events = []
        self.fail_at = fail_at

    def write(self, chunk):
        if len(self.chunks) == self.fail_at:
            raise CoapError(0x8D)
        self.chunks.append(bytes(chunk))

    def commit(self, message, now):
        self.events.append("commit")
        return 0x44

    def abort(self):
        self.events.append("abort")


class Server:
    """A peer under test, and the requests made of it, each with a new Message ID."""

    def __init__(self, response=0x44, sink=None, **settings):
        self.app = App(response, sink)
        self.peer = Peer(self.app, Chance(5))
        for name, value in settings.items():
            setattr(self.peer, name, value)
        self.mid = 0
        self.now = 0

    def ask(self, code, options, payload=b"", path="a"):
        """The answer: (code, {number: value}, payload), or None."""
        self.mid += 1
        sent = ask(self.peer, request(code, self.mid, path, options, payload), self.now)
        if not sent:
            return None
        assert len(sent) == 1 and sent[0][0] == ACK and sent[0][2] == self.mid
        return sent[0][1], dict(sent[0][4]), sent[0][5]

    def put(self, number, more, szx, payload, options=(), path="a"):
        """Send one block of a body; the answer's code and Block1 as (number, more, szx)."""
        block = number << 4 | more << 3 | szx
        code, found, _ = self.ask(PUT, [(BLOCK1, block)] + list(options), payload, path)
        return code, unpack(found.get(BLOCK1))

    def get(self, number=None, szx=6, path="a"):
        """Read one block: (code, Block2, ETag, payload)."""
        options = [] if number is None else [(BLOCK2, number << 4 | szx)]
        code, found, payload = self.ask(GET, options, b"", path)
        return code, unpack(found.get(BLOCK2)), found.get(ETAG), payload


def unpack(value):
    if value is None:
        return None
    block = int.from_bytes(value, "big")
    return block >> 4, block >> 3 & 1, block & 7


def upload(server, body, szx, path="a"):
    """Send a body in blocks; the last answer's code."""
    size = 16 << szx
    last = (len(body) - 1) // size
    for number in range(last + 1):
        chunk = body[number * size : number * size + size]
        code, block = server.put(number, number < last, szx, chunk, (), path)
        if number < last:
            assert (code, block) == (0x5F, (number, 1, szx))
        else:
            assert block == (number, 0, szx)
    return code


def test_a_body_in_blocks_of_every_size_is_collected_whole():
    for szx in range(7):
        server = Server()
        assert upload(server, BODY, szx) == 0x44
        assert server.app.ran == [(PUT, b"a", BODY)]


def test_a_body_in_a_single_block():
    server = Server()
    assert server.put(0, 0, 6, b"short") == (0x44, (0, 0, 6))
    assert server.app.ran == [(PUT, b"a", b"short")]


def test_a_body_that_ends_at_a_blocks_end():
    server = Server()
    assert upload(server, BODY[:64], 1) == 0x44
    assert server.app.ran[0][2] == BODY[:64]


def test_a_body_may_be_as_long_as_the_limit_and_no_longer():
    server = Server(body_limit=64)
    assert upload(server, BODY[:64], 0) == 0x44
    server = Server(body_limit=63)
    for number in range(3):
        assert server.put(number, 1, 0, BODY[:16])[0] == 0x5F
    code, options, _ = server.ask(PUT, [(BLOCK1, 3 << 4)], BODY[:16])
    assert code == 0x8D and options[SIZE1] == b"\x3f"
    assert server.app.ran == []
    assert server.put(4, 0, 0, b"x")[0] == 0x88  # and it is over


def test_an_announced_body_over_the_limit_is_refused_at_once():
    server = Server()
    code, options, _ = server.ask(PUT, [(BLOCK1, 8 | 6), (SIZE1, 2049)], bytes(1024))
    assert code == 0x8D and options[SIZE1] == b"\x08\x00"
    code, _, _ = server.ask(PUT, [(BLOCK1, 8 | 6), (SIZE1, 2048)], bytes(1024))
    assert code == 0x5F


def test_a_sink_takes_a_body_of_any_length():
    sink = Sink()
    server = Server(sink=sink, body_limit=64)
    assert upload(server, BODY, 2) == 0x44
    assert b"".join(sink.chunks) == BODY and sink.events == ["commit"]
    assert server.app.ran == []


def test_a_sink_that_fails_is_aborted_and_its_code_answered():
    sink = Sink(fail_at=1)
    server = Server(sink=sink)
    assert server.put(0, 1, 0, BODY[:16])[0] == 0x5F
    assert server.put(1, 1, 0, BODY[:16])[0] == 0x8D
    assert sink.events == ["abort"]
    assert server.put(2, 1, 0, BODY[:16])[0] == 0x88


def test_the_latest_block_once_more_is_acknowledged_and_not_taken_twice():
    server = Server()
    server.put(0, 1, 0, BODY[:16])
    assert server.put(1, 1, 0, BODY[16:32])[0] == 0x5F
    assert server.put(1, 1, 0, BODY[16:32])[0] == 0x5F
    assert server.put(2, 0, 0, BODY[32:40])[0] == 0x44
    assert server.app.ran[0][2] == BODY[:40]


def test_a_block_out_of_turn_is_incomplete():
    server = Server()
    assert server.put(1, 1, 0, BODY[:16])[0] == 0x88  # none before it
    server.put(0, 1, 0, BODY[:16])
    assert server.put(2, 1, 0, BODY[:16])[0] == 0x88
    server.put(1, 1, 0, BODY[:16])
    server.put(2, 1, 0, BODY[:16])
    assert server.put(1, 1, 0, BODY[:16])[0] == 0x88  # a late one
    assert server.app.ran == []


def test_a_block_of_another_transfer_is_incomplete():
    server = Server()
    server.put(0, 1, 0, BODY[:16])
    assert server.put(1, 0, 0, b"x", (), "b")[0] == 0x88
    assert server.put(1, 0, 0, b"x", ((15, "q"),))[0] == 0x88
    assert server.put(1, 0, 0, b"x")[0] == 0x44


def test_block_0_starts_again():
    sink = Sink()
    server = Server(sink=sink)
    server.put(0, 1, 0, BODY[:16])
    server.put(1, 1, 0, BODY[:16])
    server.app.sink = second = Sink()
    server.put(0, 1, 0, BODY[16:32])
    assert sink.events == ["abort"]
    server.put(1, 0, 0, BODY[32:40])
    assert b"".join(second.chunks) == BODY[16:40] and second.events == ["commit"]


def test_blocks_may_become_smaller_on_the_way():
    server = Server()
    assert server.put(0, 1, 2, BODY[:64])[0] == 0x5F
    assert server.put(4, 1, 0, BODY[64:80])[0] == 0x5F
    assert server.put(5, 0, 0, BODY[80:90])[0] == 0x44
    assert server.app.ran[0][2] == BODY[:90]


def test_we_ask_for_smaller_blocks_than_a_peer_sends():
    server = Server(szx=2)
    assert server.put(0, 1, 6, bytes(1024)) == (0x5F, (0, 1, 2))


def test_blocks_that_contradict_their_size_are_bad():
    server = Server()
    assert server.ask(PUT, [(BLOCK1, 7)], b"x")[0] == 0x80  # szx 7 is reserved
    assert server.put(0, 1, 0, BODY[:15])[0] == 0x80  # more to come, yet not full
    assert server.put(0, 1, 0, BODY[:17])[0] == 0x80
    assert server.put(0, 0, 0, BODY[:17])[0] == 0x80
    assert server.app.ran == []


def test_an_abandoned_upload_is_aborted_by_poll():
    sink = Sink()
    server = Server(sink=sink)
    server.put(0, 1, 0, BODY[:16])
    assert server.peer.deadline <= LIFETIME
    server.peer.poll(LIFETIME - 1)
    assert sink.events == []
    server.peer.poll(LIFETIME)
    assert sink.events == ["abort"]
    assert server.peer.deadline >= NEVER
    server.now = LIFETIME
    assert server.put(1, 0, 0, BODY[:16])[0] == 0x88


def test_the_answer_to_a_body_may_be_silence_or_an_error():
    def fail(message, now):
        raise CoapError(0x84)

    assert Server(fail).put(0, 0, 6, b"x") == (0x84, None)
    assert Server(-1).ask(PUT, [(BLOCK1, 6)], b"x") is None


def test_a_request_in_blocks_with_an_answer_in_blocks():
    server = Server((0x45, (), BODY))
    assert server.ask(POST, [(BLOCK1, 8)], BODY[:16])[0] == 0x5F
    code, options, payload = server.ask(POST, [(BLOCK1, 1 << 4), (BLOCK2, 2)], b"end")
    assert (code, payload) == (0x45, BODY[:64])
    assert unpack(options[BLOCK1]) == (1, 0, 0) and unpack(options[BLOCK2]) == (0, 1, 2)
    read = payload
    for number in range(1, 16):
        code, options, payload = server.ask(POST, [(BLOCK2, number << 4 | 2)])
        assert unpack(options[BLOCK2]) == (number, number < 15, 2)
        read += payload
    assert read == BODY
    assert server.app.ran == [(POST, b"a", BODY[:16] + b"end")]


def test_what_fits_a_block_goes_without_block2():
    server = Server((0x45, (), BODY[:64]), szx=2)
    assert server.get() == (0x45, None, None, BODY[:64])
    assert server.get(0, 6) == (0x45, None, None, BODY[:64])


def test_what_does_not_fit_goes_in_blocks_of_one_snapshot():
    server = Server((0x45, ((12, 0),), BODY), szx=4)
    code, block, etag, read = server.get()
    assert (code, block, len(read)) == (0x45, (0, 1, 4), 256) and len(etag) == 4
    server.app.response = (0x45, (), bytes(1000))  # changes meanwhile
    for number in range(1, 4):
        code, block, same, payload = server.get(number, 4)
        assert code == 0x45 and same == etag and block == (number, number < 3, 4)
        read += payload
    assert read == BODY and len(server.app.ran) == 1


def test_the_first_block_tells_the_size():
    server = Server((0x45, (), BODY))
    assert server.ask(GET, [(BLOCK2, 0)])[1][SIZE2] == b"\x03\xe8"
    assert SIZE2 not in server.ask(GET, [(BLOCK2, 1 << 4)])[1]


def test_each_transfer_has_its_own_etag():
    server = Server((0x45, (), BODY), szx=5)
    tags = {}
    for _ in range(40):
        tags[server.get()[2]] = 1
    assert len(tags) == 40


def test_a_snapshot_that_changed_between_two_transfers():
    server = Server((0x45, (), BODY))
    _, _, first, _ = server.get(0, 5)
    server.app.response = (0x45, (), OTHER)
    _, _, second, payload = server.get(0, 5)
    assert second != first and payload == OTHER[:512]
    assert server.get(1, 5)[2:] == (second, OTHER[512:])


def test_two_transfers_at_once_are_both_answered():
    server = Server(lambda message, now: (0x45, (), BODY))
    for number in range(4):
        for path in ("a", "b"):
            code, _, _, payload = server.get(number, 4, path)
            assert code == 0x45 and payload == BODY[number * 256 : number * 256 + 256]


def test_a_peer_may_ask_for_smaller_blocks_on_the_way():
    server = Server((0x45, (), BODY))
    read = server.get(0, 5)[3]
    for number in range(32, 63):
        read += server.get(number, 0)[3]
    assert read == BODY


def test_larger_blocks_than_ours_are_served_at_our_size_and_place():
    server = Server((0x45, (), BODY), szx=4)
    assert server.get(0, 6)[1] == (0, 1, 4)
    assert server.get(1, 5)[1:2] + server.get(1, 5)[3:] == ((2, 1, 4), BODY[512:768])


def test_a_block_past_the_end_or_of_szx_7_is_bad():
    server = Server((0x45, (), BODY))
    assert server.get(0, 7)[0] == 0x80
    assert server.get(63, 0)[0] == 0x80
    assert server.get(62, 0)[0] == 0x45
    assert Server((0x45, (), b"short")).get(1, 0)[0] == 0x80
    assert Server(0x84).get(1, 0)[0] == 0x84


def test_a_later_block_of_an_unsafe_request_nobody_keeps_is_incomplete():
    server = Server((0x45, (), BODY))
    assert server.ask(POST, [(BLOCK2, 1 << 4)])[0] == 0x88
    assert server.app.ran == []


def test_a_snapshot_left_half_way_is_dropped_by_poll():
    server = Server((0x45, (), BODY))
    etag = server.get(0, 5)[2]
    server.peer.poll(LIFETIME)
    assert server.peer.deadline >= NEVER
    server.now = LIFETIME
    assert server.get(1, 5)[2] != etag  # rendered anew
    assert len(server.app.ran) == 2


def test_observe_goes_with_the_first_block_only():
    server = Server((0x45, ((OBSERVE, 9),), BODY))
    assert server.ask(GET, [(BLOCK2, 5)])[1][OBSERVE] == b"\x09"
    assert OBSERVE not in server.ask(GET, [(BLOCK2, 1 << 4 | 5)])[1]


def test_a_lost_acknowledgement_of_a_block_is_repeated():
    server = Server()
    datagram = request(PUT, 500, "a", ((BLOCK1, 8),), BODY[:16])
    first = ask(server.peer, datagram)
    assert ask(server.peer, datagram, 100) == first
    assert server.put(1, 0, 0, b"x")[0] == 0x44
    assert server.app.ran[0][2] == BODY[:16] + b"x"


def test_a_notifications_blocks_are_of_one_snapshot_however_the_server_names_its_client():
    for options in ((), ((3, "meter"), (7, 5683)), ((15, "pmin=1"),), ((3, "h"), (15, "pmax=9"))):
        server = Server((0x45, (), OTHER), szx=4)
        response = 0x45, ((OBSERVE, 9),), BODY
        server.peer.notify(1, b"tok", response, lambda: [GET, 11, b"a"], None, 0)
        (first,) = drain(server.peer)
        etag = dict(first[4])[ETAG]
        for number in (1, 2, 3):
            asked = list(options) + [(BLOCK2, number << 4 | 4)]
            code, found, payload = server.ask(GET, asked)
            assert (code, found[ETAG]) == (0x45, etag)
            assert payload == BODY[number * 256 : number * 256 + 256]
        assert server.app.ran == []


def test_a_representation_that_there_is_no_room_for_is_refused():
    server = Server((0x45, (), BODY))
    server.peer.budget.memory = 900
    assert server.get(0, 4)[0] == 0xA3 and server.peer.blocks.size == 0
    server.peer.budget.memory = 1100
    assert server.get(0, 4)[0] == 0x45 and server.peer.blocks.size == 1000
    assert server.get(3, 4)[0] == 0x45 and server.peer.blocks.size == 0  # the last one


def test_a_representation_goes_where_a_request_needs_the_room():
    server = Server((0x45, (), BODY))
    server.peer.budget.memory = 2000
    etag = server.get(0, 4)[2]
    assert server.put(0, 1, 6, bytes(1024)) == (0x5F, (0, 1, 6))
    blocks = server.peer.blocks
    assert not blocks.view and blocks.size == 0 and server.peer.size >= 1024
    assert server.get(1, 4)[0] == 0xA3  # it is read anew, and there is no room
    assert server.put(1, 0, 6, b"x")[0] == 0x45
    assert server.get(1, 4)[2] != etag


def test_bodies_that_come_in_take_no_more_than_the_budget():
    server = Server(body_limit=100000)
    server.peer.budget.memory = 2000
    assert server.put(0, 1, 6, bytes(1024))[0] == 0x5F
    assert server.put(0, 1, 5, bytes(512), (), "b")[0] == 0x5F
    assert server.put(1, 1, 5, bytes(512), (), "b")[0] == 0xA3  # and it is dropped
    assert server.put(1, 0, 6, bytes(300))[0] == 0x44
    assert server.put(1, 0, 5, bytes(512), (), "b")[0] == 0x88
    assert [len(ran[2]) for ran in server.app.ran] == [1324]
    assert server.put(0, 1, 6, bytes(1024))[0] == 0x5F
    server.now = 2 * LIFETIME
    server.peer.poll(server.now)
    assert server.peer.blocks.uploads == [] and server.peer.size < 200


def test_with_its_peer_a_body_ends_that_was_half_way():
    sink = Sink()
    server = Server(sink=sink)
    assert server.put(0, 1, 0, BODY[:16])[0] == 0x5F
    server.get(0, 0)
    server.peer.close()
    assert sink.events == ["abort"] and server.peer.budget.users == []
