"""Boards for tools/provision: MicroPython's Unix port on a pty, with a firmware of ours or not."""

import sys

import pytest
from tools.boards.board import ROOT
from tools.provision import checker, schema

sys.path.append(str(ROOT / "host_tests" / "flashing"))

from unix_board import UnixBoard  # noqa: E402


@pytest.fixture(scope="session")
def known():
    """The JSON schema of the configuration."""
    import json

    return json.loads(schema.text(checker.sections()))


@pytest.fixture
def plugged(tmp_path):
    """Make boards that are on; each has a folder and a chip of its own."""
    boards = []

    def plug(files=None, device="e66141040396b42a"):
        folder = tmp_path / ("board%d" % len(boards))
        folder.mkdir()
        boards.append(UnixBoard(folder, files, device=device).__enter__())
        return boards[-1]

    yield plug
    for board in boards:
        board.__exit__()
