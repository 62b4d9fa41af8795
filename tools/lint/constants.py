"""A constant's name has one value in lib/, firmware/ and each board.

A leading underscore does not count: `_CHANGED` and `CHANGED` are one name. Boards are apart from
one another, for each has its own pins. A name of constants.json (CoAP codes and options, content
formats, OMA data types...) has that value, everywhere. A table (tuple, dict...) may have the name
of another module's table, but not that of a number.
"""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .sources import DEVICE, Source, read

TABLE = Path(__file__).resolve().parent / "constants.json"
_NAME = re.compile(r"_*[A-Z][A-Z0-9_]*")


@dataclass(frozen=True)
class Constant:
    """A name bound once at the top of a module: its value, None for a table, and its place."""

    name: str
    value: int | str | bytes | None
    path: str
    line: int

    @property
    def scope(self) -> str:
        """Return the board whose constant it is, "" for those of all."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "boards" else ""

    def __str__(self) -> str:
        value = "a table" if self.value is None else _shown(self.value)
        return "%s at %s:%d" % (value, self.path, self.line)


def _shown(value: object) -> str:
    return "%d (0x%X)" % (value, value) if isinstance(value, int) else repr(value)


def check(root: Path, table: Path = TABLE) -> list[str]:
    """Return one line per name with two values, and per value that is not the table's."""
    constants = [one for source in read(root, *DEVICE) for one in of(source)]
    return two_values(constants) + against_table(constants, load(table))


def load(table: Path) -> dict[str, int]:
    """Return the table of names, its sections put together."""
    sections = json.loads(table.read_text())
    return {name: int(str(v), 0) for one in sections.values() for name, v in one.items()}


def of(source: Source) -> list[Constant]:
    """Return the constants of a module."""
    values, constants = {}, []
    for node in source.tree.body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and _NAME.fullmatch(target.id):
                value = _value(node.value, values)
                values[target.id] = value
                name = target.id.lstrip("_")
                constants.append(Constant(name, value, source.path, node.lineno))
    return constants


def _value(node: ast.expr, known: Mapping) -> int | str | bytes | None:
    """Return the number or text of an expression of literals and constants, None for others."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "const":
        node = node.args[0]
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    if not names <= set(known) or any(isinstance(one, ast.Call) for one in ast.walk(node)):
        return None
    try:
        value = eval(compile(ast.Expression(node), "constant", "eval"), {}, dict(known))
    except TypeError:
        return None
    return value if isinstance(value, int | str | bytes) else None


def two_values(constants: Iterable[Constant]) -> list[str]:
    """Return one line per name that has two values where both may be on one device."""
    by_name = {}
    for constant in constants:
        by_name.setdefault(constant.name, []).append(constant)
    findings = []
    for name, uses in sorted(by_name.items()):
        for scope in sorted({one.scope for one in uses} - {""}) or [""]:
            values = {one.value: one for one in reversed(uses) if one.scope in ("", scope)}
            if len(values) > 1:
                places = sorted(str(one) for one in values.values())
                finding = "%s has %d values: %s" % (name, len(values), ", ".join(places))
                findings += [finding] if finding not in findings else []
    return findings


def against_table(constants: Iterable[Constant], table: Mapping[str, int]) -> list[str]:
    """Return one line per constant whose name is in the table, but not its value."""
    return [
        "%s is %s, in the table %s" % (one.name, one, _shown(table[one.name]))
        for one in constants
        if one.name in table and one.value != table[one.name]
    ]
