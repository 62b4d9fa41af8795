"""The names of one unit: at its top, of arguments, of what is local.

Names of locals cost nothing and become unlike all others. Those of private functions' arguments
and what is private at the top are stored: they become names that the unit has anyway.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

from .failure import ImageError
from .links import Links, Symbol
from .public import Outside
from .rename_attributes import attribute_counts, short_names
from .scopes import Scope, Use, is_private
from .sources import Source

_LOCAL = "l_%d"


class Naming:
    """One unit's names. `finals` is of symbols, `locals` of (scope, name)."""

    def __init__(
        self,
        unit: str,
        members: list[Source],
        links: Links,
        outside: Outside,
        alone: Mapping[Symbol, str],
    ):
        self.unit, self.members, self.links, self.outside = unit, members, links, outside
        self.alone = alone  # functions that get these names
        self.finals: dict[Symbol, str] = {}
        self.locals: dict[tuple[Scope, str], str] = {}
        self.clashes: list[tuple[str, str]] = []
        self._private: list[Symbol] = []
        self._public()

    def symbols(self) -> Iterable[tuple[Source, str, Symbol]]:
        """Yield every name bound at the top of a module, and what it stands for."""
        for source in self.members:
            for name in source.module.bound:
                bound = self.links.bindings.get((source.module, name))
                if bound and bound[0] == "module" and self.links.within(source, bound[1]):
                    continue
                yield source, name, self.links.symbol(source, name)

    def _public(self) -> None:
        """Give what is public its own name, or, where modules of a unit clash, one of its own."""
        used = {"const", *self._builtins()}
        # mpy-cross puts a constant's value in the place of every such name, an argument's too
        self._constants = {"const"}
        others = {name for one in self._scopes() if one.parent for name in one.bound}
        self.finals["ext", "micropython", "const"] = "const"  # mpy-cross knows it by this name
        constants = []
        for source, name, symbol in self.symbols():
            if symbol in self.finals or symbol in self._private:
                continue
            if symbol[0] == "own" and source.is_constant(name):
                constants.append((source, name, symbol))
            elif self._stays(source, name, symbol):
                self.finals[symbol] = self._free(name, source, used)
            else:
                self._private.append(symbol)
        used |= others if len(self.members) > 1 else set()
        for source, name, symbol in constants:
            self.finals[symbol] = self._free(name, source, used)
            self._constants.add(self.finals[symbol])

    def _stays(self, source: Source, name: str, symbol: Symbol) -> bool:
        if is_private(name):
            return False
        return not source.joined or symbol[0] != "own" or self.outside.uses(name)

    def _scopes(self) -> Iterable[Scope]:
        return (scope for source in self.members for scope in source.module.tree())

    def _builtins(self) -> set[str]:
        return {
            use.name
            for source in self.members
            for use in source.scopes.uses
            if use.scope.resolve(use.name) is source.module and use.name not in source.module.bound
        }

    def _free(self, name: str, source: Source, used: set[str]) -> str:
        final, number = name, 0
        while final in used:
            number += 1
            last = source.name.rpartition(".")[2]
            final = "%s_%s%s" % (name, last, number if number > 1 else "")
        if final != name and not is_private(name):
            self.clashes.append((source.name + "." + name, final))
        used.add(final)
        return final

    def finish(self, attributes: Mapping[str, str], keywords: set[str]) -> None:
        """Name what is left; attributes have their final names in the trees by now."""
        self.keywords = keywords
        self.counts = attribute_counts(source.tree for source in self.members)
        self.counts.update(set(self.finals.values()) - self._constants)
        self.class_names = {
            attributes.get(name, name)
            for scope in self._scopes()
            if scope.kind == "class"
            for name in scope.bound
        }
        self.counts.update(self.class_names)
        fixed = Counter(
            name
            for scope in self._scopes()
            for name in scope.arguments
            if not self._may_rename(scope, name)
        )
        self.counts.update(fixed)
        self._name_private(set(fixed))
        self.by_keyword = keywords | set(fixed)
        functions = [
            (source, scope)
            for source in self.members
            for scope in source.module.tree()
            if scope.kind in ("function", "comprehension")
        ]
        number = 0
        for source, scope in functions:
            if scope.kind == "function" and not self._is_hidden(scope):
                number = self._name_locals(source, scope, number)
                self.by_keyword.update(self.locals[scope, name] for name in scope.arguments)
        for source, scope in functions:
            if scope.kind == "comprehension" or self._is_hidden(scope):
                number = self._name_locals(source, scope, number)

    def _may_rename(self, scope: Scope, name: str) -> bool:
        if name in self.keywords:
            return False
        positional = self.members[0].positional and name in _without_default(scope.node.args)
        return positional or self._is_hidden(scope)

    def _is_hidden(self, scope: Scope) -> bool:
        """Return whether nobody outside may call a function: none knows the names in it."""
        node, parent = scope.node, scope.parent
        if isinstance(node, ast.Lambda) or is_private(node.name):
            return True
        owner = parent.node.name if node.name == "__init__" and parent.kind == "class" else ""
        if not self.outside.uses(owner or node.name) and (owner or node.name[:2] != "__"):
            return True
        return any(
            one.kind == "function" or one.kind == "class" and is_private(one.node.name)
            for one in _above(parent)
        )

    def _name_private(self, fixed: set[str]) -> None:
        uses = Counter(
            self.links.symbol(source, use.name)
            for source in self.members
            for use in source.scopes.uses
            if use.scope.resolve(use.name) is source.module
        )
        taken = {*self.finals.values(), *self._builtins(), *fixed, *self.class_names}
        free = [n for n in self._by_count() if n not in taken and n[:2] != "__"]
        names = chain(free, (name for name in short_names() if name not in {*taken, *free}))
        for symbol in sorted(self._private, key=lambda one: (-uses[one], one)):
            self.finals[symbol] = self.alone.get(symbol) or next(names)
        twice = [name for name, count in Counter(self.finals.values()).items() if count > 1]
        if twice:
            raise ImageError(
                "join %s: two things of the name %s: a fault of naming.py, report it"
                % (self.unit, twice[0])
            )
        self.counts.update(self.finals[one] for one in self._private)

    def _name_locals(self, source: Source, scope: Scope, number: int) -> int:
        forbidden = self._forbidden(source, scope)
        if getattr(scope.node, "args", None) and scope.node.args.kwarg:
            forbidden |= self.keywords  # which are for the one with **
        if scope.kind == "function" and self._is_hidden(scope):
            forbidden |= self.by_keyword  # so that it is seen in the .mpy: see shrink.py
        stored = {*scope.arguments, *scope.functions}
        named = [
            name
            for name in scope.bound
            if name not in scope.declared and (scope, name) not in self.links.bindings
        ]
        # What keeps its name comes first: no argument before it in the function takes that name.
        for name in sorted(named, key=lambda one: not self._keeps(scope, one)):
            if self._keeps(scope, name):
                final = name
            elif name in stored:
                final = next(n for n in self._candidates() if n not in forbidden)
                self.counts[final] += 1
            else:
                final, number = _LOCAL % number, number + 1
            if final in (self.locals.get((scope, other)) for other in named):
                raise ImageError(
                    "join %s: two things of the name %s: a fault of naming.py, report it"
                    % (self.unit, final)
                )
            forbidden.add(final)
            self.locals[scope, name] = final
        for name in scope.bound:  # imports of modules of the image inside functions
            bound = self.links.bindings.get((scope, name))
            if bound and not self.links.within(source, bound[1]):
                self.locals[scope, name], number = _LOCAL % number, number + 1
        return number

    def _keeps(self, scope: Scope, name: str) -> bool:
        # A name that stays in a function: of an argument, or of what may be one by keyword
        if name in scope.arguments and not self._may_rename(scope, name):
            return True
        return name in self.keywords and name in (*scope.arguments, *scope.functions)

    def _candidates(self) -> Iterable[str]:
        yield from (name for name in self._by_count() if self._may_be_an_argument(name))
        yield from short_names()

    def _by_count(self) -> list[str]:
        return sorted(self.counts, key=lambda one: (-self.counts[one], one))

    def _may_be_an_argument(self, name: str) -> bool:
        return name[:2] != "__" and name.isidentifier() and name not in self._constants

    def _forbidden(self, source: Source, scope: Scope) -> set[str]:
        # What is used in a function, or may be used by what is in it
        inside = scope.tree()
        found = {
            self.locals[above, name]
            for above in _above(scope.parent)
            for name in above.bound
            if (above, name) in self.locals
        }
        found.update(n for one in inside for n in one.arguments if not self._may_rename(one, n))
        for use in source.scopes.uses:
            if use.scope in inside:
                final = self.final(source, use.scope, use.name)
                found.add(final or self._of_module(source, use))
        return found

    def _of_module(self, source: Source, use: Use) -> str:
        """Return the final name of `module.name`, which will stand there alone; "" of all else."""
        bound = self.links.bindings.get((use.scope.resolve(use.name), use.name), ("",))
        attribute = source.attribute_of.get(id(use.node))
        if bound[0] != "module" or not attribute or not self.links.within(source, bound[1]):
            return ""
        return self.finals.get(self.links.symbol(self.links.sources[bound[1]], attribute.attr), "")

    def final(self, source: Source, scope: Scope, name: str) -> str | None:
        """Return the final name of what is at the top of the unit; None of all else."""
        where = scope.resolve(name)
        bound = self.links.bindings.get((where, name))
        if bound and bound[0] == "name" and self.links.within(source, bound[1]):
            return self.finals[self.links.symbol(self.links.sources[bound[1]], bound[2])]
        if where is not source.module or bound and self.links.within(source, bound[1]):
            return None
        symbol = self.links.symbol(source, name)
        return name if symbol[0] == "builtin" else self.finals[symbol]


def _without_default(args: ast.arguments) -> set[str]:
    """Return the arguments that a call cannot leave out."""
    found = [*args.posonlyargs, *args.args]
    return {one.arg for one in found[: len(found) - len(args.defaults)]}


def _above(scope: Scope | None) -> list[Scope]:
    found = []
    while scope:
        found.append(scope)
        scope = scope.parent
    return found
