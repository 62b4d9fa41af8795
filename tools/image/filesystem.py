"""A LittleFS image as MicroPython's VfsLfs2 mounts it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from littlefs import LittleFS, UserContext
from littlefs.errors import LittleFSError

from .failure import ImageError
from .firmware import BLOCK_SIZE, PROGRAM_SIZE, Firmware, filesystem_version

# VfsLfs2's own defaults (neither is on the disk: it costs nothing to match).
_READ_SIZE = 32
_LOOKAHEAD_SIZE = 32
_PROGRAM_SIZES = {"rp2": PROGRAM_SIZE, "esp32": 32}  # what the ports mount with
# A file up to this long lies in its folder's block: the longest that LittleFS has for blocks of
# 4,096 bytes. Each that does not takes a block.
_INLINE = 512


@dataclass(frozen=True)
class Disk:
    """A file system of a size in bytes, for a port and a version of MicroPython."""

    size: int
    version: str
    port: str = "rp2"
    cache_size: int = _INLINE

    @property
    def block_count(self) -> int:
        """Return its blocks of 4,096 bytes."""
        return self.size // BLOCK_SIZE

    @property
    def disk_version(self) -> int:
        """Return the LittleFS version that this MicroPython mounts."""
        return filesystem_version(self.version)

    @property
    def program_size(self) -> int:
        """Return the bytes that are programmed at once."""
        return _PROGRAM_SIZES[self.port]


def build(
    files: Mapping[str, bytes], firmware: Firmware | Disk, folders: Iterable[str] = ()
) -> bytes:
    """Return the image of {device path: content}, as large as the firmware's file system."""
    return _filled(_open(firmware), files, firmware, folders)


def add(image: bytes, disk: Disk, files: Mapping[str, bytes]) -> bytes:
    """Return an image with more files, as a device would write them."""
    return _filled(_open(disk, image), files, disk)


def _filled(
    disk: LittleFS, files: Mapping[str, bytes], of: Firmware | Disk, folders: Iterable[str] = ()
) -> bytes:
    for folder in sorted(folders):
        disk.makedirs(folder.lstrip("/"), exist_ok=True)
    for path in sorted(files):
        name = path.lstrip("/")
        try:
            disk.makedirs(name.rpartition("/")[0], exist_ok=True)
            with disk.open(name, "wb") as file:
                file.write(files[path])
        except (LittleFSError, OSError) as error:
            raise ImageError(
                "%s (%d bytes) does not fit: the file system has %d blocks; leave files out"
                % (path, len(files[path]), of.block_count)
            ) from error
    return bytes(disk.context.buffer)


def read(image: bytes, firmware: Firmware | Disk) -> dict[str, bytes]:
    """Return {device path: content} of an image, for tests and for a look into a board's flash."""
    disk = _open(firmware, image)
    files = {}
    for folder, _, names in disk.walk("/"):
        for name in names:
            path = folder.rstrip("/") + "/" + name
            with disk.open(path, "rb") as file:
                files[path] = file.read()
    return files


class _Reads(UserContext):
    """A disk that notes which blocks are read."""

    def __init__(self, size: int):
        super().__init__(size)
        self.blocks: set[int] = set()

    def read(self, cfg, block: int, off: int, size: int) -> bytearray:
        """Read, and note the block."""
        self.blocks.add(block)
        return super().read(cfg, block, off, size)


def blocks(image: bytes, firmware: Firmware | Disk) -> set[int]:
    """Return the blocks that a mount and a reading of every file look at.

    Each of them must be on the board as it is here, erased ones too: a folder has two blocks, of
    which the newer counts, and one of them may never have been written. What an older file system
    left there would be the newer one.
    """
    reads = _Reads(len(image))
    disk = _open(firmware, image, reads)
    for folder, _, names in disk.walk("/"):
        for name in names:
            with disk.open(folder.rstrip("/") + "/" + name, "rb") as file:
                file.read()
    return reads.blocks


def _open(
    firmware: Firmware | Disk, image: bytes | None = None, context: UserContext | None = None
) -> LittleFS:
    disk = LittleFS(
        context=context,
        block_size=BLOCK_SIZE,
        block_count=firmware.block_count,
        prog_size=getattr(firmware, "program_size", PROGRAM_SIZE),
        cache_size=getattr(firmware, "cache_size", PROGRAM_SIZE),
        read_size=_READ_SIZE,
        lookahead_size=_LOOKAHEAD_SIZE,
        disk_version=firmware.disk_version,
        mount=image is None,
    )
    if image is not None:
        disk.context.buffer[:] = image
        disk.mount()
    return disk
