"""The budgets: what may not be exceeded, and the sums that they bound.

budgets.json has three tables, of modules, packages and profiles; each names a thing and the most
bytes of `mpy`, of `ram`, or both. A package may be a sum, "coap+lwm2m", and may count only what a
profile imports ("profile": "water"). profiles.json names the first modules of each ("imports"),
whose own imports count too, and those that are imported later, inside functions ("also"); what
"join" makes one .mpy of, see joined.py, is the profile "NAME joined".
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .failure import SizesError
from .modules import Module, closure

TABLES = ("modules", "packages", "profiles")
_SLACK = 1.05


@dataclass(frozen=True)
class Sum:
    """A module, package or profile with its sizes; RAM is None where it was not measured."""

    kind: str
    name: str
    mpy: int
    ram: int | None
    import_us: int | None = None
    count: int = 1


@dataclass(frozen=True)
class Verdict:
    """One budget held against one size."""

    size: Sum
    what: str
    measured: int
    budget: int

    @property
    def over(self) -> bool:
        """Return whether the budget is exceeded."""
        return self.measured > self.budget

    @property
    def slack(self) -> bool:
        """Return whether the budget could be lowered."""
        return self.budget > self.measured * _SLACK

    def __str__(self) -> str:
        unit = ".mpy" if self.what == "mpy" else "RAM"
        text = "%s %s: %d B of %s, budget %d B" % (
            *(self.size.kind, self.size.name, self.measured, unit, self.budget),
        )
        if self.over:
            return "over budget by %d B: %s" % (self.measured - self.budget, text)
        return "can be lowered to %d: %s" % (self.measured, text)


def load(path: Path) -> dict:
    """Return a JSON file's object."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SizesError("%s: %s" % (path, error)) from error
    if not isinstance(found, dict):
        raise SizesError("%s: a JSON object is needed" % path)
    return found


def profile_modules(name: str, profiles: Mapping, modules: Mapping[str, Module]) -> list[str]:
    """Return the modules of a profile, dependencies first."""
    if name not in profiles:
        raise SizesError("no profile %r in profiles.json; it has %s" % (name, ", ".join(profiles)))
    roots = [*profiles[name].get("imports", ()), *profiles[name].get("also", ())]
    for root in roots:
        if root not in modules:
            raise SizesError("profiles.json: profile %s: no module %s" % (name, root))
    return closure(roots, modules)


def total(kind: str, name: str, chosen: Iterable[Module]) -> Sum:
    """Add the modules up."""
    chosen = list(chosen)
    ram, import_us = _add(m.ram for m in chosen), _add(m.import_us for m in chosen)
    return Sum(kind, name, sum(m.mpy for m in chosen), ram, import_us, len(chosen))


def _add(sizes: Iterable[int | None]) -> int | None:
    sizes = list(sizes)
    return None if None in sizes else sum(sizes)


def sums(modules: Mapping[str, Module], profiles: Mapping) -> list[Sum]:
    """Return the sizes of all modules, packages and profiles, in this order."""
    packages = {module.package for name, module in modules.items() if "." in name}
    return [
        *(total("module", name, [module]) for name, module in modules.items()),
        *(package_sum(name, modules) for name in sorted(packages)),
        *(
            total(
                "profile", name, (modules[one] for one in profile_modules(name, profiles, modules))
            )
            for name in profiles
        ),
    ]


def package_sum(name: str, modules: Mapping[str, Module], only: Iterable[str] = ()) -> Sum:
    """Return the size of a package or a sum of packages; `only` limits it to these modules."""
    packages, only = name.split("+"), set(only) or set(modules)
    for package in packages:
        if not any(module.package == package for module in modules.values()):
            raise SizesError("budgets.json: no package %s; it names %s" % (package, name))
    chosen = (m for m in modules.values() if m.package in packages and m.name in only)
    return total("package", name, chosen)


def check(
    budgets: Mapping, modules: Mapping[str, Module], profiles: Mapping, sizes: Iterable[Sum] = ()
) -> list[Verdict]:
    """Hold every budget against its size; RAM that was not measured is not judged.

    `sizes` are sums already made: those of joined profiles are only there.
    """
    verdicts, made = [], {(size.kind, size.name): size for size in sizes}
    for table, limits in budgets.items():
        if table not in TABLES:
            raise SizesError("budgets.json: %r is none of %s" % (table, ", ".join(TABLES)))
        for name, limit in limits.items():
            size = made.get((table[:-1], name)) if table == "profiles" else None
            size = size or _size(table, name, limit, modules, profiles)
            verdicts += _verdicts(size, limit)
    return verdicts


def _size(table: str, name: str, limit: Mapping, modules: Mapping, profiles: Mapping) -> Sum:
    if table == "profiles":
        return total(
            "profile", name, (modules[m] for m in profile_modules(name, profiles, modules))
        )
    if table == "packages":
        only = profile_modules(limit["profile"], profiles, modules) if "profile" in limit else ()
        return package_sum(name, modules, only)
    if name not in modules:
        raise SizesError("budgets.json: no module %s; rename or drop its budget" % name)
    return total("module", name, [modules[name]])


def _verdicts(size: Sum, limit: Mapping) -> list[Verdict]:
    measured = {"mpy": size.mpy, "ram": size.ram}
    for what in set(limit) - {*measured, "profile"}:
        raise SizesError("budgets.json: %s: %r is neither mpy nor ram" % (size.name, what))
    return [
        Verdict(size, what, measured[what], limit[what])
        for what in measured
        if what in limit and measured[what] is not None
    ]
