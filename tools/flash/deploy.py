"""The application of a running board renewed: into the slot that is idle, then switched to it.

Until the boot record is replaced, which the boot selector's own code does by one rename, the slot
that ran starts again, whatever happens here. The new one is on trial then: it has to reach a
server within a few starts, or the board goes back by itself.
"""

import base64
import hashlib
import os
import tempfile
import time
from pathlib import Path

from . import images, keep, ports
from .boards import Board, slots_in_rom
from .failure import FlashError
from .progress import bar, say
from .repl import Repl
from .rp2 import check_chip

CONSOLE_S = 30
BLOCK = 4096
_ON_TRIAL = 1  # a state of firmware/slots.py
_NAMES = ("a", "b")

# The slot that runs, which the record need not name: its own may be empty or cannot be started.
_SLOTS = """
import os, sys, slots
_s = slots.Slots()
_p = sys.path[0][1:] if sys.path else ""
_s.running = _p if _p in ("a", "b") else "ab"[_s.active]
"""
_CLEAR = """
def _clear(folder, names):
    try:
        for e in list(os.ilistdir(folder)):
            p = folder + "/" + e[0]
            if e[1] & 0x4000:
                _clear(p, names)
                try:
                    os.rmdir(p)
                except OSError:
                    pass
            elif p not in names:
                os.remove(p)
    except OSError:
        pass
"""
_ROM = """
import hashlib, vfs
from binascii import a2b_base64
if vfs.rom_ioctl(1) > 1:
    _r, _o = vfs.rom_ioctl(2, %(slot)d), 0
else:
    _r = vfs.rom_ioctl(2, 0)
    _o = %(slot)d * len(memoryview(_r)) // 2
_n = _o // 4096
"""


def deploy(board: Board, given: str, wanted: images.Wanted) -> str:
    """Renew the application of the board at a port; return what was done, in one line."""
    port = ports.find(given, board.port)
    with Repl(port) as repl:
        device, _, machine = repl.identity()
        check_chip(board, port, machine)
        running, on_trial = _record(repl)
        config = _config(repl)
    image = _build(board, wanted, config)
    if on_trial:
        say("slot %s is on trial: back to the one before, which stays" % _NAMES[running])
        with Repl(port) as repl:
            repl.run(_SLOTS)
            repl.start("_s.fail()\nimport machine\nmachine.reset()")
    with _console(port, device) as repl:
        running, _ = _record(repl)
        target = 1 - running
        try:
            count = _fill(repl, board, image, target)
            _switch(repl, running)
        except FlashError as error:
            raise FlashError(
                "%s (slot %s was not switched to: the old application starts; `make deploy` again)"
                % (error, _NAMES[target])
            ) from error
        repl.start("import machine; machine.reset()")
    return "slot %s has %s; it is on trial until it reaches a server" % (_NAMES[target], count)


def _record(repl: Repl) -> tuple[int, bool]:
    """Return which slot runs, and whether it is on trial."""
    try:
        repl.run(_SLOTS)
    except FlashError as error:
        if "ImportError" not in str(error):
            raise
        raise FlashError(
            "%s: no boot selector on the board: `make flash` first" % repl.port
        ) from error
    running, active, state = repl.evaluate('("ab".index(_s.running), int(_s.active), _s.state)')
    return running, running == active and state == _ON_TRIAL


def _config(repl: Repl) -> bytes | None:
    """Return the board's configuration: what it needs has to be in the new application, too."""
    found = repl.hashes([keep.CONFIG])[0]
    return repl.read(keep.CONFIG) if found else None


def _build(board: Board, wanted: images.Wanted, config: bytes | None) -> Path:
    if config is None:
        return images.build(board, wanted)
    # It has keys in it: readable by its owner only, and removed at once.
    handle, name = tempfile.mkstemp(suffix=".json")
    try:
        with open(handle, "wb") as file:
            file.write(config)
        return images.build(board, wanted, Path(name))
    finally:
        os.unlink(name)


def _console(port: str, device: str) -> Repl:
    """Connect, after a reset too; the board is the one that it was."""
    end = time.monotonic() + CONSOLE_S
    while True:
        try:
            repl = Repl(port)
            break
        except FlashError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
    found = repl.identity()[0]
    if found != device:
        repl.close()
        raise FlashError("%s: another board is there now: start again" % port)
    return repl


def _fill(repl: Repl, board: Board, image: Path, slot: int) -> str:
    """Write the slot and compare the hashes; return what was written."""
    if slots_in_rom(board):
        return _fill_rom(repl, images.rom_slot(board, image), slot)
    return _fill_folder(repl, images.folder_slot(board, image), slot)


def _fill_folder(repl: Repl, files: dict[str, bytes], slot: int) -> str:
    folder = "/" + _NAMES[slot]
    wanted = {folder + path: data for path, data in files.items()}
    _check_version(repl, wanted)
    hashes = dict(zip(wanted, repl.hashes(list(wanted)), strict=True))
    same = {p for p in wanted if hashes[p] == hashlib.sha256(wanted[p]).digest()}
    repl.run(_CLEAR)
    repl.run("_clear(%r, %r)" % (folder, same))
    new = sorted(set(wanted) - same)
    size = sum(len(wanted[path]) for path in new)
    _check_room(repl, sum(-(-len(wanted[path]) // BLOCK) * BLOCK for path in new))
    done = 0
    with bar("writing") as progress:
        for path in new:
            repl.write(path, wanted[path], lambda n, _, before=done: progress(before + n, size))
            done += len(wanted[path])
    for path, found in zip(wanted, repl.hashes(list(wanted)), strict=True):
        if found != hashlib.sha256(wanted[path]).digest():
            raise FlashError("%s on the board is not what was written" % path)
    return "%d files, %d of them new (%d bytes)" % (len(wanted), len(new), size)


def _check_version(repl: Repl, files: dict[str, bytes]) -> None:
    """A .mpy is bound to a version of MicroPython's bytecode."""
    found = {data[1] for path, data in files.items() if path.endswith(".mpy")}
    runs = repl.evaluate("__import__('sys').implementation._mpy & 0xFF")
    if found - {runs}:
        raise FlashError(
            "the board loads .mpy of version %d, the application is %s: `make flash` renews "
            "MicroPython, too" % (runs, sorted(found)[0])
        )


def _check_room(repl: Repl, needed: int) -> None:
    block, _, total, free = repl.evaluate("os.statvfs('/')[:4]")
    if free > total:  # MicroPython's answer for a LittleFS that counts a shared block twice
        free = 0
    # Two blocks for folders: a LittleFS that is full can hardly be written to.
    if free * block < needed + 2 * BLOCK:
        raise FlashError(
            "not enough room: the slot needs %d KB, the file system has %d KB free: take modules "
            "out of the profile, or remove files" % (needed // 1024, free * block // 1024)
        )


def _fill_rom(repl: Repl, image: bytes, slot: int) -> str:
    repl.run(_ROM % {"slot": slot})
    total = repl.evaluate("len(memoryview(_r)) - _o")
    if total < len(image):
        raise FlashError("the slot has %d bytes, the application %d" % (total, len(image)))
    with bar("writing") as progress:
        for at in range(0, len(image), BLOCK):
            block = base64.b64encode(image[at : at + BLOCK].ljust(BLOCK, b"\xff")).decode()
            repl.run("_r.writeblocks(_n + %d, a2b_base64('%s'))" % (at // BLOCK, block))
            progress(at + BLOCK, len(image))
    found = repl.evaluate(
        "hashlib.sha256(memoryview(_r)[_o : _o + %d]).digest()" % len(image),
    )
    if found != hashlib.sha256(image).digest():
        raise FlashError("the slot on the board is not what was written")
    return "an image of %d bytes" % len(image)


def _switch(repl: Repl, running: int) -> None:
    """Have the boot selector replace its record; that it did is read back."""
    repl.run(_SLOTS)
    repl.evaluate("_s.switch()")
    repl.run(_SLOTS)
    if repl.evaluate("(_s.active, _s.state)") != (1 - running, _ON_TRIAL):
        raise FlashError("%s: the boot record could not be replaced" % repl.port)
