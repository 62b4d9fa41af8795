"""A small repository whose files a test writes."""

import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path):
    """Return a function that writes files into a new repository and returns its root."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return write
