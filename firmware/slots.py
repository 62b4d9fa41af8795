"""Boot selector: which of the two application slots starts.

It lies outside both slots as /slots.mpy, and no update writes it. A slot is a folder, /a or /b;
or, where there is a ROMFS, an image in it: two partitions, or the two halves of one.

The record /slot says which slot is active, and what it is:

- confirmed: it has reached a server since it is here;
- on trial: it has a few starts in which to `confirm`, then the other one is active again;
- back: it is active because the other one was on trial and failed.

The record is replaced as a whole. Without one, or where it is damaged, the slot that is there
starts; a slot that cannot be imported has the other one started.
"""

import os
import sys
from binascii import crc32

from micropython import const

_MAGIC = const(0x53)
_TRIAL_STARTS = const(3)
_TRIAL_WATCHDOG_MS = const(8000)
_REST_MS = const(10000)

CONFIRMED = const(0)
ON_TRIAL = const(1)
BACK = const(2)

_NAMES = ("a", "b", "")  # the last: the application is in neither


def load(path: str, size: int) -> bytes | None:
    """The `size` bytes of a small record, or None where it is missing or damaged."""
    try:
        with open(path, "rb") as file:
            data = file.read(size + 5)
    except OSError:
        return None
    if len(data) != size + 4 or _sum(data[:size]) != data[size:]:
        return None
    return data[:size]


def save(path: str, data: bytes) -> bool:
    """Replace a record by one rename; False, and the old one stays, where that fails."""
    try:
        with open(path + ".new", "wb") as file:
            file.write(data + _sum(data))
        os.rename(path + ".new", path)
    except OSError:
        return False
    return True


def _sum(data):
    return (crc32(data) & 0xFFFFFFFF).to_bytes(4, "big")


def _rom(slot):
    # What of the ROMFS belongs to a slot, or None
    try:
        from vfs import rom_ioctl

        count = rom_ioctl(1)
        if count > 1:
            return rom_ioctl(2, slot)
        whole = memoryview(rom_ioctl(2, 0))  # an RP2's flash object itself has no len()
        return whole[slot * len(whole) // 2 :]
    except (ImportError, OSError, TypeError):
        return None


class Slots:
    """The slots and their record. `root` stands before each path: "" on a board.

    `running` is the slot that runs: "a", "b", or "" where the application is not in a slot.
    `closed`: the application had the console closed, see `close`.
    """

    def __init__(self, root: str = ""):
        self.root = root
        self.path = root + "/slot"
        self.running = ""
        self.active = self.state = self.starts = 0
        self.closed = False
        record = load(self.path, 5)
        if record and record[0] == _MAGIC:
            self.active = record[1] & 1
            self.state = record[2]
            self.starts = record[3]
            self.closed = bool(record[4])

    # For others who keep a few bytes
    read = staticmethod(load)
    replace = staticmethod(save)

    def save(self) -> bool:
        """Write the record; False where that fails."""
        fields = _MAGIC, self.active, self.state, self.starts, self.closed
        return save(self.path, bytes(fields))

    def folder(self, slot: int) -> str | None:
        """The folder of a slot, its ROMFS mounted there; or None where it is empty."""
        folder = self.root + "/" + _NAMES[slot]
        rom = _rom(slot)
        if rom is not None:
            import vfs

            try:
                vfs.mount(vfs.VfsRom(rom), folder)
            except OSError:  # no image in it, or it is mounted already
                pass
        try:
            return folder if os.listdir(folder) else None
        except OSError:
            return None

    def order(self) -> tuple:
        """The numbers of the slots in the order in which to try them. Counts a trial's start."""
        active = self.active
        other = 1 - active
        if self.state == ON_TRIAL and self.folder(other):
            self.starts += 1
            if self.starts > _TRIAL_STARTS:
                self.fail()
                return other, active
            if not self.save():  # it could not be counted, and go on for ever
                return other, active
        return active, other

    def fail(self) -> None:
        """The active slot failed on trial: from the next start on it is the other one."""
        self.active = 1 - self.active
        self.state = BACK
        self.starts = 0
        self.save()

    def confirm(self) -> None:
        """The slot that runs is good: it has reached a server."""
        if self.state == ON_TRIAL and self.running == _NAMES[self.active]:
            self.state = CONFIRMED
            self.starts = 0
            self.save()

    def switch(self) -> bool:
        """Have the slot that does not run start on trial; False where it cannot be recorded."""
        before = self.active, self.state, self.starts
        self.active = self.running != "b"
        self.state = ON_TRIAL
        self.starts = 0
        if self.save():
            return True
        self.active, self.state, self.starts = before
        return False

    def close(self, closed: bool) -> None:
        """Remember whether nobody may get a prompt, not even where no slot can be started.

        Closed is at once, and open from the next start on.
        """
        if closed:
            _close_console()
        if closed != self.closed:
            self.closed = closed
            self.save()


def _guard():
    # A slot on trial that hangs while it is imported is reset, too
    try:
        import machine

        machine.WDT(timeout=_TRIAL_WATCHDOG_MS)
    except (ImportError, AttributeError, ValueError, OSError):
        pass


def _close_console():
    import micropython

    micropython.kbd_intr(-1)
    if hasattr(os, "dupterm"):
        os.dupterm(None)


def _rest():
    import time

    import machine

    time.sleep_ms(_REST_MS)
    machine.reset()


def _application():
    from firmware.meter import run

    return run


def start(root: str = "", application=_application) -> None:
    """Start the application of the slot that is to run; of another, where that fails.

    `application()` imports it and returns its `run`. Returns where there is none or where `run`
    has returned, unless the console is closed: then the board rests and is reset, as it is where
    `run` raised something.
    """
    slots = Slots(root)
    if slots.closed:
        _close_console()
    loaded = list(sys.modules)
    path = list(sys.path)
    candidates = []
    for slot in slots.order():
        folder = slots.folder(slot)
        if folder:
            candidates.append((slot, folder))
    if candidates:  # the ROMFS as MicroPython mounts it is one of them
        path = [place for place in path if not place.startswith("/rom")]
    else:
        candidates.append((2, ""))
    for slot, folder in candidates:
        on_trial = slots.state == ON_TRIAL and slot == slots.active
        sys.path[:] = [folder, folder + "/lib"] + path if folder else path
        try:
            if on_trial:
                _guard()
            run = application()
        except Exception as error:  # noqa: BLE001 whatever it is, this slot cannot be started
            print("E slot", folder, repr(error))
            for name in list(sys.modules):
                if name not in loaded:
                    del sys.modules[name]
            if on_trial:
                slots.fail()
            continue
        slots.running = _NAMES[slot]
        try:
            run(slots)
        except Exception as error:  # noqa: BLE001 nobody comes to restart a meter in a pit
            print("E meter", repr(error))
            _rest()
        break
    if slots.closed:
        _rest()
