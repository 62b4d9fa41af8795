"""Several modules as one .mpy: no imports among them, private names short, public ones kept.

The sources stay as they are; this is what an image makes of them. A joined module leaves a stub
behind under its own name, so that what imports it by that name, on the board or later, finds it.
"""

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from .failure import ImageError
from .links import Links
from .naming import Naming
from .once import Once
from .public import EVERYBODY, Outside
from .rename_attributes import Attributes, renamed
from .scopes import Scope, Scopes, Use, bound_by, is_private
from .sources import Source, filled, is_const_call, load, units


@dataclass
class Joined:
    """What an image has instead of its modules: texts of units and of stubs, by module name."""

    texts: dict[str, str] = field(default_factory=dict)
    stubs: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    by_keyword: dict[str, set[str]] = field(default_factory=dict)  # arguments, by unit
    once: dict[str, object] = field(default_factory=dict)  # by name, what has one call
    clashes: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # new names and what they were, for traces


def join(
    entries: Iterable, outside: Outside = EVERYBODY, once: Collection | None = None
) -> Joined:
    """Join the modules of profile entries by their `group`; shorten all of them.

    `outside` is what may use names of the image that is not in it; `once` those functions and
    methods with one call that give way to it, None for all that have one.
    """
    sources = load(entries, outside)
    links = Links(sources)
    members = units(sources)
    alone = Once(sources, links, outside).names(once)
    namings = {unit: Naming(unit, ones, links, outside, alone) for unit, ones in members.items()}
    attributes = Attributes(sources, links, outside, alone)
    for source in sources.values():
        renamed(source.tree, attributes)
    keywords = {
        node.arg
        for source in sources.values()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.keyword) and node.arg
    }
    done = Joined(once={name: one for one, name in alone.items()})
    for naming in namings.values():
        naming.finish(attributes.names, keywords)
    for unit, naming in namings.items():
        trees = [
            _Rewriter(source, namings, attributes.names).rewrite() for source in members[unit]
        ]
        done.texts[unit] = ast.unparse(_assemble(unit, trees))
        done.by_keyword[unit] = naming.by_keyword
        done.clashes += naming.clashes
        for source in members[unit]:
            done.members.setdefault(unit, []).append(source.name)
            if source.joined:
                done.stubs[source.name] = _stub(source, naming)
    _note(done, namings, attributes)
    return done


def _note(done: Joined, namings: dict[str, Naming], attributes: Attributes) -> None:
    for unit, naming in namings.items():
        for source, name, symbol in naming.symbols():
            if symbol[0] == "own" and naming.finals[symbol] != name:
                done.names["%s.%s" % (unit, naming.finals[symbol])] = "%s.%s" % (source.name, name)
    for old, new in attributes.names.items():
        known = done.names.get("." + new)
        done.names["." + new] = known + " or ." + old if known else "." + old


def _stub(source: Source, naming: Naming) -> str:
    """Return the text of the module that a joined one leaves behind."""
    aliases = []
    for name in source.module.bound:
        symbol = naming.links.symbol(source, name)
        if symbol in naming.alone:  # it is in the place of its call
            continue
        if symbol[0] == "own" and not is_private(name):  # its own, or what it hands on
            final = naming.finals[symbol]
            aliases.append(final if final == name else "%s as %s" % (final, name))
    return "from %s import %s" % (naming.unit, ", ".join(aliases)) if aliases else ""


class _Rewriter(ast.NodeTransformer):
    """One module's tree with its final names and imports."""

    def __init__(self, source: Source, namings: dict[str, Naming], attributes: dict[str, str]):
        self.source, self.namings, self.attributes = source, namings, attributes
        self.naming = namings[source.unit]
        self.links = self.naming.links
        self.scope_of = {id(node): scope for node, scope in source.scopes.imports}
        self.expected: dict = {}
        self.modules: dict[int, str] = {}  # a Name that is a module of the image -> the module

    def rewrite(self) -> tuple[ast.Module, dict]:
        """Return the tree, and for each place of a name the scope that it must resolve to."""
        expected, finals = self.expected, []
        for use in self.source.scopes.uses:
            where = use.scope.resolve(use.name)
            finals.append((use, self._final(use, where)))
            if self.naming.final(self.source, use.scope, use.name) is None:
                expected[id(use.node), use.field, use.index] = where.node
        tree = self.visit(self.source.tree)
        for use, final in finals:
            use.name = final
        return tree, expected

    def _final(self, use: Use, where: Scope) -> str:
        bound = self.links.bindings.get((where, use.name))
        if bound and bound[0] == "module" and where.kind != "class":
            self.modules[id(use.node)] = bound[1]
        final = self.naming.final(self.source, use.scope, use.name)
        if final is not None:
            return final
        if where.kind == "class":
            return self.attributes.get(use.name, use.name)
        return self.naming.locals.get((where, use.name), use.name)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        module = self.modules.pop(id(node.value), None)
        if module is None:
            return self.generic_visit(node)
        other = self.links.sources[module]
        if node.attr not in other.module.bound:
            raise ImageError("%s: %s has no %s" % (self.source.where(node), module, node.attr))
        final = self.export(module, node.attr)
        if self.links.within(self.source, module):
            return ast.copy_location(ast.Name(final, node.ctx), node)
        node.attr = final
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        module = self.modules.get(id(node))
        if module and (self.links.within(self.source, module) or self._has_new_names(module)):
            raise ImageError(
                "%s: the module %s as a value: use its names, as in %s.name"
                % (self.source.where(node), module, node.id)
            )
        return node

    def _has_new_names(self, module: str) -> bool:
        bound = self.links.sources[module].module.bound
        return any(not is_private(name) and self.export(module, name) != name for name in bound)

    def export(self, module: str, name: str) -> str:
        """Return a module's name in its unit."""
        source = self.links.sources[module]
        return self.namings[source.unit].finals[self.links.symbol(source, name)]

    def _imported(self, node: ast.stmt) -> list[ast.stmt]:
        scope, kept = self.scope_of[id(node)], []
        for alias in node.names:
            one = self._one(node, alias, scope)
            if one:
                kept.append(ast.copy_location(one, node))
        return kept

    visit_Import = visit_ImportFrom = _imported

    def _one(self, node: ast.stmt, alias: ast.alias, scope: Scope) -> ast.stmt | None:
        kind, module, name = self.links.target(self.source, node, alias)
        bound = bound_by(alias)
        final = self.naming.final(self.source, scope, bound)
        if kind != "foreign" and self.links.within(self.source, module):
            if scope.bound[bound] == 1:
                return None
            value = ast.Name(self.export(module, name), ast.Load())
            target = ast.Name(final or self.naming.locals.get((scope, bound), bound), ast.Store())
            if not final:
                self.expected[id(target), "id", None] = scope.node
            return ast.Assign([target], value)
        if scope.kind == "class":
            final = bound
        final = final or self.naming.locals.get((scope, bound), bound)
        if kind != "foreign" and self.links.sources[module].joined:
            unit = self.links.sources[module].unit
            if kind == "module":
                return ast.Import([_alias(unit, final)])
            return ast.ImportFrom(unit, [_alias(self.export(module, name), final)], 0)
        if isinstance(node, ast.Import):
            if "." in alias.name and not alias.asname and final != bound:
                raise ImageError("%s: import it at the top" % self.source.where(node))
            return ast.Import([alias if final == bound else _alias(alias.name, final)])
        base, level = node.module, node.level
        if level and self.source.joined:
            base, level = self.source.absolute(node), 0
        return ast.ImportFrom(base, [_alias(alias.name, final)], level)


def _alias(name: str, bound: str) -> ast.alias:
    return ast.alias(name, None if name == bound else bound)


def _assemble(unit: str, trees: list[tuple[ast.Module, dict]]) -> ast.Module:
    """Put a unit's modules one after the other, each import once; see that every name fits."""
    body, seen, expected = [], set(), {}
    for tree, places in trees:
        expected.update(places)
        for statement in tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                text = ast.unparse(statement)
                if text in seen:
                    continue
                seen.add(text)
            body.append(statement)
    whole = ast.Module(body, [])
    _Tidy(whole).visit(whole)
    ast.fix_missing_locations(whole)
    _verify(unit, whole, expected)
    return whole


class _Tidy(ast.NodeTransformer):
    """Joins imports from one module, drops that of `const` where mpy-cross does all its work."""

    def __init__(self, whole: ast.Module):
        calls = {
            id(node.value.func)
            for node in ast.walk(whole)
            if isinstance(node, ast.Assign) and is_const_call(node.value)
        }
        names = (n for n in ast.walk(whole) if isinstance(n, ast.Name) and n.id == "const")
        self.const_is_used = any(id(name) not in calls for name in names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        if node.module == "micropython" and not self.const_is_used:
            node.names = [alias for alias in node.names if alias.name != "const"]
        return node if node.names else None

    def visit_Try(self, node: ast.Try) -> ast.AST | list:
        self.generic_visit(node)
        return node if node.body else node.orelse + node.finalbody

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for part in ("body", "orelse", "finalbody"):
            if isinstance(getattr(node, part, None), list):
                setattr(node, part, _merged(getattr(node, part)))
        if isinstance(getattr(node, "body", None), list) and not isinstance(node, ast.Try):
            filled(node)
        return node


def _merged(body: list[ast.stmt]) -> list[ast.stmt]:
    # `from a import b` and `from a import c`, one after the other, as one statement
    found: list[ast.stmt] = []
    for statement in body:
        last = found[-1] if found else None
        if (
            isinstance(statement, ast.ImportFrom)
            and isinstance(last, ast.ImportFrom)
            and (last.module, last.level) == (statement.module, statement.level)
        ):
            last.names += statement.names
        else:
            found.append(statement)
    return found


def _verify(unit: str, whole: ast.Module, expected: dict) -> None:
    """Resolve every name again: a new name that hides another would be found here."""
    for use in Scopes(whole).uses:
        where = expected.get((id(use.node), use.field, use.index), whole)
        if use.scope.resolve(use.name).node is not where:
            raise ImageError(
                "join %s: %s means something else here: a fault of join.py, tell us"
                % (unit, use.name)
            )
