"""Firmware for ESP32: read, checked and put together with a table and a file system of ours."""

import hashlib
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import stock_images
from tools import boards
from tools.image import esp32, filesystem, partitions
from tools.image.failure import ImageError

DISK = filesystem.build({"/main.py": b"m"}, filesystem.Disk(64 * 1024, "1.26.1", "esp32"))
CHIPS = {"ESP32_GENERIC": "ESP32", "ESP32_GENERIC_C3": "ESP32-C3", "ESP32_GENERIC_S3": "ESP32-S3"}


@pytest.fixture(scope="module")
def stock(tmp_path_factory) -> dict[str, bytes]:
    """A firmware per chip."""
    folder = tmp_path_factory.mktemp("stock")
    return {chip: stock_images.esp(folder, chip) for chip in CHIPS.values()}


@pytest.mark.parametrize("chip", CHIPS.values())
def test_a_firmware_is_taken_apart(stock, chip):
    base = esp32.parse(stock[chip] + b"\xff" * 100, "x.bin")
    assert (base.chip, base.version) == (chip, "1.26.1")
    assert base.boot_offset == (0x1000 if chip == "ESP32" else 0)
    start = 0x10000 - base.boot_offset
    assert stock[chip].startswith(base.boot_loader)
    assert base.application == stock[chip][start:]


@pytest.mark.parametrize(
    "text, version",
    [("v1.28.0", "1.28.0"), ("v1.29.0-preview.12.gabc", "1.29.0-preview"), ("1.27-dirty", "1.27")],
)
def test_the_description_of_the_application_tells_the_version(tmp_path, text, version):
    assert esp32.parse(stock_images.esp(tmp_path, "ESP32-C3", text), "x").version == version


def test_else_the_banner_tells_it(tmp_path):
    body = stock_images.description("abcdef1") + b"MicroPython v1.28.0 on 2026-04-01"
    application = stock_images.program(tmp_path, "ESP32-C3", body)
    data = stock_images.esp(tmp_path, "ESP32-C3", application=application)
    assert esp32.parse(data, "x").version == "1.28.0"


def test_what_tells_no_version_is_refused(tmp_path):
    data = stock_images.esp(tmp_path, "ESP32-C3", "abcdef1")
    with pytest.raises(ImageError, match="x.bin does not tell its version: is it MicroPython?"):
        esp32.parse(data, "x.bin")


@pytest.mark.parametrize(
    "change, line",
    [
        (lambda data: data[:-40], "application is damaged or cut off"),
        (lambda data: data[:0x10800], "application is damaged or cut off"),
        (lambda data: data[:0x10100] + b"?" + data[0x10101:], "application is damaged or cut off"),
        (lambda data: data[:0x40] + b"?" + data[0x41:], "boot loader is damaged or cut off"),
        (lambda data: data[:0x8010] + b"?" + data[0x8011:], "wrong MD5 of the partition table"),
        (lambda data: data[0x10000:], "x.bin has no partition table at 0x8000: take a whole"),
        (lambda data: b"\x7fELF" + data, "x.bin is no image for an ESP32: take the .bin"),
        (lambda data: b"", "x.bin is no image for an ESP32: take the .bin"),
        (lambda data: data[:12] + b"\x63" + data[13:], "x.bin is for an unknown chip, ID 99"),
    ],
)
def test_a_damaged_file_is_said_to_be_in_one_line(stock, change, line):
    with pytest.raises(ImageError) as refused:
        esp32.parse(change(stock["ESP32-C3"]), "x.bin")
    assert line in str(refused.value) and len(str(refused.value).splitlines()) == 1


def test_a_boot_loader_of_another_chip_is_refused(stock):
    mixed = stock["ESP32-C3"][:0x10000] + stock["ESP32-S3"][0x10000:]
    with pytest.raises(ImageError, match="boot loader for ESP32-C3, application for ESP32-S3"):
        esp32.parse(mixed, "x.bin")


@pytest.mark.parametrize("name", CHIPS)
def test_the_table_has_two_slots_for_firmware_and_a_file_system(name):
    rows = partitions.of(boards.load(name))
    names = [row.name for row in rows]
    assert names[:5] == ["nvs", "otadata", "phy_init", "ota_0", "ota_1"] and names[-1] == "vfs"
    assert rows[3].offset == 0x10000 and rows[3].size == rows[4].size
    table = partitions.write(rows)
    assert len(table) == 0xC00 and partitions.read(table, "x") == rows
    end = 32 * len(rows)
    assert table[end : end + 32] == b"\xeb" * 2 + b"\xff" * 14 + hashlib.md5(table[:end]).digest()
    assert struct.unpack_from("<HBBII", table) == (0x50AA, 1, 2, 0x9000, 0x4000)


def test_the_table_can_be_given_to_a_build_of_micropython():
    text = partitions.csv(partitions.of(boards.load("ESP32_GENERIC_C3")))
    assert "ota_0, app, ota_0, 0x10000, 0x1C0000\n" in text
    assert text.endswith("vfs, data, fat, 0x390000, 0x70000\n")


def test_a_firmware_that_is_too_large_for_its_slot_is_refused(tmp_path):
    board = boards.load("ESP32_GENERIC_C3")
    base = esp32.parse(stock_images.esp(tmp_path, "ESP32-C3", size=0x1C0000), "x.bin")
    with pytest.raises(ImageError, match="the board's slot for it takes 1835008; build a smaller"):
        esp32.pieces(base, board, b"")


def test_nvs_and_the_radios_calibration_are_not_written(stock):
    board = boards.load("ESP32_GENERIC")
    pieces = esp32.pieces(esp32.parse(stock["ESP32"], "x"), board, DISK)
    for name in ("nvs", "phy_init"):
        region = board.regions[name]
        assert not any(
            at < region.end and region.offset < at + len(data) for at, data in pieces.items()
        )
    assert pieces[board.regions["otadata"].offset] == b"\xff" * 0x2000


def test_the_boot_loader_gets_the_flash_size_of_the_board(stock):
    """With a smaller one it takes no partition that lies behind it."""
    board = boards.load("ESP32_GENERIC_S3")
    base = esp32.parse(stock["ESP32-S3"], "x")
    assert base.boot_loader[3] >> 4 == 2  # 4 MB
    loader = esp32.pieces(base, board, DISK)[0]
    assert loader[3] >> 4 == 3  # 8 MB
    assert esp32.checked(loader, "ESP32-S3", "x") == loader


@pytest.mark.skipif(not shutil.which(stock_images.GCC), reason="no " + stock_images.GCC)
def test_an_application_made_by_a_compiler_and_elf2image_is_read(tmp_path: Path):
    application = stock_images.compiled_c3(tmp_path)
    base = esp32.parse(stock_images.esp(tmp_path, "ESP32-C3", application=application), "x")
    assert (base.version, base.chip, base.application) == ("1.27.0", "ESP32-C3", application)
    command = [sys.executable, "-m", "esptool", "--chip", "esp32c3", "image-info"]
    info = subprocess.run([*command, str(tmp_path / "app.bin")], capture_output=True, text=True)
    assert "App version: v1.27.0" in info.stdout
