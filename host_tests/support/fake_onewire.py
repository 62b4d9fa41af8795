"""The modules `onewire` and `ds18x20` of MicroPython's firmware, over one wire of DS18B20s.

`wire` has the probes by ROM. A scratchpad comes as the chip has it; CRC and presence are
checked as the originals do.
"""


class OneWireError(Exception):
    """Nobody answers a reset of the bus."""


class Wire:
    """What is at the pin: `held` low, or probes."""

    def __init__(self):
        self.probes = {}
        self.held = False

    def present(self):
        """Does anybody answer a reset? A bus that is held low looks so."""
        if not self.probes and not self.held:
            raise OneWireError


wire = Wire()


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


def crc8(data):
    """Dallas's CRC."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc


class OneWire:
    """onewire.OneWire."""

    def __init__(self, pin):
        self.pin = pin


class DS18X20:
    """ds18x20.DS18X20."""

    def __init__(self, bus):
        self.bus = bus

    def scan(self):
        """The ROMs that answer."""
        return [bytearray(rom) for rom in sorted(wire.probes)]

    def convert_temp(self):
        """Have all probes measure."""
        wire.present()
        for probe in wire.probes.values():
            probe.register = probe.raw & 0xFFFF

    def read_scratch(self, rom):
        """A probe's scratchpad; with CRC 0 of nine zeros a bus that is held passes."""
        wire.present()
        data = bytearray(9) if wire.held else bytearray(b"\xff" * 9)
        if not wire.held and rom in wire.probes:
            data = wire.probes[rom].scratchpad()
        if crc8(data):
            raise Exception("CRC error")
        return data


class Module:
    """Both modules."""

    OneWire, OneWireError, DS18X20 = OneWire, OneWireError, DS18X20
