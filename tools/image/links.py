"""Imports between the modules of an image: what each binds, and what stays of it in a unit.

A symbol is what a name at the top of a unit stands for: ("own", module, name),
("ext", module, name or "") of what is imported, or ("builtin", "", name).
"""

import ast
from collections.abc import Mapping

from .failure import ImageError
from .scopes import Scope, bound_by
from .sources import Source, packages

Symbol = tuple[str, str, str]


class Links:
    """All imports of an image, resolved."""

    def __init__(self, sources: Mapping[str, Source]):
        self.sources = sources
        # (scope, name) -> ("name" or "module", module of the image, name in it)
        self.bindings: dict[tuple[Scope, str], tuple[str, str, str]] = {}
        self.foreign: dict[tuple[Scope, str], tuple[str, str]] = {}
        for source in sources.values():
            for node, scope in source.scopes.imports:
                self._bind(source, node, scope)

    def _bind(self, source: Source, node: ast.stmt, scope: Scope) -> None:
        for alias in node.names:
            kind, module, name = self.target(source, node, alias)
            key = scope, bound_by(alias)
            if kind == "foreign":
                self.foreign[key] = module, name
            elif scope.bound[key[1]] == 1:
                self.bindings[key] = kind, module, name
            elif kind == "module" and self.sources[module].joined:
                self._refuse(source, node, "%s is bound twice here" % key[1])

    def _refuse(self, source: Source, node: ast.AST, what: str) -> None:
        raise ImageError("%s: %s: import its names one by one" % (source.where(node), what))

    def target(self, source: Source, node: ast.stmt, alias: ast.alias) -> tuple[str, str, str]:
        """Return what an import names: a module, a name of a module, or something foreign."""
        if isinstance(node, ast.Import):
            if alias.name in self.sources:
                if "." not in alias.name or alias.asname:
                    return "module", alias.name, ""
                if self.within(source, alias.name) and source.joined:
                    self._refuse(source, node, "import %s" % alias.name)
                # what is bound is the package, and a stub serves
            return "foreign", alias.name, ""
        base = source.absolute(node)
        if alias.name == "*":
            if base in self.sources:
                self._refuse(source, node, "import *")
            return "foreign", base, "*"
        if base + "." + alias.name in self.sources:
            return "module", base + "." + alias.name, ""
        return "name" if base in self.sources else "foreign", base, alias.name

    def symbol(self, source: Source, name: str) -> Symbol:
        """Return what a name of a module's top stands for in its unit."""
        module = source.module
        if name not in module.bound:
            return "builtin", "", name
        bound = self.bindings.get((module, name))
        if bound and bound[0] == "name":
            return self._of(source, bound[1], bound[2])
        if bound:
            return "ext", bound[1], ""
        foreign = self.foreign.get((module, name))
        if foreign and module.bound[name] == 1:
            return "ext", foreign[0], foreign[1]
        return "own", source.name, name

    def _of(self, source: Source, module: str, name: str) -> Symbol:
        # A name of another module: the same symbol within a unit, an import else
        other = self.sources[module]
        if name not in other.module.bound:
            raise ImageError("%s imports %s, which %s has not" % (source.host, name, module))
        if other.unit == source.unit:
            return self.symbol(other, name)
        return "ext", module, name

    def is_bound(self, source: Source, node: ast.stmt, alias: ast.alias) -> bool:
        """Return whether an import is the only binding of its name in its scope."""
        scope = next(scope for one, scope in source.scopes.imports if one is node)
        return (scope, bound_by(alias)) in self.bindings

    def foreign_modules(self, source: Source) -> set[str]:
        """Return the modules that a source imports and the image has not."""
        ours = {*self.sources, *packages(self.sources)}
        scopes = source.module.tree()
        return {
            module for (scope, _), (module, _) in self.foreign.items() if scope in scopes
        } - ours

    def within(self, source: Source, module: str) -> bool:
        """Return whether a module is in the unit of a source."""
        return self.sources[module].unit == source.unit
