"""The LittleFS of a board, read and added to on this host."""

from collections.abc import Mapping

from littlefs import LittleFS
from littlefs.errors import LittleFSError

from .failure import FlashError

BLOCK = 4096


class DamagedError(FlashError):
    """There is a LittleFS, and it cannot be read."""


_PROGRAM, _READ, _LOOKAHEAD = 256, 32, 32


def mount(disk: bytes) -> LittleFS | None:
    """Return the LittleFS in a part of a flash, or None where there is none.

    Raises DamagedError where there is one that is damaged, or not of this size.
    """
    if len(disk) < 2 * BLOCK or b"littlefs" not in disk[:64] + disk[BLOCK : BLOCK + 64]:
        return None
    system = LittleFS(
        block_size=BLOCK,
        block_count=len(disk) // BLOCK,
        prog_size=_PROGRAM,
        read_size=_READ,
        lookahead_size=_LOOKAHEAD,
        disk_version=_disk_version(disk),
        mount=False,
    )
    system.context.buffer[:] = disk
    try:
        system.mount()
    except LittleFSError as error:
        raise DamagedError("the file system cannot be mounted: %s" % error) from error
    return system


def _disk_version(disk: bytes) -> int:
    """Return the version that a superblock has: it stays, for older firmware mounts no newer."""
    name = disk.find(b"littlefs", 0, 64)
    start = name if name >= 0 else disk.find(b"littlefs", BLOCK)
    at = start + len(b"littlefs") + 4  # the tag of the structure that follows the name
    return int.from_bytes(disk[at : at + 4], "little")


def read(disk: bytes) -> dict[str, bytes]:
    """Return {device path: content} of a LittleFS; {} where there is none.

    Raises DamagedError where it cannot be read.
    """
    system = mount(disk)
    try:
        return _files(system) if system else {}
    except LittleFSError as error:
        raise DamagedError("the file system is damaged: %s" % error) from error


def _files(system: LittleFS) -> dict[str, bytes]:
    files = {}
    for folder, _, names in system.walk("/"):
        for name in names:
            path = folder.rstrip("/") + "/" + name
            with system.open(path, "rb") as file:
                files[path] = file.read()
    return files


def merge(disk: bytes, files: Mapping[str, bytes]) -> bytes:
    """Return a file system with these files in it, over those of the same name."""
    if not files:
        return disk
    system = mount(disk)
    if system is None:
        raise FlashError("the image has no file system for what the board keeps: build it anew")
    for path, data in files.items():
        try:
            system.makedirs(path.rpartition("/")[0], exist_ok=True)
            with system.open(path, "wb") as file:
                file.write(data)
        except (LittleFSError, OSError) as error:
            raise FlashError(
                "not enough room for %s (%d bytes), which the board keeps, in the image's file "
                "system: take modules out of the profile, or ERASE=1" % (path, len(data))
            ) from error
    return bytes(system.context.buffer)
