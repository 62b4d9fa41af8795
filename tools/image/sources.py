"""The modules of an image as trees, in units: a unit is what becomes one .mpy."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import public, unused
from .failure import ImageError
from .scopes import Scope, Scopes, bound_by

# What looks names up by text at run time: renaming would not be noticed.
_BY_TEXT = ("globals", "locals", "vars", "eval", "exec", "__name__", "__file__")
_OF_CLASSES = ("__module__", "__qualname__")
_ATTRIBUTE_BY_TEXT = ("getattr", "setattr", "hasattr", "delattr")


@dataclass(eq=False)
class Source:
    """One module. `unit` is the name of the .mpy that it is in, its own where it is not joined.

    `positional`: nobody passes an argument without a default to its functions by keyword.
    """

    name: str
    unit: str
    host: str
    is_package: bool
    tree: ast.Module
    positional: bool = False
    scopes: Scopes = field(init=False)
    attribute_of: dict[int, ast.Attribute] = field(init=False)  # by the node that it is one of

    def __post_init__(self) -> None:
        self.scopes = Scopes(self.tree)
        self.attribute_of = {
            id(node.value): node for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)
        }
        self._refuse_lookups_by_text()

    @property
    def module(self) -> Scope:
        """Return the module's own scope."""
        return self.scopes.module

    @property
    def joined(self) -> bool:
        """Return whether it is one of several in its unit, or in one of another name."""
        return self.unit != self.name

    def absolute(self, node: ast.ImportFrom) -> str:
        """Return the whole name of the module that an import names."""
        if not node.level:
            return node.module or ""
        parents = self.name.split(".")
        parents = parents[: len(parents) - node.level + (1 if self.is_package else 0)]
        return ".".join(parents + ([node.module] if node.module else []))

    def where(self, node: ast.AST) -> str:
        """Return the place of a node, for an error."""
        return "%s, line %d" % (self.host, getattr(node, "lineno", 1))

    def is_constant(self, name: str) -> bool:
        """Return whether a name is bound by `name = const(...)`, which mpy-cross puts in place."""
        return any(
            isinstance(one, ast.Assign)
            and is_const_call(one.value)
            and any(isinstance(target, ast.Name) and target.id == name for target in one.targets)
            for one in self.tree.body
        )

    def _refuse_lookups_by_text(self) -> None:
        for use in self.scopes.uses:
            if use.name in _BY_TEXT and use.scope.resolve(use.name) is self.module:
                raise ImageError(
                    "%s: %s finds names by their text: leave the module out where some are joined"
                    % (self.where(use.node), use.name)
                )
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and node.attr in _OF_CLASSES:
                raise ImageError(
                    "%s: classes of an image have no %s: do without"
                    % (self.where(node), node.attr)
                )
            if _computes_a_name(node):
                raise ImageError(
                    "%s: the text of an attribute is computed: write it whole" % self.where(node)
                )
        if self.joined and "__getattr__" in self.module.bound:
            raise ImageError("%s: has __getattr__ and cannot be joined: name it alone" % self.host)


def _computes_a_name(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    if node.func.id not in _ATTRIBUTE_BY_TEXT or len(node.args) < 2:
        return False
    return not isinstance(node.args[1], ast.Constant | ast.Name | ast.Subscript | ast.Attribute)


class _Strip(ast.NodeTransformer):
    """Takes away docstrings and annotations: they cost nothing, but need not be renamed."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return filled(self.generic_visit(node))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return filled(self.generic_visit(node))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        new = ast.Assign([node.target], node.value)
        return self.generic_visit(ast.copy_location(new, node))


def filled(node: ast.AST) -> ast.AST:
    """Return the node with a `pass` in a body that became empty."""
    if not node.body:
        node.body = [ast.Pass()]
    return node


def is_const_call(node: ast.AST) -> bool:
    """Return whether a node is `const(...)`."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const"
    )


def _parsed(entry: object) -> ast.Module:
    try:
        tree = ast.parse(entry.host.read_bytes(), str(entry.host))
    except SyntaxError as error:
        raise ImageError("%s does not compile: SyntaxError: %s" % (entry.host, error)) from error
    _Strip().visit(tree)
    return tree


def load(entries: Iterable, outside: public.Outside = public.EVERYBODY) -> dict[str, Source]:
    """Return the modules of an image by name, and refuse units that cannot be.

    What neither they nor somebody outside use is not in them.
    """
    sources = {}
    entries = list(entries)
    trees = [_parsed(entry) for entry in entries]
    unused.remove(trees, outside)
    for entry, tree in zip(entries, trees):
        if entry.is_package and entry.group:
            raise ImageError("%s is a package and cannot be joined: leave it out" % entry.module)
        unit = entry.group or entry.module
        sources[entry.module] = Source(
            *(entry.module, unit, str(entry.host), entry.is_package, tree, entry.positional)
        )
    for one in sources.values():
        if one.joined and (one.unit in sources or one.unit in packages(sources)):
            raise ImageError("join %s: a module has this name: choose another" % one.unit)
    return sources


def packages(names: Iterable[str]) -> set[str]:
    """Return the packages above the modules."""
    found = set()
    for name in names:
        while "." in name:
            name = name.rpartition(".")[0]
            found.add(name)
    return found


def units(sources: dict[str, Source]) -> dict[str, list[Source]]:
    """Return the units, in each what it imports at its import before what imports it."""
    found: dict[str, list[Source]] = {}
    for one in sources.values():
        found.setdefault(one.unit, []).append(one)
    return {unit: _ordered(unit, members) for unit, members in found.items()}


def _ordered(unit: str, members: list[Source]) -> list[Source]:
    by_name = {one.name: one for one in members}
    done: dict[str, bool] = {}

    def visit(one: Source) -> None:
        if one.name in done:
            if not done[one.name]:
                raise ImageError("join %s: %s is in an import circle: cut it" % (unit, one.name))
            return
        done[one.name] = False
        for name in imported_at_import(one):
            if name in by_name and name != one.name:
                visit(by_name[name])
        done[one.name] = True
        ordered.append(one)

    ordered: list[Source] = []
    for one in members:
        visit(one)
    return ordered


def imported_at_import(source: Source) -> list[str]:
    """Return every name that may be a module, of the imports outside functions."""
    names = []
    for node, scope in source.scopes.imports:
        if scope.kind in ("module", "class"):
            if isinstance(node, ast.ImportFrom):
                base = source.absolute(node)
                names += [base, *(base + "." + alias.name for alias in node.names)]
            else:
                names += [alias.name for alias in node.names]
    return names


__all__ = ["Source", "bound_by", "filled", "imported_at_import", "load", "units"]
