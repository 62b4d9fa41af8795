"""A LittleFS image as MicroPython's VfsLfs2 mounts it."""

from collections.abc import Mapping

from littlefs import LittleFS
from littlefs.errors import LittleFSError

from .failure import ImageError
from .firmware import BLOCK_SIZE, PROGRAM_SIZE, Firmware

# VfsLfs2's own defaults on rp2 (neither is on the disk: it costs nothing to match).
_READ_SIZE = 32
_LOOKAHEAD_SIZE = 32


def build(files: Mapping[str, bytes], firmware: Firmware) -> bytes:
    """Return the image of {device path: content}, as large as the firmware's file system."""
    disk = _open(firmware)
    for path in sorted(files):
        name = path.lstrip("/")
        try:
            disk.makedirs(name.rpartition("/")[0], exist_ok=True)
            with disk.open(name, "wb") as file:
                file.write(files[path])
        except (LittleFSError, OSError) as error:
            raise ImageError(
                "%s (%d bytes) does not fit: the file system has %d blocks; leave files out"
                % (path, len(files[path]), firmware.block_count)
            ) from error
    return bytes(disk.context.buffer)


def read(image: bytes, firmware: Firmware) -> dict[str, bytes]:
    """Return {device path: content} of an image, for tests and for a look into a board's flash."""
    disk = _open(firmware, image)
    files = {}
    for folder, _, names in disk.walk("/"):
        for name in names:
            path = folder.rstrip("/") + "/" + name
            with disk.open(path, "rb") as file:
                files[path] = file.read()
    return files


def _open(firmware: Firmware, image: bytes | None = None) -> LittleFS:
    disk = LittleFS(
        block_size=BLOCK_SIZE,
        block_count=firmware.block_count,
        prog_size=PROGRAM_SIZE,
        read_size=_READ_SIZE,
        lookahead_size=_LOOKAHEAD_SIZE,
        disk_version=firmware.disk_version,
        mount=image is None,
    )
    if image is not None:
        disk.context.buffer[:] = image
        disk.mount()
    return disk
