"""The application of a running board is renewed: the idle slot, then the record; or nothing."""

import os
from binascii import crc32

import pytest
from tools.flash import deploy
from tools.flash.failure import FlashError
from tools.flash.repl import Repl
from unix_board import ROOT

SLOTS = (ROOT / "firmware" / "slots.py").read_bytes()
CONFIRMED, ON_TRIAL = 0, 1
_BACK_TO_B = bytes((0x53, 1, 2, 0, 0))
RECORD_OF_B = _BACK_TO_B + crc32(_BACK_TO_B).to_bytes(4, "big")
BOARD = {
    "/slots.py": SLOTS,
    "/a/app.mpy": b"M\x06old" + bytes(900),
    "/a/same.mpy": b"M\x06same" + bytes(900),
    "/config/config.json": b'{"endpoint": "m1"}',
    "/data/count": b"1234",
}
APPLICATION = {
    "/app.mpy": b"M\x06new" + bytes(range(256)) * 20,
    "/same.mpy": b"M\x06same" + bytes(900),
    "/lib/deep/part.mpy": b"M\x06part" + bytes(range(256)) * 4,
}
NEW = {"/a" + path: data for path, data in APPLICATION.items()}


@pytest.fixture
def record():
    """Ask a board's own boot selector: the active slot and its state."""

    def ask(board):
        with Repl(board.port) as repl:
            repl.run("import slots; s = slots.Slots()")
            return repl.evaluate("('ab'[s.active], s.state)")

    return ask


def slot(board, name):
    files = board.files
    return {p[2:]: data for p, data in files.items() if p.startswith("/%s/" % name)}


def refusal(*arguments):
    with pytest.raises(FlashError) as refused:
        deploy.deploy(*arguments)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_idle_slot_gets_the_application_and_is_on_trial(pico, plugged, uf2_image, record):
    board = plugged(BOARD)
    said = deploy.deploy(pico, board.port, uf2_image(NEW))
    assert said.startswith("slot b has 3 files, 3 of them new")
    board.wait_for_resets(1)
    assert slot(board, "b") == APPLICATION
    assert slot(board, "a") == {p[2:]: d for p, d in BOARD.items() if p.startswith("/a/")}
    assert board.files["/data/count"] == b"1234"
    assert record(board) == ("b", ON_TRIAL)


def test_a_second_time_the_slot_on_trial_is_renewed_and_the_confirmed_one_stays(
    pico, plugged, uf2_image, record
):
    board = plugged(BOARD)
    deploy.deploy(pico, board.port, uf2_image(NEW))
    board.wait_for_resets(1)
    newer = {"/a/app.mpy": b"M\x06newer" + bytes(500)}
    said = deploy.deploy(pico, board.port, uf2_image(newer))
    assert said.startswith("slot b has 1 files")
    board.wait_for_resets(3)
    assert slot(board, "b") == {"/app.mpy": newer["/a/app.mpy"]}
    assert slot(board, "a")["/app.mpy"] == BOARD["/a/app.mpy"]
    assert record(board) == ("b", ON_TRIAL)


def test_the_slot_that_runs_is_never_written_whatever_the_record_says(
    pico, plugged, uf2_image, record
):
    """The record may name one that is empty or cannot be started: the selector takes the other."""
    board = plugged(dict(BOARD, **{"/slot": RECORD_OF_B}), runs="/a")
    assert deploy.deploy(pico, board.port, uf2_image(NEW)).startswith("slot b has 3 files")
    board.wait_for_resets(1)
    assert slot(board, "a") == {p[2:]: d for p, d in BOARD.items() if p.startswith("/a/")}
    assert slot(board, "b") == APPLICATION
    assert record(board) == ("b", ON_TRIAL)


def test_only_what_differs_is_written(pico, plugged, uf2_image):
    board = plugged(dict(BOARD, **{"/b/same.mpy": APPLICATION["/same.mpy"], "/b/gone.mpy": b"x"}))
    assert "3 files, 2 of them new" in deploy.deploy(pico, board.port, uf2_image(NEW))
    board.wait_for_resets(1)
    assert slot(board, "b") == APPLICATION


@pytest.mark.parametrize("moment", [0, 1, 5, 8])
def test_unplugged_midway_the_old_application_still_starts(
    moment, pico, plugged, uf2_image, record, monkeypatch
):
    board = plugged(BOARD)
    write = deploy.Repl.run
    calls = []

    def run(self, source):
        if "_clear" in source or calls:
            calls.append(source)
        if len(calls) > moment:
            board.unplug()
        return write(self, source)

    monkeypatch.setattr(deploy.Repl, "run", run)
    monkeypatch.setattr("tools.flash.repl._QUIET_S", 1)
    line = refusal(pico, board.port, uf2_image(NEW))
    assert "went away" in line
    assert "the old application starts" in line
    monkeypatch.undo()
    board._start()
    assert slot(board, "a")["/app.mpy"] == BOARD["/a/app.mpy"]
    assert record(board) == ("a", CONFIRMED)


def test_a_slot_that_does_not_hold_what_was_written_is_not_switched_to(
    pico, plugged, uf2_image, record, monkeypatch
):
    board = plugged(BOARD)
    write = Repl.write
    monkeypatch.setattr(
        Repl, "write", lambda self, path, data, progress: write(self, path, data[:-1], progress)
    )
    line = refusal(pico, board.port, uf2_image(NEW))
    assert "on the board is not what was written" in line
    assert "slot b was not switched to" in line
    assert record(board) == ("a", CONFIRMED)


def test_not_enough_room_is_one_line_and_the_old_slot_stays(pico, plugged, uf2_image, record):
    board = plugged(dict(BOARD, **{"/data/large": os.urandom(470_000)}))
    large = {"/a/app.mpy": b"M\x06" + os.urandom(60_000)}
    line = refusal(pico, board.port, uf2_image(large))
    assert "not enough room: the slot needs 60 KB" in line
    assert record(board) == ("a", CONFIRMED)


def test_bytecode_that_the_board_cannot_load_is_refused_before_it_is_written(
    pico, plugged, uf2_image
):
    board = plugged(BOARD)
    line = refusal(pico, board.port, uf2_image({"/a/app.mpy": b"M\x05old"}))
    assert "the board loads .mpy of version 6, the application is 5: `make flash`" in line
    assert slot(board, "b") == {}


def test_a_board_without_a_boot_selector_is_sent_to_make_flash(pico, plugged, uf2_image):
    board = plugged({"/main.py": b"x"})
    assert "no boot selector on the board: `make flash` first" in refusal(
        pico, board.port, uf2_image(NEW)
    )


def test_another_chip_is_refused(pico, plugged, uf2_image, tmp_path):
    board = plugged(BOARD)
    board.machine = "Generic ESP32C3 module with ESP32C3"
    board.unplug()
    board._start()
    assert "needs an RP2040" in refusal(pico, board.port, uf2_image(NEW))


def test_an_image_without_an_application_is_refused(pico, plugged, uf2_image):
    board = plugged(BOARD)
    assert "has no application in /a/" in refusal(pico, board.port, uf2_image({"/x": b"1"}))


def test_the_configuration_of_the_board_is_what_the_application_is_built_for(
    pico, plugged, monkeypatch, uf2_image
):
    board = plugged(BOARD)
    given = []

    def build(board, wanted, config=None):
        given.append(config.read_bytes())
        return deploy.Path(uf2_image(NEW).image)

    monkeypatch.setattr(deploy.images, "build", build)
    deploy.deploy(pico, board.port, deploy.images.Wanted())
    assert given == [BOARD["/config/config.json"]]
