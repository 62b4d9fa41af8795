"""Inside the Unix port: what an RP2 board has, before the prompt that the tests talk to.

A LittleFS on a file of the host is the board's flash; a reset ends the process with a status.
"""

import os
import sys

import vfs

BLOCK = 4096
BOOTLOADER, RESET = 6, 5

_flash = open(os.getenv("BOARD_FLASH"), "r+b")  # noqa: SIM115 as long as the board is on
_blocks = int(os.getenv("BOARD_BLOCKS"))
_leave = sys.exit


class Device:
    """The flash as MicroPython's VfsLfs2 asks for it."""

    def readblocks(self, number, buffer, offset=0):
        _flash.seek(number * BLOCK + offset)
        _flash.readinto(buffer)

    def writeblocks(self, number, buffer, offset=None):
        if offset is None:
            self.ioctl(6, number)
            offset = 0
        _flash.seek(number * BLOCK + offset)
        _flash.write(buffer)
        _flash.flush()

    def ioctl(self, op, argument):
        if op == 4:
            return _blocks
        if op == 5:
            return BLOCK
        if op == 6:
            _flash.seek(argument * BLOCK)
            _flash.write(b"\xff" * BLOCK)
        return 0


class Machine:
    """machine, as far as tools/flash uses it."""

    def unique_id(self):
        return bytes.fromhex(os.getenv("BOARD_ID"))

    def reset(self):
        _leave(RESET)

    def bootloader(self):
        _leave(BOOTLOADER)


class Implementation:
    name = "micropython"
    _machine = os.getenv("BOARD_MACHINE")
    _mpy = sys.implementation._mpy


class System:
    """sys, as a board's MicroPython has it."""

    version = os.getenv("BOARD_VERSION")
    implementation = Implementation
    modules = sys.modules
    path = sys.path
    stdin = sys.stdin
    stdout = sys.stdout
    exit = sys.exit


vfs.umount("/")
vfs.mount(vfs.VfsLfs2(Device(), progsize=256), "/")
os.chdir("/")
sys.path[:] = ["", "/lib", ".frozen"]
if os.getenv("BOARD_RUNS"):  # as the boot selector leaves it
    sys.path[:] = [os.getenv("BOARD_RUNS"), os.getenv("BOARD_RUNS") + "/lib"] + sys.path
sys.modules["machine"] = Machine()
sys.modules["sys"] = System
