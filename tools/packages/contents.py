"""The packages: one per folder of lib/, and the application; their files and what they need."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.lint import imports
from tools.lint.sources import read, tracked
from tools.sizes import features


@dataclass(frozen=True)
class Package:
    """One package: its folder, files in it, and the names of the packages that it imports.

    `core` are the files that every user of the package needs, `optional` those of features that
    are imported when they are used; both are relative to the folder.
    """

    name: str
    folder: str
    core: tuple[str, ...]
    optional: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Return all its files."""
        return tuple(sorted(self.core + self.optional))


def packages(root: Path) -> dict[str, Package]:
    """Return every package by name, each after those that it needs."""
    graph = imports.build(read(root, "lib", "firmware"))
    optional = features.optional_modules(features.load())
    names = sorted({path.split("/")[1] for path in tracked(root, "lib/**.py")})
    folders = {name: "lib/" + name for name in names}
    if tracked(root, "firmware/**.py"):
        folders["firmware"] = "firmware"
    found = {name: _package(root, name, folders, graph, optional) for name in folders}
    return _ordered(found)


def _package(
    root: Path, name: str, folders: Mapping[str, str], graph: imports.Graph, optional: set[str]
) -> Package:
    folder = folders[name]
    paths = [path.removeprefix(folder + "/") for path in tracked(root, folder + "/**.py")]
    files = [path for path in paths if path not in ("manifest.py", "main.py")]
    modules = {path: _module(name, path) for path in files}
    imported = {one for module in modules.values() for one in graph.get(module, ())}
    needs = {one.partition(".")[0] for one in imported} & set(folders) - {name}
    return Package(
        *(name, folder),
        tuple(path for path in files if modules[path] not in optional),
        tuple(path for path in files if modules[path] in optional),
        tuple(sorted(needs)),
    )


def _module(package: str, path: str) -> str:
    parts = [package, *path.removesuffix(".py").split("/")]
    return ".".join(part for part in parts if part != "__init__")


def _ordered(packages: Mapping[str, Package]) -> dict[str, Package]:
    done = {}

    def add(name: str) -> None:
        for need in packages[name].needs:
            if need not in done:
                add(need)
        done[name] = packages[name]

    for name in packages:
        if name not in done:
            add(name)
    return done
