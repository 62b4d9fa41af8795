"""A Peer and an Endpoint alone, as a bootstrap or a download needs them, over real UDP."""

import asyncio

from far import Far, until
from far import ended as task_ended
from virtual import App, parse

from coap.clock import Clock
from coap.endpoint import Endpoint
from coap.message import encode
from coap.peer import Peer
from coap.udp import Udp

GET, PUT = 1, 3
ETAG, BLOCK2, BLOCK1 = 4, 23, 27
IMAGE = bytes([i * 7 & 255 for i in range(2000)])


class Tiny:
    """The least that a peer asks of its app."""

    def __init__(self):
        self.bodies = []

    def handle(self, message, now):
        self.bodies.append(bytes(message.payload()))
        return 0x44

    def upload(self, message):
        return None

    def reset(self, mid):
        pass

    def log(self, level, *event):
        pass


class Store:
    """A sink that knows how far it came, and may be slow."""

    def __init__(self, slow=False):
        self.data = b""
        self.etag = None
        self.slow = slow

    def begin(self, etag):
        self.data = b""
        self.etag = etag
        return True

    def write(self, chunk):
        if self.slow:
            return self._write(bytes(chunk))
        self.data += bytes(chunk)
        return None

    async def _write(self, chunk):
        await asyncio.sleep_ms(2)
        self.data += chunk


class Worker(App):
    """An app with `later`, whose coroutines are tasks."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.endpoint = None

    def later(self, message, coroutines, finish, undo):
        deferred = super().later(message, coroutines, finish, undo)
        asyncio.create_task(self._run(deferred))
        return deferred

    async def _run(self, deferred):
        results = []
        for coroutine in deferred.coroutines:
            results.append(await coroutine)  # noqa: PERF401 MicroPython has no await in lists
        deferred.deliver(deferred.finish(results), self.clock.now())
        self.endpoint.flush()


def started(app=None):
    """(peer, endpoint, its task, the far end), attached: a peer is a core of its own."""
    far = Far()
    peer = Peer(app or Tiny())
    peer.ack_timeout = 100
    endpoint = Endpoint(peer, Clock())
    endpoint.attach(Udp("127.0.0.1", far.port))
    return peer, endpoint, asyncio.create_task(endpoint.run()), far


async def serve(far, blocks, szx=5):
    """Answer that many requests for blocks of the image."""
    size = 16 << szx
    while blocks:
        datagram = await far.recv()
        if datagram is None:
            return
        asked = parse(datagram)
        block = max(asked.uint(BLOCK2), 0)
        start = (block >> 4) * (16 << (block & 7))
        chunk = IMAGE[start : start + size]
        more = start + size < len(IMAGE)
        options = ((ETAG, b"v1"), (BLOCK2, start // size << 4 | more << 3 | szx))
        far.send(encode(2, 0x45, asked.mid, asked.token, options, chunk))
        blocks -= 1


async def ended(endpoint, task):
    endpoint.stop()
    await task_ended(task)


async def test_a_download_without_a_registration():
    peer, endpoint, task, far = started()
    sink = Store()
    got = []
    peer.request(GET, [(11, "image")], b"", lambda m, now: got.append(m.code), 0, sink)
    endpoint.flush()
    await serve(far, 4)
    await until(lambda: got)
    assert got == [0x45] and sink.data == IMAGE and sink.etag == b"v1"
    await ended(endpoint, task)


async def test_a_download_goes_on_over_another_transport_and_peer():
    peer, endpoint, task, far = started()
    sink = Store()
    got = []
    peer.request(GET, [(11, "image")], b"", lambda m, now: got.append(m), 0, sink)
    endpoint.flush()
    await serve(far, 2)
    await until(lambda: len(sink.data) == 1024)
    await ended(endpoint, task)
    assert len(sink.data) == 1024 and not got
    peer, endpoint, task, far = started()
    now = endpoint.clock.now()
    options = [(11, "image")]
    peer.request(
        GET, options, b"", lambda m, now: got.append(m.code), now, sink, len(sink.data), sink.etag
    )
    endpoint.flush()
    await serve(far, 2)
    await until(lambda: got)
    assert got == [0x45] and sink.data == IMAGE
    await ended(endpoint, task)


async def test_a_download_to_a_sink_of_coroutines():
    app = Worker(Clock())
    peer, endpoint, task, far = started(app)
    app.endpoint = endpoint
    app.clock = endpoint.clock
    sink = Store(slow=True)
    got = []
    peer.request(GET, [(11, "image")], b"", lambda m, now: got.append(m.code), 0, sink)
    endpoint.flush()
    await serve(far, 4)
    await until(lambda: got)
    assert got == [0x45] and sink.data == IMAGE
    await ended(endpoint, task)


async def test_a_server_writes_without_a_registration():
    peer, endpoint, task, far = started()
    peer.ping(None, 0)
    endpoint.flush()
    await far.recv()  # now it knows us
    for number in range(4):
        block = number << 4 | (number < 3) << 3 | 5
        chunk = IMAGE[number * 512 : number * 512 + 512]
        far.send(encode(0, PUT, 100 + number, b"tk", ((11, "0"), (BLOCK1, block)), chunk))
        for _ in range(5):
            answer = parse(await far.recv())
            if answer.code:  # else the ping, once more
                break
        assert answer.code == (0x5F if number < 3 else 0x44) and answer.mid == 100 + number
    assert peer.app.bodies == [IMAGE]
    await ended(endpoint, task)
