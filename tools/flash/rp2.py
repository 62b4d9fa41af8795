"""An RP2040 or RP2350: what it keeps saved over the console, the UF2 copied, all read back."""

import contextlib
import hashlib
import os
import time
from pathlib import Path

import serial

from tools.image import layout

from . import drives, images, keep, ports
from .boards import Board
from .failure import FlashError
from .progress import bar, say
from .repl import Repl

DRIVE_S = 20
MOUNT_S = 3
RESET_S = 20
CONSOLE_S = 30
_TOUCH_BAUD = 1200
# What the application may have changed before it was interrupted.
_CHANGING = ("/data/", "/slot", "/config/")


def flash(board: Board, given: str, wanted: images.Wanted, folder: Path = keep.FOLDER) -> str:
    """Write an image; return what was done, in one line."""
    drive = None if given and os.path.exists(given) else _in_bootsel(board)
    port = ""
    saved = keep.Saved("", board.name, folder, {})
    if drive:
        saved = _saved_before(board, drive, wanted, saved)
    else:
        port = ports.find(given, "rp2")
        _check_alone(board, port)
        if not wanted.erase:
            saved = _save(board, port, wanted, folder)
    try:
        count, how = _write(board, port, drive, wanted, saved)
    except FlashError as error:
        raise saved.failed(error) from error
    saved.done()
    return "%s is written and %s, %d file(s) kept" % (board.name, how, count)


def _check_alone(board: Board, port: str) -> None:
    """Refuse while another board is in its boot loader: it would get what is for this one."""
    other = drives.choose(drives.mounted(), board.mcu)
    if other:
        raise FlashError(
            "%s is the drive of another board than that at %s, which would get the image: unplug "
            "it, or leave PORT= out to write that one" % (other.path, port)
        )


def _in_bootsel(board: Board) -> drives.Drive | None:
    """Return the drive of a board that is in its boot loader already."""
    drive = drives.choose(drives.mounted(), board.mcu)
    if drive is None and drives.unmounted() and not ports.connected("rp2"):
        drive = drives.wait(board.mcu, MOUNT_S)
    return drive


def _saved_before(
    board: Board, drive: drives.Drive, wanted: images.Wanted, nothing: keep.Saved
) -> keep.Saved:
    """Return what the interrupted write of a board in BOOTSEL saved; `nothing` with ERASE=1."""
    if wanted.erase:
        return nothing
    waiting = keep.pending_of(board.name, nothing.folder)
    if len(waiting) == 1:
        say("going on with the write of board %s that did not end" % waiting[0].device)
        return waiting[0]
    if waiting:
        devices = ", ".join(saved.device for saved in waiting)
        raise FlashError(
            "%d writes of %s did not end (%s): press RESET of this one and give PORT=, "
            "or ERASE=1" % (len(waiting), board.name, devices)
        )
    raise FlashError(
        "the board at %s is in BOOTSEL, where what it keeps cannot be read: a new board: ERASE=1; "
        "else plug it in without the button" % drive.path
    )


def _save(board: Board, port: str, wanted: images.Wanted, folder: Path) -> keep.Saved:
    """Save what a running board keeps."""
    say("reading what the board at %s keeps" % port)
    try:
        repl = Repl(port)
    except FlashError as error:
        raise FlashError(
            "%s: so what the board keeps cannot be saved; ERASE=1 writes without it" % error
        ) from error
    with repl:
        device, _, machine = repl.identity()
        check_chip(board, port, machine)
        paths = [path for each in keep.PLACES for path in repl.paths(each)]
        if repl.hashes([keep.OLD_CONFIG])[0]:
            paths.append(keep.OLD_CONFIG)
        found = keep.kept_paths({path: repl.read(path) for path in paths})
    return keep.save(device, board.name, found, folder, wanted.keep)


def check_chip(board: Board, port: str, machine: str) -> None:
    """Raise FlashError where the board says that it has another chip."""
    chips = [chip for chip in ("RP2040", "RP2350", "ESP32") if chip in machine.upper()]
    if chips and not board.mcu.startswith(chips[0]):
        raise FlashError(
            "%s is %s, BOARD=%s needs an %s: give the BOARD= that it is"
            % (port, machine, board.name, board.mcu)
        )


def _write(
    board: Board, port: str, drive: drives.Drive | None, wanted: images.Wanted, saved: keep.Saved
) -> tuple[int, str]:
    """Build, copy, read back; return how many files were kept, and what was done after it."""
    image = images.Uf2.read(images.build(board, wanted, saved.config))
    if image.base.chip != board.mcu:
        raise FlashError(
            "the image is for %s, BOARD=%s has an %s: another BOARD= or FIRMWARE="
            % (image.base.chip, board.name, board.mcu)
        )
    kept = keep.carried(saved.files, bool(wanted.config))
    data = image.write(kept, wanted.erase)
    if drive is None:
        say("into the boot loader")
        bootsel(port)
        drive = drives.wait(board.mcu, DRIVE_S)
    saved.begin()
    say("writing %d KB to %s" % (len(data) // 1024, drive.path))
    with bar("writing") as progress:
        drives.copy(data, drive, board.name + ".uf2", progress)
    drives.wait_gone(drive, RESET_S)
    if layout.RECORD in image.files:
        return len(kept), "not read back, for production mode closes its console"
    say("reading back")
    read_back(_console(port), image, kept, saved.device)
    return len(kept), "read back"


def bootsel(port: str) -> None:
    """Have a running board enter its boot loader: by its REPL, else by opening at 1200 baud."""
    try:
        repl = Repl(port)
    except FlashError:
        _reset_by_baud(port)
        return
    with contextlib.suppress(FlashError):  # it may be gone before it has answered
        repl.start("import machine; machine.bootloader()")


def _reset_by_baud(port: str) -> None:
    try:
        serial.Serial(port, _TOUCH_BAUD).close()
    except (OSError, serial.SerialException) as error:
        raise FlashError("%s: %s: hold BOOTSEL while you plug it in" % (port, error)) from error


def _console(port: str) -> Repl:
    """Wait for the board's console after the reset, which may have got another name."""
    end = time.monotonic() + CONSOLE_S
    while True:
        try:
            if os.path.exists(port):
                return Repl(ports.find(port, "rp2"))
            if ports.connected("rp2"):
                return Repl(ports.find("", "rp2"))
        except FlashError as error:
            if time.monotonic() > end:
                raise FlashError("written, but not read back: %s" % error) from error
        if time.monotonic() > end:
            raise FlashError(
                "written, but no console came back at %s within %d s: press RESET, see "
                "`make console`" % (port or "USB", CONSOLE_S)
            )
        time.sleep(0.2)


def read_back(repl: Repl, image: images.Uf2, kept: dict[str, bytes], device: str = "") -> None:
    """Compare MicroPython's version and the files by their hashes, then start the application.

    `device` is the board whose files are kept, if any are.
    """
    with repl:
        found, version, _ = repl.identity()
        if device and found != device:
            raise FlashError(
                "the board at %s is %s, and has now what board %s keeps, its keys too: write it "
                "with ERASE=1, then that one" % (repl.port, found, device)
            )
        if "v" + image.base.version not in version and image.base.version not in version:
            raise FlashError(
                "the board runs %s, the image has MicroPython %s: BOOTSEL took another file; "
                "try again" % (version, image.base.version)
            )
        expected = {**image.files, **kept}
        fixed = {p: d for p, d in expected.items() if not p.startswith(_CHANGING)}
        if keep.CONFIG in expected:
            fixed[keep.CONFIG] = expected[keep.CONFIG]
        paths = sorted(fixed)
        for path, found in zip(paths, repl.hashes(paths), strict=True):
            if found != hashlib.sha256(fixed[path]).digest():
                raise FlashError(
                    "%s on the board is not what was written: try again; should it come again, "
                    "the flash is worn out" % path
                )
        with contextlib.suppress(FlashError):  # it may be gone before it has answered
            repl.start("import machine; machine.reset()")
