"""The unit tests inside MicroPython, against lib/ as an image has it that joins.

They import modules by their own names, so they go through the stubs, and they use nothing private.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from port import PORT, PORT_PATH, ROOT
from tools.image import profile

RUNNER = ROOT / "host_tests" / "shims" / "run_on_port.py"
# DTLS is no part of a group yet
FILES = [
    p for p in sorted((ROOT / "host_tests" / "unit").glob("test_*.py")) if "dtls" not in p.name
]
SIZES = json.loads((ROOT / "tools" / "sizes" / "profiles.json").read_text())
GROUPS = {
    "METER_PPP": profile.groups(ROOT / "boards" / "METER_PPP" / "water.txt")[0],
    "reporting": SIZES["reporting"]["join"],
}


@pytest.fixture(scope="module", params=GROUPS)
def library(request, tmp_path_factory) -> Path:
    """lib/ as a board has it, joined."""
    place = tmp_path_factory.mktemp("joined")
    entries = profile.grouped(profile.default(), GROUPS[request.param], (), request.param)
    for path, content in profile.build_files(entries).items():
        (place / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (place / path[1:]).write_bytes(content)
    return place / "lib"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_unit_test_passes_with_joined_modules(library: Path, path: Path):
    others = [str(ROOT / one) for one in PORT_PATH if one != "lib"]
    environment = dict(os.environ, MICROPYPATH=":".join([str(library), *others, ".frozen"]))
    done = subprocess.run(
        [PORT, RUNNER, path], env=environment, capture_output=True, text=True, timeout=300
    )
    outcomes = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            outcomes.update(json.loads(line))
    assert outcomes, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert not {name: trace for name, trace in outcomes.items() if trace}
