"""What the tests of tools/flash share."""

from pathlib import Path

import pytest
from tools.boards import Board, Region
from tools.flash import drives, rp2
from tools.flash.images import Wanted
from unix_board import UnixBoard, image

REGIONS = (
    Region("firmware", 0, 0x180000),
    Region("files", 0x180000, 512 * 1024),
    Region("slot_a", None, None, "files", "/a"),
    Region("slot_b", None, None, "files", "/b"),
)


@pytest.fixture
def kept(tmp_path):
    """The folder for what boards keep."""
    return tmp_path / "kept"


@pytest.fixture
def pico():
    """What board.json would say of the board of UnixBoard."""
    facts = {"mcu": "RP2040", "port": "rp2"}
    regions = {each.name: each for each in REGIONS}
    return Board("TEST_RP2040", Path(), facts, 2 << 20, regions)


@pytest.fixture
def plugged(tmp_path, monkeypatch):
    """Make boards that are on, their drive among this host's mounts."""
    boards = []
    monkeypatch.setattr(drives, "LABELS", tmp_path / "labels")
    monkeypatch.setattr(rp2, "CONSOLE_S", 5)
    monkeypatch.setattr(rp2, "DRIVE_S", 3)
    monkeypatch.setattr(rp2, "RESET_S", 3)

    def plug(files=None, **attributes):
        board = UnixBoard(tmp_path, files)
        for name, value in attributes.items():
            setattr(board, name, value)
        monkeypatch.setattr(drives, "MOUNTS", board.mounts)
        boards.append(board.__enter__())
        return board

    yield plug
    for board in boards:
        board.__exit__()


@pytest.fixture
def uf2_image(tmp_path):
    """Write a UF2 with these files; return what the command line would say."""

    def make(files, **options):
        file = tmp_path / "image.uf2"
        file.write_bytes(image(files))
        return Wanted(image=str(file), **options)

    return make
