"""New names for attributes and methods that nobody outside uses, the same all over an image.

The first ones are names that every firmware and every .mpy has for nothing (two bytes in a .mpy,
none in RAM) and that nobody gives to an attribute: `self._reader` becomes `self.OSError`. Two
attributes share a name where no object can have both: their classes are not related.

An attribute without a leading underscore is renamed only where a class of the image has it, and
where its name is none of those that stay: see `public`, and `Attributes._stay`.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, product
from keyword import iskeyword
from string import ascii_letters

from . import public
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
# More of the static strings: a class that somebody outside may derive from does not get them, for
# the derived one may use such a name itself.
MORE = """len range int str bytes bool tuple list dict type object iter next ord chr abs sum hash
    id map zip print repr round pow dir eval exec bytecode builtins micropython main little
    startswith endswith isdigit isalpha isspace islower isupper rindex rfind rsplit rstrip lstrip
    popitem setdefault insert reverse index count self sep"""


def short_names(prefix: str = "_") -> Iterator[str]:
    """Yield _a, _b, ... for what the free names do not suffice for."""
    for length in (1, 2, 3):
        for letters in product(ascii_letters, repeat=length):
            name = prefix + "".join(letters)
            if not iskeyword(name):
                yield name


class Attributes:
    """What an image's classes and their objects have; `names` maps old to new."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        links: Links,
        outside: public.Outside,
        alone: Mapping[str, str],
    ):
        self.sources, self.links, self.outside = sources, links, outside
        self.alone = alone  # methods that get these names
        self.public: set[object] = set()  # classes that somebody outside may derive from
        self.of_modules: set[int] = set()  # Attribute nodes that are names of modules
        self.foreign: set[int] = set()  # those of foreign ones
        self.values: set[str] = set()  # modules that are used as values
        self.families: dict[object, object] = {}  # union-find over classes
        self.owners: dict[str, set] = {}  # of an attribute the classes; None: any object
        self.counts: Counter[str] = Counter()
        self.taken: set[str] = set()  # what somebody has as an attribute, or finds by text
        for source in sources.values():
            self._modules(source)
            for scope in source.module.tree():
                if scope.kind == "class":
                    self._class(source, scope)
        for source in sources.values():
            self._accesses(source)
        self._stay()
        self._check()
        self.names = self._choose()

    def _modules(self, source: Source) -> None:
        """Note `module.name`, and what is reached through a foreign one: no object of ours."""
        scopes = {id(use.node): use.scope for use in source.scopes.uses}
        roots = set()
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute):
                root = _root(node)
                if isinstance(root, ast.Name):
                    where = scopes[id(root)].resolve(root.id), root.id
                    bound = self.links.bindings.get(where, ("",))
                    if where in self.links.foreign or bound[0] == "module" and root is node.value:
                        self.of_modules.add(id(node))
                        roots.add(id(root))
                    if where in self.links.foreign:
                        self.foreign.add(id(node))
        for use in source.scopes.uses:
            bound = self.links.bindings.get((use.scope.resolve(use.name), use.name), ("",))
            if bound[0] == "module" and id(use.node) not in roots:
                self.values.add(bound[1])
        for node, _ in source.scopes.imports:
            for alias in node.names:
                kind, module, _ = self.links.target(source, node, alias)
                if kind == "module" and not self.links.is_bound(source, node, alias):
                    self.values.add(module)

    def _class(self, source: Source, scope: Scope) -> None:
        key = (source.name, scope.node.name) if scope.parent.kind == "module" else scope
        self._join(key, key)
        for base in scope.node.bases:
            self._join(key, self._base(source, scope, base))
        self.taken.update(scope.bound)
        if scope.node.name in self.outside.bases:
            self.public.add(key)
        by_name = "__getattr__" in scope.bound  # what it has may be another object's
        for name in filter(self._may_be_ours, scope.bound):
            self.owners.setdefault(name, set()).update((key, None) if by_name else (key,))
        for method in scope.children:
            if method.kind == "function" and method.arguments:
                self._own(method, key)

    def _base(self, source: Source, scope: Scope, base: ast.expr) -> object:
        """Return the key of a base class; what is no name at the top may be any class."""
        root = base.value if isinstance(base, ast.Attribute) else base
        if isinstance(root, ast.Name):
            where = scope.parent.resolve(root.id)
            bound = self.links.bindings.get((where, root.id), ("",))
            if isinstance(base, ast.Attribute) and bound[0] == "module":
                return self._origin(self.sources[bound[1]], base.attr)
            if where is source.module or (where, root.id) in self.links.foreign:
                return self._origin(source, ast.unparse(base))
        raise ImageError(
            "%s: a base class that is computed: name a class at the top of a module"
            % source.where(scope.node)
        )

    def _origin(self, source: Source, name: str) -> object:
        while True:
            bound = self.links.bindings.get((source.module, name))
            if not bound or bound[0] != "name":
                return source.name, name
            source, name = self.sources[bound[1]], bound[2]

    def _own(self, method: Scope, key: object) -> None:
        # What a method's first argument is given
        for node in ast.walk(method.node):
            if not self._is_stored(node):
                continue
            if isinstance(node.value, ast.Name) and node.value.id == method.arguments[0]:
                self.owners.setdefault(node.attr, set()).add(key)
                if "__getattr__" in method.parent.bound:
                    self.owners[node.attr].add(None)
                node.known = True

    def _may_be_ours(self, name: str) -> bool:
        return is_private(name) or not self.outside.uses(name) and name[:1] != "_"

    def _is_stored(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and id(node) not in self.of_modules
            and self._may_be_ours(node.attr)
        )

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
                if self._is_stored(node) and not hasattr(node, "known"):
                    self.owners.setdefault(node.attr, set()).add(None)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.taken.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                self.taken.add(node.arg)

    def _stay(self) -> None:
        """Leave public attributes whose names may be those of something else, too.

        That is the firmware's own objects; a text, by which `getattr` may look it up, or a keyword
        that `**` makes a text of; a module that is a value; a module of which nobody knows what
        its objects have. A module of lib/ that the image lacks cannot come later.
        """
        stay, texts, keywords = set(public.foreign()), set(), set()
        any_keyword = False
        for source in self.sources.values():
            strange = self.links.foreign_modules(source) - public.KNOWN_MODULES
            strange = {module for module in strange if not public.is_ours(module)}
            events = {id(one) for node in ast.walk(source.tree) for one in _event(node)}
            for node in ast.walk(source.tree):
                if id(node) in events:
                    continue
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.add(node.value)
                elif isinstance(node, ast.Attribute) and (strange or id(node) in self.foreign):
                    stay.add(node.attr)
                elif isinstance(node, ast.keyword) and node.arg:
                    keywords.add(node.arg)
                elif isinstance(node, ast.arguments) and node.kwarg:
                    any_keyword = True
        for name, source in self.sources.items():
            if name in self.values or any(_may_import(text, name) for text in texts):
                stay.update(source.module.bound)
        stay.update(keywords if any_keyword else (), *map(public.words, texts))
        for name in stay & set(self.owners):
            if not is_private(name):
                del self.owners[name]

    def _check(self) -> None:
        """Refuse what may be ours or somebody else's."""
        private = set(filter(is_private, self.owners))
        for source in self.sources.values():
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Constant) and node.value in private:
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
        value = _root(value)
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
        never = self.taken | in_bodies | self.outside.names
        free, more = (
            sorted((n for n in names.split() if n not in never), key=lambda n: -uses[n])
            for names in (FREE, FREE + " " + MORE)
        )
        names: dict[str, str] = {}
        users: dict[str, set] = {}
        for attribute in sorted(self.owners, key=lambda one: (-self.counts[one], one)):
            if attribute in self.alone:
                names[attribute] = self.alone[attribute]
                continue
            families = {
                one if one is None else self._family(one) for one in self.owners[attribute]
            }
            for name in self._pool(free, more, families):
                used = users.setdefault(name, set())
                alone = None in families | used
                if name not in never and not (used if alone else used & families):
                    names[attribute] = name
                    used |= families
                    break
        return names

    def _pool(self, free: list[str], more: list[str], families: set) -> Iterable[str]:
        if self.outside.everything or families & {None, *map(self._family, self.public)}:
            return chain(free, short_names())
        return chain(more, short_names(""), short_names())


def _may_import(text: str, module: str) -> bool:
    """Return whether a text may be the name of a module, or how `__import__` begins one."""
    return text == module or text[-1:] in (".", "_") and module.startswith(text)


def _event(node: ast.AST) -> list[ast.expr]:
    """Return the texts of a call of `log`, which are for people."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] != "log":
        return []
    return [one for one in node.args if isinstance(one, ast.Constant)]


def _root(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _is_private_attribute(node: ast.AST, context: type = ast.expr_context) -> bool:
    return (
        isinstance(node, ast.Attribute) and is_private(node.attr) and isinstance(node.ctx, context)
    )


def renamed(tree: ast.AST, attributes: Attributes) -> None:
    """Rename the attributes that a tree uses; names bound in class bodies are scopes' affair."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in attributes.of_modules:
            node.attr = attributes.names.get(node.attr, node.attr)


def attribute_counts(trees: Iterable[ast.AST]) -> Counter[str]:
    """Return how often each attribute is used."""
    return Counter(
        node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    )
