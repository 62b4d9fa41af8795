"""The asyncio shell inside MicroPython, over real UDP on loopback."""

import asyncio
import time

from far import Far, until
from far import ended as task_ended

from coap.clock import Clock
from coap.endpoint import Endpoint
from coap.udp import Transport, Udp
from coap.wakeup import Signal

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


def started():
    """(core, endpoint, its task, the far end), attached."""
    far = Far()
    core = Core()
    endpoint = Endpoint(core, Clock())
    endpoint.attach(Udp("127.0.0.1", far.port))
    return core, endpoint, asyncio.create_task(endpoint.run()), far


async def ended(endpoint, task):
    endpoint.stop()
    await task_ended(task)
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
    await until(lambda: len(core.got) == 20)
    assert core.got == [b"%d" % i for i in range(20)]
    await ended(endpoint, task)


async def test_the_timer_polls_at_the_deadline():
    core, endpoint, task, far = started()
    await until(lambda: core.polled)
    start = endpoint.clock.now()
    core.deadline = start + 60
    endpoint.flush()  # wakes the timer, which had no deadline
    await until(lambda: core.deadline == NEVER)
    await asyncio.sleep_ms(90)
    assert len([at for at in core.polled if at - start >= 60]) == 1
    await ended(endpoint, task)


async def test_a_nearer_deadline_wakes_the_timer_and_it_does_not_spin():
    core, endpoint, task, far = started()
    core.deadline = endpoint.clock.now() + 1000000
    await until(lambda: core.polled)
    before = len(core.polled)
    core.deadline = endpoint.clock.now() + 30
    endpoint.flush()
    await until(lambda: core.deadline == NEVER)
    await asyncio.sleep_ms(50)
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
    await until(lambda: core.got)
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
    await until(lambda: b"yes" in core.got)
    assert core.got == [b"", b"", b"", b"yes"]  # a refusal is an empty datagram
    await ended(endpoint, task)


async def test_a_datagram_over_the_mtu_is_dropped_and_the_next_one_taken():
    core, endpoint, task, far = started()
    core.outbox.append(b"hello")
    endpoint.flush()
    await far.recv()
    for datagram in (bytes(1281), bytes(1400), b"", bytes(1280), b"next"):
        far.send(datagram)
    await until(lambda: b"next" in core.got)
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
    await until(lambda: core.got)
    assert core.got == [b"true"]
    await ended(endpoint, task)


async def test_stop_ends_run_although_the_deadline_is_far():
    core, endpoint, task, far = started()
    core.deadline = endpoint.clock.now() + 10**9
    await until(lambda: core.polled)
    await ended(endpoint, task)


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
        await until(lambda: len(core.got) == 100)
        core.got.clear()
        gc.collect()
        memory.append(gc.mem_alloc())
    assert memory[2] - memory[1] < 2048, memory
    await ended(endpoint, task)


async def test_the_clock_counts_milliseconds():
    clock = Clock()
    start = clock.now()
    ticks = time.ticks_ms()
    await asyncio.sleep_ms(50)
    passed = clock.now() - start
    assert 45 <= passed <= time.ticks_diff(time.ticks_ms(), ticks) + 1


class Wire(Transport):
    """A transport without a network: `recv` gives what is in `arrived`, or raises it."""

    def __init__(self):
        self.signal = Signal()
        self.arrived = []
        self.received = 0  # calls
        self.sent = []
        self.closed = 0

    def readable(self):
        return self.signal

    def recv(self):
        self.received += 1
        first = self.arrived.pop(0)
        if isinstance(first, Exception):
            raise first
        return first

    def send(self, datagram):
        self.sent.append(bytes(datagram))

    def close(self):
        self.closed += 1

    def arrive(self, *datagrams):
        self.arrived.extend(datagrams)
        self.signal.set()


def wired(kind=Endpoint):
    """(core, endpoint, its task, the transport)."""
    core = Core()
    endpoint = kind(core, Clock())
    transport = Wire()
    endpoint.attach(transport)
    return core, endpoint, asyncio.create_task(endpoint.run()), transport


async def test_nothing_is_received_from_a_transport_that_was_closed():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)
    endpoint.detach()
    assert transport.closed == 1
    transport.arrive(b"late")
    await asyncio.sleep_ms(20)
    assert transport.received == 0 and core.got == []
    endpoint.detach()  # once more, of nothing
    await ended(endpoint, task)
    assert transport.closed == 1


async def test_a_transport_attached_again_is_not_closed():
    core, endpoint, task, transport = wired()
    endpoint.attach(transport)
    assert transport.closed == 0
    await ended(endpoint, task)


async def test_a_transport_that_fails_is_asked_again_after_a_second_not_at_once():
    core, endpoint, task, transport = wired()
    transport.arrived.extend([OSError(5)] * 50)
    transport.arrive()
    await until(lambda: core.logged)
    await asyncio.sleep_ms(50)
    assert transport.received == 1 and core.logged == [("receive", 5)]
    await ended(endpoint, task)


async def test_what_receiving_raises_ends_run_and_nothing_more_is_received():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)
    transport.arrive(ZeroDivisionError(), b"more")
    try:
        await task_ended(task)
    except ZeroDivisionError:
        assert transport.received == 1
        endpoint.stop()
        return
    raise AssertionError("goes on")


async def test_a_datagram_that_is_none_has_the_core_polled():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)
    before = len(core.polled)
    transport.arrived.append(None)
    transport.arrived.append(b"next")
    transport.signal.set()
    await until(lambda: transport.received == 1)
    await until(lambda: len(core.polled) > before)
    assert core.got == []
    await ended(endpoint, task)


async def test_what_polling_leaves_is_sent():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)
    poll = core.poll

    def send(now):
        if not transport.sent and not core.outbox:
            core.outbox.append(b"again")
        return poll(now)

    core.poll = send
    endpoint.wake()
    await until(lambda: transport.sent)
    assert transport.sent == [b"again"]
    await ended(endpoint, task)


class Stopping(Endpoint):
    """Stops itself in `service`."""

    def service(self):
        self.stop()


async def test_stop_within_service_ends_run_at_once():
    core, endpoint, task, transport = wired(Stopping)
    await task_ended(task)
    assert transport.closed == 1 and len(core.polled) == 1


async def test_a_deadline_that_is_past_is_served_at_once():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)
    core.deadline = endpoint.clock.now() - 1000
    endpoint.flush()
    await until(lambda: core.deadline == NEVER)
    await ended(endpoint, task)
