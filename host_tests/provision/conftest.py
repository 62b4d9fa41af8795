"""Boards for tools/provision: MicroPython's Unix port on a pty, with a firmware of ours or not."""

import sys

import pytest
from tools.boards.board import ROOT
from tools.provision import checker, schema

sys.path.append(str(ROOT / "host_tests" / "flashing"))

from unix_board import UnixBoard  # noqa: E402

_CHECKS = ("firmware/config/*.py", "firmware/profiles/water.py", "lib/lwm2m/formats/number.py")
_CHECKS += (
    "lib/lwm2m/[eu]*.py",
    "lib/lwm2m/model.py",
    "lib/coap/*.py",
    "lib/metering/water_meter.py",
)


def firmware_files():
    """What a board has of a firmware that checks its configuration: {device path: content}."""
    found = [file for pattern in _CHECKS for file in sorted(ROOT.glob(pattern))]
    kept = [file for file in found if file.name != "manifest.py"]
    return {"/" + file.relative_to(ROOT).as_posix(): file.read_bytes() for file in kept}


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
