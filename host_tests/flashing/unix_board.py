"""An RP2 board made of the Unix port on a pty, a LittleFS in a file, and a drive in BOOTSEL.

    with UnixBoard(tmp_path, files) as board:
        board.port, board.drive, board.mounts

The console is MicroPython's own raw REPL, the file system its VfsLfs2. `machine.bootloader()`
takes the port away and makes a folder with INFO_UF2.TXT; once a UF2 is whole in it, its pages are
the flash, and the board is there again. Faults are attributes.
"""

import os
import pty
import shutil
import subprocess
import termios
import threading
import time
import tty
from pathlib import Path

from made import disk
from port import PORT
from tools.flash import disk as littlefs
from tools.image import firmware, uf2

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
IMAGE = ROOT / "boards" / "METER_PPP" / "METER_PPP-1.26.1.uf2"
BASE = firmware.load(IMAGE)
BLOCK = 4096
BOOTLOADER, RESET = 6, 5
INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: %s\n"


class UnixBoard:
    """A board that is on; a context manager."""

    def __init__(self, folder, files=None, board_id="RPI-RP2", device="e66141040396b42a"):
        self.folder = folder
        self.port = str(folder / "ttyACM0")
        self.drive = folder / "media" / "RPI-RP2"
        self.mounts = folder / "mounts"
        self.block_device = folder / "sda1"
        self.mounted_by_hand = False  # nobody unmounts the drive when it is gone
        self.mounts.write_text("")
        self.flash = folder / "flash.bin"
        self.flash.write_bytes(disk(files or {}, BASE.block_count))
        self.board_id, self.device = board_id, device
        self.machine = "METER_PPP with RP2040"
        self.version = "3.4.0; MicroPython v%s on 2026-11-22" % BASE.version
        self.resets = 0
        self.runs = ""  # the folder of the slot that was started
        # Faults.
        self.no_drive = False  # it does not mount
        self.comes_back = True
        self._stopping = False
        self._process = self._pty = None

    def __enter__(self):
        self._start()
        self._thread = threading.Thread(target=self._watch, name="unix board")
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping = True
        self.unplug()
        self._thread.join()

    @property
    def files(self):
        """What is in its file system."""
        return littlefs.read(self.flash.read_bytes())

    def _start(self):
        master, slave = pty.openpty()
        tty.setraw(slave)
        environment = {
            **os.environ,
            "BOARD_FLASH": str(self.flash),
            "BOARD_BLOCKS": str(BASE.block_count),
            "BOARD_ID": self.device,
            "BOARD_MACHINE": self.machine,
            "BOARD_VERSION": self.version,
            "BOARD_RUNS": self.runs,
        }
        command = [str(PORT), "-i", str(HERE / "board_boot.py")]
        # It is at the far end; the slave is the port, held open for there may be no user.
        ends = {"stdin": master, "stdout": master, "stderr": master}
        self._process = subprocess.Popen(command, env=environment, **ends)
        os.close(master)
        self._pty = slave
        link = Path(self.port)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(slave))

    def unplug(self):
        """Pull the cable: the port is gone, what was in RAM too."""
        Path(self.port).unlink(missing_ok=True)
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
        if self._pty is not None:
            os.close(self._pty)
            self._pty = None

    def _watch(self):
        while not self._stopping:
            status = self._process.poll() if self._process else None
            if status in (RESET, BOOTLOADER):
                self.resets += 1
                self.unplug()
                if status == RESET:
                    self._start()
                elif not self.no_drive:
                    self.enter_bootsel()
            elif self._pty is not None and self._opened_at(termios.B1200):
                self.unplug()
                self.enter_bootsel()
            else:
                self._look_at_drive()
            time.sleep(0.02)

    def wait_for_resets(self, count):
        """Until it was reset so often, and is there again."""
        for _ in range(500):
            if self.resets >= count and self._process:
                return
            time.sleep(0.02)
        raise AssertionError("%d resets" % self.resets)

    def _opened_at(self, speed):
        try:
            return termios.tcgetattr(self._pty)[5] == speed
        except (TypeError, OSError, termios.error):  # it was unplugged this moment
            return False

    def enter_bootsel(self):
        """Be a drive, as with BOOTSEL held."""
        self.drive.mkdir(parents=True, exist_ok=True)
        (self.drive / "INFO_UF2.TXT").write_text(INFO % self.board_id)
        self.block_device.touch()
        self.mounts.write_text("%s %s vfat rw 0 0\n" % (self.block_device, self.drive))

    def leave_bootsel(self):
        """The drive is gone."""
        self.block_device.unlink()
        if self.mounted_by_hand:
            for file in self.drive.glob("*.uf2"):
                file.unlink()
        else:
            self.mounts.write_text("")
            shutil.rmtree(self.drive)

    def _look_at_drive(self):
        for file in self.drive.glob("*.uf2"):
            data = file.read_bytes()
            count = int.from_bytes(data[24:28], "little")
            if len(data) and len(data) == 512 * count:
                self._take(data)
                self.leave_bootsel()
                if self.comes_back:
                    self._start()
                return

    def _take(self, data):
        flash = bytearray(self.flash.read_bytes())
        pages = uf2.read(data)
        at = {a - BASE.address: p for a, p in pages.items()}
        inside = {a: p for a, p in at.items() if 0 <= a < BASE.size}
        for start in {a // BLOCK * BLOCK for a in inside}:  # the boot loader erases sectors
            flash[start : start + BLOCK] = b"\xff" * BLOCK
        for start, page in inside.items():
            flash[start : start + len(page)] = page
        self.flash.write_bytes(flash)


def image(files):
    """A UF2 for this board with these files."""
    pages = uf2.pages_of(disk(files, BASE.block_count), BASE.address)
    region = range(BASE.address, BASE.address + BASE.size)
    rest = {address: page for address, page in BASE.pages.items() if address not in region}
    return uf2.write(rest | pages)
