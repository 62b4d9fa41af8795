"""A closed image of one unit, as a vendor may flash it: it boots, registers, answers, notifies."""

import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from host_tests.emulator import meters
from host_tests.emulator.meters import BOARD, WATER
from host_tests.emulator.test_meter import READS, read_ms, server
from tools.emulator import Board
from tools.image import profile

__all__ = ["server"]
HEAP_FREE = 106_000  # all that a configuration may need is loaded: DTLS, reporting, the state
PROFILE = profile.paths(BOARD, "water")


def closed_profile(folder: Path) -> Path:
    """Write the board's profile with all its groups as one, closed and positional."""
    groups, _ = profile.groups(*PROFILE)
    lines = [line for path in PROFILE for line in path.read_text().splitlines()]
    lines = [line for line in lines if line.split()[:1] not in (["join"], ["positional"])]
    lines += ["join whole: " + " ".join(group) for group in groups.values()]
    path = folder / "closed.txt"
    path.write_text("\n".join([*lines, "positional whole", "closed", ""]))
    return path


@pytest.mark.slow
def test_a_closed_image_of_one_unit_registers_and_answers(
    server, tmp_path: Path, monkeypatch, measured: Callable
):
    entries = profile.read(closed_profile(tmp_path))
    monkeypatch.setattr(meters.profile, "of", lambda board, name: entries)
    files = WATER.files(server.port)
    assert b"registration_changed" not in files["/whole.mpy"]  # documented, but nobody comes
    with Board(files, probe=True) as board:
        up_ms = board.wait_for_ppp() / 1e6
        register_ms = board.first_datagram(server.port).at_ns / 1e6
        server.wait_for_registration()
        spans = [read_ms(board, server, WATER) for _ in range(READS)]
        answer, _, _ = server.read("/3424/0/1")
        heap = board.live_heap()
    measured("closed: PPP up %.0f ms, first Register %.0f ms" % (up_ms, register_ms))
    measured("closed: a Read %.1f ms of guest time" % statistics.median(spans[1:]))
    measured("closed, registered: %s" % heap)
    assert answer.payload
    assert heap.free >= HEAP_FREE
