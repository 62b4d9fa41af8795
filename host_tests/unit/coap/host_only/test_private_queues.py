"""The private queues of MicroPython's asyncio are used in one file."""

import re

from port import ROOT

PRIVATE = re.compile(r"_io_queue|_task_queue|cur_task|asyncio import core|asyncio\.core")


def test_only_wakeup_uses_the_private_queues():
    files = {
        str(path.relative_to(ROOT))
        for folder in ("lib", "firmware", "boards", "examples")
        for path in (ROOT / folder).rglob("*.py")
        if PRIVATE.search(path.read_text())
    }
    assert files == {"lib/coap/wakeup.py"}
