"""A ROMFS as MicroPython mounts it at /rom: what is imported from there runs out of flash."""

from collections.abc import Iterator, Mapping

from mpremote.romfs import VfsRomWriter

from .failure import ImageError
from .firmware import Firmware


def split(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the modules, which ROMFS takes, and what stays in the file system.

    main.py is looked for there alone, and what the device writes or its owner changes is there.
    """
    rom = {path: data for path, data in files.items() if path.endswith(".mpy")}
    return rom, {path: data for path, data in files.items() if path not in rom}


def build(files: Mapping[str, bytes], firmware: Firmware) -> bytes:
    """Return the image of {device path: content}, paths as below /rom."""
    if not firmware.rom_size:
        raise ImageError("MicroPython %s has no ROMFS here" % firmware.version)
    return image(files, firmware.rom_size)


def image(files: Mapping[str, bytes], size: int) -> bytes:
    """Return the image of {path below where it is mounted: content}, of at most `size` bytes."""
    writer = VfsRomWriter()
    fill(writer, {path.lstrip("/"): data for path, data in files.items()})
    made = writer.finalise()
    if len(made) > size:
        raise ImageError(
            "%d bytes do not fit: the ROMFS has %d; leave files out" % (len(made), size)
        )
    return made


def read(image: bytes) -> dict[str, bytes]:
    """Return {path: content} of an image, read as MicroPython's VfsRom reads it."""
    if image[:3] != VfsRomWriter.ROMFS_HEADER:
        raise ImageError("there is no ROMFS")
    length, start = _number(image, 3)
    return dict(_entries(image[start : start + length], ""))


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return an integer of 7 bits per byte, and where it ends."""
    value, more = 0, True
    while more:
        value, more, at = value << 7 | data[at] & 127, data[at] & 128, at + 1
    return value, at


def _records(data: bytes, at: int = 0) -> Iterator[tuple[int, bytes]]:
    while at < len(data):
        kind, at = _number(data, at)
        length, at = _number(data, at)
        yield kind, data[at : at + length]
        at += length


def _entries(data: bytes, folder: str) -> Iterator[tuple[str, bytes]]:
    for kind, body in _records(data):
        length, at = _number(body, 0)
        path = "%s/%s" % (folder, body[at : at + length].decode())
        if kind == VfsRomWriter.ROMFS_RECORD_KIND_DIRECTORY:
            yield from _entries(body[at + length :], path)
        elif kind == VfsRomWriter.ROMFS_RECORD_KIND_FILE:
            yield path, next(_records(body, at + length))[1]


def fill(writer: VfsRomWriter, files: Mapping[str, bytes]) -> None:
    """Add files by their paths to a ROMFS that is being written."""
    folders: dict[str, dict[str, bytes]] = {}
    for path in sorted(files):
        folder, _, name = path.partition("/")
        if name:
            folders.setdefault(folder, {})[name] = files[path]
        else:
            writer.mkfile(path, files[path])
    for folder, inner in folders.items():
        writer.opendir(folder)
        fill(writer, inner)
        writer.closedir()
