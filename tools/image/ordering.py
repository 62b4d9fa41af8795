"""The order of a .mpy's names: an index below 128 takes one byte in bytecode, others take two.

mpy-cross numbers names as it meets them, even in code that it drops because nothing leads there.
So such a statement at the top, four bytes of bytecode, gives the commonest names the low numbers.
"""

import ast
from collections import Counter
from keyword import iskeyword

from .scopes import Scopes
from .sources import is_const_call

_FEW = 127  # names that get one byte
_INTERNED = 10  # a text constant that is no longer is a name


def counted(tree: ast.Module) -> Counter[str]:
    """Return how often each name stands in the bytecode, about."""
    counts: Counter[str] = Counter()
    silent = _silent(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in silent:
            counts[node.id] += 1
        elif isinstance(node, ast.Attribute):
            counts[node.attr] += 1
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            counts[node.arg] += 1
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            counts[node.name] += 2
            if isinstance(node, ast.ClassDef):
                counts.update(("__name__", "__module__", "__qualname__"))
        elif isinstance(node, ast.alias):
            counts[node.name] += 1
            counts[node.asname or node.name] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            counts[node.value] += len(node.value) <= _INTERNED
    return counts


def _silent(tree: ast.Module) -> set[int]:
    """Return the names that no bytecode names: locals of functions, and constants."""
    uses = Scopes(tree).uses
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and is_const_call(node.value)
        for target in node.targets
    } | {"const"}
    return {
        id(use.node)
        for use in uses
        if use.name in constants or use.scope.resolve(use.name).kind not in ("module", "class")
    }


def ordered(tree: ast.Module) -> str:
    """Return the text of a tree, its commonest names first where that matters."""
    text = ast.unparse(tree)
    names = [name for name, _ in counted(tree).most_common() if _can_lead(name)]
    if len(names) <= _FEW:
        return text
    return "while 1:\n    break\n    %s\n%s" % (".".join(names[:_FEW]), text)


def _can_lead(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)
