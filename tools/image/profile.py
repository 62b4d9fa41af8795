"""A profile: the files of one meter, as a text file of one entry a line.

    lib/coap                    a folder: every module in it
    firmware/main.py            one file
    config.json = my/own.json   a device path and the host's file

Modules of lib/ go to /lib, those of firmware/ and boards/NAME/ to the root, where MicroPython
looks first. A `#` starts a comment. Paths are from the repository's root.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .compiler import ROOT, compile_module
from .failure import ImageError

# MicroPython runs these two by name and only as source.
_KEPT_AS_SOURCE = ("main.py", "boot.py")
_NOT_FOR_THE_DEVICE = ("manifest.py", "setup.py")


@dataclass(frozen=True, order=True)
class Entry:
    """One file: its path on the device, with .py still, and on the host."""

    device: str
    host: Path

    @property
    def module(self) -> str:
        """Return the dotted name by which the device imports it."""
        name = self.device.removeprefix("/").removeprefix("lib/").removesuffix(".py")
        return name.removesuffix("/__init__").replace("/", ".")


def read(path: Path, root: Path = ROOT) -> list[Entry]:
    """Return the entries of a profile file."""
    try:
        text = path.read_text()
    except OSError as error:
        raise ImageError("profile %s: %s" % (path, error.strerror)) from error
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if line:
            entries += parse_line(line, root, "%s, line %d" % (path, number))
    return entries


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
    """Return {device path: content}, modules compiled."""
    files = {}
    for entry in entries:
        device, content = _content(entry)
        if device in files:
            raise ImageError("%s comes twice, once of %s: leave one out" % (device, entry.host))
        files[device] = content
    return files


def _content(entry: Entry) -> tuple[str, bytes]:
    device = entry.device
    if not device.endswith(".py") or device.lstrip("/") in _KEPT_AS_SOURCE:
        return device, entry.host.read_bytes()
    name = device.lstrip("/").removeprefix("lib/")
    return device[:-3] + ".mpy", compile_module(entry.host, name)
