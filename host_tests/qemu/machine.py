"""Unit tests on 32 bits with single-precision floats: MicroPython's qemu port in Debian's qemu.

A machine is started for each file of tests. The tree is a ROMFS that qemu's loader puts behind
the machine's RAM; the test file runs by MicroPython's raw REPL on the serial port.
"""

import json
import select
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mpremote.romfs import VfsRomWriter
from tools.image.romfs import fill

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("lib", "firmware", "boards/UNIX", "host_tests/support", "host_tests/faults")
TIMEOUT_S = 120
_RAW, _END = b"\x01", b"\x04"

_PROGRAM = """
import os, sys, uctypes, vfs
class Ram:
    def __init__(self):
        self.bytes = bytearray(64 * 512)
    def readblocks(self, n, b, o=0):
        b[:] = self.bytes[n * 512 + o : n * 512 + o + len(b)]
    def writeblocks(self, n, b, o=0):
        self.bytes[n * 512 + o : n * 512 + o + len(b)] = b
    def ioctl(self, op, _):
        return {4: 64, 5: 512}.get(op, 0)
ram = Ram()
vfs.VfsLfs2.mkfs(ram)
vfs.mount(ram, "/")
os.mkdir("/build")
vfs.mount(vfs.VfsRom(uctypes.bytearray_at(%d, %d)), "/rom")
sys.path[:] = ["/rom/" + p for p in %r] + ["/rom", ".frozen"]
import run_on_port
run_on_port.run("/rom/" + %r)
"""


@dataclass(frozen=True)
class Machine:
    """A machine of qemu: its command, the RAM for the tree, MicroPython's heap in bytes."""

    board: str
    command: tuple[str, ...]
    tree_at: int
    heap: int


ARM = Machine("MPS2_AN385", ("qemu-system-arm", "-machine", "mps2-an385"), 0x21000000, 2 << 20)
RISCV = Machine(
    "VIRT_RV32", ("qemu-system-riscv32", "-machine", "virt", "-bios", "none"), 0x84000000, 1 << 20
)
MACHINES = (ARM, RISCV)


@cache
def tree() -> bytes:
    """Return the ROMFS of lib/, the firmware and the tests, as sources."""
    folders = [ROOT / folder for folder in (*FOLDERS, "host_tests/unit")]
    files = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*.py")
        if "shims" not in path.parts
    }
    files["tools/impairment.py"] = (ROOT / "tools" / "impairment.py").read_bytes()
    writer = VfsRomWriter()
    fill(writer, files)
    return writer.finalise()


def run(machine: Machine, firmware: Path, test: Path, work: Path) -> dict[str, str]:
    """Run a file of tests; return {test: traceback, or ""}, or raise with what was printed."""
    rom = work / "tree.romfs"
    rom.write_bytes(tree())
    where = ("lib", "boards/UNIX", "host_tests/support", "host_tests/faults")
    program = _PROGRAM % (machine.tree_at, len(tree()), where, test.relative_to(ROOT).as_posix())
    command = [
        *machine.command,
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "stdio",
        "-semihosting",
    ]
    command += ["-kernel", str(firmware)]
    command += ["-device", "loader,file=%s,addr=%#x,force-raw=on" % (rom, machine.tree_at)]
    return _outcomes(_talk(command, program.encode()))


def _talk(command: list[str], program: bytes) -> bytes:
    """Start the machine, run the program in the raw REPL, return what came until its end."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            serial = Serial(process)
            serial.until(b">>> ")
            serial.send(_RAW)
            serial.until(b"exit\r\n>")
            serial.send(program + _END)
            serial.until(b"\x04>")
            return bytes(serial.came)
        finally:
            process.kill()


class Serial:
    """The serial port of a machine, for `TIMEOUT_S` in all."""

    def __init__(self, process: subprocess.Popen):
        self._process = process
        self.came = bytearray()
        self._end = time.monotonic() + TIMEOUT_S

    def send(self, data: bytes) -> None:
        """Type; the guest's UART holds it back until the guest takes it."""
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def until(self, ending: bytes) -> None:
        """Read on until the ending came."""
        out = self._process.stdout
        while ending not in self.came:
            left = self._end - time.monotonic()
            data = b""
            if left > 0 and select.select([out], [], [], left)[0]:
                data = out.read1(65536)
            if not data:
                raise TimeoutError(bytes(self.came[-2000:]).decode("latin-1"))
            self.came += data


def _outcomes(printed: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    lines: Iterable[str] = printed.decode("utf-8", "replace").splitlines()
    for line in lines:
        line = line.removeprefix(">OK")
        if line.startswith("{"):
            found.update(json.loads(line))
    if not found:
        raise AssertionError(printed[-2000:].decode("utf-8", "replace"))
    return found
