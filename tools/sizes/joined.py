"""Profiles as an image has them that joins: their sizes beside those of the separate modules.

A profile's "join" in profiles.json is its groups, {name: [modules]}, or the file of a board's
profile that has them in `join` lines; "positional" is as there. Its "unit", ["open"] or ["open",
"closed"], is the same as a single .mpy, in an image that has nothing else. Stubs do not count:
nothing in the image loads them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from tools.image import profile
from tools.image.failure import ImageError

from .budgets import Sum, profile_modules
from .failure import SizesError
from .modules import Module, closure

# These two are run, not imported; importing main would start a meter.
RUN_BY_NAME = ("main", "boot")


def names(profiles: Mapping) -> list[str]:
    """Return the profiles that are joined."""
    return [name for name, one in profiles.items() if "join" in one]


def unit_sums(profiles: Mapping, modules: Mapping[str, Module]) -> list[Sum]:
    """Return the sizes of profiles as a single .mpy, open or closed."""
    return [
        Sum(
            "profile",
            "%s as one unit, %s" % (name, how),
            _unit(name, how, profiles, modules),
            None,
        )
        for name, one in profiles.items()
        for how in one.get("unit", ())
    ]


def _unit(name: str, how: str, profiles: Mapping, modules: Mapping[str, Module]) -> int:
    chosen = [modules[one].entry for one in profile_modules(name, profiles, modules)]
    joined = [
        replace(entry, group="unit", positional=True, closed=how == "closed")
        if entry.compiled and not entry.is_package
        else entry
        for entry in chosen
    ]
    files = profile.build_files(joined)
    return sum(len(files[path]) for path in profile.unit_paths(joined).values())


def entries(name: str, profiles: Mapping, modules: Mapping[str, Module], root: Path) -> list:
    """Return the entries of all modules, grouped as a profile wants it."""
    groups, positional = profiles[name]["join"], profiles[name].get("positional", ())
    if isinstance(groups, str):
        groups, positional = profile.groups(root / groups)
    everything = [module.entry for module in modules.values()]
    try:
        return profile.grouped(everything, groups, positional, "profiles.json: profile %s" % name)
    except ImageError as error:
        raise SizesError(str(error)) from error


def joined_sum(
    name: str, profiles: Mapping, modules: Mapping[str, Module], root: Path, with_ram: bool
) -> Sum:
    """Return the size of a profile, joined; it is named so."""
    found = entries(name, profiles, modules, root)
    files = profile.build_files(found)
    units = _units(profile_modules(name, profiles, modules), found)
    mpy = sum(len(files[path]) for path in units.values())
    ram, took = None, None
    if with_ram:
        names = closure(profile_modules(name, profiles, modules), modules)
        ram, took = _measured(units, _of_packages(files, names))
    return Sum("profile", name + " joined", mpy, ram, took, len(units))


def _units(chosen: Iterable[str], found: Iterable[profile.Entry]) -> dict[str, str]:
    """Return what is imported in place of the modules, and its path on the device."""
    found = list(found)
    by_module, paths = {entry.module: entry for entry in found}, profile.unit_paths(found)
    units = {}
    for module in chosen:
        entry = by_module[module]
        if entry.compiled:
            units[entry.group or module] = paths.get(entry.group, entry.device[:-3] + ".mpy")
        else:
            units[module] = entry.device
    return units


def _of_packages(files: Mapping[str, bytes], names: Iterable[str]) -> dict[str, bytes]:
    # What a board needs for these modules; it has no room for every package
    needed = {name.partition(".")[0] for name in names}
    found = {}
    for path, data in files.items():
        folder, _, rest = path.removeprefix("/lib").lstrip("/").partition("/")
        if not rest or folder in needed:
            found[path] = data
    return found


def _measured(units: Mapping[str, str], files: dict[str, bytes]) -> tuple[int, int]:
    from tools.emulator import Board, imports  # the emulator is not needed for --no-ram

    chosen = [name for name in units if name not in RUN_BY_NAME]
    without = {path: data for path, data in files.items() if path not in ("/main.py", "/boot.py")}
    with Board(without) as board:
        costs = imports(board, chosen)
    for cost in costs:
        if cost.error:
            raise SizesError(
                "joined, %s does not import on the board: %s" % (cost.module, cost.error)
            )
    return sum(cost.ram for cost in costs), sum(cost.us for cost in costs)
