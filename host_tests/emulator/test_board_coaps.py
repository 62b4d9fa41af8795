"""The default of METER_PPP, coaps, on real firmware at Leshan: out of LittleFS and out of ROMFS.

Out of ROMFS it is the one file that `make image` makes. Leshan's own time and that of the line are
taken off: what is limited is the board's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from coaps_leshan import begin, know
from host_tests.emulator.meters import ENDPOINT, coaps_files, coaps_image
from tools.devserver.driver import Driver
from tools.emulator import PROBE_FILES, Board

_APPLICATION_DATA = (0x17, 0x19)  # the second with a CID


@dataclass(frozen=True)
class Place:
    """Where the modules are, and what a start out of there may take."""

    folder: str
    register_ms: int
    datagram_ms: int  # from the reset to the first one
    free: int
    largest: int


PLACES = {
    "LittleFS": Place("/lib", 720, 620, 116_000, 97_500),
    "ROMFS": Place("/a", 465, 385, 160_500, 142_500),
}


@pytest.fixture(scope="module")
def leshan() -> Iterator[Driver]:
    server = begin()
    know(server, ENDPOINT)
    yield server
    server.close()


def start_ms(board: Board) -> float:
    """Guest time of the Register after the reset, less what was waited for its server."""
    waited, last = 0.0, 0.0
    for one in board.datagrams:
        if not one.from_guest:
            waited += one.at_ns - last
        elif one.data[0] in _APPLICATION_DATA:
            return (one.at_ns - waited) / 1e6
        last = one.at_ns
    raise AssertionError("no Register")


def board_at(place: Place, port: int, folder: Path) -> Board:
    """Return a board whose modules are there."""
    if place is PLACES["ROMFS"]:
        return Board(image=coaps_image(port, folder, PROBE_FILES))
    return Board(coaps_files(port), probe=True)


@pytest.mark.parametrize("name", PLACES)
def test_it_registers_by_coaps_and_answers_a_read(
    name: str, leshan: Driver, measured: Callable, tmp_path: Path
):
    place = PLACES[name]
    port = int(leshan.ready["coaps"].rpartition(":")[2])
    with board_at(place, port, tmp_path) as board:
        board.wait_for_line("registered")
        facts = leshan.wait_event("registered", timeout=60, endpoint=ENDPOINT)
        heap = board.live_heap()
        answer = leshan.ask(op="read", endpoint=ENDPOINT, path="/3/0/0", timeout=60)
        took = start_ms(board)
        first = (board.line.datagrams[0].at_ns - board.started_ns) / 1e6
        assert board.run("import core; print(core.__file__)") == place.folder + "/core.mpy\n"
    times = "first datagram %.0f ms, Register %.0f ms after reset" % (first, took)
    measured("coaps, %s: %s; registered: %s" % (name, times, heap))
    assert facts["address"].startswith("coaps:")
    assert (answer["code"], answer["value"]) == ("2.05", "micropython-lwm2m")
    assert took <= place.register_ms and first <= place.datagram_ms
    assert heap.free >= place.free and heap.largest >= place.largest
