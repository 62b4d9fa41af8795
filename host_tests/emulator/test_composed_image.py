"""One file of `make image`, as a user copies it to the board: its way through what a field does.

The whole UF2 is booted, the application out of slot a of its ROMFS; Leshan is its server, over
DTLS. Each step waits for what it is about, however busy the machine is.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from coaps_leshan import begin, know
from host_tests.emulator.meters import ENDPOINT, coaps_image
from tools.devserver.driver import Driver
from tools.emulator import Board
from tools.emulator.devices import PulseOutput

WALL = 120.0
PERIOD_MS = 200
CHECKPOINT = 10  # pulses; and those between two readings, one a second
UNREAD = 1000 // PERIOD_MS + 1
START_MS = 2000  # the first pulse, when it is registered
LIFETIME = 600  # s, as the server writes it
SOFTWARE, POWER = 2, 1  # reset causes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def leshan() -> Iterator[Driver]:
    server = begin()
    know(server, ENDPOINT)
    yield server
    server.close()


@pytest.fixture
def image(leshan: Driver, tmp_path: Path) -> Path:
    return coaps_image(int(leshan.ready["coaps"].rpartition(":")[2]), tmp_path)


class Meter:
    """The board at its server, and the contact that it counts."""

    def __init__(self, leshan: Driver, board: Board, output: PulseOutput):
        self.leshan, self.board, self.output = leshan, board, output
        self.seen = 0  # lines of the console, those of the starts before

    def ask(self, op: str, path: str, **more: object) -> dict:
        """Return the answer to a request, which the meter must have given."""
        answer = self.leshan.ask(op=op, endpoint=ENDPOINT, path=path, timeout=60, **more)
        assert answer.get("code", "")[:2] == "2.", answer
        return answer

    def event(self, kind: str, **more: object) -> dict:
        """Wait for an event of the meter."""
        return self.leshan.wait_event(kind, timeout=WALL, endpoint=ENDPOINT, **more)

    def line(self, pattern: str) -> str:
        """Wait for a line of the start that is under way."""
        return self.board.wait_for_line(pattern, WALL, after=self.seen).text

    def again(self, cause: int) -> None:
        """Wait until it has started anew, for this cause, and goes on where it was.

        Its session, its registration and what the server wrote are in flash: it notifies, and an
        Update follows; there is no handshake and no Register.
        """
        assert self.line("started: ").endswith("reset cause %d, crashes in a row 0" % cause)
        self.line(r" connecting to coaps:.* which knows it")
        assert self.event("updated")["lifetime"] == LIFETIME
        start = [line.text for line in self.board.console.lines[self.seen :]]
        assert not [text for text in start if "session" in text or " registered" in text], start
        self.seen = len(self.board.console.lines)

    def at_rest(self) -> int:
        """Have the contact rest; return the pulses given by then."""
        self.output.held = True
        self.until(lambda: self.output.still)
        self.rest(PERIOD_MS)  # the counter, too, has seen that it is open
        return self.output.count

    def rest(self, ms: float) -> None:
        """Let guest time pass."""
        end = self.board.now_ms + ms
        self.until(lambda: self.board.now_ms >= end)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what is true some time later."""
        limit = time.monotonic() + WALL
        while not holds():
            assert time.monotonic() < limit
            time.sleep(0.02)

    def count(self) -> int:
        """Read the count, while the contact rests."""
        return int(self.ask("read", "/3424/0/4")["value"])


def test_the_image_that_a_user_copies_to_the_board_lives_through_what_a_field_does(
    leshan: Driver, image: Path
):
    output = PulseOutput(period_ms=PERIOD_MS, start_ms=START_MS)
    with Board(image=image, devices=[output.attach], pace=3) as board:
        meter = Meter(leshan, board, output)
        registers(meter)
        is_read_and_written(meter)
        reports_each_pulse(meter)
        survives_a_reboot_by_the_server(meter)
        survives_the_reset_pin(meter)
        survives_a_power_cut(meter)
        survives_a_dropped_line(meter)
        assert board.run("import core; print(core.__file__)") == "/a/core.mpy\n"


def registers(meter: Meter) -> None:
    assert "slot a, reset cause %d" % POWER in meter.line("started: ")
    meter.board.wait_for_ppp(WALL)
    meter.line("DTLS: session established")
    meter.line(" registered at coaps:")
    facts = meter.event("registered")
    assert facts["address"].startswith("coaps:")
    assert "</3424/0>" in facts["links"]
    meter.seen = len(meter.board.console.lines)


def is_read_and_written(meter: Meter) -> None:
    assert meter.ask("read", "/3/0/0")["value"] == "micropython-lwm2m"
    for path, value in (("/3/0/14", "+05:45"), ("/1/0/1", LIFETIME)):
        assert meter.ask("write", path, value=value)["code"] == "2.04"
        assert meter.ask("read", path)["value"] == value
    assert meter.event("updated")["lifetime"] == LIFETIME


def reports_each_pulse(meter: Meter) -> None:
    """The counts that are notified rise, and end at each pulse that was given."""
    found = [int(meter.ask("observe", "/3424/0/4")["value"])]

    def notified() -> None:
        found.append(int(meter.event("notification", path="/3424/0/4")["value"]))
        # the same again: an answer that was asked for twice, a change that was answered already
        assert found[-2] <= found[-1] <= meter.output.count

    while len(set(found)) < 4:
        notified()
    given = meter.at_rest()
    while found[-1] < given:
        notified()
    assert found[-1] == given == meter.count()


def survives_a_reboot_by_the_server(meter: Meter) -> None:
    """Pulses that come while it starts are counted, too; one may be lost."""
    meter.output.held = False
    before = meter.output.count
    meter.ask("execute", "/3/0/4")
    meter.again(SOFTWARE)
    given = meter.at_rest()
    assert given > before
    assert given - 1 <= meter.count() <= given


def survives_the_reset_pin(meter: Meter) -> None:
    """To the counter it is a power cut: the chip keeps no register."""
    given = meter.at_rest()
    meter.board.reset()
    meter.again(POWER)
    assert given - CHECKPOINT - UNREAD <= meter.count() <= given


def survives_a_power_cut(meter: Meter) -> None:
    """At most a checkpoint and what was not read yet is lost, and nothing counted twice."""
    meter.output.held = False
    counted, given = meter.count(), meter.output.count
    meter.until(lambda: meter.output.count >= given + 2 * CHECKPOINT)
    meter.output.held = True  # without power it counts nothing
    meter.board.power_cut()
    given = meter.output.count - given + counted
    meter.again(POWER)
    assert given - CHECKPOINT - UNREAD <= meter.count() <= given + 1


def survives_a_dropped_line(meter: Meter) -> None:
    """It is dialled anew, has another address, and goes on in the same DTLS session."""
    meter.output.held = False
    counted, given = meter.count(), meter.output.count
    meter.board.hang_up(bytes((10, 64, 64, 9)))
    meter.line("network down")
    meter.line("network up 10.64.64.9")
    meter.event("updated")
    assert meter.board.line.dialled == 1
    given = meter.at_rest() - given
    assert given - 1 <= meter.count() - counted <= given + 1
