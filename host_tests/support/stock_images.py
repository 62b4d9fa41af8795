"""Firmware as MicroPython's download page has it, made here: headers are right, code is none.

A UF2 has pico-sdk's binary info; a .bin is written by esptool, out of what its ELF would have.
"""

import struct
import subprocess
from pathlib import Path

from esptool.bin_image import (
    ELFSection,
    ESP32C3FirmwareImage,
    ESP32FirmwareImage,
    ESP32S3FirmwareImage,
)
from tools.image import esp32, partitions, uf2

_MARKERS = (0x7188EBF2, 0xE71AA390)
_CODE = 8192  # bytes, of any value
_ESP = {
    "ESP32": (ESP32FirmwareImage, 0x3F400020, 0x3FFF0000, 0x1000),
    "ESP32-C3": (ESP32C3FirmwareImage, 0x3C000020, 0x3FCD6000, 0),
    "ESP32-S3": (ESP32S3FirmwareImage, 0x3C000020, 0x3FCD6000, 0),
}
# As MicroPython's own builds have it from 1.26 on: no file system
STOCK_ROWS = (
    partitions.Partition("nvs", 1, 2, 0x9000, 0x6000),
    partitions.Partition("phy_init", 1, 1, 0xF000, 0x1000),
    partitions.Partition("factory", 0, 0, 0x10000, 0x1F0000),
)
GCC = "riscv64-unknown-elf-gcc"


def rp2(version: str, places: list[tuple[int, int]], family: int = uf2.FAMILY_RP2040) -> bytes:
    """A UF2 whose binary info has a version, and (offset, size) of block devices."""
    flash = bytearray(b"\x5a" * _CODE)
    base = uf2.FLASH_BASE
    records = [struct.pack("<2H3I", 7, 0x504D, 0, base + at, size) for at, size in places]
    records.append(struct.pack("<2H3I", 6, 0x5052, 0x11A9BC3A, base + 0x300, 0))
    flash[0x300:0x310] = ("v" + version).encode().ljust(16, b"\0")
    starts = [0x400 + 32 * i for i in range(len(records))]
    for start, record in zip(starts, records):
        flash[start : start + len(record)] = record
    table = struct.pack("<%dI" % len(starts), *(base + start for start in starts))
    flash[0x200 : 0x200 + len(table)] = table
    head = struct.pack("<3I", _MARKERS[0], base + 0x200, base + 0x200 + len(table))
    flash[0x100:0x10C] = head
    pages = {base + at: bytes(flash[at : at + 256]) for at in range(0, len(flash), 256)}
    return uf2.write(pages, family)


def description(version: str) -> bytes:
    """ESP-IDF's esp_app_desc_t."""
    words = struct.pack("<4I", 0xABCD5432, 0, 0, 0)
    return words + version.encode().ljust(32, b"\0") + b"micropython".ljust(32, b"\0") + bytes(176)


def program(folder: Path, chip: str, data: bytes, *, loader: bool = False) -> bytes:
    """A program for a chip with one segment: an application in flash, or a boot loader in RAM."""
    kind, flash, ram, _ = _ESP[chip]
    image = kind()
    image.segments = [ELFSection(b"code", ram if loader else flash, data, 0)]
    image.entrypoint = ram
    image.flash_size_freq = 0x20  # 4 MB
    image.save(str(folder / "program.bin"))
    return (folder / "program.bin").read_bytes()


def esp(
    folder: Path,
    chip: str,
    version: str = "v1.26.1",
    *,
    size: int = _CODE,
    rows: tuple = STOCK_ROWS,
    application: bytes = b"",
) -> bytes:
    """A whole .bin: boot loader, partition table, application."""
    body = description(version) + b"\x5a" * size
    start = _ESP[chip][3]
    parts = {
        start: program(folder, chip, b"\xa5" * 512, loader=True),
        partitions.OFFSET: partitions.write(rows),
        next(row.offset for row in rows if row.is_app): application or program(folder, chip, body),
    }
    return esp32.merge(parts, chip, start)


_SOURCE = """
typedef struct { unsigned magic, secure, reserved[2]; char version[32], name[32], rest[176]; } D;
__attribute__((section(".flash.appdesc"), used)) const D description = {
    0xABCD5432, 0, {0, 0}, "v1.27.0", "micropython", "" };
int main(void) { for (;;) { } }
"""
_LINK = """
ENTRY(main)
SECTIONS {
    .flash.rodata 0x3C000020 : { *(.flash.appdesc) *(.rodata*) }
    .flash.text 0x42010020 : { *(.text*) }
}
"""


def compiled_c3(folder: Path) -> bytes:
    """An application for an ESP32-C3 out of C, by Debian's compiler and esptool's elf2image."""
    (folder / "app.c").write_text(_SOURCE)
    (folder / "app.ld").write_text(_LINK)
    flags = ["-march=rv32imc", "-mabi=ilp32", "-nostdlib", "-nostartfiles", "-T", "app.ld"]
    subprocess.run([GCC, *flags, "app.c", "-o", "app.elf"], cwd=folder, check=True)
    command = ["-m", "esptool", "--chip", "esp32c3", "elf2image", "-o", "app.bin", "app.elf"]
    import sys

    subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
    return (folder / "app.bin").read_bytes()
