"""The latest lines of the log, in a ring of bytes. Imported where `event_log` is configured."""

from micropython import const

_NEWLINE = const(10)


class Ring:
    """Keeps the last `size` bytes of lines; each goes to `write` as well.

    It serves lwm2m.objects.event_log. Its bytes are allocated once, here.
    """

    def __init__(self, size: int, write):
        self.data = bytearray(size)
        self.print = write
        self.running = True
        self.clear()

    def clear(self) -> None:
        """Forget all lines."""
        self.used = self.end = 0

    def write(self, line: str) -> None:
        """Print a line, and keep it while the ring runs; the oldest ones give way."""
        self.print(line)
        if not self.running:
            return
        text = memoryview((line + "\n").encode())
        data = self.data
        size = len(data)
        text = text[-size:]
        first = min(len(text), size - self.end)
        data[self.end : self.end + first] = text[:first]
        data[: len(text) - first] = text[first:]
        self.end = (self.end + len(text)) % size
        self.used = min(self.used + len(text), size)

    def content(self) -> bytearray:
        """A copy of the whole lines, the oldest first."""
        data = self.data
        size = len(data)
        used = self.used
        start = (self.end - used) % size
        if used == size:  # the oldest line may have lost its begin
            while data[start] != _NEWLINE:
                start = (start + 1) % size
                used -= 1
            start = (start + 1) % size
            used -= 1
        lines = bytearray(used)
        first = min(used, size - start)
        lines[:first] = memoryview(data)[start : start + first]
        lines[first:] = memoryview(data)[: used - first]
        return lines
