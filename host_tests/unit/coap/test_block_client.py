"""Block-wise transfers of our own requests: long bodies out, long responses in."""

from virtual import ACK, CON, GET, POST, RST, App, Chance, Replies, drain, idle

from coap.message import CoapError, encode
from coap.peer import Peer

ETAG, BLOCK2, BLOCK1, SIZE1 = 4, 23, 27, 60
BODY = bytes([i & 255 for i in range(1000)])
OTHER = bytes(reversed(BODY))


class Client:
    """A peer under test, and the server's side of its exchanges, spoken by hand."""

    def __init__(self, **settings):
        self.peer = Peer(App(), Chance(9))
        for name, value in settings.items():
            setattr(self.peer, name, value)
        self.replies = Replies()
        self.now = 0
        self.last = None

    def start(self, code=POST, payload=b"", options=(), sink=None):
        """Start the request; what is sent: (options as a dict, payload)."""
        options = [(11, "a")] + list(options)
        self.peer.request(code, options, payload, self.replies, self.now, sink)
        return self.sent()

    def sent(self):
        found = [d for d in drain(self.peer) if d[1]]
        if not found:
            return None
        assert len(found) == 1
        self.last = found[0]
        return dict(self.last[4]), self.last[5]

    def answer(self, code, options=(), payload=b""):
        """Answer the latest request; what is sent next."""
        self.now += 10
        datagram = encode(ACK, code, self.last[2], self.last[3], options, payload)
        self.peer.input(bytes(datagram), self.now)
        return self.sent()


def unpack(value):
    block = int.from_bytes(value, "big")
    return block >> 4, block >> 3 & 1, block & 7


def test_a_short_body_goes_without_blocks():
    options, payload = Client().start(POST, bytes(1024))
    assert BLOCK1 not in options and len(payload) == 1024


def test_a_long_body_goes_in_blocks_of_every_size():
    for szx in range(6):
        client = Client(szx=szx)
        size = 16 << szx
        options, chunk = client.start(POST, BODY, ((12, 40), (15, "ep=x")))
        assert options[SIZE1] == b"\x03\xe8"
        body = b""
        number = 0
        while True:
            more = (number + 1) * size < 1000
            assert unpack(options[BLOCK1]) == (number, more, szx)
            assert options[12] == b"\x28" and options[15] == b"ep=x"
            assert number == 0 or SIZE1 not in options
            body += chunk
            if not more:
                break
            options, chunk = client.answer(0x5F, ((BLOCK1, number << 4 | 8 | szx),))
            number += 1
        assert body == BODY
        assert client.answer(0x41, ((BLOCK1, number << 4 | szx),)) is None
        assert client.replies.got == [(0x41, b"")] and idle(client.peer)


def test_the_server_wants_smaller_blocks():
    client = Client()
    client.peer.szx = 5
    _, body = client.start(POST, BODY)
    options, chunk = client.answer(0x5F, ((BLOCK1, 8 | 1),))
    number = 16  # 512 bytes are there, at 32 a block
    while True:
        body += chunk
        more = len(body) < 1000
        assert unpack(options[BLOCK1]) == (number, more, 1)
        if not more:
            break
        options, chunk = client.answer(0x5F, ((BLOCK1, number << 4 | 8 | 1),))
        number += 1
    assert body == BODY


def test_the_server_may_not_ask_for_larger_blocks():
    client = Client(szx=1)
    client.start(POST, BODY)
    options, chunk = client.answer(0x5F, ((BLOCK1, 8 | 6),))
    assert unpack(options[BLOCK1]) == (1, 1, 1) and len(chunk) == 32


def test_too_large_with_a_smaller_size_starts_again_smaller():
    client = Client(szx=5)
    client.start(POST, BODY)
    options, chunk = client.answer(0x8D, ((BLOCK1, 8 | 2),))
    assert unpack(options[BLOCK1]) == (0, 1, 2) and chunk == BODY[:64]
    assert options[SIZE1] == b"\x03\xe8"


def test_too_large_in_the_middle_starts_again_with_the_first_byte():
    client = Client(szx=5)
    client.start(POST, BODY)
    options, chunk = client.answer(0x5F, ((BLOCK1, 8 | 5),))
    assert chunk == BODY[512:]
    options, chunk = client.answer(0x8D, ((BLOCK1, 1 << 4 | 2),))
    assert unpack(options[BLOCK1]) == (0, 1, 2) and chunk == BODY[:64]
    assert options[SIZE1] == b"\x03\xe8"


def test_too_large_without_a_smaller_size_is_the_answer():
    for options in ((), ((BLOCK1, 8 | 5),), ((SIZE1, 500),)):
        client = Client(szx=5)
        client.start(POST, BODY)
        assert client.answer(0x8D, options) is None
        assert client.replies.got == [(0x8D, b"")]


def test_incomplete_starts_again_once():
    client = Client(szx=5)
    client.start(POST, BODY)
    client.answer(0x5F, ((BLOCK1, 8 | 5),))
    options, chunk = client.answer(0x88)
    assert unpack(options[BLOCK1]) == (0, 1, 5) and chunk == BODY[:512]
    client.answer(0x5F, ((BLOCK1, 8 | 5),))
    assert client.answer(0x88) is None
    assert client.replies.got == [(0x88, b"")]


def test_an_error_on_the_way_ends_the_transfer():
    client = Client(szx=5)
    client.start(POST, BODY)
    assert client.answer(0x80, (), b"why") is None
    assert client.replies.got == [(0x80, b"why")]


def test_a_reset_or_nobody_ends_the_transfer():
    client = Client(szx=5)
    client.start(POST, BODY)
    client.peer.input(bytes(encode(RST, 0, client.last[2])), 10)
    assert client.replies.got == ["RST"]
    client = Client(szx=5, max_retransmit=0)
    client.start(POST, BODY)
    client.peer.poll(client.peer.deadline)
    assert client.replies.got == [None]


def serve(client, body, szx, etag=b"tag", until=None):
    """Answer the blocks of a download; the numbers asked for."""
    asked = []
    size = 16 << szx
    number = 0
    while True:
        more = (number + 1) * size < len(body)
        options = [(BLOCK2, number << 4 | more << 3 | szx)]
        if etag:
            options.insert(0, (ETAG, etag))
        chunk = body[number * size : number * size + size]
        sent = client.answer(0x45, options, chunk)
        if sent is None or number == until:
            return asked
        block = unpack(sent[0][BLOCK2])
        asked.append(block)
        number, _, szx = block
        size = 16 << szx


def test_a_long_response_is_collected():
    for szx in range(7):
        client = Client()
        assert BLOCK2 not in client.start(GET)[0]
        asked = serve(client, BODY, szx)
        count = (1000 + (16 << szx) - 1) // (16 << szx)
        assert asked == [(n, 0, szx) for n in range(1, count)]
        assert client.replies.got == [(0x45, BODY)] and idle(client.peer)


def test_a_response_without_an_etag_is_collected():
    client = Client()
    client.start(GET)
    serve(client, BODY, 4, None)
    assert client.replies.got == [(0x45, BODY)]


def test_a_response_apart_starts_a_download_too():
    client = Client()
    client.start(GET)
    client.peer.input(bytes(encode(ACK, 0, client.last[2])), 5)
    response = encode(CON, 0x45, 9, client.last[3], ((ETAG, b"tag"), (BLOCK2, 8 | 5)), BODY[:512])
    client.peer.input(bytes(response), 10)
    assert unpack(client.sent()[0][BLOCK2]) == (1, 0, 5)
    client.answer(0x45, ((ETAG, b"tag"), (BLOCK2, 1 << 4 | 5)), BODY[512:])
    assert client.replies.got == [(0x45, BODY)]


def test_we_ask_for_blocks_of_our_own_size():
    client = Client(szx=3)
    client.start(GET)
    assert serve(client, BODY, 5) == [(n, 0, 3) for n in range(4, 8)]
    assert client.replies.got == [(0x45, BODY)]


def test_an_upload_whose_answer_is_long():
    client = Client(szx=5)
    client.start(POST, BODY)
    client.answer(0x5F, ((BLOCK1, 8 | 5),))
    first = ((ETAG, b"t"), (BLOCK2, 8 | 5), (BLOCK1, 1 << 4 | 5))
    options, payload = client.answer(0x45, first, OTHER[:512])
    assert unpack(options[BLOCK2]) == (1, 0, 5) and payload == b"" and BLOCK1 not in options
    client.answer(0x45, ((ETAG, b"t"), (BLOCK2, 1 << 4 | 5)), OTHER[512:])
    assert client.replies.got == [(0x45, OTHER)]


def test_a_response_over_the_limit_is_broken_off():
    client = Client(body_limit=999)
    client.start(GET)
    serve(client, BODY, 5)
    assert client.replies.got == [None] and idle(client.peer)
    client = Client(body_limit=1000)
    client.start(GET)
    serve(client, BODY, 5)
    assert client.replies.got == [(0x45, BODY)]


def test_an_etag_that_changes_starts_again_once():
    client = Client()
    client.start(GET)
    serve(client, BODY, 4, b"one", 1)
    options, _ = client.answer(0x45, ((ETAG, b"two"), (BLOCK2, 2 << 4 | 8 | 4)), bytes(256))
    assert BLOCK2 not in options or unpack(options[BLOCK2])[0] == 0
    serve(client, OTHER, 4, b"two")
    assert client.replies.got == [(0x45, OTHER)]


def test_an_etag_that_changes_twice_breaks_off():
    client = Client()
    client.start(GET)
    for etag in (b"two", b"three"):
        serve(client, BODY, 4, b"one", 1)
        client.answer(0x45, ((ETAG, etag), (BLOCK2, 2 << 4 | 8 | 4)), bytes(256))
    assert client.replies.got == [None]


def test_blocks_that_do_not_follow_each_other_break_off():
    for block, chunk in (
        (1 << 4 | 8 | 0, bytes(16)),  # not the first one
        (8 | 1, bytes(31)),  # not full
        (8 | 0, bytes(17)),
    ):
        client = Client()
        client.start(GET)
        for _ in range(4):
            if client.replies.got:
                break
            client.answer(0x45, ((BLOCK2, block),), chunk)
        assert client.replies.got == [None] and idle(client.peer)


def test_a_sink_takes_a_response_of_any_length():
    class Sink:
        taken = b""

        def write(self, chunk):
            self.taken += bytes(chunk)

    client = Client(body_limit=64)
    sink = Sink()
    client.start(GET, sink=sink)
    serve(client, BODY, 4)
    assert sink.taken == BODY and client.replies.got == [(0x45, b"")]


def test_a_sink_that_fails_breaks_off():
    class Sink:
        def write(self, chunk):
            raise CoapError(0x8D)

    client = Client()
    client.start(GET, sink=Sink())
    serve(client, BODY, 4)
    assert client.replies.got == [None] and idle(client.peer)


def test_a_short_response_goes_to_the_sink_too():
    class Sink:
        taken = b""

        def write(self, chunk):
            self.taken += bytes(chunk)

    client = Client()
    sink = Sink()
    client.start(GET, sink=sink)
    client.answer(0x45, (), b"short")
    assert sink.taken == b"short" or client.replies.got == [(0x45, b"short")]


def test_an_error_in_blocks_is_the_answer():
    client = Client()
    client.start(GET)
    client.answer(0x84, ((BLOCK2, 8 | 5),), bytes(512))
    assert client.replies.got == [(0x84, bytes(512))]
