"""Lengths of files, classes and functions beside the guide, for information."""

import ast
import statistics
from pathlib import Path

from .sources import DEVICE, read

FILE, CLASS, FUNCTION = 400, 250, 24  # the guide of CONTRIBUTING.md


def report(root: Path) -> str:
    """Return the medians and 90th percentiles of each tree, and what is over the guide."""
    lines = []
    for tree in (*DEVICE, "tools", "host_tests"):
        sources = read(root, tree)
        nodes = [(source, node) for source in sources for node in ast.walk(source.tree)]
        functions = [
            (source, node)
            for source, node in nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        sizes = sorted(_lines(node) for _, node in functions) or [0]
        lines.append(
            "%-10s %3d files; %4d functions: median %d lines, p90 %d, longest %d"
            % (
                *(tree, len(sources), len(functions), statistics.median(sizes)),
                *(sizes[len(sizes) * 9 // 10], sizes[-1]),
            )
        )
        lines += [
            "  %s: %d lines" % (source.path, count)
            for source in sources
            if (count := source.text.count("\n")) > FILE
        ]
        lines += [
            "  %s: class %s: %d lines" % (source.where(node), node.name, _lines(node))
            for source, node in nodes
            if isinstance(node, ast.ClassDef) and _lines(node) > CLASS
        ]
    return "\n".join(lines)


def _lines(node: ast.AST) -> int:
    return node.end_lineno - node.lineno + 1
