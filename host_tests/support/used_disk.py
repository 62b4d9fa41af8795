"""A LittleFS as a board leaves it that has run: folders written again and again, files moved."""

from collections.abc import Iterable, Mapping

from littlefs import LittleFS

BLOCK = 4096


def written(disk: bytes, version: int, files: Iterable[str]) -> bytes:
    """Return an image after many writes of these files."""
    system = LittleFS(
        block_size=BLOCK,
        block_count=len(disk) // BLOCK,
        prog_size=256,
        read_size=32,
        lookahead_size=32,
        disk_version=version,
        mount=False,
    )
    system.context.buffer[:] = disk
    system.mount()
    for path in files:
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        for number in range(150):
            with system.open(path, "wb") as file:
                file.write(b"%d of before" % number * 20)
    return bytes(system.context.buffer)


def overwritten(flash: bytes, pages: Mapping[int, bytes]) -> bytes:
    """Return a flash after these pages (by offset), each sector erased before, as boards do."""
    after = bytearray(flash)
    for start in {at // BLOCK * BLOCK for at in pages}:
        after[start : start + BLOCK] = b"\xff" * BLOCK
    for at, page in pages.items():
        after[at : at + len(page)] = page
    return bytes(after)
