"""Makes single-line mutants of a source file.

A mutant is known by its file, its function, its line before and its line after, not by a line
number: so it stays the same mutant when something else in the file changes.
"""

import ast
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
COMPARED |= {"is": "is not", "is not": "is", "in": "not in", "not in": "in"}
NEGATED = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)  # by COMPARED
COMPUTED = {"+": "-", "-": "+", "*": "//", "//": "*", "%": "//"}
COMPUTED |= {"<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&"}
JOINED = {"and": "or", "or": "and"}
DELETED = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Raise)
DELETED += (ast.Delete, ast.Continue, ast.Break)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MODULE = "<module>"
NEVER = 1 << 40  # ms: no time that is ever reached


@dataclass(frozen=True)
class Mutant:
    """One change of one line. `span` are offsets into the bytes of the file."""

    file: str  # below lib/
    function: str
    before: str
    after: str
    which: int  # 1 for the second such line of the function, and so on
    span: tuple[int, int]
    text: str  # what comes in place of the span
    lines: tuple[int, int]  # the first and last one that runs it
    imported: bool  # it runs when the module is imported, and never again

    def text_of(self) -> str:
        """The mutant as reports and lists have it."""
        again = " #%d" % (self.which + 1) if self.which else ""
        place = "%s %s%s" % (self.file, self.function, again)
        return "%s\n- %s\n+ %s" % (place, self.before, self.after)

    def mutated(self, source: bytes) -> bytes:
        """The whole file with the change in it; no line moves."""
        start, end = self.span
        newlines = source[start:end].count(b"\n")
        return source[:start] + self.text.encode() + b"\n" * newlines + source[end:]

    def chance(self, seed: int) -> float:
        """A number from 0 to 1 that depends on nothing but the seed and the mutant itself."""
        return zlib.crc32(b"%d %s" % (seed, self.text_of().encode())) / (1 << 32)


class Source:
    """A file, and where its nodes are."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.data = path.read_bytes()
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def start(self, node: ast.AST) -> int:
        """The offset of its first byte."""
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.AST) -> int:
        """The offset after its last byte."""
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, start: int, end: int) -> str:
        """What is between two offsets."""
        return self.data[start:end].decode()

    def line(self, start: int, end: int) -> tuple[int, int]:
        """The whole lines of a span."""
        end = self.data.find(b"\n", end)
        return self.data.rfind(b"\n", 0, start) + 1, len(self.data) if end < 0 else end


def mutants(path: Path, name: str) -> list[Mutant]:
    """Every mutant of a file; `name` is its path below lib/."""
    source = Source(path, name)
    made: list[Mutant] = []
    seen: dict[tuple, int] = {}
    for scope, statement, start, end, text in _statements(source, ast.parse(source.data), ()):
        first, last = source.line(start, end)
        change = source.text(first, start), text, source.text(end, last)
        before = " ".join(source.text(first, last).split())
        place = ".".join(each.name for each in scope) or MODULE
        identity = name, place, before, " ".join("".join(change).split())
        which = seen[identity] = seen.get(identity, -1) + 1
        lines = statement.lineno, source.data.count(b"\n", 0, end) + 1
        made.append(Mutant(*identity, which, (start, end), text, lines, not _inside(scope)))
    return made


Change = tuple[tuple, ast.stmt, int, int, str]


def _statements(source: Source, parent: ast.AST, scope: tuple) -> Iterator[Change]:
    """Every change in the statements below `parent`, which stands in `scope`."""
    for node in ast.iter_child_nodes(parent):
        if not isinstance(node, ast.stmt):
            if isinstance(node, (ast.ExceptHandler, ast.match_case)):
                yield from _statements(source, node, scope)
            continue
        if _says_nothing(node):
            continue
        if _inside(scope) and isinstance(node, DELETED) and not _declares(node):
            yield scope, node, source.start(node), source.end(node), "pass"
        for each in _parts(node):
            for expression in _walk(each):
                for start, end, text in _changes(source, expression):
                    if b"\n" not in source.data[start:end]:
                        yield scope, node, start, end, text
        for start, end, text in _conditions(source, node):
            yield scope, node, start, end, text
        named = isinstance(node, (*FUNCTIONS, ast.ClassDef))
        yield from _statements(source, node, (*scope, node) if named else scope)


def _inside(scope: tuple) -> bool:
    """Whether this is in a function, not what a class or a module is made of."""
    return bool(scope) and isinstance(scope[-1], FUNCTIONS)


def _says_nothing(node: ast.stmt) -> bool:
    """A docstring, an import, or a line of the log: no behaviour."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    return isinstance(node, ast.Expr) and (
        isinstance(node.value, ast.Constant)
        or (isinstance(node.value, ast.Call) and _called(node.value) == "log")
    )


def _declares(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and not node.value


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _parts(node: ast.stmt) -> list[ast.AST]:
    """The expressions of a statement that are run with it, annotations apart."""
    if isinstance(node, FUNCTIONS):
        return [each for each in (*node.args.defaults, *node.args.kw_defaults) if each]
    if isinstance(node, ast.ClassDef):
        return []
    if isinstance(node, ast.AnnAssign):
        return [node.value] if node.value else []
    if isinstance(node, ast.AugAssign):
        return [node, node.value]
    return [each for each in ast.iter_child_nodes(node) if isinstance(each, (ast.expr))] + [
        item.context_expr for item in getattr(node, "items", [])
    ]


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.AugAssign):
        yield node
        return
    yield from ast.walk(node)


def _changes(source: Source, node: ast.AST) -> Iterator[tuple[int, int, str]]:
    """The changes of one expression: offsets, and the text that comes there."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for left, right in zip(sides, sides[1:]):
            yield from _between(source, left, right, COMPARED)
    elif isinstance(node, ast.BoolOp):
        for left, right in zip(node.values, node.values[1:]):
            yield from _between(source, left, right, JOINED)
    elif isinstance(node, ast.BinOp) and not _is_text(node.left):
        yield from _between(source, node.left, node.right, COMPUTED)
    elif isinstance(node, ast.AugAssign):
        yield from _between(source, node.target, node.value, COMPUTED)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield source.start(node), source.start(node.operand), ""
    elif isinstance(node, ast.IfExp):
        yield from _negated(source, node.test)
    elif isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield from _negated(source, test)
    elif isinstance(node, ast.Constant) and not _means_none(source, node):
        yield from _constant(source, node)
    elif isinstance(node, ast.Call):
        yield from _dropped(source, node)


def _means_none(source: Source, node: ast.Constant) -> bool:
    """Whether another value means the same: -1 for none, "never" in ms, an empty payload."""
    if isinstance(node.value, int):
        start = source.start(node)
        return node.value > NEVER or source.data[start - 1 : start] == b"-"
    return node.value == b""


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _between(source, left, right, table) -> Iterator[tuple[int, int, str]]:
    """The operator between two operands, which may have brackets around them."""
    start = source.end(left)
    text = source.text(start, source.start(right))
    found = re.fullmatch(r"([\s)]*)([^\s()=]+(?: (?:in|not))?|[=!<>]=)(=?[\s(]*)", text)
    if found and found[2] in table:
        changed = found[1] + table[found[2]] + found[3]
        yield start, source.start(right), changed


def _conditions(source: Source, node: ast.stmt) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, (ast.If, ast.While)):
        yield from _negated(source, node.test)


def _negated(source: Source, test: ast.expr) -> Iterator[tuple[int, int, str]]:
    if isinstance(test, ast.UnaryOp) or (
        isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], NEGATED)
    ):
        return  # as `_changes` has it
    start, end = source.start(test), source.end(test)
    yield start, end, "not (%s)" % source.text(start, end)


def _constant(source: Source, node: ast.Constant) -> Iterator[tuple[int, int, str]]:
    start, end, value = source.start(node), source.end(node), node.value
    if isinstance(value, bool):
        yield start, end, repr(not value)
    elif isinstance(value, int):
        form = "0x%X" if source.text(start, end).startswith("0x") else "%d"
        yield start, end, form % (value + 1)
    elif isinstance(value, bytes):
        yield start, end, repr(bytes([value[0] ^ 1]) + value[1:] if value else b"?")
    elif isinstance(value, str):
        yield start, end, '"%s?"' % value if '"' not in value else "''"


def _dropped(source: Source, node: ast.Call) -> Iterator[tuple[int, int, str]]:
    """A keyword, or the last of several arguments: one alone would rather be a TypeError."""
    given = [*node.args, *node.keywords]
    for index, each in enumerate(given):
        if getattr(each, "value", None) == "big":
            continue  # which MicroPython needs and CPython does not
        if index and (each in node.keywords or each is node.args[-1]):
            yield source.end(given[index - 1]), source.end(each), ""
