"""An RP2 board: saved over its console, written as a drive, read back, all by MicroPython.

The board is the Unix port with its raw REPL and its LittleFS, see unix_board.py.
"""

import errno
import os
import signal
from pathlib import Path

import pytest
import used_disk
from tools.flash import __main__ as command
from tools.flash import drives, keep, rp2
from tools.flash.failure import FlashError
from tools.flash.images import Wanted
from tools.flash.repl import Repl
from tools.image import layout, uf2
from unix_board import BASE

OLD = {
    "/main.py": b"old",
    "/a/app.mpy": b"M\x06old",
    "/config/config.json": b'{"endpoint": "old"}',
    "/data/count": b"\0\0\x04\xd2" * 300,
}
KEPT = {path: data for path, data in OLD.items() if path.startswith(("/config", "/data"))}
NEW = {"/main.py": b"import app", "/a/app.mpy": b"M\x06new" * 500}


def refusal(*arguments):
    with pytest.raises(FlashError) as refused:
        rp2.flash(*arguments)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def at_usb(board, monkeypatch):
    """Have the board found among this host's ports."""

    def comports():
        return [Info(board.port)] if os.path.exists(board.port) else []

    monkeypatch.setattr(rp2.ports.list_ports, "comports", comports)


class Info:
    """A port as pyserial lists it."""

    vid, product, description = 0x2E8A, "Board in FS mode", ""

    def __init__(self, device):
        self.device = device


def test_a_board_whose_port_has_another_name_after_the_reset_is_read_back(
    pico, plugged, uf2_image, kept, monkeypatch
):
    board = plugged(OLD)
    given = board.port
    take = board._take

    def take_and_rename(data):
        take(data)
        board.port += "1"

    board._take = take_and_rename
    at_usb(board, monkeypatch)
    rp2.flash(pico, given, uf2_image(NEW), kept)
    assert not os.path.exists(given)
    assert board.files == NEW | KEPT


def test_a_running_board_is_written_and_keeps_configuration_and_counters(
    pico, plugged, uf2_image, kept
):
    board = plugged(OLD)
    said = rp2.flash(pico, board.port, uf2_image(NEW), kept)
    assert said == "TEST_RP2040 is written and read back, 2 file(s) kept"
    assert board.files == NEW | KEPT
    assert keep.pending(board.device, "", kept) is None


def test_an_image_in_production_mode_is_not_read_back_at_a_console_that_it_closes(
    pico, plugged, uf2_image, kept, monkeypatch
):
    board = plugged(OLD)
    monkeypatch.setattr(rp2, "_console", lambda port: pytest.fail("it waits for a prompt"))
    closed = NEW | {"/slot": layout.closed_record()}
    said = rp2.flash(pico, board.port, uf2_image(closed), kept)
    assert said.startswith("TEST_RP2040 is written and not read back, for production mode")
    assert board.files == closed | KEPT


def test_nothing_of_the_boards_old_file_system_outlives_the_write(pico, plugged, uf2_image, kept):
    board = plugged(OLD)
    used = ["/config/config.json", "/data/count", "/a/app.mpy", "/slot"]
    board.flash.write_bytes(used_disk.written(board.flash.read_bytes(), BASE.disk_version, used))
    there = board.files
    rp2.flash(pico, board.port, uf2_image(NEW | {"/data/note": b"x"}), kept)
    wanted = {path: there[path] for path in KEPT}
    assert board.files == NEW | wanted | {"/data/note": b"x"}


def test_a_configuration_of_an_image_before_the_slots_is_taken_along(
    pico, plugged, uf2_image, kept
):
    board = plugged({"/config.json": b"{}", "/main.py": b"old"})
    rp2.flash(pico, board.port, uf2_image(NEW), kept)
    assert board.files == NEW | {"/config/config.json": b"{}"}


def test_erase_writes_the_image_alone_and_overwrites_what_was_there(
    pico, plugged, uf2_image, kept
):
    board = plugged(OLD)
    rp2.flash(pico, board.port, uf2_image(NEW, erase=True), kept)
    assert board.files == NEW
    assert OLD["/data/count"][:64] not in board.flash.read_bytes()
    assert not kept.exists()


def test_a_board_in_bootsel_is_not_written_unless_its_content_is_given_up(
    pico, plugged, uf2_image, kept
):
    board = plugged(OLD)
    board.unplug()
    board.enter_bootsel()
    line = refusal(pico, "", uf2_image(NEW), kept)
    assert "in BOOTSEL, where what it keeps cannot be read: a new board: ERASE=1" in line
    assert board.files == OLD


def test_a_new_board_in_bootsel_is_written_with_erase(pico, plugged, uf2_image, kept, monkeypatch):
    board = plugged({})
    board.unplug()
    board.enter_bootsel()
    at_usb(board, monkeypatch)
    rp2.flash(pico, "", uf2_image(NEW, erase=True), kept)
    assert board.files == NEW


@pytest.mark.parametrize("count", [0, 1, 9])
def test_unplugged_midway_names_what_is_saved_and_the_next_write_puts_it_back(
    count, pico, plugged, uf2_image, kept, monkeypatch
):
    board = plugged(OLD)
    chunks = []
    put = drives._put

    def put_some(handle, data):
        if len(chunks) == count:
            board.leave_bootsel()
            raise OSError(errno.EIO, "Input/output error")
        chunks.append(data)
        return put(handle, data)

    monkeypatch.setattr(drives, "_put", put_some)
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "the board went away after %d of" % (64 * count) in line
    (place,) = (p for p in (kept / board.device).iterdir() if p.is_dir())
    assert str(place) in line
    assert keep.load(place) == KEPT
    # Its flash is half written. It is plugged in again, BOOTSEL held, and PORT= left out.
    monkeypatch.setattr(drives, "_put", put)
    board.flash.write_bytes(b"\xff" * len(board.flash.read_bytes()))
    board.enter_bootsel()
    at_usb(board, monkeypatch)
    rp2.flash(pico, "", uf2_image(NEW), kept)
    assert board.files == NEW | KEPT


def test_no_console_afterwards_is_a_failure_and_what_was_saved_stays_pending(
    pico, plugged, uf2_image, kept
):
    board = plugged(OLD, comes_back=False)
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "written, but no console came back" in line
    assert keep.pending(board.device, "", kept)


def test_other_content_than_was_written_is_found(pico, plugged, uf2_image, kept, monkeypatch):
    board = plugged(OLD)
    take = board._take

    def take_wrongly(data):
        take(data)
        flash = bytearray(board.flash.read_bytes())
        flash[flash.index(b"M\x06new") + 2] ^= 1
        board.flash.write_bytes(flash)

    board._take = take_wrongly
    assert "/a/app.mpy on the board is not what was written" in refusal(
        pico, board.port, uf2_image(NEW), kept
    )


def test_another_micropython_than_the_images_is_found(pico, plugged, uf2_image, kept):
    board = plugged(OLD, version="3.4.0; MicroPython v1.20.0 on 2023-01-01")
    board.unplug()
    board._start()
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "runs MicroPython v1.20.0 on 2023-01-01, the image has MicroPython 1.26.1" in line


def test_a_board_with_another_chip_is_refused_before_it_leaves_its_program(
    pico, plugged, uf2_image, kept
):
    board = plugged(OLD)
    board.machine = "Raspberry Pi Pico 2 W with RP2350"
    board.unplug()
    board._start()
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "is Raspberry Pi Pico 2 W with RP2350, BOARD=TEST_RP2040 needs an RP2040" in line
    assert board.files == OLD


def test_the_drive_of_another_chip_is_refused(pico, plugged, uf2_image, kept):
    board = plugged(OLD, board_id="RP2350")
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "is the drive of a chip RP2350, the board has an RP2040" in line


def test_a_drive_that_does_not_come_says_how_to_hold_the_button(pico, plugged, uf2_image, kept):
    board = plugged(OLD, no_drive=True)
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "no drive RPI-RP2 appeared" in line
    assert "hold BOOTSEL" in line


def test_a_drive_that_is_not_mounted_says_what_to_mount(
    pico, plugged, uf2_image, kept, tmp_path, monkeypatch
):
    board = plugged(OLD, no_drive=True)
    (tmp_path / "labels").mkdir()
    (tmp_path / "sdx1").touch()
    (tmp_path / "labels" / "RPI-RP2").symlink_to(tmp_path / "sdx1")
    monkeypatch.setattr(drives.shutil, "which", lambda name: None)
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "is there, but not mounted: sudo mount %s" % (tmp_path / "sdx1") in line


def test_a_closed_console_is_one_line_that_says_what_erase_would_do(
    pico, plugged, uf2_image, kept, tmp_path, monkeypatch
):
    monkeypatch.setattr("tools.flash.repl._QUIET_S", 0.3)
    line = refusal(pico, mute_port(), uf2_image(NEW), kept)
    assert "its console closed (production mode)" in line
    assert "ERASE=1 writes without it" in line


def test_a_closed_console_is_written_with_erase_by_the_reset_of_1200_baud(
    pico, plugged, uf2_image, kept, monkeypatch
):
    monkeypatch.setattr("tools.flash.repl._QUIET_S", 0.3)
    board = plugged(OLD)
    board._process.send_signal(signal.SIGSTOP)  # MicroPython takes no character
    rp2.flash(pico, board.port, uf2_image(NEW, erase=True), kept)
    assert board.files == NEW


def mute_port():
    """A port at which nothing answers."""
    import pty

    mute_port.master, slave = pty.openpty()
    return os.ttyname(slave)


def test_a_file_that_is_no_image_is_refused_before_the_board_is_written(
    pico, plugged, kept, tmp_path
):
    board = plugged(OLD)
    file = tmp_path / "wrong.uf2"
    file.write_bytes(b"x" * 512)
    assert "is no UF2 block" in refusal(pico, board.port, Wanted(image=str(file)), kept)
    assert board.files == OLD


def test_an_image_for_another_chip_is_refused_before_the_board_is_written(
    pico, plugged, uf2_image, kept
):
    board = plugged(OLD)
    wanted = uf2_image(NEW)
    file = Path(wanted.image)
    file.write_bytes(uf2.write(uf2.read(file.read_bytes()), uf2.FAMILY_RP2350_ARM_S))
    line = refusal(pico, board.port, wanted, kept)
    assert "the image is for RP2350, BOARD=TEST_RP2040 has an RP2040" in line
    assert board.files == OLD


def drive(tmp_path):
    place = tmp_path / "drive"
    place.mkdir()
    (place / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    return drives.Drive(place, "RPI-RP2")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "not enough room: it took 0 of 195 KB"),
        (errno.EROFS, "no permission to write"),
        (errno.EIO, "went away after 0 of 195 KB"),
        (errno.ENODEV, "went away"),
    ],
)
def test_each_error_of_the_copy_is_one_line(number, says, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(drives, "_put", fail)
    with pytest.raises(FlashError, match=says):
        drives.copy(b"x" * 200_000, drive(tmp_path), "x.uf2", lambda *_: None)


def test_a_drive_without_room_is_refused_before_the_copy(tmp_path, monkeypatch):
    usage = drives.shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(drives.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(FlashError, match="not enough room: 0 KB free, the image has 195 KB"):
        drives.copy(b"x" * 200_000, drive(tmp_path), "x.uf2", lambda *_: None)


def test_the_reset_at_the_last_block_is_no_error(tmp_path, monkeypatch):
    put = drives._put

    def reset(handle, data):
        put(handle, data)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(drives, "_put", reset)
    drives.copy(b"x" * 1024, drive(tmp_path), "x.uf2", lambda *_: None)


def test_two_boards_in_bootsel_are_one_line_that_names_both(tmp_path):
    places = [drives.Drive(tmp_path / name, "RPI-RP2") for name in ("one", "two")]
    with pytest.raises(FlashError, match="2 boards in BOOTSEL: .*one, .*two: unplug all but one"):
        drives.choose(places, "RP2040")


def test_a_mount_point_with_a_space_is_found(tmp_path):
    place = tmp_path / "a b"
    place.mkdir()
    (place / "INFO_UF2.TXT").write_text("UF2\nBoard-ID: RP2350\n")
    mounts = tmp_path / "mounts"
    device = tmp_path / "sda1"
    device.touch()
    mounts.write_text("%s %s vfat rw 0 0\n" % (device, str(place).replace(" ", "\\040")))
    assert drives.mounted(mounts) == [drives.Drive(place, "RP2350", str(device))]


def test_a_mount_by_hand_that_outlives_its_drive_is_none(pico, plugged, uf2_image, kept):
    board = plugged(OLD, mounted_by_hand=True)
    rp2.flash(pico, board.port, uf2_image(NEW), kept)
    assert board.files == NEW | KEPT and (board.drive / "INFO_UF2.TXT").exists()
    assert drives.mounted() == []


def test_another_board_in_bootsel_does_not_get_what_is_for_the_one_at_the_port(
    pico, plugged, uf2_image, kept
):
    board = plugged(OLD)
    board.enter_bootsel()  # the drive of one that waits there
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "is the drive of another board than that at %s" % board.port in line
    assert board.files == OLD and not list(board.drive.glob("*.uf2"))


def test_the_keys_of_one_board_in_another_are_noticed(pico, plugged, uf2_image, kept, monkeypatch):
    board = plugged(OLD)
    take = board._take

    def swap(data):
        take(data)
        board.device = "0" * 16

    board._take = swap
    line = refusal(pico, board.port, uf2_image(NEW), kept)
    assert "is 0000000000000000, and has now what board e66141040396b42a keeps" in line


@pytest.mark.slow
def test_one_command_builds_writes_and_reads_back_and_the_next_keeps_the_configuration(
    plugged, kept, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(keep, "FOLDER", kept)
    monkeypatch.setattr(rp2.flash, "__defaults__", (kept,))
    board = plugged({})
    config = tmp_path / "my.json"
    config.write_text('{"endpoint": "m1", "servers": [{"uri": "coap://192.0.2.1"}]}')
    arguments = ["flash", "--board", "METER_PPP", "--profile", "water", "--port", board.port]
    assert command.run([*arguments, "--config", str(config)]) == 0, capsys.readouterr().err
    said = capsys.readouterr().err
    assert "METER_PPP is written and read back, 0 file(s) kept" in said
    assert "/main.py" in board.files
    assert [p for p, data in board.files.items() if data == config.read_bytes()]
    board.wait_for_resets(2)
    with Repl(board.port) as repl:
        repl.write("/data/count", b"4711")
    assert command.run(arguments) == 0, capsys.readouterr().err
    assert "2 file(s) kept" in capsys.readouterr().err
    assert board.files[keep.CONFIG] == config.read_bytes()
    assert board.files["/data/count"] == b"4711"


def test_a_configuration_that_is_wrong_is_the_line_of_the_image_builder(
    plugged, kept, monkeypatch, tmp_path, capsys
):
    board = plugged(OLD)
    monkeypatch.setattr(rp2.flash, "__defaults__", (kept,))
    config = tmp_path / "my.json"
    config.write_text('{"no_such": 1}')
    arguments = ["flash", "--board", "METER_PPP", "--profile", "water", "--port", board.port]
    assert command.run([*arguments, "--config", str(config)]) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("flash: no image: ")
    assert "no_such" in last
    assert board.files == OLD
