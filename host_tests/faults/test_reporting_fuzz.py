"""Mutated Observe, FETCH and iPATCH requests: no exception comes out, nothing grows for ever."""

import json

import pytest
from observe_mutants import attack
from port import on_port

from lwm2m import registration

COUNT = 3000
ROOM = 40000  # bytes between the least and the most in use, once it has begun


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize("storing", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_comes_out_and_nothing_is_wrong_inside(seed, storing, monkeypatch):
    faults = []

    def log(self, level, *event):
        # 5.03: more slow values than can be read at once, notified later
        if level == 1 and getattr(event[-1], "code", 0) != 0xA3:
            faults.append(event)

    monkeypatch.setattr(registration, "_silent", lambda *event: event and log(None, *event))
    meter = attack(seed, COUNT, storing)
    assert faults == []
    assert meter.notifications > COUNT // 50 and meter.answers > COUNT // 4


@pytest.mark.parametrize("storing", [0, 1])
def test_memory_is_bounded_inside_micropython(storing):
    ran = on_port(["host_tests/faults/observe_mutants.py", "3", str(COUNT), str(storing)])
    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr[-3000:]
    used = [json.loads(line)[1] for line in ran.stdout.splitlines()]
    assert len(used) == COUNT // 500
    half = len(used) // 2
    assert max(used[half:]) - max(used[2:half]) < ROOM, used
