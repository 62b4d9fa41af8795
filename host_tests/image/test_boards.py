"""`make image` for each board: one file that reads back, the same each time, laid out for good."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import stock_images
import used_disk
from tools import boards
from tools.image import build, esp32, filesystem, layout, romfs, stock, uf2
from tools.image.compiler import ROOT
from tools.image.failure import ImageError
from tools.image.profile import Entry

COAPS = {"uri": "coaps://192.0.2.1", "identity": "m1", "key": "00" * 16}
CONFIG = {"endpoint": "m1", "servers": [COAPS]}
NAMES = [name for name in boards.names() if boards.load(name).port in ("rp2", "esp32")]
KB = 1024


def make_stock(name: str, folder: Path) -> Path:
    """Write a firmware as MicroPython's download page has it for a board."""
    board = boards.load(name)
    if name == "METER_PPP":
        return stock.find(board)
    if board.port == "esp32":
        path = folder / (name + ".bin")
        path.write_bytes(stock_images.esp(folder, board.mcu))
        return path
    files = board.regions["files"]
    family = {"RP2040": uf2.FAMILY_RP2040, "RP2350": uf2.FAMILY_RP2350_ARM_S}[board.mcu]
    path = folder / (name + ".uf2")
    path.write_bytes(stock_images.rp2("1.29.0", [(files.offset, files.length)], family))
    return path


def request_of(name: str, folder: Path, **more: object) -> build.Request:
    config = folder / "my.json"
    settings = dict(CONFIG)
    if "wifi" in boards.load(name).facts["network"]:
        settings["wifi"] = {"ssid": "works", "password": "12345678", "country": "DE"}
    config.write_text(json.dumps(settings))
    return build.Request(
        **{"board": name, "profile": "water", "config": config}
        | {"firmware": make_stock(name, folder)}
        | more
    )


@pytest.fixture(scope="module", params=NAMES)
def made(request, tmp_path_factory) -> tuple[build.Image, boards.Board, build.Request]:
    wanted = request_of(request.param, tmp_path_factory.mktemp("image"))
    return build.build(wanted, lambda line: None), boards.load(request.param), wanted


def test_an_image_in_production_mode_closes_the_console_from_the_first_start_on(tmp_path):
    from firmware.slots import load

    wanted = request_of("METER_PPP", tmp_path)
    for production in (False, True):
        wanted.config.write_text(json.dumps(CONFIG | {"production": production}))
        image = build.build(wanted, lambda line: None)
        record = image.placed.files.get("/slot")
        assert bool(record) is production
    (tmp_path / "slot").write_bytes(record)
    assert load(str(tmp_path / "slot"), 5) == bytes((0x53, 0, 0, 0, 1))


def test_the_boot_selector_is_outside_of_the_slots(made):
    image, board, _ = made
    assert image.placed.files["/main.py"] == (ROOT / "firmware" / "main.py").read_bytes()
    assert "/slots.mpy" in image.placed.files
    folder = "" if image.placed.rom else "/a"
    inside = image.placed.rom or image.placed.files
    for name in ("start", "firmware/meter", "core", "lwm2m/formats/tlv"):
        assert any(path == "%s/%s.mpy" % (folder, name) for path in inside), name
    assert not [path for path in inside if path.startswith(("/b/", "/lib/"))]


def test_the_configuration_is_in_its_own_folder(made):
    image, _, wanted = made
    assert image.placed.files["/config/config.json"] == wanted.config.read_bytes()


def test_what_the_board_will_mount_holds_every_file(made):
    """Read with other code than `build.verify` has: littlefs and the bytes of the file alone."""
    image, board, _ = made
    files = board.regions["files"]
    if board.port == "rp2":
        flash = uf2.flash_of(uf2.read(image.data))
    else:
        flash = b"\xff" * image.start + image.data
    disk = flash[files.offset : files.end].ljust(files.length, b"\xff")
    assert filesystem.read(disk, build.disk_of(board, image.version)) == image.placed.files
    if image.placed.rom:
        slot = board.regions["slot_a"]
        assert romfs.read(flash[slot.offset : slot.end]) == image.placed.rom


def test_nothing_of_an_older_file_system_is_mounted_in_place_of_the_images(made):
    """A folder has two blocks: an old one that no image wrote over would be the newer."""
    image, board, _ = made
    files, of = board.regions["files"], build.disk_of(board, image.version)
    used = ["/config/config.json", "/data/pulses", "/slot", "/a/firmware/x.mpy", "/a/y.mpy"]
    before = used_disk.written(image.disk, of.disk_version, used)
    flash = bytes(files.offset) + before
    if board.port == "rp2":
        pages = {at - uf2.FLASH_BASE: page for at, page in uf2.read(image.data).items()}
    else:
        pages = {image.start: image.data}
    after = used_disk.overwritten(flash, pages)[files.offset : files.end]
    assert filesystem.read(before, of) != image.placed.files
    assert filesystem.read(after, of) == image.placed.files


def test_an_image_that_reads_back_otherwise_is_refused(made):
    from dataclasses import replace

    image, board, _ = made
    wrong = replace(image.placed, files=image.placed.files | {"/x": b"1"})
    with pytest.raises(ImageError, match="reads back otherwise than it was made"):
        build.verify(replace(image, placed=wrong), board)


@pytest.mark.slow  # every module is compiled anew
def test_it_is_the_same_to_the_byte_elsewhere_and_later(made, tmp_path, monkeypatch):
    image, _, wanted = made
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    config, base = moved / "other.json", moved / wanted.firmware.name
    config.write_bytes(wanted.config.read_bytes())
    base.write_bytes(wanted.firmware.read_bytes())
    monkeypatch.chdir(moved)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("tools.image.compiler.CACHE", moved / "mpy")
    request = build.Request(wanted.board, "water", config, base)
    assert build.build(request, lambda line: None).data == image.data


def test_two_applications_of_this_size_fit_with_room_for_data(made):
    """An update is written beside what runs, by a device whose small files take a block each."""
    image, board, _ = made
    fits_twice(image, board)


@pytest.mark.parametrize("name", ["ESP32_GENERIC", "ESP32_GENERIC_C3", "METER_PPP"])
def test_two_thermometers_fit_and_have_no_object_that_is_not_configured(name, tmp_path):
    wanted = request_of(name, tmp_path, profile="temperature")
    settings = json.loads(wanted.config.read_text())
    settings |= {"profile": "temperature", "temperature": {"pin": 4}}
    wanted.config.write_text(json.dumps(settings))
    image = build.build(wanted, lambda line: None)
    fits_twice(image, boards.load(name))
    modules = {entry.module for entry in image.entries}
    assert {"drivers.ds18b20", "lwm2m.objects.temperature", "dtls.client"} <= modules
    assert not modules & {"lwm2m.objects.portfolio", "firmware.objects", "dtls.cbc"}


def fits_twice(image: build.Image, board: boards.Board) -> None:
    if image.placed.rom:
        slots = [board.regions["slot_" + name] for name in "ab"]
        assert all(len(romfs_of(image)) * 5 < slot.length * 4 for slot in slots)
        return
    cache = {"rp2": 1024, "esp32": 128}[board.port]  # of VfsLfs2 as the ports mount it
    device = filesystem.Disk(board.regions["files"].length, image.version, board.port, cache)
    kept = filesystem.read(image.disk, device)
    assert kept == image.placed.files
    update = {"/b" + path[2:]: data for path, data in kept.items() if path.startswith("/a/")}
    both = filesystem.add(image.disk, device, update | {"/data/log": bytes(16 * KB)})
    assert filesystem.read(both, device).items() >= (kept | update).items()


def romfs_of(image: build.Image) -> bytes:
    return romfs.image({p.lstrip("/"): data for p, data in image.placed.rom.items()}, 1 << 20)


# Final: meters in the field have these offsets, and no update can move them.
OFFSETS = {
    "METER_PPP": {"slot_a": 0x140000, "slot_b": 0x160000, "files": 0x180000},
    "RPI_PICO_W": {"files": 0x12C000},
    "RPI_PICO2_W": {"files": 0x180000},
    "ESP32_GENERIC": {"firmware": 0x10000, "firmware_b": 0x1D0000, "files": 0x390000},
    "ESP32_GENERIC_C3": {"firmware": 0x10000, "firmware_b": 0x1D0000, "files": 0x390000},
    "ESP32_GENERIC_S3": {
        "firmware": 0x10000,
        "firmware_b": 0x210000,
        "romfs": 0x410000,
        "files": 0x510000,
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_no_region_moves(name):
    regions = boards.load(name).regions
    assert {key: regions[key].offset for key in OFFSETS[name]} == OFFSETS[name]


@pytest.mark.parametrize(
    "name, other, line",
    [
        ("RPI_PICO_W", "RPI_PICO2_W", "is for RP2350, and RPI_PICO_W has RP2040: take one for"),
        ("RPI_PICO2_W", "RPI_PICO_W", "is for RP2040, and RPI_PICO2_W has RP2350: take one for"),
        ("RPI_PICO_W", "METER_PPP", "has its file system at 0x180000, 524288 bytes, and the"),
        ("ESP32_GENERIC_S3", "ESP32_GENERIC_C3", "is for ESP32-C3, and ESP32_GENERIC_S3 has"),
        ("ESP32_GENERIC_C3", "RPI_PICO_W", "is no image for an ESP32: take the .bin for the"),
        ("RPI_PICO_W", "ESP32_GENERIC", "fetch it anew"),
    ],
)
def test_firmware_of_another_board_is_refused_in_one_line(tmp_path, name, other, line):
    request = request_of(name, tmp_path, firmware=make_stock(other, tmp_path))
    with pytest.raises(ImageError) as refused:
        build.build(request)
    assert line in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["METER_PPP", "RPI_PICO_W", "ESP32_GENERIC_C3"])
def test_a_file_system_that_is_too_small_is_said_to_be_in_one_line(tmp_path, name):
    (tmp_path / "big.bin").write_bytes(bytes(900 * KB))
    extra = (Entry("/data/big.bin", tmp_path / "big.bin"),)
    with pytest.raises(ImageError, match="fit: the file system has .*; leave files out"):
        build.build(request_of(name, tmp_path, extra=extra), lambda line: None)


def test_a_slot_that_is_too_small_is_said_to_be_in_one_line(tmp_path):
    (tmp_path / "big.py").write_text("A = %r\n" % bytes(64 * KB).hex())
    extra = (Entry("/big.py", tmp_path / "big.py"),)
    with pytest.raises(ImageError, match="fit: the ROMFS has 131072; leave files out"):
        build.build(request_of("METER_PPP", tmp_path, extra=extra), lambda line: None)


def test_what_an_image_before_left_in_slot_b_is_erased(tmp_path):
    image = build.build(request_of("METER_PPP", tmp_path), lambda line: None)
    slot = boards.load("METER_PPP").regions["slot_b"]
    pages = uf2.read(image.data)
    assert pages[uf2.FLASH_BASE + slot.offset] == b"\xff" * 256


def test_a_battery_is_refused_where_the_board_cannot_live_on_it(tmp_path):
    request = request_of("METER_PPP", tmp_path)
    settings = dict(CONFIG, device={"power": [{"source": 1}]})
    request.config.write_text(json.dumps(settings))
    with pytest.raises(ImageError, match="battery"):
        build.build(request)


def test_a_pc_has_no_flash():
    with pytest.raises(ImageError, match="board UNIX has no flash: `make meter` runs a meter"):
        build.board_of("UNIX")
    with pytest.raises(ImageError, match="board PICO: no such board: give one of ESP32_GENERIC"):
        build.board_of("PICO")


def test_the_newest_firmware_that_was_downloaded_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("MPFLASH_FIRMWARE", str(tmp_path))
    monkeypatch.setattr(stock, "DOWNLOADS", tmp_path / "none")
    board = boards.load("ESP32_GENERIC")
    with pytest.raises(ImageError, match="no MicroPython for ESP32_GENERIC here: "):
        stock.find(board)
    folder = tmp_path / "esp32"
    folder.mkdir()
    for name in (
        *("ESP32_GENERIC-20250911-v1.26.1.bin", "ESP32_GENERIC-20260824-v1.29.0.bin"),
        *("ESP32_GENERIC-v1.9.0.bin", "ESP32_GENERIC_C3-20260824-v1.30.0.bin"),
        *("ESP32_GENERIC-20260824-v1.29.0.uf2", "notes.bin"),
    ):
        (folder / name).touch()
    assert stock.find(board).name == "ESP32_GENERIC-20260824-v1.29.0.bin"
    assert stock.find(board, Path("own.bin")) == Path("own.bin")


def test_the_command_lists_boards_and_profiles():
    command = [sys.executable, "-m", "tools.image", "--list"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert "METER_PPP         RP2040     2 MB  emulator     METER_PPP-1.26.1.uf2" in shown
    assert all(name in shown for name in NAMES) and "profiles: " in shown and "water" in shown


TOOL = shutil.which("mp-image-tool-esp32", path=str(Path(sys.executable).parent))


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("ESP32")])
def test_a_tool_of_somebody_else_reads_the_image(name, tmp_path):
    """mp-image-tool-esp32 mounts it, too: table, flash size, programs, file system."""
    assert TOOL, "mp-image-tool-esp32 is not installed: tools/env.py test"
    image = build.build(request_of(name, tmp_path), lambda line: None)
    (tmp_path / "image.bin").write_bytes(image.data)
    command = [TOOL, str(tmp_path / "image.bin"), "--fs", "ls"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "(%dMB flash)" % (boards.load(name).flash_size >> 20) in done.stdout
    for path in image.placed.files:
        assert path.lstrip("/") in done.stdout, path
    assert esp32.parse(image.data, "x").version == "1.26.1"
    assert layout.SELECTOR[0].lstrip("/") in done.stdout
