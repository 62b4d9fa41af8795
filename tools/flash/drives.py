"""The drive that an RP2 in its boot loader is: found by its INFO_UF2.TXT; copying to it."""

import errno
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .failure import FlashError

MOUNTS = Path("/proc/mounts")
LABELS = Path("/dev/disk/by-label")
# RP2040's boot loader calls itself RPI-RP2, RP2350's RP2350.
IDS = {"RP2040": "RPI-RP2", "RP2350": "RP2350"}
_CHUNK = 65536


@dataclass(frozen=True)
class Drive:
    """A mounted drive, the board ID of its INFO_UF2.TXT, and the block device ("": not known)."""

    path: Path
    board_id: str
    device: str = ""


def mounted(mounts: Path | None = None) -> list[Drive]:
    """Return the UF2 drives that are mounted."""
    found = []
    for line in (mounts or MOUNTS).read_text().splitlines():
        device, place = (_unescaped(word) for word in line.split()[:2])
        if device.startswith("/") and not os.path.exists(device):
            continue  # it was unplugged: a mount by hand outlives that, and so does what is cached
        try:
            text = (Path(place) / "INFO_UF2.TXT").read_text("ascii", "replace")
        except OSError:
            continue
        match = re.search(r"^Board-ID:\s*(\S+)", text, re.MULTILINE)
        found.append(Drive(Path(place), match[1] if match else "", device))
    return found


def _unescaped(word: str) -> str:
    return re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), word)


def unmounted(labels: Path | None = None) -> Path | None:
    """Return the block device of a UF2 drive that may not be mounted, or None."""
    for name in IDS.values():
        place = (labels or LABELS) / name
        if place.exists():
            return place.resolve()
    return None


def mount(device: Path) -> None:
    """Have the desktop's service mount it, where there is one; else nothing."""
    if shutil.which("udisksctl"):
        command = ["udisksctl", "mount", "--no-user-interaction", "-b", str(device)]
        subprocess.run(command, capture_output=True)


def choose(drives: Iterable[Drive], mcu: str) -> Drive | None:
    """Return the drive of a chip; None without any; raise FlashError for another chip's."""
    drives = list(drives)
    fitting = [drive for drive in drives if drive.board_id == IDS[mcu]]
    if len(fitting) > 1:
        places = ", ".join(str(drive.path) for drive in fitting)
        raise FlashError("%d boards in BOOTSEL: %s: unplug all but one" % (len(fitting), places))
    if fitting:
        return fitting[0]
    if drives:
        raise FlashError(
            "%s is the drive of a chip %s, the board has an %s: plug in that board, or another "
            "BOARD=" % (drives[0].path, drives[0].board_id or "without Board-ID", mcu)
        )
    return None


def wait(mcu: str, seconds: float) -> Drive:
    """Wait until the drive of a chip is mounted."""
    end = time.monotonic() + seconds
    tried = None
    while True:
        drive = choose(mounted(), mcu)
        if drive:
            return drive
        device = unmounted()
        if device and device != tried:
            mount(device)
            tried = device
        elif time.monotonic() > end:
            break
        time.sleep(0.1)
    if tried:
        raise FlashError(
            "the board's drive %s is there, but not mounted: sudo mount %s /mnt, then again"
            % (tried, tried)
        )
    raise FlashError(
        "no drive %s appeared within %d s: hold BOOTSEL while you plug the board in, then again"
        % (IDS[mcu], seconds)
    )


def copy(data: bytes, drive: Drive, name: str, progress: Callable[[int, int], None]) -> None:
    """Copy an image; the boot loader resets the board at its last block."""
    free = shutil.disk_usage(drive.path).free
    if free < len(data):
        raise FlashError(
            "%s: not enough room: %d KB free, the image has %d KB: unplug the board and plug it "
            "in with BOOTSEL held" % (drive.path, free // 1024, len(data) // 1024)
        )
    done = 0
    try:
        # Unbuffered: an error is that of these bytes, and the bar shows what is on the board.
        handle = os.open(drive.path / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            while done < len(data):
                done += _put(handle, data[done : done + _CHUNK])
                progress(done, len(data))
        finally:
            os.close(handle)
    except OSError as error:
        _check_end(drive, done, len(data), error)


def _put(handle: int, data: bytes) -> int:
    size = os.write(handle, data)
    os.fsync(handle)
    return size


def _check_end(drive: Drive, done: int, size: int, error: OSError) -> None:
    """An error after the last byte is the board's reset; any other one is raised."""
    if error.errno == errno.ENOSPC:
        raise FlashError(
            "%s: not enough room: it took %d of %d KB: unplug the board and plug it in with "
            "BOOTSEL held" % (drive.path, done // 1024, size // 1024)
        ) from error
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        raise FlashError(
            "%s: no permission to write: mount it as your user, or with -o uid=$USER" % drive.path
        ) from error
    if done < size - _CHUNK:
        raise FlashError(
            "%s: the board went away after %d of %d KB: plug it in with BOOTSEL held and try again"
            % (drive.path, done // 1024, size // 1024)
        ) from error


def wait_gone(drive: Drive, seconds: float) -> None:
    """Wait until the board has reset, which takes the drive away."""
    end = time.monotonic() + seconds
    while _is_there(drive):
        if time.monotonic() > end:
            raise FlashError(
                "%s: the boot loader did not take the image: is it for this chip? Try again"
                % drive.path
            )
        time.sleep(0.1)


def _is_there(drive: Drive) -> bool:
    if drive.device.startswith("/") and not os.path.exists(drive.device):
        return False  # a mount by hand stays, and what is cached of it
    try:
        return (drive.path / "INFO_UF2.TXT").exists()
    except OSError:  # it went away this moment
        return False
