"""Functions and methods that nothing in an image names, and nobody outside knows: they go."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from . import public
from .scopes import is_private

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def remove(trees: Iterable[ast.Module], outside: public.Outside) -> None:
    """Take away what is not used, and then what only that has used."""
    trees = list(trees)
    while _removed(trees, outside):
        pass


def _removed(trees: list[ast.Module], outside: public.Outside) -> bool:
    used = Counter(name for tree in trees for name in _names(tree))
    kept, removed = public.foreign(), False
    for tree in trees:
        for owner in (tree, *(one for one in tree.body if isinstance(one, ast.ClassDef))):
            for one in [one for one in owner.body if isinstance(one, _FUNCTIONS)]:
                is_known = one.name[:2] == "__" or one.name in kept or one.decorator_list
                hidden = is_private(one.name) or not outside.uses(one.name)
                if hidden and not is_known and used[one.name] == _of(one)[one.name]:
                    owner.body.remove(one)
                    owner.body += [] if owner.body else [ast.Pass()]
                    used -= _of(one)
                    removed = True
    return removed


def _of(function: ast.AST) -> Counter[str]:
    return Counter(_names(function))


def _names(tree: ast.AST) -> Iterator[str]:
    """Yield whatever may name a function: also a text that is looked up."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield from public.words(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from public.words(node.value)
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
