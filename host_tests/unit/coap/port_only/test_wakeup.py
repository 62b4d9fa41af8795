"""What a task waits for inside MicroPython: a Signal, a stream, a turn of the others."""

import asyncio
import gc

from coap.wakeup import Signal, event_loop, resume, wait


class Waiting:
    """A task that waits for `what` again and again, and notes that it was resumed."""

    def __init__(self, what, others=None):
        self.what = what
        self.resumed = 0
        self.task = asyncio.create_task(self._run())

    def _run(self):
        while True:
            yield wait(self.what)
            self.resumed += 1

    async def settled(self):
        """How often it was resumed up to now."""
        await asyncio.sleep_ms(5)
        return self.resumed


async def test_a_signal_resumes_the_task_that_waits_once_per_set():
    signal = Signal()
    waiting = Waiting(signal)
    assert await waiting.settled() == 0
    signal.set()
    assert waiting.resumed == 0  # not at once, within the one who sets it
    assert await waiting.settled() == 1
    signal.set()
    assert await waiting.settled() == 2
    assert await waiting.settled() == 2
    waiting.task.cancel()


async def test_a_signal_set_before_the_wait_ends_it():
    signal = Signal()
    signal.set()
    signal.set()
    waiting = Waiting(signal)
    assert await waiting.settled() == 1
    waiting.task.cancel()


async def test_a_signal_set_between_resuming_and_running_is_not_missed():
    signal = Signal()
    waiting = Waiting(signal)
    await waiting.settled()
    signal.set()
    signal.set()
    assert await waiting.settled() == 2
    waiting.task.cancel()


async def test_a_cancelled_wait_ends_and_the_signal_is_free_for_another():
    signal = Signal()
    waiting = Waiting(signal)
    await waiting.settled()
    waiting.task.cancel()
    await waiting.settled()
    assert waiting.task.done() and waiting.resumed == 0
    signal.set()
    second = Waiting(signal)
    assert await second.settled() == 1
    second.task.cancel()


async def test_a_task_that_was_resumed_can_be_cancelled_before_it_runs():
    signal = Signal()
    waiting = Waiting(signal)
    await waiting.settled()
    signal.set()
    waiting.task.cancel()
    await waiting.settled()
    assert waiting.task.done() and waiting.resumed == 0


async def test_nothing_to_wait_for_lets_the_others_run():
    waiting = Waiting(None)
    ran = 0
    for _ in range(10):
        await asyncio.sleep_ms(0)
        ran += 1
    assert ran == 10 and 5 <= waiting.resumed <= 20
    waiting.task.cancel()


async def test_resume_ends_a_sleep_and_leaves_the_running_and_the_ended_alone():
    woken = []

    async def sleep():
        resume(asyncio.current_task())
        await asyncio.sleep_ms(100000)
        woken.append(True)

    task = asyncio.create_task(sleep())
    await asyncio.sleep_ms(5)
    assert not woken
    resume(task)
    await asyncio.sleep_ms(5)
    assert woken and task.done()
    resume(task)
    await asyncio.sleep_ms(5)
    assert woken == [True]


async def test_waiting_makes_no_garbage():
    signal = Signal()
    waiting = Waiting(signal)
    await waiting.settled()
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(50):
        signal.set()
        await asyncio.sleep_ms(0)
    base = gc.mem_alloc() - before
    waiting.task.cancel()
    await waiting.settled()
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(50):
        await asyncio.sleep_ms(0)
    alone = gc.mem_alloc() - before
    assert waiting.resumed >= 50 and base - alone < 50 * 16, (base, alone)


async def test_the_event_loop_is_recognised():
    assert event_loop() is event_loop()
