"""Functions and methods that an image calls in one place only, and that nobody outside knows.

Their names are theirs alone in the .mpy, so that `calls` finds the function and the call.
"""

import ast
from collections import Counter
from collections.abc import Collection, Mapping

from . import public
from .links import Links, Symbol
from .scopes import Scope, Use, bound_by, is_private
from .sources import Source


class Once:
    """`methods` by name, and `functions` by what their names stand for."""

    def __init__(self, sources: Mapping[str, Source], links: Links, outside: public.Outside):
        self.sources, self.links, self.outside = sources, links, outside
        self.calls: Counter[str] = Counter()  # x.name(...), by name
        self.uses: Counter[str] = Counter()  # x.name, whatever is done with it
        self.bound: Counter[str] = Counter()  # in classes, and as attributes
        self.never: set[str] = set()
        self.units: dict[str, set[str]] = {}  # units by the attributes that they use or define
        self.called: Counter[Symbol] = Counter()
        self.used: Counter[Symbol] = Counter()
        for source in sources.values():
            self._look(source)
        self.methods = {
            method.name
            for source in sources.values()
            for scope in source.module.tree()
            if scope.kind == "class"
            for method in scope.node.body
            if self._is_called_once(method)
        }
        self.functions = {
            symbol
            for source in sources.values()
            for node in source.tree.body
            for symbol in [("own", source.name, getattr(node, "name", ""))]
            if self._is_used_once(source, node, symbol)
        }

    def _look(self, source: Source) -> None:
        plain = {
            id(node.func)
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Call)
            and not node.keywords
            and not any(isinstance(one, ast.Starred) for one in node.args)
        }
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute):
                self.units.setdefault(node.attr, set()).add(source.unit)
                if isinstance(node.ctx, ast.Load):
                    self.uses[node.attr] += 1
                    self.calls[node.attr] += id(node) in plain
                else:
                    self.bound[node.attr] += 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.never |= public.words(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                self.never.add(node.arg)
        for scope in source.module.tree():
            if scope.kind == "class":
                for name, count in scope.bound.items():
                    self.bound[name] += count
                    self.units.setdefault(name, set()).add(source.unit)
        for use in source.scopes.uses:
            self._use(source, use, plain)
        for node, scope in source.scopes.imports:
            for alias in node.names:
                self._import(source, node, alias, scope)

    def _use(self, source: Source, use: Use, plain: set[int]) -> None:
        """Count a name of a module's top: used, and where it is, called."""
        where, node = use.scope.resolve(use.name), use.node
        bound = self.links.bindings.get((where, use.name), ("", "", use.name))
        if bound[0] == "module":
            node = source.attribute_of.get(id(node))
            name = node.attr if node else ""
        else:
            name = bound[2]
        if not bound[0] and where is not source.module:
            return
        symbol = self.links.symbol(self.sources[bound[1]] if bound[0] else source, name)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            self.called[symbol] += id(node) in plain
            self.used[symbol] += 1

    def _import(self, source: Source, node: ast.stmt, alias: ast.alias, scope: Scope) -> None:
        """Whatever another unit imports, or what stays an import, is used there."""
        kind, module, name = self.links.target(source, node, alias)
        if kind != "name" or name not in self.sources[module].module.bound:
            return
        known = (scope, bound_by(alias)) in self.links.bindings
        if not known or not self.links.within(source, module):
            self.used[self.links.symbol(self.sources[module], name)] += 2

    def _is_called_once(self, method: ast.stmt) -> bool:
        name = getattr(method, "name", "")
        return (
            self._may_go(method)
            and name not in public.foreign()
            and self.calls[name] == self.uses[name] == self.bound[name] == 1
            and len(self.units[name]) == 1
        )

    def _is_used_once(self, source: Source, node: ast.stmt, symbol: Symbol) -> bool:
        return (
            self._may_go(node)
            and (source.joined or is_private(node.name))
            and source.module.bound[node.name] == 1
            and self.called[symbol] == self.used[symbol] == 1
        )

    def _may_go(self, node: ast.stmt) -> bool:
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            return False
        hidden = is_private(node.name) or not self.outside.uses(node.name)
        return hidden and node.name[:2] != "__" and node.name not in self.never

    def names(self, wanted: Collection | None) -> dict:
        """Return a name for each, or for those that are `wanted`."""
        found = [*sorted(self.methods), *sorted(self.functions)]
        chosen = [one for one in found if wanted is None or one in wanted]
        return {one: "_%d" % number for number, one in enumerate(chosen)}
