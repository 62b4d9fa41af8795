"""Features: the optional parts of lib/, each with its modules, and what each adds in bytes.

features.json has "core", the modules that every client has, and "features", each a row of
docs/sizes.md: "name", "modules", "needs" (other features, which are counted in their own rows)
and "base": whether the modules are what their package cannot do without. A module of lib/ is in
exactly one place.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from .budgets import Sum, total
from .budgets import load as load_json
from .modules import Module

TABLE = Path(__file__).resolve().parent / "features.json"


def load(path: Path = TABLE) -> dict:
    """Return the table of features."""
    return load_json(path)


def optional_modules(table: Mapping) -> set[str]:
    """Return the modules without which a package's core works."""
    return {name for row in table["features"] if not row.get("base") for name in row["modules"]}


def problems(table: Mapping, modules: Mapping[str, Module]) -> list[str]:
    """Return a line per module of lib/ that is not in exactly one place, and per wrong name."""
    places = {}
    for name, row in _rows(table):
        for module in row:
            places.setdefault(module, []).append(name)
    of_lib = {name for name, module in modules.items() if _of_lib(module)}
    lines = ["module %s is in no feature" % name for name in sorted(of_lib - set(places))]
    for module, names in sorted(places.items()):
        if len(names) > 1:
            lines.append("module %s is in %s" % (module, " and ".join(names)))
        # The boot selector lies beside the slots, so its module has no package there
        if module not in modules and module.removeprefix("firmware.") not in modules:
            lines.append("%s names %s, which is not there" % (names[0], module))
    known = {row["name"] for row in table["features"]}
    for row in table["features"]:
        for need in set(row.get("needs", ())) - known:
            lines.append("%s needs %s, which is no feature" % (row["name"], need))
    return ["features.json: " + line for line in lines]


def _rows(table: Mapping) -> Iterable[tuple[str, list[str]]]:
    yield "core", table["core"]
    for row in table["features"]:
        yield row["name"], row["modules"]


def needs(table: Mapping) -> dict[str, list[str]]:
    """Return the names of the features that each feature needs."""
    return {row["name"]: row.get("needs", []) for row in table["features"]}


def sums(table: Mapping, modules: Mapping[str, Module]) -> list[Sum]:
    """Return the size of the core and of each feature."""
    return [
        total("feature", name, (modules[one] for one in row if one in modules))
        for name, row in _rows(table)
    ]


def _of_lib(module: Module) -> bool:
    return module.entry.device.startswith("/lib/")
