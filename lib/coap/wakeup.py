"""Resuming tasks: the one file that uses the private queues of MicroPython's asyncio.

In public asyncio each wait for a stream, or for something that a core sets, allocates an object.
"""

from asyncio import core as _core


class Signal:
    """Set by a core, awaited by one task at a time: the next wait ends, or the one under way."""

    _task = None  # the one that waits; True: none, and it has been set

    def set(self) -> None:
        """Resume the task that waits, or the next one that will."""
        task = self._task
        if task is None:
            self._task = True
        elif task is not True:
            self._task = None
            _core._task_queue.push(task)

    def remove(self, task) -> None:
        """The waiting task was cancelled (`Task.cancel` calls this)."""
        self._task = None


def wait(what) -> None:
    """Have the running task resumed by `what`, which a transport's `readable` returned.

    None: at once, after the other tasks that are ready; a Signal; else a stream that can be
    polled. For a generator that is a task, which must yield next: `yield wait(what)`. It is no
    generator itself, for one would have to be allocated for each wait.
    """
    task = _core.cur_task
    if isinstance(what, Signal):
        if what._task is None:
            what._task = task
            task.data = what  # its cancellation comes to `remove`
            return
        what._task = what = None
    if what is None:
        _core._task_queue.push(task)
    else:
        _core._io_queue.queue_read(what)


def resume(task) -> None:
    """End the sleep of `task` now. Nothing happens if it runs right now or has ended."""
    if task is not _core.cur_task and not task.done():
        queue = _core._task_queue
        queue.remove(task)
        queue.push(task)


def event_loop():
    """An object that is another one after each `asyncio.new_event_loop`, which ends all tasks."""
    return _core._io_queue
