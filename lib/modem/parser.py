"""What a modem says, cut into lines, prompts and the bytes of datagrams."""

from micropython import const

# What `next` returns
LINE = const(0)
PROMPT = const(1)
DATAGRAM = const(2)
GARBAGE = const(3)

_NEVER = const(0xFFFFFFFFFFF)
_LINE_LIMIT = const(512)  # the longest line that is looked at, in bytes
_RAW_MS = const(3000)  # the bytes of a datagram follow within that time
_DROPPED_KEPT = const(64)  # bytes in which the answer to a sign of life is looked for


class Parser:
    """Give it bytes with `input`, then call `next` until it returns None.

    A line may change how the bytes after it are read: see `expect` and `awaits_prompt`.
    """

    def __init__(self, prompt: bytes):
        self.prompt = prompt
        self.awaits_prompt = False
        self._buffer = bytearray()
        self._size = 0  # bytes of a datagram come next
        self._missing = 0  # bytes to be dropped, for they are of a datagram
        self._dropped = b""
        self.clear()

    def clear(self) -> None:
        """Forget what is incomplete. The rest of a datagram is dropped, should it come late."""
        self._skip(max(self._size, len(self._buffer)))
        self._size = 0
        self.deadline = _NEVER

    def settle(self) -> None:
        """Between signs of life: is the rest of a datagram lost, so that answers were dropped?"""
        if b"\r\nOK\r\n" in self._dropped:
            self._missing = 0
        self._dropped = b""

    def expect(self, size: int, now: int, keep: bool = True) -> None:
        """The next `size` bytes are a datagram, to be dropped unless `keep`."""
        if keep:
            self._size = size
        else:
            self._skip(size)
        if self._size or self._missing:
            self.deadline = now + _RAW_MS  # then they are lost: `clear`, and have a sign of life

    def input(self, data: bytes) -> None:
        """Take what the modem has said."""
        self._buffer += data
        if self._missing:
            size = self._missing
            self._missing = 0
            self._dropped = (self._dropped + data)[-_DROPPED_KEPT:]
            self._skip(size)
            if not self._missing:
                self.deadline = _NEVER

    def _skip(self, size):
        size -= len(self._take(min(size, len(self._buffer))))
        self._missing += size

    def next(self) -> tuple | None:
        """(what it is, its bytes), or None until more has come."""
        while self._buffer:
            buffer = self._buffer
            size = self._size
            if size:
                if len(buffer) < size:
                    break
                self._size = 0
                self.deadline = _NEVER
                return DATAGRAM, self._take(size)
            end = buffer.find(b"\n")
            if self.awaits_prompt and end < 2:
                prompt = self.prompt
                if bytes(buffer[:8]).lstrip().startswith(prompt):
                    self.awaits_prompt = False
                    return PROMPT, self._take(buffer.find(prompt) + len(prompt))
            if end < 0:
                if len(buffer) <= _LINE_LIMIT:
                    break
                self._buffer = bytearray()
                return GARBAGE, b""
            line = self._take(end + 1).strip()
            if line and len(line) <= _LINE_LIMIT:
                return LINE, line
        return None

    def _take(self, size):
        buffer = self._buffer
        self._buffer = buffer[size:]
        return bytes(buffer[:size])
