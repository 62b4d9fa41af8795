"""The files that describe the packages: package.json and core.json for mip, manifest.py to freeze.

mip takes `urls` relative to the JSON file. It takes `deps` as URLs, or as paths from where it is
run: the repository's root, unless another base is asked for.
"""

import json
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path

from .contents import Package


def version(root: Path) -> str:
    """Return the project's version."""
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]


def texts(packages: dict[str, Package], number: str, base: str = "") -> dict[str, str]:
    """Return {path from the root: text} of every file that describes a package."""
    files = {"package.json": _json(_everything(packages), (), number)}
    for package in packages.values():
        folder = package.folder
        deps = ["%s%s/package.json" % (base, packages[one].folder) for one in package.needs]
        files[folder + "/package.json"] = _json(_urls(package, package.files), deps, number)
        files[folder + "/manifest.py"] = manifest(package, packages)
        if package.core and package.optional:
            deps = ["%s%s" % (base, _least(packages[one])) for one in package.needs]
            files[folder + "/core.json"] = _json(_urls(package, package.core), deps, number)
    return files


def _least(package: Package) -> str:
    """Return what describes the least of a package that another can do with."""
    name = "core.json" if package.core and package.optional else "package.json"
    return "%s/%s" % (package.folder, name)


def _everything(packages: dict[str, Package]) -> list[tuple[str, str]]:
    return [
        ("%s/%s" % (package.name, path), "%s/%s" % (package.folder, path))
        for package in packages.values()
        for path in package.files
    ]


def _urls(package: Package, files: Iterable[str]) -> list[tuple[str, str]]:
    return [("%s/%s" % (package.name, path), path) for path in files]


def _json(urls: Iterable[tuple[str, str]], deps: Iterable[str], number: str) -> str:
    """Return a package.json, one file per line."""
    parts = ['  "urls": [\n%s\n  ]' % ",\n".join("    " + json.dumps(list(one)) for one in urls)]
    if deps:
        rows = ",\n".join("    " + json.dumps([one, ""]) for one in deps)
        parts.append('  "deps": [\n%s\n  ]' % rows)
    return "{\n%s\n}\n" % ",\n".join([*parts, '  "version": "%s"' % number])


def manifest(package: Package, packages: dict[str, Package]) -> str:
    """Return a manifest.py: include() takes `optional=False` for the core alone."""
    lines = ["# Written by `python -m tools.packages`. include(...) may have optional=False."]
    lines.append("options.defaults(optional=True)")
    for need in package.needs:
        path = os.path.relpath(packages[need].folder, package.folder)
        lines.append('include("%s/manifest.py", optional=options.optional)' % path)
    if package.core:
        lines += _freeze(package.name, package.core, "")
    if package.optional:
        lines += ["if options.optional:", *_freeze(package.name, package.optional, "    ")]
    return "\n".join(lines) + "\n"


def _freeze(name: str, files: Iterable[str], indent: str) -> list[str]:
    rows = ['%s        "%s",' % (indent, path) for path in files]
    return [
        "%spackage(" % indent,
        '%s    "%s",' % (indent, name),
        "%s    (" % indent,
        *rows,
        "%s    )," % indent,
        '%s    base_path="..",' % indent,
        "%s)" % indent,
    ]
