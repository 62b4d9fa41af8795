"""The Python files of the repository, parsed, each with the name by which it is imported."""

import ast
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEVICE = ("lib", "firmware", "boards")


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, its module name, and its tree."""

    path: str
    module: str
    is_package: bool
    tree: ast.Module
    text: str

    def where(self, node: ast.AST) -> str:
        """Return the place of a node, for a finding."""
        return "%s:%d" % (self.path, getattr(node, "lineno", 1))


def module_name(path: str) -> str:
    """Return the name by which a file is imported; those of a board have its name before them."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return ".".join(parts[1:] if parts[0] == "lib" else parts)


def tracked(root: Path, *patterns: str) -> list[str]:
    """Return the files of the repository, tracked or new but not ignored, that match."""
    command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted({name for name in names if (root / name).is_file()})


def read(root: Path, *trees: str) -> list[Source]:
    """Return the parsed modules of these folders."""
    paths = tracked(root, *("%s/**.py" % one for one in trees))
    return [_source(root, path) for path in paths if not path.endswith("/manifest.py")]


def _source(root: Path, path: str) -> Source:
    text = (root / path).read_text()
    return Source(
        path, module_name(path), path.endswith("/__init__.py"), ast.parse(text, path), text
    )
