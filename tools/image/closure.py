"""Is everything in an image that its modules import when they are imported?

What is imported inside functions is optional: tools/image/needs.py has what a configuration makes
of it.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from .compiler import ROOT
from .failure import ImageError
from .profile import Entry

_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def check(entries: Iterable[Entry], board: str, root: Path = ROOT) -> None:
    """Raise ImageError where a module of this repository is imported and not in the image."""
    entries = [entry for entry in entries if entry.device.endswith(".py")]
    known = {entry.module for entry in entries}
    for entry in entries:
        for name in _imported(entry.host, entry.module, entry.is_package):
            if name not in known and (path := _place(name, board, root)):
                raise ImageError(
                    "%s imports %s, which the image lacks: name %s in the profile"
                    % (entry.module, name, path)
                )


def _place(name: str, board: str, root: Path) -> str:
    """Return the repository's file of a module, "" where it is none of ours."""
    path = name.replace(".", "/") + ".py"
    for folder in ("lib", "", "boards/" + board):
        if (root / folder / path).is_file():
            return str(Path(folder) / path)
    return ""


@cache
def _imported(path: Path, module: str, is_package: bool) -> tuple[str, ...]:
    """Return every dotted name that may be a module, of the imports outside functions."""
    parents = module.split(".") if is_package else module.split(".")[:-1]
    return tuple(_names(ast.parse(path.read_bytes(), str(path)), parents))


def _names(tree: ast.AST, parents: list[str]) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            level = parents[: len(parents) - node.level + 1] if node.level else []
            base = ".".join([*level, *filter(None, [node.module])])
            yield base
            yield from ("%s.%s" % (base, alias.name) for alias in node.names)
        elif not isinstance(node, _LATER):
            yield from _names(node, parents)
