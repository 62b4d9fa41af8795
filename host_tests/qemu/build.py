"""MicroPython's qemu port from Debian's pinned sources, with what the tests need switched on."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from host_tests.qemu.machine import ROOT, Machine
from tools.board_firmware import sources

PORT = Path(__file__).resolve().parent / "port"
WORK = ROOT / "build" / "firmware"
PACKAGES = (
    "gcc",
    "make",
    "gcc-arm-none-eabi",
    "libnewlib-arm-none-eabi",
    "gcc-riscv64-unknown-elf",
    "picolibc-riscv64-unknown-elf",
    "qemu-system-arm",
    "qemu-system-misc",
)
PROGRAMS = ("gcc", "make", "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc")
# Debian's compiler has its 32-bit libgcc under a name without zicsr.
_OPTIONS = ("MICROPY_VFS_LFS2=1", "RV32_ARCH=rv32imac -misa-spec=2.2")
_CONFIG = """
#define MICROPY_PY_TIME_INCLUDEFILE "time_base.c"
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_CRYPTOLIB (1)
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_OS_INCLUDEFILE "os_base.c"
"""


def firmware(machine: Machine) -> Path:
    """Return the machine's firmware.elf, built once for what is in port/ and here."""
    parts = [path.read_bytes() for path in (*sorted(PORT.iterdir()), Path(__file__))]
    digest = hashlib.sha256(b"".join(parts)).hexdigest()[:12]
    elf = WORK / ("qemu-%s-%s.elf" % (machine.board, digest))
    if not elf.exists():
        tree = sources.tree(WORK)
        port = _port(tree)
        _make(tree / "mpy-cross")
        _make(
            port,
            "BOARD=" + machine.board,
            "USER_C_MODULES=%s" % PORT.parent,
            "FROZEN_MANIFEST=%s" % (PORT / "manifest.py"),
            "MICROPY_HEAP_SIZE=%d" % machine.heap,
            *_OPTIONS,
        )
        shutil.copy(port / ("build-" + machine.board) / "firmware.elf", elf)
    return elf


def _port(tree: Path) -> Path:
    """Return a copy of the port whose configuration has time, asyncio and select."""
    port = tree / "ports" / "qemu_tests"
    shutil.rmtree(port, ignore_errors=True)
    shutil.copytree(tree / "ports" / "qemu", port, ignore=shutil.ignore_patterns("build-*"))
    config = port / "mpconfigport.h"
    text = config.read_text()
    for name in ("SELECT", "TIME", "ASYNCIO"):
        text = re.sub(r"(MICROPY_PY_%s +)\(0\)" % name, r"\1(1)", text)
    config.write_text(text + _CONFIG)
    script = port / "mcu" / "arm" / "mps2.ld"  # 64-bit division brings a section of its own
    text = script.read_text()
    script.write_text(text.replace("*(.rodata*)", "*(.rodata*)\n        *(.ARM.exidx*)"))
    return port


def _make(folder: Path, *options: str) -> None:
    command = ["make", "-C", str(folder), "-j2", *options]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError("make in %s: %s" % (folder, ran.stderr[-1500:]))
