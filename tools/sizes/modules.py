"""The device's modules, and what each imports, read from the sources without running them."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.image import profile
from tools.image.compiler import compile_module

# What a device installs: the libraries, the application, one board.
_TREES = ("lib", "firmware")


@dataclass
class Module:
    """One module: its sizes, and the names of the modules that it imports when it is imported."""

    name: str
    entry: profile.Entry
    mpy: int
    imports: list[str] = field(default_factory=list)
    ram: int | None = None
    import_us: int | None = None
    error: str = ""

    @property
    def package(self) -> str:
        """Return the first part of its name."""
        return self.name.partition(".")[0]


def discover(root: Path, board: str) -> dict[str, Module]:
    """Return all modules by name, compiled, each with its imports among them."""
    trees = [tree for tree in (*_TREES, "boards/" + board) if (root / tree).is_dir()]
    entries = {entry.module: entry for tree in trees for entry in _entries(root, tree)}
    return {name: _module(name, entry, entries) for name, entry in sorted(entries.items())}


def _entries(root: Path, tree: str) -> list[profile.Entry]:
    return profile.parse_line(tree, root, tree)


def _module(name: str, entry: profile.Entry, known: Mapping[str, profile.Entry]) -> Module:
    shown = entry.device.lstrip("/").removeprefix("lib/")
    size = len(compile_module(entry.host, shown))
    tree = ast.parse(entry.host.read_text(), str(entry.host))
    is_package = entry.host.name == "__init__.py"
    names = _expand(_imported(tree, name if is_package else name.rpartition(".")[0]))
    return Module(name, entry, size, [one for one in names if one in known and one != name])


def _at_import(node: ast.AST) -> Iterable[ast.stmt]:
    """Yield the statements that run at import: those in functions run later, or never."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield child
        yield from _at_import(child)


def _imported(tree: ast.Module, package: str) -> Iterable[str]:
    """Yield every dotted name that may be a module, in the order of the imports."""
    for node in _at_import(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            yield base
            yield from ((base + "." + alias.name).lstrip(".") for alias in node.names)


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parents = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join(parents + ([node.module] if node.module else []))


def _expand(names: Iterable[str]) -> list[str]:
    """Return the names with their packages before them, each once."""
    found = {}
    for name in names:
        parts = name.split(".")
        found.update({".".join(parts[: end + 1]): None for end in range(len(parts))})
    return list(found)


def closure(names: Iterable[str], modules: Mapping[str, Module]) -> list[str]:
    """Return the names and all that they import, dependencies first."""
    done = {}

    def visit(name: str) -> None:
        if name in done or name not in modules:
            return
        done[name] = False  # on the way: a circle ends here
        for one in (*_expand([name])[:-1], *modules[name].imports):
            visit(one)
        done.pop(name)
        done[name] = True

    for name in names:
        visit(name)
    return list(done)
