"""The 32-bit truth: a meter on real firmware boots, dials, registers and answers a Read.

The limits are guest time and bytes of a real RP2040's heap; what was measured is printed at the
end of the run. A new meter is one `Meter` in meters.py.
"""

import statistics
from collections.abc import Callable, Iterator

import pytest
from host_tests.emulator.meter_server import MeterServer
from host_tests.emulator.meters import METERS, WATER, Meter
from tools.emulator import Board, imports, seeded

REGISTER_AFTER_PPP_MS = 700
HEAP_FREE = 131_000  # with supervision, crash counter, texts and the PIO counter
READS = 5


@pytest.fixture
def server() -> Iterator[MeterServer]:
    one = MeterServer()
    yield one
    one.stop()


@pytest.mark.parametrize("meter", METERS, ids=lambda meter: meter.name)
def test_it_registers_and_answers_a_read(meter: Meter, server: MeterServer, measured: Callable):
    with Board(meter.files(server.port), probe=True) as board:
        up_ms = board.wait_for_ppp() / 1e6
        register_ms = board.first_datagram(server.port).at_ns / 1e6
        request = server.wait_for_registration()
        assert request.opt.uri_path == ("rd",)
        spans = [read_ms(board, server, meter) for _ in range(READS)]
        heap = board.live_heap()
    measured(
        "%s: PPP up %.0f ms after reset, first Register %.0f ms" % (meter.name, up_ms, register_ms)
    )
    measured(
        "%s: a Read %.1f ms of guest time, the first %.1f ms"
        % (meter.name, statistics.median(spans[1:]), spans[0])
    )
    measured("%s, registered: %s" % (meter.name, heap))
    assert register_ms - up_ms <= REGISTER_AFTER_PPP_MS
    assert heap.free >= HEAP_FREE


def read_ms(board: Board, server: MeterServer, meter: Meter) -> float:
    """Read the manufacturer and return the guest's time for it."""
    answer, sent, received = server.read("/3/0/0")
    assert answer.payload == meter.manufacturer
    return board.span_ms(sent, received)


@pytest.mark.slow
def test_it_registers_over_a_bad_line(server: MeterServer):
    # This seed loses the first Register, and answers the second twice and late.
    faults = seeded(166, drop=40, duplicate=30, delay=30, ms=900)
    with Board(WATER.files(server.port), faults=faults, probe=True) as board:
        board.wait_for_line("registered")
        tries = [d.data for d in board.datagrams if d.from_guest]
        assert len(tries) == 2
        assert tries[0] == tries[1]
        board.wait_for_datagram(lambda d: not d.from_guest, after=3)
        assert board.live_heap().free >= HEAP_FREE


def test_its_imports_are_those_of_its_profile(server: MeterServer, measured: Callable):
    """What a registered meter has imported is what `make sizes` counts; and how long it takes."""
    with Board(WATER.files(server.port)) as board:
        server.wait_for_registration()
        server.read("/3/0/0")
        loaded = board.run("import sys; print(*sys.modules)").split()
    counted = WATER.modules()
    ours = {
        name for name in loaded if name.partition(".")[0] in {n.partition(".")[0] for n in counted}
    }
    packages = {name.rpartition(".")[0] for name in counted}
    parents = packages | {name.rpartition(".")[0] for name in packages}
    assert ours - parents <= set(counted), "add these to tools/sizes/profiles.json"


@pytest.mark.slow
def test_import_time(measured: Callable, server: MeterServer):
    files = {path: data for path, data in WATER.files(server.port).items() if path != "/main.py"}
    with Board(files) as board:
        costs = imports(board, WATER.modules())
    assert not [cost for cost in costs if cost.error]
    measured(
        "water: import %.0f ms of guest time, %d B of RAM, %d modules"
        % (sum(c.us for c in costs) / 1000, sum(c.ram for c in costs), len(costs))
    )
