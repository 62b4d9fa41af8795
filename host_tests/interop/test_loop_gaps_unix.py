"""The event loop of the meter on the Unix port comes back to each task within 200 ms.

On a busy machine the process itself may wait that long for a processor: it gets several tries.
"""

import json
import re

import pytest
from coaps_leshan import KEY, begin, know

from .meter import ROOT, Meter

WATCHED = ROOT / "host_tests" / "interop" / "programs" / "watched_meter.py"
LIMIT_MS = 200
TRIES = 5
ENDPOINT = "watched"


@pytest.fixture(scope="module")
def server():
    one = begin()
    know(one, ENDPOINT)
    yield one
    one.close()


def worst_ms(server, folder) -> int:
    """Start a meter over coaps, ask it for what takes longest; return the loop's longest rest."""
    settings = {"uri": server.ready["coaps"], "lifetime": 300, "identity": ENDPOINT, "key": KEY}
    portfolio = [{"identity": ["x" * 255] * 4}] * 4  # a body in blocks
    config = {"endpoint": ENDPOINT, "servers": [settings], "portfolio": portfolio}
    meter = Meter(folder, config, main=WATCHED)
    try:
        server.wait_event("registered", timeout=30, endpoint=ENDPOINT)
        for path in ("/3", "/3424", "/16"):
            answer = server.ask(op="read", endpoint=ENDPOINT, path=path)
            assert answer["code"] == "2.05", answer
        assert len(json.dumps(answer["value"])) > 4 * 4 * 255
        for op, path, more in (
            ("write", "/1/0/1", {"value": 600}),
            ("discover", "/3", {}),
            ("observe", "/3424/0/1", {}),
        ):
            answer = server.ask(op=op, endpoint=ENDPOINT, path=path, **more)
            assert answer["code"][:2] == "2.", answer
        server.wait_event("notification", timeout=30, endpoint=ENDPOINT)
    finally:
        meter.kill()
    return max(int(line.split()[1]) for line in meter.lines if re.match(r"late \d+$", line))


def test_the_loop_never_rests_longer_than_200_ms(server, tmp_path):
    found = []
    for _ in range(TRIES):
        found.append(worst_ms(server, tmp_path))
        if found[-1] <= LIMIT_MS:
            return
    raise AssertionError("%s ms" % found)
