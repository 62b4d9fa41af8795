"""The asyncio shell inside MicroPython, over real UDP on loopback."""

import asyncio
import socket
import time

from coap.endpoint import Clock, Endpoint, Udp

NEVER = 0xFFFFFFFFFFF


class Core:
    """A core that notes what it gets, answers by `reply`, and is woken at `deadline`."""

    def __init__(self):
        self.outbox = []
        self.deadline = NEVER
        self.got = []
        self.polled = []
        self.logged = []
        self.reply = None

    def input(self, datagram, now):
        self.got.append(bytes(datagram))
        if self.reply:
            self.outbox.append(self.reply)

    def poll(self, now):
        self.polled.append(now)
        if now >= self.deadline:
            self.deadline = NEVER
        return self.deadline

    def log(self, level, *event):
        self.logged.append(event)


class Far:
    """The other end: a bound socket of our own."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for self.port in range(20000, 60000, 7):
            try:
                self.socket.bind(socket.getaddrinfo("127.0.0.1", self.port)[0][-1])
                break
            except OSError:
                continue
        self.socket.setblocking(False)
        self.peer = None

    async def recv(self, wait=500):
        """A datagram within `wait` ms, or None."""
        for _ in range(wait // 5):
            try:
                datagram, self.peer = self.socket.recvfrom(2000)
                return datagram
            except OSError:
                await asyncio.sleep_ms(5)
        return None

    def send(self, datagram):
        self.socket.sendto(datagram, self.peer)


def started():
    """(core, endpoint, its task, the far end), attached."""
    far = Far()
    core = Core()
    endpoint = Endpoint(core, Clock())
    endpoint.attach(Udp("127.0.0.1", far.port))
    return core, endpoint, asyncio.create_task(endpoint.run()), far


async def ended(endpoint, task):
    endpoint.stop()
    await asyncio.wait_for_ms(task, 500)
    assert endpoint.transport is None


async def test_datagrams_travel_both_ways():
    core, endpoint, task, far = started()
    core.outbox.append(b"hello")
    endpoint.flush()
    assert await far.recv() == b"hello" and core.outbox == []
    core.reply = b"answer"
    for i in range(5):
        far.send(b"ask %d" % i)
        assert await far.recv() == b"answer"
    assert core.got == [b"ask %d" % i for i in range(5)]
    await ended(endpoint, task)


async def test_a_burst_is_taken_whole():
    core, endpoint, task, far = started()
    core.outbox.append(b"hello")
    endpoint.flush()
    await far.recv()
    for i in range(20):
        far.send(b"%d" % i)
    await asyncio.sleep_ms(100)
    assert core.got == [b"%d" % i for i in range(20)]
    await ended(endpoint, task)


async def test_the_timer_polls_at_the_deadline():
    core, endpoint, task, far = started()
    await asyncio.sleep_ms(20)
    before = len(core.polled)
    start = endpoint.clock.now()
    core.deadline = start + 60
    endpoint.flush()  # wakes the timer, which had no deadline
    await asyncio.sleep_ms(150)
    late = [at - start for at in core.polled[before:] if at - start >= 60]
    assert len(late) == 1 and late[0] < 110
    await ended(endpoint, task)


async def test_a_nearer_deadline_wakes_the_timer_and_it_does_not_spin():
    core, endpoint, task, far = started()
    core.deadline = endpoint.clock.now() + 1000000
    await asyncio.sleep_ms(20)
    before = len(core.polled)
    core.deadline = endpoint.clock.now() + 30
    endpoint.flush()
    await asyncio.sleep_ms(80)
    assert 1 <= len(core.polled) - before <= 3
    await ended(endpoint, task)


async def test_attach_replaces_the_transport():
    core, endpoint, task, far = started()
    core.outbox.append(b"one")
    endpoint.flush()
    assert await far.recv() == b"one"
    second = Far()
    old = endpoint.transport
    endpoint.attach(Udp("127.0.0.1", second.port))
    assert endpoint.transport is not old
    core.outbox.append(b"two")
    endpoint.flush()
    assert await second.recv() == b"two"
    far.send(b"late")  # to the transport that is closed
    second.send(b"fresh")
    await asyncio.sleep_ms(50)
    assert core.got == [b"fresh"]
    await ended(endpoint, task)


async def test_without_a_transport_what_is_sent_is_lost():
    core, endpoint, task, far = started()
    endpoint.detach()
    assert endpoint.transport is None
    core.outbox.append(b"lost")
    endpoint.flush()
    assert core.outbox == []
    endpoint.detach()
    await ended(endpoint, task)


async def test_connection_refused_is_a_loss():
    far = Far()
    port = far.port
    far.socket.close()
    core = Core()
    endpoint = Endpoint(core, Clock())
    endpoint.attach(Udp("127.0.0.1", port))
    task = asyncio.create_task(endpoint.run())
    for _ in range(3):
        core.outbox.append(b"anybody?")
        endpoint.flush()
        await asyncio.sleep_ms(20)
    assert core.logged == []
    again = Far()
    assert again.port == port
    core.outbox.append(b"now?")
    endpoint.flush()
    assert await again.recv() == b"now?"
    again.send(b"yes")
    await asyncio.sleep_ms(30)
    assert core.got == [b"yes"]
    await ended(endpoint, task)


async def test_a_datagram_over_the_mtu_is_dropped_and_the_next_one_taken():
    core, endpoint, task, far = started()
    core.outbox.append(b"hello")
    endpoint.flush()
    await far.recv()
    for datagram in (bytes(1281), bytes(1400), b"", bytes(1280), b"next"):
        far.send(datagram)
    await asyncio.sleep_ms(100)
    assert core.got == [bytes(1280), b"next"]
    await ended(endpoint, task)


async def test_only_the_peer_is_heard():
    core, endpoint, task, far = started()
    core.outbox.append(b"hello")
    endpoint.flush()
    await far.recv()
    stranger = Far()
    stranger.peer = far.peer
    stranger.send(b"spoofed")
    far.send(b"true")
    await asyncio.sleep_ms(50)
    assert core.got == [b"true"]
    await ended(endpoint, task)


async def test_stop_ends_run_although_the_deadline_is_far():
    core, endpoint, task, far = started()
    core.deadline = endpoint.clock.now() + 10**9
    await asyncio.sleep_ms(20)
    start = time.ticks_ms()
    await ended(endpoint, task)
    assert time.ticks_diff(time.ticks_ms(), start) < 200


async def test_a_flood_leaves_no_garbage_that_grows():
    import gc

    core, endpoint, task, far = started()
    core.outbox.append(b"hello")
    endpoint.flush()
    await far.recv()
    memory = []
    for _ in range(3):
        for _ in range(100):
            far.send(b"datagram")
            await asyncio.sleep_ms(0)
        await asyncio.sleep_ms(50)
        core.got.clear()
        gc.collect()
        memory.append(gc.mem_alloc())
    assert memory[2] - memory[1] < 2048, memory
    await ended(endpoint, task)


async def test_the_clock_counts_milliseconds():
    clock = Clock()
    start = clock.now()
    await asyncio.sleep_ms(50)
    assert 45 <= clock.now() - start < 100
