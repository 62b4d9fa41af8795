"""What goes wrong in a core does not end its loop, unless it goes wrong all the time."""

import asyncio

from far import ended as task_ended
from far import until
from test_endpoint import NEVER, ended, wired


async def test_a_fault_at_one_datagram_is_logged_and_the_next_one_taken():
    core, endpoint, task, transport = wired()
    take = core.input

    def input(datagram, now):
        if datagram == b"bad":
            raise MemoryError
        take(datagram, now)

    core.input = input
    transport.arrive(b"bad", b"good")
    await until(lambda: transport.received == 1)
    transport.arrive()
    await until(lambda: core.got)
    assert core.got == [b"good"] and [event[0] for event in core.logged] == ["failed"]
    await ended(endpoint, task)


async def test_a_fault_of_polling_is_logged_and_it_is_polled_again_after_a_second():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)
    faults = [MemoryError(), ValueError()]
    poll = core.poll

    def failing(now):
        poll(now)
        core.deadline = now  # it stays due
        if faults:
            raise faults.pop()
        core.deadline = NEVER

    core.poll = failing
    before = len(core.polled)
    endpoint.wake()
    await until(lambda: core.logged)
    await asyncio.sleep_ms(50)
    assert len(core.polled) == before + 1
    endpoint.wake()
    endpoint.wake()
    await until(lambda: len(core.logged) == 2)
    endpoint.wake()
    await until(lambda: core.deadline == NEVER)
    assert not faults and endpoint.fault is None
    await ended(endpoint, task)


async def test_a_fault_at_every_poll_ends_run_after_a_minute():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)

    def failing(now):
        core.polled.append(now)
        raise ValueError(len(core.polled))

    core.polled.clear()
    core.poll = failing
    for count in range(1, 61):
        endpoint.wake()
        await until(lambda count=count: len(core.polled) == count)
        assert not task.done()
    endpoint.wake()
    try:
        await task_ended(task)
    except ValueError:
        assert len(core.polled) == 61
        endpoint.stop()
        return
    raise AssertionError("goes on")


async def test_a_datagram_that_does_not_fit_is_logged_and_others_are_sent():
    core, endpoint, task, transport = wired()
    transport.longest = 10
    core.outbox.extend((bytes(11), bytes(10), b"short"))
    endpoint.flush()
    assert transport.sent == [bytes(10), b"short"] and core.logged == [("too long", 11)]
    assert core.outbox == []
    await ended(endpoint, task)


async def test_a_datagram_that_there_is_no_heap_to_send_ends_nothing_and_goes_with_the_next():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)
    send = transport.send

    def failing(datagram):
        transport.send = send
        raise MemoryError

    transport.send = failing
    core.reply = b"answer"
    transport.arrive(b"ask")
    await until(lambda: core.logged)
    transport.arrived.append(b"more")
    transport.signal.set()
    await until(lambda: len(transport.sent) == 2)
    assert not task.done() and core.logged[0][0] == "failed"
    await ended(endpoint, task)


async def test_a_fault_of_the_transports_own_poll_counts_as_the_cores_does():
    core, endpoint, task, transport = wired()
    await until(lambda: core.polled)
    poll = transport.poll

    def failing(now):
        transport.poll = poll
        raise MemoryError

    transport.poll = failing
    before = len(core.polled)
    endpoint.wake()
    await until(lambda: core.logged)
    endpoint.wake()
    await until(lambda: len(core.polled) > before)
    assert not task.done()
    await ended(endpoint, task)


async def test_what_service_raises_is_tried_again_after_a_second_though_nothing_is_due():
    core, endpoint, task, _ = wired()
    faults = [MemoryError()]
    served = []

    def service():
        if faults:
            raise faults.pop()
        served.append(1)

    endpoint.service = service
    await until(lambda: served, 3000)
    await ended(endpoint, task)
