"""docs/porting-a-board.md, followed to the letter in a tree of its own, as a new user would."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tools.image import firmware, uf2

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "porting-a-board.md"
CONFIG = {
    "endpoint": "ported",
    "servers": [{"uri": "coaps://lwm2m.example", "identity": "ported", "key": "00" * 16}],
}


@pytest.fixture
def clone(tmp_path) -> Path:
    """Return what a clone has, its set-up done, and a configuration."""
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in files:
        if not name.startswith("host_tests/") and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "venv").symlink_to((ROOT / "build" / "venv").resolve())
    (tmp_path / "my.json").write_text(json.dumps(CONFIG))
    return tmp_path


def steps() -> list[tuple[str, str]]:
    """Return the page's blocks of the walk, each with its language."""
    text = PAGE.read_text().partition("## Add a board")[2].partition("\n## ")[0]
    blocks = text.split("```")[1::2]
    return [(block.partition("\n")[0], block.partition("\n")[2]) for block in blocks]


def test_a_board_is_added_by_copying_a_folder_and_its_image_is_built(clone: Path):
    shown = [text for language, text in steps() if not language]
    printed = []
    for language, text in steps():
        if language == "sh":
            done = subprocess.run(
                ["bash", "-c", text], cwd=clone, capture_output=True, text=True, timeout=300
            )
            assert "Traceback" not in done.stderr, done.stderr
            printed.append((done.returncode, done.stdout, done.stderr))
    (first, second, image) = printed
    assert first[:2] == (1, shown[0])
    assert second == (0, "", "")
    assert image[0] == 0, image
    made = firmware.load(clone / "build" / "MY_METER.uf2")
    assert made.size and b"ported" in uf2.flash_of(made.pages)
    assert "MY_METER" in image[1]
