"""An ESP32 is written through the real esptool, against a scripted boot loader with its faults."""

from dataclasses import replace

import pytest
from made import MB, bootloader, disk, esp32_board, esp32_image
from rom_loader import RomLoader
from tools.boards import Region
from tools.flash import disk as littlefs
from tools.flash import esp32, keep
from tools.flash.failure import FlashError
from tools.flash.images import Wanted

OLD = {
    "/main.py": b"old",
    "/a/app.mpy": b"M\x06old",
    "/config/config.json": b'{"endpoint": "old"}',
    "/config/keys": b"secret",
    "/data/count": b"\0\0\x04\xd2",
}
NEW = {"/main.py": b"new", "/a/app.mpy": b"M\x06new", "/config/config.json": b'{"endpoint": "n"}'}


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "kept"


@pytest.fixture
def image(tmp_path):
    """Write an image for a board to a file; return what the command line would say."""

    def make(board, files=NEW, **options):
        file = tmp_path / "image.bin"
        file.write_bytes(esp32_image(board, files))
        return Wanted(image=str(file), **options)

    return make


def programmed(chip, board, files):
    """Put a file system, and settings of the firmware, into the chip's flash."""
    region = board.regions["files"]
    content = disk(files, region.length // 4096)
    chip.flash[region.offset : region.offset + region.length] = content
    nvs = board.regions["nvs"].offset
    chip.flash[nvs : nvs + 10] = b"nvs stays!"


def files_of(chip, board):
    region = board.regions["files"]
    return littlefs.read(bytes(chip.flash[region.offset : region.offset + region.length]))


def refusal(*arguments, **options):
    with pytest.raises(FlashError) as refused:
        esp32.flash(*arguments, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("mcu", ["ESP32", "ESP32-C3", "ESP32-S3"])
@pytest.mark.parametrize("stub", ["1", "0"])
def test_a_bare_board_gets_the_image_with_and_without_esptools_stub(
    mcu, stub, kept, image, monkeypatch
):
    monkeypatch.setenv("STUB", stub)
    board = esp32_board(mcu)
    with RomLoader(mcu) as chip:
        said = esp32.flash(board, chip.port, image(board), kept)
        assert "written and verified by MD5" in said
        assert files_of(chip, board) == NEW
        start = board.regions["bootloader"].offset
        assert chip.flash[start : start + 100] == bootloader(mcu)[:100]
        assert chip.flash[0x10000:0x10008] == b"firmware"


def test_configuration_keys_and_counters_are_kept(kept, image):
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, OLD)
        esp32.flash(board, chip.port, image(board), kept)
        kept_files = {p: d for p, d in OLD.items() if p.startswith(("/config", "/data"))}
        assert files_of(chip, board) == NEW | kept_files
        assert chip.flash[0x9000:0x900A] == b"nvs stays!"


def test_a_configuration_that_is_given_replaces_the_boards_and_its_keys_stay(
    kept, image, tmp_path
):
    board = esp32_board()
    given = tmp_path / "my.json"
    given.write_text("{}")
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, OLD)
        esp32.flash(board, chip.port, image(board, config=str(given)), kept)
        found = files_of(chip, board)
        assert found["/config/config.json"] == NEW["/config/config.json"]
        assert found["/config/keys"] == OLD["/config/keys"]


@pytest.mark.parametrize("stub", ["1", "0"])
def test_erase_leaves_nothing_of_the_board(stub, kept, image, monkeypatch):
    monkeypatch.setenv("STUB", stub)
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, OLD)
        esp32.flash(board, chip.port, image(board, erase=True), kept)
        assert files_of(chip, board) == NEW
        assert b"secret" not in chip.flash
        assert b"nvs stays!" not in chip.flash


def test_the_second_firmware_slot_is_not_written_and_otadata_is_reset(kept, image):
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        chip.flash[0xD000:0xD004] = b"\1\0\0\0"
        esp32.flash(board, chip.port, image(board), kept)
        assert chip.flash[0xD000:0xF000] == b"\xff" * 0x2000
        assert not [at for at, _ in chip.written if 0x1D0000 <= at < 0x390000]


def test_another_chip_is_one_line_with_the_boards_that_have_it(kept, image):
    board = esp32_board("ESP32-C3")
    with RomLoader("ESP32-S3") as chip:
        line = refusal(board, chip.port, image(board), kept)
        assert "the chip is an ESP32-S3, BOARD=TEST_ESP32-C3 needs an ESP32-C3" in line
        assert not chip.written


def test_a_flash_that_is_too_small_is_refused_before_a_byte_is_written(kept, image):
    board = esp32_board()
    with RomLoader("ESP32-C3", size_mb=2) as chip:
        assert "has 2 MB, BOARD=TEST_ESP32-C3 needs 4 MB" in refusal(
            board, chip.port, image(board), kept
        )
        assert not chip.written


def test_an_image_that_is_too_large_is_refused(kept, image, tmp_path):
    board = esp32_board()
    file = tmp_path / "large.bin"
    file.write_bytes(esp32_image(board, NEW).ljust(4 * MB + 1, b"\0"))
    with RomLoader("ESP32-C3") as chip:
        line = refusal(board, chip.port, Wanted(image=str(file)), kept)
        assert "ends at 4096 KB, TEST_ESP32-C3 has 4096 KB" in line
        assert not chip.written


def test_an_image_for_another_chip_is_refused_by_its_boot_loaders_header(kept, tmp_path):
    board = esp32_board("ESP32-C3")
    file = tmp_path / "image.bin"
    file.write_bytes(esp32_image(board, NEW, mcu="ESP32-S3"))
    with RomLoader("ESP32-C3") as chip:
        line = refusal(board, chip.port, Wanted(image=str(file)), kept)
        assert "the image is not for this chip (Input does not contain an ESP32-C3 image)" in line
        assert not chip.written


def test_a_file_that_is_no_image_is_refused(kept, tmp_path):
    file = tmp_path / "wrong.bin"
    file.write_bytes(b"UF2\n" * 100)
    with RomLoader("ESP32-C3") as chip:
        line = refusal(esp32_board(), chip.port, Wanted(image=str(file)), kept)
        assert "not for an ESP32" in line


@pytest.mark.parametrize("offset", [0x10000, 0x8000])
def test_a_part_of_an_image_is_refused_before_a_byte_is_written(offset, kept, tmp_path):
    """Such as an application alone, which begins as an image does."""
    board = esp32_board()
    file = tmp_path / "application.bin"
    file.write_bytes(bootloader("ESP32-C3") + esp32_image(board, NEW)[offset:])
    with RomLoader("ESP32-C3") as chip:
        line = refusal(board, chip.port, Wanted(image=str(file)), kept)
        assert "no partition table at 0x8000" in line and "`make image` builds it" in line
        assert not chip.written


def test_an_image_of_another_layout_is_refused(kept, tmp_path):
    file = tmp_path / "image.bin"
    board = esp32_board()
    other = replace(board, regions=dict(board.regions, files=Region("files", 0x300000, 1 << 20)))
    del other.regions["firmware_b"]
    file.write_bytes(esp32_image(other, NEW))
    with RomLoader("ESP32-C3") as chip:
        line = refusal(board, chip.port, Wanted(image=str(file)), kept)
        assert "has other partitions than TEST_ESP32-C3" in line and not chip.written


def test_a_damaged_file_system_is_not_taken_for_an_empty_one(kept, image):
    """Its counters and keys would be gone without a word."""
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, OLD)
        for block in range(2):  # of both copies of the first folder, all but the name
            at = board.regions["files"].offset + block * 4096 + 24
            chip.flash[at : at + 200] = bytes(200)
        line = refusal(board, chip.port, image(board), kept)
        assert "what the board keeps cannot be read" in line and "ERASE=1" in line
        assert not chip.written
        esp32.flash(board, chip.port, image(board, erase=True), kept)
        assert files_of(chip, board) == NEW


def test_a_chip_that_is_silent_is_one_line_with_the_buttons(kept, image, monkeypatch):
    monkeypatch.setattr(esp32, "ATTEMPTS", 1)
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        chip.silent = True
        line = refusal(board, chip.port, image(board), kept)
        assert "hold BOOT, press RESET" in line


def test_unplugged_midway_names_what_is_saved_and_the_next_write_puts_it_back(kept, image):
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, OLD)
        chip.unplug_at = 2
        line = refusal(board, chip.port, image(board), kept)
        assert "went away" in line
        (place,) = (p for p in (kept / "000000000001").iterdir() if p.is_dir())
        assert str(place) in line
        assert keep.load(place) == {p: d for p, d in OLD.items() if p[:5] in ("/conf", "/data")}
    with RomLoader("ESP32-C3") as again:  # its file system is gone
        esp32.flash(board, again.port, image(board), kept)
        assert files_of(again, board)["/data/count"] == OLD["/data/count"]
        assert files_of(again, board)["/config/keys"] == OLD["/config/keys"]
        assert keep.pending("000000000001", "", kept) is None


def interrupted(board, image, kept):
    """Save a board's files and have its write end midway."""
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, OLD)
        chip.unplug_at = 2
        refusal(board, chip.port, image(board), kept)


@pytest.mark.parametrize("choice", ["", "saved", "board"])
def test_counters_do_not_go_back_unasked_after_a_write_that_did_not_end(choice, kept, image):
    board = esp32_board()
    interrupted(board, image, kept)
    newer = dict(OLD, **{"/data/count": b"9999"})
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, newer)
        if not choice:
            line = refusal(board, chip.port, image(board), kept)
            assert "the board has others now: KEEP=saved or KEEP=board says which stay" in line
            assert not chip.written
            return
        esp32.flash(board, chip.port, image(board, keep=choice), kept)
        expected = {"saved": OLD, "board": newer}[choice]
        assert files_of(chip, board)["/data/count"] == expected["/data/count"]


def test_an_image_that_cannot_be_built_leaves_nothing_pending(kept, tmp_path):
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, OLD)
        line = refusal(board, chip.port, Wanted(image=str(tmp_path / "none")), kept)
        assert "no such file" in line
        assert "puts it back" not in line
        assert keep.pending("000000000001", "", kept) is None


@pytest.mark.parametrize("rate", ["fast", "-1", "12"])
def test_a_wrong_baud_rate_is_one_line(rate, kept, image, monkeypatch):
    monkeypatch.setenv("BAUD", rate)
    assert "BAUD=%s: give a rate" % rate in refusal(esp32_board(), "/dev/null", Wanted(), kept)


def test_a_chip_that_hangs_midway_is_one_line(kept, image, monkeypatch):
    from esptool import loader

    monkeypatch.setattr(loader, "DEFAULT_TIMEOUT", 0.3)
    monkeypatch.setattr(loader.ESPLoader, "WRITE_FLASH_ATTEMPTS", 1, raising=False)
    monkeypatch.setattr(loader, "MAX_TIMEOUT", 0.3)
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        chip.hang_at = 2
        assert "the chip stopped at the attempt to write" in refusal(
            board, chip.port, image(board), kept
        )


def test_a_flash_that_does_not_hold_what_is_written_is_found(kept, image):
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        chip.worn_out = 0x10010
        assert "the flash does not hold what was written" in refusal(
            board, chip.port, image(board), kept
        )


@pytest.mark.parametrize("number", [3, 12, 40])
def test_a_byte_that_is_missing_on_the_line_never_ends_in_a_wrong_flash(number, kept, image):
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        chip.noise = number
        try:
            esp32.flash(board, chip.port, image(board), kept)
        except FlashError as error:
            assert "\n" not in str(error)
        else:
            assert files_of(chip, board) == NEW


def test_what_was_saved_is_readable_by_its_owner_only(kept, image):
    board = esp32_board()
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, OLD)
        esp32.flash(board, chip.port, image(board), kept)
    files = [p for p in kept.rglob("*") if p.is_file()]
    assert files
    assert all(p.stat().st_mode & 0o077 == 0 for p in files)
    assert all(p.stat().st_mode & 0o077 == 0 for p in kept.rglob("*") if p.is_dir())


def test_a_full_file_system_is_refused_before_a_byte_is_written(kept, image):
    board = esp32_board()
    full = dict(NEW, **{"/a/large": bytes(range(251)) * 1700})
    with RomLoader("ESP32-C3") as chip:
        programmed(chip, board, dict(OLD, **{"/data/large": b"x" * 60_000}))
        assert "not enough room for /data/" in refusal(
            board, chip.port, image(board, files=full), kept
        )
        assert not chip.written


@pytest.mark.parametrize("version", [0x00020000, 0x00020001])
def test_a_file_system_stays_of_the_version_that_its_firmware_mounts(version):
    merged = littlefs.merge(disk({"/main.py": b"x"}, 64, version), {"/data/n": b"1"})
    assert littlefs._disk_version(merged) == version
    assert littlefs.read(merged) == {"/main.py": b"x", "/data/n": b"1"}
