"""Import circles and imports against the layers, whether at the top of a file or in a function.

`from . import name` and `import a.b` mean the module that is named, not its package: the package's
own `__init__` counts where something that it defines is imported.
"""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

from . import layers
from .sources import DEVICE, Source, read

Graph = dict[str, dict[str, str]]  # importer -> {imported: place}


def check(root: Path) -> list[str]:
    """Return one line per circle, and one per import that the layers forbid."""
    graph = build(read(root, *DEVICE, "tools"))
    return circles(graph) + forbidden(graph)


def build(sources: Iterable[Source]) -> Graph:
    """Return what each module imports, and where."""
    sources = list(sources)
    known = {source.module for source in sources}
    graph = {}
    for source in sources:
        edges = graph.setdefault(source.module, {})
        for node in ast.walk(source.tree):
            for name in _imported(node, source, known):
                if name != source.module:
                    edges.setdefault(name, source.where(node))
    return graph


def _imported(node: ast.AST, source: Source, known: set[str]) -> Iterable[str]:
    """Yield the modules of the tree that a statement or a call of `__import__` loads."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = _from(node, source, known)
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "__import__":
        names = _by_text(node.args[0], known)
    else:
        return
    for name in names:
        yield from _resolve(name, source, known)


def _from(node: ast.ImportFrom, source: Source, known: set[str]) -> list[str]:
    base = node.module or ""
    if node.level:
        parts = source.module.split(".")
        parts = parts[: len(parts) - node.level + source.is_package]
        base = ".".join(parts + ([node.module] if node.module else []))
    names = [base + "." + alias.name for alias in node.names]
    return [name if name in known else base for name in names]


def _by_text(argument: ast.expr, known: set[str]) -> list[str]:
    """Return the module of a literal name, or all of the package that `"package." + x` is in."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [argument.value]
    if isinstance(argument, ast.BinOp) and isinstance(argument.left, ast.Constant):
        prefix = argument.left.value
        return [name for name in known if name.startswith(prefix)] if prefix else []
    return []


def _resolve(name: str, source: Source, known: set[str]) -> list[str]:
    """Return the module; those beside a board's files come first, as on its file system."""
    board = ".".join(source.module.split(".")[:2]) + "." + name
    if source.module.startswith("boards.") and board in known:
        return [board]
    return [name] if name in known else []


def circles(graph: Graph) -> list[str]:
    """Return the shortest circle of each group of modules that import one another."""
    findings = []
    for group in _groups(graph):
        shortest = min((_circle(graph, start, group) for start in sorted(group)), key=len)
        findings.append("circle: %s" % " -> ".join(shortest))
        if len(group) > len(shortest) - 1:
            findings[-1] += " (of %d modules: %s)" % (len(group), ", ".join(sorted(group)))
    return findings


def _groups(graph: Mapping) -> list[set[str]]:
    """Return the strongly connected groups of more than one module."""
    reach = {name: _reachable(graph, name) for name in graph}
    groups = []
    for name in sorted(graph):
        group = {other for other in reach[name] if name in reach[other]}
        if name in group and group not in groups:
            groups.append(group)
    return groups


def _reachable(graph: Mapping, start: str) -> set[str]:
    reached, todo = set(), [start]
    while todo:
        for name in graph.get(todo.pop(), ()):
            if name not in reached:
                reached.add(name)
                todo.append(name)
    return reached


def _circle(graph: Mapping, start: str, group: set[str]) -> list[str]:
    """Return the shortest way from a module back to itself."""
    ways = [[start]]
    while True:
        longer = []
        for way in ways:
            for name in sorted(graph[way[-1]]):
                if name == start:
                    return [*way, start]
                if name in group and name not in way:
                    longer.append([*way, name])
        ways = longer


def forbidden(graph: Graph) -> list[str]:
    """Return the imports that the layers do not allow."""
    findings = []
    for importer, edges in sorted(graph.items()):
        if not layers.row(importer):
            findings.append("layer: %s is in no row of tools/lint/layers.py" % importer)
            continue
        for imported, place in edges.items():
            if not layers.allowed(importer, imported):
                findings.append("layer: %s: %s may not import %s" % (place, importer, imported))
    return findings
