"""Which name in a module's tree is bound where: what renaming needs, by MicroPython's rules."""

import ast
from dataclasses import dataclass, field


@dataclass(eq=False)
class Scope:
    """A module, class, function or comprehension; `bound` counts the bindings of each name."""

    node: ast.AST
    kind: str
    parent: "Scope | None" = None
    bound: dict[str, int] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)  # by `global` and `nonlocal`
    children: list["Scope"] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.parent:
            self.parent.children.append(self)

    def bind(self, name: str) -> None:
        """Count a binding of a name."""
        self.bound[name] = self.bound.get(name, 0) + 1

    def tree(self) -> list["Scope"]:
        """Return this scope and all within it."""
        return [self, *(one for child in self.children for one in child.tree())]

    def resolve(self, name: str) -> "Scope":
        """Return the scope that a name used here belongs to; the module's, if to none."""
        scope, first = self, True
        while scope.parent:
            if scope.declared.get(name) == "global":
                while scope.parent:
                    scope = scope.parent
                return scope
            visible = first or scope.kind != "class"
            if visible and name in scope.bound and name not in scope.declared:
                return scope
            scope, first = scope.parent, False
        return scope


@dataclass(eq=False)
class Use:
    """One place of a name in the tree: a node's field, or an item of that field."""

    node: ast.AST
    field: str
    scope: Scope
    index: int | None = None

    @property
    def name(self) -> str:
        """Return the name that is there now."""
        value = getattr(self.node, self.field)
        return value if self.index is None else value[self.index]

    @name.setter
    def name(self, value: str) -> None:
        if self.index is None:
            setattr(self.node, self.field, value)
        else:
            getattr(self.node, self.field)[self.index] = value


class Scopes(ast.NodeVisitor):
    """The scopes of a tree, every use of a name, every import."""

    def __init__(self, tree: ast.Module):
        self.module = self.now = Scope(tree, "module")
        self.uses: list[Use] = []
        self.imports: list[tuple[ast.stmt, Scope]] = []
        self.aliases: list[tuple[ast.alias, Scope]] = []
        self.generic_visit(tree)

    def _use(self, node: ast.AST, name: str, index: int | None = None) -> None:
        self.uses.append(Use(node, name, self.now, index))

    def _inside(self, node: ast.AST, kind: str) -> Scope:
        return Scope(node, kind, self.now)

    def visit_Name(self, node: ast.Name) -> None:
        self._use(node, "id")
        if not isinstance(node.ctx, ast.Load):
            self.now.bind(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scope, inner = self.now, self.now
        while scope.kind == "comprehension":
            scope = scope.parent
        self.now = scope
        self.visit(node.target)
        self.now = inner

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        for index, name in enumerate(node.names):
            self.now.declared[name] = kind
            self._use(node, "names", index)

    visit_Nonlocal = visit_Global

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.now.bind(node.name)
            self._use(node, "name")
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.imports.append((node, self.now))
        for alias in node.names:
            self.now.bind(bound_by(alias))
            self.aliases.append((alias, self.now))

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.now.bind(node.name)
        self.now.functions.append(node.name)
        self._use(node, "name")
        for one in node.decorator_list:
            self.visit(one)
        self._function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node, [node.body])

    def _function(self, node: ast.AST, body: list) -> None:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default:
                self.visit(default)
        outer, self.now = self.now, self._inside(node, "function")
        for one in arguments_of(node.args):
            self.now.bind(one.arg)
            self.now.arguments.append(one.arg)
            self._use(one, "arg")
        for statement in body:
            self.visit(statement)
        self.now = outer

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.now.bind(node.name)
        self._use(node, "name")
        for one in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(one)
        outer, self.now = self.now, self._inside(node, "class")
        for statement in node.body:
            self.visit(statement)
        self.now = outer

    def visit_ListComp(self, node: ast.AST) -> None:
        self.visit(node.generators[0].iter)
        outer, self.now = self.now, self._inside(node, "comprehension")
        for number, one in enumerate(node.generators):
            self.visit(one.target)
            if number:
                self.visit(one.iter)
            for condition in one.ifs:
                self.visit(condition)
        for part in ("elt", "key", "value"):
            if hasattr(node, part):
                self.visit(getattr(node, part))
        self.now = outer

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp


def bound_by(alias: ast.alias) -> str:
    """Return the name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def arguments_of(args: ast.arguments) -> list[ast.arg]:
    """Return all arguments of a function, in no order that matters."""
    starred = [one for one in (args.vararg, args.kwarg) if one]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *starred]


def is_private(name: str) -> bool:
    """Return whether a name is nobody's but its module's: one leading underscore."""
    return name[:1] == "_" and name.strip("_") != "" and not name.endswith("__")
