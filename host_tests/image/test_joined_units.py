"""The unit tests inside MicroPython, against lib/ as an image has it that joins.

They import modules by their own names, so they go through the stubs. As to names they are modules
of the image, with their helpers: what the image renames, it renames in them too.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from port import PORT, PORT_PATH, ROOT
from tools.image import profile

SUPPORT = ROOT / "host_tests" / "support"
RUNNER = SUPPORT / "run_on_port.py"
# Tests of DTLS use private names, and a board is no part of the port; joined, both are tested in
# host_tests/emulator
FILES = [
    path
    for path in sorted((ROOT / "host_tests" / "unit").glob("*/test_*.py"))
    if path.parent.name not in ("bearer", "chip", "dtls", "dtls_native", "host_only", "modem")
    and path.name != "test_slots.py"  # the boot selector is in no image: it is beside the slots
]
SIZES = json.loads((ROOT / "tools" / "sizes" / "profiles.json").read_text())


def helpers(files: list[Path]) -> list[Path]:
    """Return the modules of support/ that tests import."""
    found = []
    for path in files:
        for word in re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.MULTILINE):
            helper = SUPPORT / (word + ".py")
            if helper.exists() and helper not in found:
                found.append(helper)
                found += [one for one in helpers([helper]) if one not in found]
    return found


def names_of_tests(path: Path) -> list[str]:
    """Return the names of a file's tests, which the runner looks up."""
    return re.findall(r"def (test_\w+)", path.read_text())


GROUPS = {
    "METER_PPP": profile.groups(*profile.paths("METER_PPP", "water"))[0],
    "reporting": SIZES["reporting"]["join"],
}


def name_of(path: Path) -> str:
    """Return the name of a test's file or a helper's; the second of one name has its folder's."""
    first = next((one for one in FILES if one.name == path.name), path)
    return path.name if path == first else "%s_%s" % (path.parent.name, path.name)


@pytest.fixture(scope="module", params=GROUPS)
def library(request, tmp_path_factory) -> Path:
    """lib/ as a board has it, joined."""
    place = tmp_path_factory.mktemp("joined")
    modules = profile.default() + profile.parse_line("firmware", ROOT, "firmware")
    modules += [
        profile.Entry("/tests/" + name_of(path), path, public=tuple(names_of_tests(path)))
        for path in helpers(FILES) + FILES
    ]
    names = {entry.module for entry in modules}
    groups = {name: of for name, of in GROUPS[request.param].items() if names.issuperset(of)}
    assert "core" in groups  # what is of the board is joined in host_tests/emulator
    entries = profile.grouped(modules, groups, (), request.param)
    for path, content in profile.build_files(entries).items():
        (place / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (place / path[1:]).write_bytes(content)
    for name, text in profile.joined(entries).texts.items():
        if name.startswith("tests."):  # as source, for an .mpy has no asserts
            path = place / name.replace(".", "/")
            path.with_suffix(".mpy").unlink()
            path.with_suffix(".py").write_text(text)
    return place


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_unit_test_passes_with_joined_modules(library: Path, path: Path):
    others = [str(ROOT / one) for one in PORT_PATH if one != "lib"]
    joined = [str(library / one) for one in ("", "lib", "tests")]
    environment = dict(os.environ, MICROPYPATH=":".join([*joined, *others, ".frozen"]))
    command = [PORT, RUNNER, library / "tests" / name_of(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    outcomes = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            outcomes.update(json.loads(line))
    assert outcomes, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert not {name: trace for name, trace in outcomes.items() if trace}
