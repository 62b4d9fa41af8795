"""`python -m tools.image` given what it cannot use: one line with the remedy, no half a file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools.image.compiler import ROOT


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "my.json"
    file.write_text(json.dumps({"endpoint": "m1", "servers": [{"uri": "coap://192.0.2.1"}]}))
    return file


def run(*arguments: object, limit: int = 0) -> tuple[int, str]:
    """Return the status and the last line; files may have `limit` bytes."""
    command = [sys.executable, "-m", "tools.image", "--board", "METER_PPP", "--profile", "water"]

    def limited() -> None:
        import resource
        import signal

        if limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command += map(str, arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=limited)
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stderr or done.stdout).strip()


def test_a_folder_in_place_of_the_file_is_one_line(config, tmp_path):
    status, line = run("--config", config, "--out", tmp_path)
    assert (status, line) == (1, "image: OUT=%s: Is a directory: name another file" % tmp_path)
    assert list(tmp_path.iterdir()) == [config]


def test_a_full_disk_leaves_the_image_that_was_there(config, tmp_path):
    out = tmp_path / "x.uf2"
    out.write_bytes(b"before")
    status, line = run("--config", config, "--out", out, limit=400_000)
    assert status == 1 and line.startswith("image: OUT=%s: File too large" % out)
    assert out.read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 2


def test_an_image_with_a_configuration_is_its_owners_to_read(config, tmp_path):
    """There are keys in it."""
    assert run("--config", config, "--out", tmp_path / "x.uf2")[0] == 0
    assert (tmp_path / "x.uf2").stat().st_mode & 0o777 == 0o600


def test_a_path_is_no_board():
    status, line = run("--board", "../boards/METER_PPP")
    assert status == 1 and "board ../boards/METER_PPP: no such board: give one of" in line
