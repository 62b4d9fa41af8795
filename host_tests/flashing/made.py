"""Boards and images that the tests of tools/flash make."""

import struct
from pathlib import Path

from littlefs import LittleFS
from tools.boards import Board, Region
from tools.image import partitions

MB, KB = 1 << 20, 1 << 10

# As boards/ESP32_GENERIC*/board.json have them; on an ESP32 the boot loader is at 0x1000.
_REGIONS = (
    Region("partition_table", 0x8000, 4 * KB),
    Region("nvs", 0x9000, 16 * KB),
    Region("otadata", 0xD000, 8 * KB),
    Region("phy_init", 0xF000, 4 * KB),
    Region("firmware", 0x10000, 1792 * KB),
    Region("firmware_b", 0x1D0000, 1792 * KB),
    Region("files", 0x390000, 448 * KB),
    Region("slot_a", None, None, "files", "/a"),
    Region("slot_b", None, None, "files", "/b"),
)


def esp32_board(mcu="ESP32-C3", size=4 * MB):
    """A board with an ESP32."""
    start = 0x1000 if mcu == "ESP32" else 0
    regions = (Region("bootloader", start, 0x8000 - start), *_REGIONS)
    facts = {"mcu": mcu, "port": "esp32"}
    return Board("TEST_" + mcu, Path(), facts, size, {each.name: each for each in regions})


def disk(files, blocks, version=0x00020001):
    """A LittleFS image as MicroPython mounts it."""
    system = LittleFS(
        block_size=4096,
        block_count=blocks,
        prog_size=256,
        read_size=32,
        lookahead_size=32,
        disk_version=version,
    )
    for path, data in files.items():
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with system.open(path, "wb") as file:
            file.write(data)
    return bytes(system.context.buffer)


CHIP_IDS = {"ESP32": 0, "ESP32-C3": 5, "ESP32-S3": 9}
BOOTLOADER = b"boot" * 1000


def bootloader(mcu):
    """What esptool takes for a boot loader of a chip: a header, one segment, its checksum."""
    head = struct.pack("<4BI", 0xE9, 1, 2, 0x20, 0x40380000)
    head += struct.pack("<4BHB2H5B", 0xEE, 0, 0, 0, CHIP_IDS[mcu], 0, 0, 65535, 0, 0, 0, 0, 0)
    segment = struct.pack("<2I", 0x40380000, len(BOOTLOADER)) + BOOTLOADER
    data = head + segment
    checksum = 0xEF
    for byte in BOOTLOADER:
        checksum ^= byte
    return data + bytes(15 - len(data) % 16) + bytes([checksum])


def esp32_image(board, files, firmware=b"firmware" * 5000, mcu=""):
    """An image of a board, from its boot loader to the end of its file system."""
    start = board.regions["bootloader"].offset
    image = bytearray(b"\xff" * (board.flash_size - start))

    def put(name, data):
        at = board.regions[name].offset - start
        image[at : at + len(data)] = data

    put("bootloader", bootloader(mcu or board.mcu))
    put("partition_table", partitions.write(partitions.of(board)))
    put("firmware", firmware)
    region = board.regions["files"]
    put("files", disk(files, region.length // 4096))
    return bytes(image)
