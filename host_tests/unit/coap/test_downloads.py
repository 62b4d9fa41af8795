"""Long responses to requests of ours that go to a sink: faults, resuming, coroutines."""

from test_block_client import BLOCK2, BODY, ETAG, OTHER, Client, serve, unpack
from virtual import GET, NEVER, App, Chance, Link, Replies, idle, pair

from coap.message import CoapError


class Store:
    """A sink that can go on later: it knows what it wrote, and of which representation."""

    def __init__(self, wanted=True):
        self.data = b""
        self.etag = None
        self.begun = []
        self.wanted = wanted

    def begin(self, etag):
        self.begun.append(etag)
        self.data = b""
        self.etag = etag
        return self.wanted

    def write(self, chunk):
        self.data += bytes(chunk)


class Plain:
    """A sink with `write` only."""

    def __init__(self):
        self.data = b""

    def write(self, chunk):
        self.data += bytes(chunk)


class Slow(Store):
    """Its `write` is a coroutine."""

    fault = None

    async def write(self, chunk):
        if self.fault:
            raise self.fault
        self.data += bytes(chunk)


def interrupted(body=BODY, etag=b"tag", until=16):
    """A sink whose transfer ended after as many blocks of 32 bytes as `until` and one more."""
    client = Client(szx=1)
    sink = Store()
    client.start(GET, sink=sink)
    serve(client, body, 1, etag, until)
    assert sink.data == body[: (until + 1) * 32]
    return sink


def resumed(sink, **settings):
    """Another peer that goes on; its first request: (client, options)."""
    client = Client(**settings)
    client.peer.request(GET, [(11, "a")], b"", client.replies, 0, sink, len(sink.data), sink.etag)
    return client, client.sent()[0]


def test_the_first_block_begins_with_its_etag():
    client = Client()
    sink = Store()
    client.start(GET, sink=sink)
    serve(client, BODY, 4)
    assert sink.begun == [b"tag"] and sink.data == BODY
    assert client.replies.got == [(0x45, b"")]


def test_a_sink_may_decline_what_begins():
    client = Client()
    sink = Store(wanted=False)
    client.start(GET, sink=sink)
    assert client.answer(0x45, ((ETAG, b"old"), (BLOCK2, 8)), BODY[:16]) is None
    assert sink.begun == [b"old"] and sink.data == b""
    assert client.replies.got == [None] and idle(client.peer)


def test_a_download_goes_on_where_it_ended():
    sink = interrupted()
    client, options = resumed(sink, szx=5)
    assert unpack(options[BLOCK2]) == (17, 0, 1)  # 544 bytes are no multiple of more than 32
    for number in range(17, 32):
        more = number < 31
        chunk = BODY[number * 32 : number * 32 + 32]
        client.answer(0x45, ((ETAG, b"tag"), (BLOCK2, number << 4 | more << 3 | 1)), chunk)
    assert sink.begun == [b"tag"] and sink.data == BODY
    assert client.replies.got == [(0x45, b"")] and idle(client.peer)


def test_resuming_uses_the_largest_blocks_that_the_offset_allows():
    for start, szx in ((16, 0), (32, 1), (48, 0), (512, 5), (1024, 6), (3072, 6)):
        client = Client()
        client.peer.request(GET, [], b"", None, 0, Plain(), start)
        assert unpack(client.sent()[0][BLOCK2]) == (start // (16 << szx), 0, szx)


def test_an_offset_that_no_block_begins_at_is_refused():
    client = Client()
    try:
        client.peer.request(GET, [], b"", None, 0, Plain(), 17)
    except ValueError:
        return
    raise AssertionError("nothing raised")


def test_another_representation_starts_again_if_the_sink_wants_it():
    sink = interrupted()
    client, options = resumed(sink, szx=1)
    options, _ = client.answer(0x45, ((ETAG, b"new"), (BLOCK2, 17 << 4 | 8 | 1)), OTHER[544:576])
    assert BLOCK2 not in options or unpack(options[BLOCK2])[0] == 0
    assert sink.begun == [b"tag", b"new"] and sink.data == b""
    serve(client, OTHER, 1, b"new")
    assert sink.data == OTHER and sink.etag == b"new"
    assert client.replies.got == [(0x45, b"")]


def test_another_representation_ends_the_transfer_if_the_sink_declines():
    sink = interrupted()
    sink.wanted = False
    client, _ = resumed(sink, szx=1)
    assert client.answer(0x45, ((ETAG, b"new"), (BLOCK2, 17 << 4 | 8 | 1)), OTHER[:32]) is None
    assert sink.begun == [b"tag", b"new"]
    assert client.replies.got == [None] and idle(client.peer)


def test_a_sink_that_cannot_begin_again_ends_the_transfer():
    client = Client()
    sink = Plain()
    client.start(GET, sink=sink)
    client.answer(0x45, ((ETAG, b"a"), (BLOCK2, 8)), BODY[:16])
    assert client.answer(0x45, ((ETAG, b"b"), (BLOCK2, 1 << 4 | 8)), OTHER[16:32]) is None
    assert client.replies.got == [None] and sink.data == BODY[:16]


def test_a_representation_that_keeps_changing_ends_the_transfer():
    sink = interrupted()
    client, _ = resumed(sink, szx=1)
    client.answer(0x45, ((ETAG, b"new"), (BLOCK2, 17 << 4 | 8 | 1)), OTHER[544:576])
    client.answer(0x45, ((ETAG, b"new"), (BLOCK2, 8 | 1)), OTHER[:32])
    client.answer(0x45, ((ETAG, b"newer"), (BLOCK2, 1 << 4 | 8 | 1)), BODY[32:64])
    assert client.replies.got == [None] and idle(client.peer)


def test_a_representation_that_became_short_starts_again():
    sink = interrupted()
    client, _ = resumed(sink, szx=1)
    options, _ = client.answer(0x45, ((ETAG, b"new"),), b"short")
    assert BLOCK2 not in options
    client.answer(0x45, ((ETAG, b"new"),), b"short")
    assert sink.data == b"short" and client.replies.got == [(0x45, b"")]


def test_an_error_when_resuming_is_the_answer():
    sink = interrupted()
    client, _ = resumed(sink, szx=1)
    assert client.answer(0x80, (), b"past the end") is None
    assert client.replies.got == [(0x80, b"past the end")] and sink.begun == [b"tag"]


def test_a_response_without_blocks_goes_to_the_sink():
    client = Client()
    sink = Store()
    client.start(GET, sink=sink)
    client.answer(0x45, ((ETAG, b"t"),), b"short")
    assert sink.begun == [b"t"] and sink.data == b"short"
    assert client.replies.got == [(0x45, b"")]


def test_what_a_sink_raises_ends_the_transfer_and_nothing_else():
    for method in ("begin", "write"):
        for error in (ValueError("no room"), OSError(28), CoapError(0x8D)):

            def fail(*arguments, error=error):
                raise error

            client = Client()
            sink = Store()
            setattr(sink, method, fail)
            client.start(GET, sink=sink)
            assert client.answer(0x45, ((ETAG, b"t"), (BLOCK2, 8)), BODY[:16]) is None
            assert client.replies.got == [None] and idle(client.peer)
            assert (1, "failed", error) in client.peer.app.logged
            assert client.start(GET) is not None  # it goes on


def test_the_next_block_is_asked_for_once_a_slow_sink_has_written():
    client = Client()
    sink = Slow()
    client.start(GET, sink=sink)
    for number in range(3):
        more = number < 2
        chunk = BODY[number * 16 : number * 16 + 16]
        block = (ETAG, b"t"), (BLOCK2, number << 4 | more << 3)
        assert client.answer(0x45, block, chunk) is None
        assert idle(client.peer) and client.replies.got == []
        client.now += 60000
        client.peer.app.deferred[0].work(client.now)
        if more:
            assert unpack(client.sent()[0][BLOCK2]) == (number + 1, 0, 0)
            assert client.peer.deadline >= client.now + 2000  # by the time it is now
    assert sink.data == BODY[:48] and client.replies.got == [(0x45, b"")]


def test_what_a_slow_sink_raises_ends_the_transfer():
    for fault in (ValueError("no room"), CoapError(0x8D)):
        client = Client()
        sink = Slow()
        sink.fault = fault
        client.start(GET, sink=sink)
        client.answer(0x45, ((BLOCK2, 8),), BODY[:16])
        client.peer.app.deferred[0].work(client.now)
        assert client.replies.got == [None] and idle(client.peer)


def test_without_room_for_coroutines_the_transfer_ends():
    def later(message, coroutines, *arguments):
        for coroutine in coroutines:
            coroutine.close()
        raise CoapError(0xA3)

    client = Client()
    client.peer.app.later = later
    client.start(GET, sink=Slow())
    assert client.answer(0x45, ((BLOCK2, 8),), BODY[:16]) is None
    assert client.replies.got == [None] and idle(client.peer)


class Image:
    """A server of one representation, in blocks that it makes itself: its ETag stays the same."""

    def __init__(self, image):
        self.image = image

    def handle(self, message, now):
        block = message.uint(BLOCK2)
        if block < 0:
            block = 3
        size = 16 << (block & 7)
        start = (block >> 4) * size
        more = start + size < len(self.image)
        options = ((ETAG, b"v1"), (BLOCK2, block >> 4 << 4 | more << 3 | block & 7))
        return 0x45, options, self.image[start : start + size]

    def poll(self, now):
        return NEVER


def test_over_connections_that_break_a_download_comes_whole():
    image = bytes(Chance(4)(3000))
    sink = Store()
    replies = Replies()
    peers = 0
    while not replies.got and peers < 100:
        peers += 1
        served = Image(image)
        client, server = pair(App(served.handle), peers)
        server.blocks = served  # in the place of its transfers
        link = Link(client, server)
        client.request(GET, [(11, "i")], b"", replies, 0, sink, len(sink.data), sink.etag)
        link.run(60)  # then the connection breaks
    assert sink.data == image and replies.got == [(0x45, b"")]
    assert peers > 3 and sink.begun == [b"v1"]
