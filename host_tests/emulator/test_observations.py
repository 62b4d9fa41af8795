"""200 observations: what they take of a 32-bit heap, and what wakes a meter that has them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tools.emulator import Board
from tools.image.compiler import ROOT, compile_module

pytestmark = pytest.mark.slow  # a minute and a half of an emulated board

COUNT = 200
LIMIT = 160  # bytes an observation
DAYS_13 = 13 * 86_400_000  # integers of milliseconds have more than 30 bits by then
WALL = 900.0
GUEST = Path(__file__).with_name("guest_observations.py")


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    lib = ROOT / "lib"
    files = {}
    for part in ("coap", "lwm2m"):
        for source in sorted((lib / part).rglob("*.py")):
            name = source.relative_to(lib).as_posix()
            files["lib/%s.mpy" % name[:-3]] = compile_module(source, name)
    files["guest_observations.mpy"] = compile_module(GUEST, GUEST.name)
    with Board(files) as one:
        yield one


def shown(board: Board, call: str) -> dict[str, list[float]]:
    """Return the numbers that a function of the guest's program prints, by their names."""
    found = {}
    for line in board.run(
        "import guest_observations; guest_observations." + call, WALL
    ).splitlines():
        name, *numbers = line.split("\t")
        found[name] = [float(number) for number in numbers]
    return found


@pytest.fixture(scope="module")
def found(board: Board) -> dict[str, list[float]]:
    return shown(board, "run(%d, %d)" % (COUNT, DAYS_13))


def test_an_observation_takes_at_most_160_bytes(found: dict, measured: Callable):
    text = "%d observations: %.1f B each; after 13 days %.1f B, with a pmax, too, %.1f B"
    measured(text % (COUNT, *found["memory"], *found["later"], *found["later with pmax"]))
    assert 0 < found["memory"][0] <= LIMIT


def test_an_idle_minute_wakes_for_nothing(found: dict, measured: Callable):
    polls = len(found["idle"]) - 1, found["change"][1:]
    measured(
        "%d observations, polls in a minute: %d; with a change at 20 s: %s ms" % (COUNT, *polls)
    )
    noting, notifying = zip(found["change us"], found["change bytes"], strict=True)
    measured(
        "a change is noted in %.1f ms with %d B of garbage, notified in %.1f ms with %d B"
        % (noting[0] / 1000, noting[1], notifying[0] / 1000, notifying[1])
    )
    assert found["idle"] == [0]
    assert found["change"][:2] == [1, 20000]
    sent, due, *polls = found["due"]
    assert sent == 1
    assert set(polls) == {due}


def test_only_due_deadlines_wake(found: dict):
    sent, *at = found["change"]  # the acknowledgement may be followed by a poll, but no later one
    assert sent == 1 and set(at) == {20000}


@pytest.mark.slow
def test_what_an_observation_is_made_of(board: Board, measured: Callable):
    sizes = shown(board, "variants(%d)" % (COUNT // 2)) | shown(board, "fields()")
    for name, (size,) in sizes.items():
        measured("%5.1f B  %s" % (size, name))
