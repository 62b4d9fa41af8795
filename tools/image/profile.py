"""A profile: the files of one meter, as text files of one entry a line.

firmware/profiles/NAME.txt is the same on every board; boards/BOARD/image.txt is added to it.

    lib/coap                    a folder: every module in it
    without lib/coap/udp.py     a file or folder that a line above has, left out
    firmware/app.py             one file
    config.json = my/own.json   a device path and the host's file
    join core: coap.message coap.peer    one .mpy of several modules; may go on in more lines
    positional core             nothing will pass its functions by keyword what has no default
    public name name            what somebody outside uses, beside what docs/ tell of
    closed                      nothing outside uses a name of the image, but its main.py

Modules of lib/ go to /lib, the package firmware and the files of boards/NAME/ to the root, where
MicroPython looks first. A `#` starts a comment. Paths are from the repository's root.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from . import join, public
from .bytecode import names_of
from .compiler import ROOT, compile_module, compile_text
from .failure import ImageError
from .shrink import shrunk

# MicroPython runs these two by name and only as source.
_KEPT_AS_SOURCE = ("main.py", "boot.py")
# The boot selector, which belongs to none of the slots.
_OUTSIDE_SLOTS = (["main.py"], ["slots.py"])
SELECTOR = ROOT / "firmware" / "slots.py"
_NOT_FOR_THE_DEVICE = ("manifest.py", "setup.py")


@dataclass(frozen=True, order=True)
class Entry:
    """One file: its path on the device, with .py still, and on the host; what it is joined in."""

    device: str
    host: Path
    group: str = ""
    positional: bool = False
    closed: bool = False
    public: tuple[str, ...] = ()

    @property
    def compiled(self) -> bool:
        """Return whether the device gets it as .mpy."""
        return self.device.endswith(".py") and self.device.lstrip("/") not in _KEPT_AS_SOURCE

    @property
    def is_package(self) -> bool:
        """Return whether it is the module of a package, which cannot be joined."""
        return self.host.name == "__init__.py"

    @property
    def module(self) -> str:
        """Return the dotted name by which the device imports it."""
        name = self.device.removeprefix("/").removeprefix("lib/").removesuffix(".py")
        return name.removesuffix("/__init__").replace("/", ".")


def paths(board: str, name: str, root: Path = ROOT) -> tuple[Path, ...]:
    """Return the files that say what an image of a profile for a board has."""
    chosen = root / "firmware" / "profiles" / (name + ".txt")
    if not chosen.is_file():
        known = sorted(path.stem for path in chosen.parent.glob("*.txt"))
        raise ImageError("no profile %s: choose one of %s" % (name, ", ".join(known)))
    own = root / "boards" / board / "image.txt"
    return (chosen, own) if own.is_file() else (chosen,)


def of(board: str, name: str, root: Path = ROOT) -> list[Entry]:
    """Return the entries of an image of a profile for a board."""
    return read_all(paths(board, name, root), root)


def read(path: Path, root: Path = ROOT) -> list[Entry]:
    """Return the entries of a profile file."""
    return read_all((path,), root)


def read_all(files: tuple[Path, ...], root: Path = ROOT) -> list[Entry]:
    """Return the entries of several profile files that make one image."""
    entries = []
    for line, where in _lines(files):
        word, _, rest = line.partition(" ")
        if word == "without":
            left_out = parse_line(rest.strip(), root, where)
            entries = [entry for entry in entries if entry not in left_out]
        elif word not in ("join", "positional", "public", "closed"):
            entries += parse_line(line, root, where)
    closed, names = openness(*files)
    entries = [replace(entry, closed=closed, public=names) for entry in entries]
    return grouped(entries, *groups(*files), str(files[0]))


def openness(*files: Path) -> tuple[bool, tuple[str, ...]]:
    """Return whether a file of a profile says `closed`, and the names that are public."""
    lines = [line.split() for line, _ in _lines(files)]
    names = [name for line in lines if line[0] == "public" for name in line[1:]]
    return ["closed"] in lines, tuple(names)


def groups(*files: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Return the groups of a profile's `join` lines, and those that are positional."""
    found, positional = {}, []
    for line, where in _lines(files):
        if line.startswith("join "):
            _group(line, found, where)
        elif line.startswith("positional "):
            positional += line.split()[1:]
    return found, positional


def _lines(files: Iterable[Path]) -> list[tuple[str, str]]:
    """Return the lines of profile files that say something, and the place of each."""
    return [line for path in files for line in _lines_of(path)]


def _lines_of(path: Path) -> list[tuple[str, str]]:
    try:
        text = path.read_text()
    except OSError as error:
        raise ImageError("profile %s: %s" % (path, error.strerror)) from error
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [(line, "%s, line %d" % (path, i)) for i, line in enumerate(lines, 1) if line]


def _group(line: str, found: dict[str, list[str]], where: str) -> None:
    name, colon, modules = line.removeprefix("join ").partition(":")
    name = name.strip()
    if not colon or not name.isidentifier():
        raise ImageError("%s: give `join NAME: module module`, NAME a word" % where)
    found.setdefault(name, []).extend(modules.split())


def grouped(
    entries: list[Entry], wanted: dict[str, list[str]], positional: Iterable[str], where: str
) -> list[Entry]:
    """Return the entries, those of a group with its name; `where` names the groups in an error."""
    for group in positional:
        if group not in wanted:
            raise ImageError("%s: positional %s: there is no such join" % (where, group))
    of = {}
    for group, modules in wanted.items():
        for module in modules:
            if module in of:
                raise ImageError("%s: join: %s comes twice: leave one out" % (where, module))
            of[module] = group
    known = {entry.module for entry in entries if entry.compiled}
    for module in of:
        if module not in known:
            raise ImageError("%s: join %s: no module %s here" % (where, of[module], module))
    groups_of = [of.get(entry.module, "") if entry.compiled else "" for entry in entries]
    return [
        replace(entry, group=group, positional=group in positional)
        for entry, group in zip(entries, groups_of)
    ]


def default(root: Path = ROOT) -> list[Entry]:
    """Return every module that a meter may import, for want of a profile."""
    return _folder(root / "lib", root)


def parse_line(line: str, root: Path, where: str) -> list[Entry]:
    """Return the entries of one line; `where` names it in an error."""
    device, given, host = (part.strip() for part in line.partition("="))
    path = root / (host if given else device)
    if given and path.is_file():
        return [Entry("/" + device.lstrip("/"), path)]
    if not given and path.is_dir():
        return _folder(path, root)
    if not given and path.is_file():
        return [_entry(path, root)]
    raise ImageError("%s: no %s; name a file or a folder of the repository" % (where, path))


def _folder(folder: Path, root: Path) -> list[Entry]:
    sources = (path for path in sorted(folder.rglob("*.py")) if _is_for_the_device(path))
    return [_entry(path, root) for path in sources]


def _is_for_the_device(path: Path) -> bool:
    return path.name not in _NOT_FOR_THE_DEVICE and not path.name.startswith("test_")


def _entry(path: Path, root: Path) -> Entry:
    top, *rest = path.relative_to(root).parts
    if top == "lib":
        return Entry("/lib/" + "/".join(rest), path)
    if top == "firmware" and rest in _OUTSIDE_SLOTS:
        return Entry("/" + rest[0], path)
    return Entry("/" + "/".join(rest[1:] if top == "boards" else (top, *rest)), path)


def build_files(entries: Iterable[Entry]) -> dict[str, bytes]:
    """Return {device path: content}, modules compiled, and joined where they have a group."""
    entries, files = list(entries), {}
    joins = any(entry.group for entry in entries)
    for entry in entries:
        device, content = _content(entry, joins)
        if device in files:
            raise ImageError("%s comes twice, once of %s: leave one out" % (device, entry.host))
        files[device] = content
    return files | _joined(entries) if joins else files


def _content(entry: Entry, joins: bool) -> tuple[str, bytes]:
    device = entry.device
    if not entry.compiled:
        return device, entry.host.read_bytes()
    name = device.lstrip("/").removeprefix("lib/")
    return device[:-3] + ".mpy", b"" if joins else compile_module(entry.host, name)


def _joined(entries: list[Entry]) -> dict[str, bytes]:
    """Return the modules of an image that joins: its units, and stubs of what is in them."""
    done, files, paths = joined(entries), {}, unit_paths(entries)
    for entry in filter(lambda one: one.compiled, entries):
        path = entry.device[:-3] + ".mpy"
        name = path.lstrip("/").removeprefix("lib/").removesuffix(".mpy")
        if entry.group:
            text = done.stubs[entry.module]
            files[paths[entry.group]] = _shrunk(done, entry.group, entry.group)
            files[path] = _compiled(text, name)
        else:
            files[path] = _shrunk(done, entry.module, name)
    return files


def names(entries: Iterable[Entry]) -> dict[str, str]:
    """Return what the new names of an image's modules stand for, to read a traceback by.

    "core.outbox" is a function or class of core.mpy; ".OSError" an attribute or method, anywhere.
    """
    entries = list(entries)
    if not any(entry.group for entry in entries):
        return {}
    return joined(entries).names


def joined(entries: list[Entry]) -> join.Joined:
    """Return the modules of an image, joined.

    What may use their names: modules as source, and unless the image is closed, anybody; of a
    module that is none of ours, so that docs/ do not tell of it, all that has no underscore.
    """
    modules = [entry for entry in entries if entry.compiled]
    closed = any(entry.closed for entry in entries)
    sources = [one.host for one in entries if one.device.endswith(".py") and not one.compiled]
    sources.append(SELECTOR)  # no image replaces it
    if not closed:
        sources += [one.host for one in modules if not one.host.is_relative_to(ROOT)]
    names = {name for entry in entries for name in entry.public}
    outside = public.outside(sources, closed, names)
    done = join.join(modules, outside)
    left = set().union(*(names_of(_shrunk(done, unit, unit)) for unit in done.texts))
    gone = [one for name, one in done.once.items() if name not in left]
    return join.join(modules, outside, gone)


def unit_paths(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the device path of each unit's .mpy: in /lib where all that is in it would be."""
    paths: dict[str, str] = {}
    for entry in entries:
        if entry.group and not entry.device.startswith("/lib/"):
            paths[entry.group] = "/%s.mpy" % entry.group
        elif entry.group:
            paths.setdefault(entry.group, "/lib/%s.mpy" % entry.group)
    return paths


def _shrunk(done: join.Joined, unit: str, name: str) -> bytes:
    data = _compiled(done.texts[unit], name)
    return shrunk(data, done.by_keyword[unit], done.once)


def _compiled(text: str, name: str) -> bytes:
    return compile_text(text.encode(), name, "the joined %s" % name)
