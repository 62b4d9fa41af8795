"""The real meter, and a task that notes how late the event loop came to it. For MicroPython.

As boards/UNIX/main.py, with the same arguments. Prints "late MS" for each time that is the worst
so far, in ms of wall time.
"""

import asyncio
import sys
import time

import main

_PERIOD_MS = 5


async def watched(program):
    """Run the meter's program and watch the loop."""
    watching = asyncio.create_task(_watch())
    try:
        await program
    finally:
        watching.cancel()


async def _watch():
    worst = -1
    while True:
        began = time.ticks_ms()
        await asyncio.sleep_ms(_PERIOD_MS)
        late = time.ticks_diff(time.ticks_ms(), began) - _PERIOD_MS
        if late > worst:
            worst = late
            print("late", late)


def _run(program, run=asyncio.run):
    return run(watched(program))


asyncio.run = _run
sys.exit(main.main(sys.argv[1:]))
