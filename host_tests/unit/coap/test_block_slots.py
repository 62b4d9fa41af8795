"""Bodies that come in at the same time, each in a slot of its own, and sinks that fail or wait."""

from test_block_server import BLOCK1, BODY, LIFETIME, Server, Sink, upload
from virtual import ACK, CON, POST, PUT, ask, parts, request

from coap.message import CoapError, encode

OTHER = bytes(reversed(BODY))


class Sinks:
    """A sink per path, as an application makes them; a path's latest one."""

    def __init__(self, kind=Sink):
        self.kind = kind
        self.by_path = {}

    def __call__(self, message):
        made = self.by_path[bytes(message.find(11))] = self.kind()
        return made


class Slow(Sink):
    """Its `write` and `commit` are coroutines, which may raise."""

    fault = None

    async def write(self, chunk):
        if self.fault:
            raise self.fault
        self.chunks.append(bytes(chunk))

    async def commit(self, message, now):
        self.events.append("commit")
        if self.fault:
            raise self.fault
        return 0x44, (), b"done"


def first(server, path, szx=0):
    """Begin a body: its answer's code."""
    return server.put(0, 1, szx, BODY[: 16 << szx], (), path)[0]


def second(server, path, szx=0):
    """End it with its second block."""
    return server.put(1, 0, szx, BODY[16 << szx : 24 << szx], (), path)[0]


def test_a_body_in_one_block_does_not_disturb_another_transfer():
    server = Server()
    assert first(server, "a") == 0x5F
    assert server.put(0, 0, 6, b"short", (), "b")[0] == 0x44
    assert second(server, "a") == 0x44
    assert [ran[1:] for ran in server.app.ran] == [(b"b", b"short"), (b"a", BODY[:24])]


def test_a_request_without_blocks_does_not_disturb_a_transfer():
    server = Server()
    first(server, "a")
    assert server.ask(PUT, [], b"plain", "a")[0] == 0x44
    assert second(server, "a") == 0x44


def test_two_bodies_at_once_are_both_collected():
    server = Server()
    for number in range(3):
        for path, body in (("a", BODY), ("b", OTHER)):
            chunk = body[number * 16 : number * 16 + 16]
            code = server.put(number, number < 2, 0, chunk, (), path)[0]
            assert code == (0x5F if number < 2 else 0x44)
    assert [ran[1:] for ran in server.app.ran] == [(b"a", BODY[:48]), (b"b", OTHER[:48])]


def test_a_third_body_takes_the_slot_of_the_longest_idle():
    sinks = Sinks()
    server = Server(sink=sinks)
    first(server, "a")
    first(server, "b")
    server.put(1, 1, 0, BODY[16:32], (), "a")  # now b is idle for longer
    assert first(server, "c") == 0x5F
    assert sinks.by_path[b"b"].events == ["abort"] and sinks.by_path[b"a"].events == []
    assert second(server, "b") == 0x88
    assert server.put(2, 0, 0, BODY[32:40], (), "a")[0] == 0x44
    assert second(server, "c") == 0x44
    assert len(server.peer.blocks.uploads) == 0


def test_many_bodies_never_take_more_than_the_slots():
    server = Server()
    for i in range(50):
        assert first(server, "path%d" % i) == 0x5F
        assert len(server.peer.blocks.uploads) <= 2


def test_a_body_that_begins_again_ends_the_one_of_its_key_only():
    sinks = Sinks()
    server = Server(sink=sinks)
    first(server, "a")
    first(server, "b")
    old = sinks.by_path[b"a"]
    assert first(server, "a") == 0x5F
    assert old.events == ["abort"] and sinks.by_path[b"b"].events == []
    assert second(server, "b") == 0x44 and second(server, "a") == 0x44
    first(server, "a")
    old = sinks.by_path[b"a"]
    assert server.put(0, 0, 6, b"whole", (), "a")[0] == 0x44  # in one block this time
    assert old.events == ["abort"]
    assert second(server, "a") == 0x88


def test_each_transfer_is_dropped_after_its_own_time():
    sinks = Sinks()
    server = Server(sink=sinks)
    first(server, "a")
    server.now = 1000
    first(server, "b")
    server.peer.poll(LIFETIME)
    assert sinks.by_path[b"a"].events == ["abort"] and sinks.by_path[b"b"].events == []
    assert server.peer.deadline == LIFETIME + 1000
    server.peer.poll(LIFETIME + 1000)
    assert sinks.by_path[b"b"].events == ["abort"]


def test_what_a_sink_raises_is_answered():
    for method, error, code in (
        ("write", CoapError(0x86), 0x86),
        ("write", ValueError("why"), 0xA0),
        ("commit", CoapError(0x80), 0x80),
        ("commit", OSError(28), 0xA0),
    ):

        def fail(*arguments, error=error):
            raise error

        sink = Sink()
        setattr(sink, method, fail)
        server = Server(sink=sink)
        answers = [first(server, "a")]
        if method == "commit":
            assert answers == [0x5F]
            answers = [second(server, "a")]
        assert answers == [code] and sink.events == ["abort"]
        assert (code == 0xA0) == bool(server.app.logged)
        assert second(server, "a") == 0x88 and not server.peer.blocks.uploads


def test_an_abort_that_raises_goes_nowhere():
    class Bad(Sink):
        def abort(self):
            raise ValueError("abort")

    server = Server(sink=Sinks(Bad))
    first(server, "a")
    server.peer.poll(LIFETIME)  # raises nothing
    assert server.app.logged[-1][:2] == (1, "failed")
    for path in "abcd":  # those that lose their slot to others
        assert first(server, path) == 0x5F
    assert second(server, "d") == 0x44


def waiting(kind=Slow):
    """A server with slow sinks."""
    server = Server(sink=Sinks(kind))
    server.app.peer = server.peer
    return server


def send(server, mid, number, more, path="a"):
    """One block of 16 bytes; what is sent at once."""
    chunk = BODY[number * 16 : number * 16 + 16]
    block = [(BLOCK1, number << 4 | more << 3)]
    return ask(server.peer, request(PUT, mid, path, block, chunk), server.now)


def finish(server):
    """Let what takes its time end; the answer that comes apart, acknowledged."""
    server.now += 5000
    (deferred,) = server.app.deferred
    deferred.work(server.now)
    (datagram,) = server.peer.outbox
    answer = parts(datagram)
    server.peer.outbox.clear()
    server.peer.input(bytes(encode(ACK, 0, answer[2])), server.now)
    assert answer[0] == CON
    return answer[1], dict(answer[4]).get(BLOCK1), answer[5]


def test_a_block_that_a_sink_writes_slowly_is_answered_apart():
    server = waiting()
    assert send(server, 1, 0, 1) == [(ACK, 0, 1, b"", [], b"")]
    assert send(server, 1, 0, 1) == [(ACK, 0, 1, b"", [], b"")]  # once more
    assert finish(server) == (0x5F, b"\x08", b"")
    assert send(server, 2, 1, 0) == [(ACK, 0, 2, b"", [], b"")]
    assert finish(server) == (0x44, b"\x10", b"done")
    sink = server.app.sink.by_path[b"a"]
    assert sink.chunks == [BODY[:16], BODY[16:32]] and sink.events == ["commit"]
    assert not server.peer.blocks.uploads


def test_only_the_commit_may_be_slow():
    class Quick(Slow):
        def write(self, chunk):
            self.chunks.append(bytes(chunk))

    server = waiting(kind=Quick)
    assert send(server, 1, 0, 1)[0][1] == 0x5F
    assert send(server, 2, 1, 0) == [(ACK, 0, 2, b"", [], b"")]
    assert finish(server) == (0x44, b"\x10", b"done")


def test_what_a_slow_sink_raises_is_answered():
    for number in (0, 1):
        for fault, code in ((CoapError(0x8D), 0x8D), (ValueError(), 0xA0)):
            server = waiting()
            for i in range(number):
                send(server, 1 + i, i, 1)
                finish(server)
            send(server, 9, number, not number)
            sink = server.app.sink.by_path[b"a"]
            sink.fault = fault
            assert finish(server)[0] == code
            assert sink.events == ["abort"] and not server.peer.blocks.uploads
            assert send(server, 10, number + 1, 1)[0][1] == 0x88


def test_while_a_sink_writes_its_slot_is_its_own():
    server = waiting()
    for i in (0, 1):
        send(server, i, 0, 1, "ab"[i])
    assert send(server, 5, 0, 1, "c")[0][1] == 0xA3  # no slot is idle
    assert send(server, 6, 0, 1, "a")[0][1] == 0xA3  # nor may it begin again
    assert send(server, 7, 1, 0, "a")[0][1] == 0xA3
    server.now = 10 * LIFETIME
    server.peer.poll(server.now)  # nor is it dropped, or polled for
    assert server.peer.deadline > server.now
    server.app.deferred[0].work(server.now)
    server.peer.outbox.clear()
    assert server.peer.deadline <= server.now + LIFETIME
    assert send(server, 8, 0, 1, "c")[0][1] == 0  # a is idle now
    sinks = server.app.sink.by_path
    assert sinks[b"a"].events == ["abort"] and sinks[b"b"].events == []
    for deferred in list(server.app.deferred):
        deferred.work(server.now)


def test_without_room_for_coroutines_a_block_is_refused():
    server = waiting()

    def later(message, coroutines, *arguments):
        for coroutine in coroutines:
            coroutine.close()
        raise CoapError(0xA3)

    class Generator(Sink):
        def write(self, chunk):
            return (one for one in ())

    server.app.later = later
    server.app.sink = sinks = Sinks(Generator)
    assert send(server, 1, 0, 1)[0][1] == 0xA3
    assert sinks.by_path[b"a"].events == ["abort"] and not server.peer.blocks.uploads


def test_a_post_and_a_put_of_one_path_are_two_transfers():
    server = Server()
    first(server, "a")
    assert server.ask(POST, [(BLOCK1, 8)], OTHER[:16], "a")[0] == 0x5F
    assert second(server, "a") == 0x44
    assert server.ask(POST, [(BLOCK1, 1 << 4)], OTHER[16:24], "a")[0] == 0x44
    assert [(ran[0], ran[2]) for ran in server.app.ran] == [(PUT, BODY[:24]), (POST, OTHER[:24])]


def test_a_long_body_beside_another_one_of_every_size():
    for szx in range(6):
        server = Server()
        first(server, "b", szx)
        assert upload(server, BODY, szx) == 0x44
        assert second(server, "b", szx) == 0x44
