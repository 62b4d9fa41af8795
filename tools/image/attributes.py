"""New names for private attributes and methods, the same all over an image.

The first ones are names that every firmware and every .mpy has for nothing (two bytes in a .mpy,
none in RAM) and that nobody gives to an attribute: `self._reader` becomes `self.OSError`. Two
attributes share a name where no object can have both: their classes are not related.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, product
from string import ascii_letters

from .failure import ImageError
from .links import Links
from .scopes import Scope, is_private
from .sources import Source

# MicroPython's static strings (py/makeqstrdata.py) and builtins that nobody gives to an attribute
FREE = """OSError ValueError KeyError IndexError TypeError Exception isinstance MemoryError
    ImportError hasattr getattr setattr issubclass NameError RuntimeError LookupError EOFError
    AttributeError AssertionError StopIteration SyntaxError SystemExit GeneratorExit OverflowError
    NoneType ArithmeticError ZeroDivisionError BaseException NotImplementedError IndentationError
    KeyboardInterrupt staticmethod classmethod callable globals locals divmod bytearray
    super enumerate memoryview sorted"""


def short_names() -> Iterator[str]:
    """Yield _a, _b, ... for what the free names do not suffice for."""
    for length in (1, 2, 3):
        for letters in product(ascii_letters, repeat=length):
            yield "_" + "".join(letters)


class Attributes:
    """What an image's classes and their objects have that is private; `names` maps old to new."""

    def __init__(self, sources: Mapping[str, Source], links: Links):
        self.sources, self.links = sources, links
        self.families: dict[object, object] = {}  # union-find over classes
        self.owners: dict[str, set] = {}  # of an attribute the classes; None: any object
        self.counts: Counter[str] = Counter()
        self.taken: set[str] = set()  # what somebody has as an attribute, or finds by text
        for source in sources.values():
            for scope in source.module.tree():
                if scope.kind == "class":
                    self._class(source, scope)
        for source in sources.values():
            self._accesses(source)
        self._check()
        self.names = self._choose()

    def _class(self, source: Source, scope: Scope) -> None:
        key = (source.name, scope.node.name) if scope.parent.kind == "module" else scope
        self._join(key, key)
        for base in scope.node.bases:
            if isinstance(base, ast.Name) and scope.parent.resolve(base.id) is source.module:
                self._join(key, self._origin(source, base.id))
        self.taken.update(scope.bound)
        for name in filter(is_private, scope.bound):
            self.owners.setdefault(name, set()).add(key)
        for method in scope.children:
            if method.kind == "function" and method.arguments:
                self._own(method, key)

    def _origin(self, source: Source, name: str) -> object:
        while True:
            bound = self.links.bindings.get((source.module, name))
            if not bound or bound[0] != "name":
                return source.name, name
            source, name = self.sources[bound[1]], bound[2]

    def _own(self, method: Scope, key: object) -> None:
        # What a method's first argument is given
        for node in ast.walk(method.node):
            if not _is_private_attribute(node, ast.Store):
                continue
            if isinstance(node.value, ast.Name) and node.value.id == method.arguments[0]:
                self.owners.setdefault(node.attr, set()).add(key)
                node.known = True

    def _join(self, one: object, other: object) -> None:
        self.families[self._family(one)] = self._family(other)

    def _family(self, key: object) -> object:
        while self.families.setdefault(key, key) != key:
            key = self.families[key]
        return key

    def _accesses(self, source: Source) -> None:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute):
                self.taken.add(node.attr)
                self.counts[node.attr] += 1
                if _is_private_attribute(node, ast.Store) and not hasattr(node, "known"):
                    self.owners.setdefault(node.attr, set()).add(None)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.taken.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                self.taken.add(node.arg)

    def _check(self) -> None:
        """Refuse what may be ours or somebody else's."""
        for source in self.sources.values():
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Constant) and node.value in self.owners:
                    raise ImageError(
                        "%s: %r is the text of a private attribute: give the attribute a public "
                        "name" % (source.where(node), node.value)
                    )
                if _is_private_attribute(node):
                    self._check_access(source, node)

    def _check_access(self, source: Source, node: ast.Attribute) -> None:
        ours, foreign = node.attr in self.owners, self._is_foreign(source, node.value)
        if ours and foreign:
            raise ImageError(
                "%s: %s is private to a foreign module and to one of ours: rename ours"
                % (source.where(node), node.attr)
            )
        if not ours and not foreign:
            raise ImageError(
                "%s: %s is set nowhere in this image: add the module that does, or take it from "
                "an import by name" % (source.where(node), node.attr)
            )

    def _is_foreign(self, source: Source, value: ast.AST) -> bool:
        while isinstance(value, ast.Attribute):
            value = value.value
        if not isinstance(value, ast.Name):
            return False
        return any((scope, value.id) in self.links.foreign for scope in source.module.tree())

    def _choose(self) -> dict[str, str]:
        in_bodies = {
            use.name
            for source in self.sources.values()
            for use in source.scopes.uses
            if use.scope.kind == "class"
        }
        uses = Counter(use.name for one in self.sources.values() for use in one.scopes.uses)
        free = [name for name in FREE.split() if name not in self.taken | in_bodies]
        free.sort(key=lambda name: -uses[name])
        names: dict[str, str] = {}
        users: dict[str, set] = {}
        for attribute in sorted(self.owners, key=lambda one: (-self.counts[one], one)):
            families = {
                one if one is None else self._family(one) for one in self.owners[attribute]
            }
            for name in chain(free, short_names()):
                used = users.setdefault(name, set())
                alone = None in families | used
                if name not in self.taken and not (used if alone else used & families):
                    names[attribute] = name
                    used |= families
                    break
        return names


def _is_private_attribute(node: ast.AST, context: type = ast.expr_context) -> bool:
    return (
        isinstance(node, ast.Attribute) and is_private(node.attr) and isinstance(node.ctx, context)
    )


def renamed(tree: ast.AST, names: Mapping[str, str]) -> None:
    """Rename the attributes that a tree uses; names bound in class bodies are scopes' affair."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            node.attr = names.get(node.attr, node.attr)


def attribute_counts(trees: Iterable[ast.AST]) -> Counter[str]:
    """Return how often each attribute is used."""
    return Counter(
        node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    )
