"""HDLC-like framing of PPP (RFC 1662): flags, escapes and the 16-bit frame check sequence."""

FLAG, ESCAPE = 0x7E, 0x7D
_GOOD = 0xF0B8  # the FCS over a frame and its own FCS


def _fcs_table() -> tuple:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0x8408 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_TABLE = _fcs_table()


def _fcs(data: bytes) -> int:
    value = 0xFFFF
    for byte in data:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return value


def wrap(frame: bytes) -> bytes:
    """Return what goes on the wire: all control characters escaped, no ACCM agreed."""
    out = bytearray([FLAG])
    for byte in frame + (_fcs(frame) ^ 0xFFFF).to_bytes(2, "little"):
        if byte < 0x20 or byte in (FLAG, ESCAPE):
            out += bytes((ESCAPE, byte ^ 0x20))
        else:
            out.append(byte)
    out.append(FLAG)
    return bytes(out)


class Unwrapper:
    """Bytes in, whole frames out; `bad` counts those whose check failed."""

    def __init__(self):
        self.bad = 0
        self._frame = bytearray()
        self._escaped = False

    def feed(self, byte: int) -> bytes | None:
        """Take a byte; return a frame without its FCS when one ends here."""
        if byte == FLAG:
            return self._end()
        if byte == ESCAPE:
            self._escaped = True
        else:
            self._frame.append(byte ^ 0x20 if self._escaped else byte)
            self._escaped = False
        return None

    def _end(self) -> bytes | None:
        frame, self._frame, self._escaped = bytes(self._frame), bytearray(), False
        if len(frame) < 4:
            return None
        if _fcs(frame) != _GOOD:
            self.bad += 1
            return None
        return frame[:-2]
