"""A flash whose power goes: a block device for MicroPython's VfsLfs2 and VfsFat."""

import errno

LITTLEFS_BLOCK = 4096
FAT_BLOCK = 512
STOP, TEAR, REVERT = "stop", "tear", "revert"


class PowerCut(Exception):
    """The power went while the flash was written."""


class Flash:
    """`count` blocks of `size` bytes. With `cut` the power goes at that change of the flash.

    How: STOP, the change is not made; TEAR, half of it is; REVERT, it is reported as made and is
    lost with the power, at the change after it.
    """

    def __init__(self, data=None, size=LITTLEFS_BLOCK, count=32, fat=False):
        self.size, self.count, self.fat = size, count, fat
        self.data = bytearray(data) if data else bytearray(b"\xff" * (size * count))
        self.changes = 0
        self.cut = None
        self.how = STOP
        self.off = False
        self._undo = None

    def readblocks(self, number, buffer, offset=0):
        if self.off:
            raise OSError(errno.EIO)
        start = number * self.size + offset
        buffer[:] = self.data[start : start + len(buffer)]

    def writeblocks(self, number, buffer, offset=0):
        self._change(number * self.size + offset, bytes(buffer))

    def ioctl(self, operation, argument):
        if operation == 4:
            return self.count
        if operation == 5:
            return self.size
        if operation == 6:
            if not self.fat:
                self._change(argument * self.size, b"\xff" * self.size)
            return 0
        return 0

    def _change(self, start, new):
        if self.off:
            raise OSError(errno.EIO)
        if self._undo:
            place, old = self._undo
            self.data[place : place + len(old)] = old
            self._end()
        if self.changes == self.cut:
            if self.how == TEAR:
                half = len(new) // 2
                self.data[start : start + half] = new[:half]
            if self.how != REVERT:
                self._end()
            self._undo = start, bytes(self.data[start : start + len(new)])
        self.changes += 1
        self.data[start : start + len(new)] = new

    def _end(self):
        self.off = True
        raise OSError(errno.EIO)

    def reverted(self):
        """Take back what is lost with the power, if no change came after it."""
        if self._undo and not self.off:
            place, old = self._undo
            self.data[place : place + len(old)] = old
        return bytes(self.data)
