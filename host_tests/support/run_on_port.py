"""Inside MicroPython: run every `test_*` of the file given, print one line of JSON for each.

A test that is a coroutine function runs in an event loop of its own.
"""

import asyncio
import io
import json
import sys


def run(path):
    """Import the file at `path` and run its tests, in the order of their names."""
    directory, _, name = path.rpartition("/")
    sys.path.insert(0, directory)
    module = __import__(name[:-3])
    for test in sorted(dir(module)):
        if not test.startswith("test_"):
            continue
        trace = ""
        try:
            pending = getattr(module, test)()
            if pending is not None:
                asyncio.new_event_loop()
                asyncio.run(asyncio.wait_for(pending, 60))
        except BaseException as error:  # noqa: BLE001 whatever it is, the test has failed
            file = io.StringIO()
            sys.print_exception(error, file)
            trace = file.getvalue()
        print(json.dumps({test: trace}))


if __name__ == "__main__":
    run(sys.argv[1])
