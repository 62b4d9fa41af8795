"""Which serial port a board is at, and whether it can be used."""

import errno
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from serial.tools import list_ports

from .failure import FlashError

_RP2 = (0x2E8A,)  # Raspberry Pi
# Espressif's own USB, and the bridges on boards: CP210x, CH34x, FTDI, PL2303.
_ESP32 = (0x303A, 0x10C4, 0x1A86, 0x0403, 0x067B)
VENDORS = {"rp2": _RP2, "esp32": _ESP32, "": _RP2 + _ESP32}


def connected(port: str = "") -> list:
    """Return the USB serial ports whose vendor fits a board of this MicroPython port ("": any)."""
    return [info for info in list_ports.comports() if info.vid in VENDORS[port]]


def describe(infos: Iterable) -> str:
    """Return one line part of the ports."""
    return ", ".join("%s (%s)" % (info.device, info.product or info.description) for info in infos)


def find(given: str, port: str = "", infos: list | None = None) -> str:
    """Return the port that is given, or the only one that fits; it is there and can be opened."""
    infos = connected(port) if infos is None else infos
    if given:
        if not Path(given).exists():
            there = describe(infos)
            remedy = "connected: %s" % there if there else "no board is connected by USB"
            raise FlashError("PORT=%s: no such port; %s" % (given, remedy))
        check(given)
        return given
    if not infos:
        raise FlashError(
            "no board at USB: plug it in, by a cable that carries data, or give PORT=/dev/ttyACM0"
        )
    if len(infos) > 1:
        raise FlashError("%d boards: %s: give PORT=" % (len(infos), describe(infos)))
    check(infos[0].device)
    return infos[0].device


def check(device: str) -> None:
    """Raise FlashError where a port cannot be opened, or another program has it."""
    try:
        handle = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise refused(device, error) from error
    try:
        if not os.isatty(handle):
            raise FlashError("%s is no serial port: give PORT=/dev/ttyACM0 or the like" % device)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise refused(device, error) from error
    finally:
        os.close(handle)


def refused(device: str, error: OSError) -> FlashError:
    """Return the line for an error of opening a port."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return FlashError(
            "%s: no permission: sudo usermod -aG %s $USER, then log in again"
            % (device, _group(device))
        )
    if error.errno == errno.EISDIR:
        return FlashError("%s is no serial port: give PORT=/dev/ttyACM0 or the like" % device)
    if error.errno in (errno.EAGAIN, errno.EBUSY):
        holder = _holder(device)
        return FlashError(
            "%s is in use%s: close that program and try again"
            % (device, " by " + holder if holder else ", by a terminal or another `make`")
        )
    return FlashError("%s: %s: plug the board in again" % (device, error.strerror or error))


def _group(device: str) -> str:
    """Return the group that may use a port: dialout on Debian."""
    import grp

    try:
        name = grp.getgrgid(os.stat(device).st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"
    return name if name != "root" else "dialout"


def _holder(device: str) -> str:
    """Return "name (PID n)" of a process that has the port open, or ""."""
    wanted = os.path.realpath(device)
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        try:
            if any(os.path.realpath(handle) == wanted for handle in (folder / "fd").iterdir()):
                return "%s (PID %s)" % ((folder / "comm").read_text().strip(), folder.name)
        except OSError:  # another user's, or it has ended
            continue
    return ""
