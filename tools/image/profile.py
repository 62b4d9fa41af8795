"""A profile: the files of one meter, as a text file of one entry a line.

    lib/coap                    a folder: every module in it
    firmware/main.py            one file
    config.json = my/own.json   a device path and the host's file
    join core: coap.message coap.exchange    one .mpy of several modules; may go on in more lines
    positional core             nothing will pass its functions by keyword what has no default

Modules of lib/ go to /lib, those of firmware/ and boards/NAME/ to the root, where MicroPython
looks first. A `#` starts a comment. Paths are from the repository's root.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from . import join
from .compiler import ROOT, compile_module, compile_text
from .failure import ImageError

# MicroPython runs these two by name and only as source.
_KEPT_AS_SOURCE = ("main.py", "boot.py")
_NOT_FOR_THE_DEVICE = ("manifest.py", "setup.py")


@dataclass(frozen=True, order=True)
class Entry:
    """One file: its path on the device, with .py still, and on the host; what it is joined in."""

    device: str
    host: Path
    group: str = ""
    positional: bool = False

    @property
    def compiled(self) -> bool:
        """Return whether the device gets it as .mpy."""
        return self.device.endswith(".py") and self.device.lstrip("/") not in _KEPT_AS_SOURCE

    @property
    def module(self) -> str:
        """Return the dotted name by which the device imports it."""
        name = self.device.removeprefix("/").removeprefix("lib/").removesuffix(".py")
        return name.removesuffix("/__init__").replace("/", ".")


def read(path: Path, root: Path = ROOT) -> list[Entry]:
    """Return the entries of a profile file."""
    entries = []
    for line, where in _lines(path):
        if line.split()[0] not in ("join", "positional"):
            entries += parse_line(line, root, where)
    return grouped(entries, *groups(path), str(path))


def groups(path: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Return the groups of a profile file's `join` lines, and those that are positional."""
    found, positional = {}, []
    for line, where in _lines(path):
        if line.startswith("join "):
            _group(line, found, where)
        elif line.startswith("positional "):
            positional += line.split()[1:]
    return found, positional


def _lines(path: Path) -> list[tuple[str, str]]:
    """Return the lines of a profile file that say something, and the place of each."""
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
    return Entry("/" + "/".join(rest[1:] if top == "boards" else rest), path)


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
    modules = [entry for entry in entries if entry.compiled]
    done = join.join(modules)
    files = {}
    for entry in modules:
        path = entry.device[:-3] + ".mpy"
        name = path.lstrip("/").removeprefix("lib/").removesuffix(".mpy")
        if entry.group:
            text = done.stubs[entry.module]
            files[unit_path(entry)] = _compiled(done.texts[entry.group], entry.group)
        else:
            text = done.texts[entry.module]
        files[path] = _compiled(text, name)
    return files


def names(entries: Iterable[Entry]) -> dict[str, str]:
    """Return what the new names of an image's modules stand for, to read a traceback by.

    "core.outbox" is a function or class of core.mpy; ".OSError" an attribute or method, anywhere.
    """
    entries = list(entries)
    if not any(entry.group for entry in entries):
        return {}
    return join.join([entry for entry in entries if entry.compiled]).names


def unit_path(entry: Entry) -> str:
    """Return the device path of the .mpy that a module is in."""
    if not entry.group:
        return entry.device[:-3] + ".mpy"
    return ("/lib/%s.mpy" if entry.device.startswith("/lib/") else "/%s.mpy") % entry.group


def _compiled(text: str, name: str) -> bytes:
    return compile_text(text.encode(), name, "the joined %s" % name)
