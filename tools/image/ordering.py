"""The order of a .mpy's names: an index below 128 takes one byte in bytecode, others take two.

mpy-cross numbers names as it meets them, even in code that it drops because nothing leads there.
So such a statement at the top, four bytes of bytecode, gives the commonest names the low numbers.
"""

import ast
from collections import Counter
from keyword import iskeyword

from .scopes import Scopes
from .sources import is_const_call

_FEW = 128  # names that get one byte
_INTERNED = 10  # a text constant that is no longer is a name


def counted(tree: ast.Module) -> Counter[str]:
    """Return how often each name stands in the bytecode, about."""
    counts: Counter[str] = Counter()
    silent, at_top = _silent(tree)
    folded = {id(one) for node in ast.walk(tree) for one in _folded(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign):
            for one in _names_of(node.target, silent):  # is loaded and stored
                counts[one] += 1
        if isinstance(node, ast.ImportFrom):
            counts[node.module or ""] += 1
            counts.update(2 * [alias.name for alias in node.names])
        elif isinstance(node, ast.Import):
            counts.update(alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            counts[node.name] += 2 if id(node) in at_top else 1
        elif isinstance(node, ast.ClassDef):
            counts.update((*4 * [node.name], "__name__", "__module__", "__qualname__"))
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            counts[node.arg] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            counts[node.value] += id(node) not in folded and len(node.value) <= _INTERNED
        else:
            counts.update(_names_of(node, silent))
    return counts


def _names_of(node: ast.AST, silent: set[int]) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [node.id] if isinstance(node, ast.Name) and id(node) not in silent else []


def _folded(node: ast.AST) -> list[ast.AST]:
    """Return the texts in a tuple of constants, which is one constant."""
    if isinstance(node, ast.Tuple) and all(isinstance(one, ast.Constant) for one in node.elts):
        return node.elts
    return []


def _silent(tree: ast.Module) -> tuple[set[int], set[int]]:
    """Return the names that no bytecode names, locals of functions and constants; and what is
    bound at the top of the module or of a class.
    """
    uses = Scopes(tree).uses
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and is_const_call(node.value)
        for target in node.targets
    } | {"const"}
    at_top = [use.scope.resolve(use.name).kind in ("module", "class") for use in uses]
    silent = {id(use.node) for use, top in zip(uses, at_top) if use.name in constants or not top}
    return silent, {id(use.node) for use, top in zip(uses, at_top) if top}


def ordered(tree: ast.Module) -> str:
    """Return the text of a tree, its commonest names first where that matters."""
    text = ast.unparse(tree)
    names = [name for name, _ in counted(tree).most_common() if _can_lead(name)]
    if len(names) <= _FEW:
        return text
    return "while 1:\n    break\n    %s\n%s" % (".".join(names[:_FEW]), text)


def _can_lead(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)
