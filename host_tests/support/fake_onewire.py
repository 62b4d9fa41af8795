"""The C module `_onewire` of MicroPython's firmware, over one wire of DS18B20s.

`wire` has the probes by ROM. Bits and bytes are those that the chip's data sheet has: with several
probes each bit is low where one of them pulls it low.
"""


def crc8(data):
    """Dallas's CRC."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc


def rom(data):
    """A ROM: family, six bytes, and here its CRC."""
    return data + bytes((crc8(data),))


class Probe:
    """A DS18B20. `raw` is its temperature in 1/16 degC, of which a conversion takes note."""

    def __init__(self, raw=0):
        self.raw = raw
        self.register = 0x0550
        self.noise = False

    def scratchpad(self):
        """Nine bytes with their CRC."""
        data = bytearray(self.register.to_bytes(2, "little") + b"\x4b\x46\x7f\xff\x0c\x10")
        data.append(crc8(data))
        if self.noise:
            data[1] ^= 4
        return data


class Wire:
    """What is at the pin: `held` low, or probes; and how far a transfer has come."""

    def __init__(self):
        self.probes = {}
        self.held = False
        self.takes = self.selected = None
        self.sent = b""
        self.bit = 0  # of a search: two reads and a write for each

    def begin(self):
        """A reset of the bus. A bus that is held low looks as if somebody answered."""
        self.takes, self.selected = self.command, list(self.probes)
        return bool(self.probes) or self.held

    def command(self, byte):
        """The first byte says to whom the next ones are."""
        self.sent, self.bit = b"", 0
        self.takes = {0xCC: self.function, 0x55: self.match, 0xF0: None}[byte]

    def match(self, byte):
        """The eight bytes of a ROM."""
        self.sent += bytes((byte,))
        if len(self.sent) == 8:
            self.selected = [one for one in self.selected if one == self.sent]
            self.takes = self.function

    def function(self, byte):
        """What those who are selected do."""
        chosen = [self.probes[one] for one in self.selected if one in self.probes]
        if byte == 0x44:
            for probe in chosen:
                probe.register = probe.raw & 0xFFFF
        elif byte == 0xBE:
            answer = bytearray(b"\xff" * 9)
            for probe in chosen:
                for i, value in enumerate(probe.scratchpad()):
                    answer[i] &= value
            self.sent = bytes(9) if self.held else bytes(answer)

    def said(self, complement):
        """A bit of a search, by all who are left."""
        if self.held:
            return 0
        bits = [(one[self.bit >> 3] >> (self.bit & 7) & 1) ^ complement for one in self.selected]
        return min(bits) if bits else 1

    def chosen(self, bit):
        """Those who have another bit leave the search."""
        at, mask = self.bit >> 3, 1 << (self.bit & 7)
        self.selected = [one for one in self.selected if bool(one[at] & mask) == bool(bit)]
        self.bit += 1


wire = Wire()
_reads = [0]


def reset(pin):
    """Does anybody answer?"""
    _reads[0] = 0
    return wire.begin()


def writebyte(pin, byte):
    """Send a byte."""
    wire.takes(byte)


def readbyte(pin):
    """Take a byte; nobody sends one: all bits are high."""
    byte, wire.sent = wire.sent[:1], wire.sent[1:]
    return byte[0] if byte else 0xFF


def readbit(pin):
    """Take a bit of a search."""
    _reads[0] ^= 1
    return wire.said(1 - _reads[0])


def writebit(pin, bit):
    """Send a bit of a search."""
    wire.chosen(bit)


class Module:
    """The module."""

    crc8, reset = staticmethod(crc8), staticmethod(reset)
    readbit, readbyte = staticmethod(readbit), staticmethod(readbyte)
    writebit, writebyte = staticmethod(writebit), staticmethod(writebyte)
