"""An ESP32's boot loader on a pty, as esptool speaks with it: the ROM's commands, then its stub's.

    with RomLoader("ESP32-C3") as chip:
        esptool ... --port chip.port
        chip.flash       # what is in the flash now

SLIP frames and the commands of Espressif's "Serial Protocol". The stub that esptool uploads is
taken and not run: from its start on, the loader answers as the stub does. Faults are attributes.
"""

import hashlib
import os
import pty
import select
import struct
import threading
import tty
import zlib

END, ESCAPE = b"\xc0", b"\xdb"
SYNC, READ_REG, WRITE_REG = 0x08, 0x0A, 0x09
MEM_BEGIN, MEM_END, MEM_DATA = 0x05, 0x06, 0x07
FLASH_BEGIN, FLASH_DATA, FLASH_END = 0x02, 0x03, 0x04
SPI_SET_PARAMS, SPI_ATTACH, CHANGE_BAUD = 0x0B, 0x0D, 0x0F
DEFL_BEGIN, DEFL_DATA, DEFL_END = 0x10, 0x11, 0x12
MD5, SECURITY_INFO, READ_SLOW = 0x13, 0x14, 0x0E
ERASE_FLASH, ERASE_REGION, READ_FLASH, RUN_USER = 0xD0, 0xD1, 0xD2, 0xD3

MAGIC_REG = 0x40001000
JEDEC_ID, SFDP = 0x9F, 0x5A
INVALID = b"\x01\x05"  # status, "received message is invalid"
BAD_CHECKSUM = b"\x01\x07"


class Facts:
    """What differs between the chips."""

    def __init__(self, magic, chip_id, spi, offsets, mac):
        self.magic, self.chip_id, self.spi, self.mac = magic, chip_id, spi, mac
        self.usr2, self.w0 = offsets


# SPI1's base, its USR2 and W0 registers; the registers of the MAC address.
CHIPS = {
    "ESP32": Facts(0x00F01D83, None, 0x3FF42000, (0x24, 0x80), (0x3FF5A004, 0x3FF5A008)),
    "ESP32-C3": Facts(0, 5, 0x60002000, (0x20, 0x58), (0x60008844, 0x60008848)),
    "ESP32-S3": Facts(0, 9, 0x60002000, (0x20, 0x58), (0x60007044, 0x60007048)),
}


class RomLoader:
    """One chip in its boot loader. `size_mb`: of its flash."""

    def __init__(self, mcu, size_mb=4, mac=1):
        self.facts = CHIPS[mcu]
        self.flash = bytearray(b"\xff") * (size_mb << 20)
        self.size_mb = size_mb
        self.registers = {self.facts.mac[0]: mac, self.facts.mac[1]: 0}
        if self.facts.magic:
            self.registers[MAGIC_REG] = self.facts.magic
        self.commands = []
        self.written = []  # (address, length) of each beginning of a write
        # Faults.
        self.silent = False  # it answers nothing
        self.worn_out = None  # an address that takes no new content
        self.noise = None  # the number of the answer that has a byte less
        self.hang_at = None  # the number of the data block after which it says nothing more
        self.unplug_at = None  # the number of the data block at which the cable is pulled
        self._blocks = self._answers = 0
        self._stub = False
        self._reading = None  # the frames of a read that goes on

    def __enter__(self):
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._slave = slave  # held open: else the master reads an error between two users
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="rom loader")
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.write(self._wake, b"x")
        self._thread.join()
        self.unplug()
        os.close(self._stop)
        os.close(self._wake)

    def unplug(self):
        """Pull the cable: the port is gone."""
        for name in ("_master", "_slave"):
            handle = getattr(self, name)
            if handle is not None:
                os.close(handle)
                setattr(self, name, None)

    def _serve(self):
        frame = None
        while self._master is not None:
            ready, _, _ = select.select([self._master, self._stop], [], [])
            if self._stop in ready:
                return
            for byte in self._read():
                if byte == 0xC0:
                    if frame:
                        self._handle(unescaped(bytes(frame)))
                    frame = None if frame else bytearray()
                elif frame is not None:
                    frame.append(byte)

    def _read(self):
        try:
            return os.read(self._master, 65536)
        except OSError:
            return b""

    # Frames.

    def _send(self, data):
        data = data.replace(ESCAPE, b"\xdb\xdd").replace(END, b"\xdb\xdc")
        self._answers += 1
        if self._answers == self.noise:
            data = data[:-1]
        if self._master is not None and not self.silent:
            os.write(self._master, END + data + END)

    def _answer(self, op, value=0, body=b"", status=b"\0\0"):
        if not self._stub:
            status += b"\0\0"  # the ROM's has two bytes more
        body += status
        self._send(struct.pack("<BBHI", 1, op, len(body), value) + body)

    def _handle(self, frame):
        if self.silent:
            return
        if len(frame) < 8:
            if self._reading:
                self._send(self._reading.pop(0))
            return
        _, op, size, checksum = struct.unpack("<BBHI", frame[:8])
        data = frame[8 : 8 + size]
        self.commands.append(op)
        action = self._ACTIONS.get(op)
        if action is None or (op >= ERASE_FLASH and not self._stub):
            self._answer(op, status=INVALID)
        else:
            action(self, op, data, checksum)

    # Commands.

    def _ok(self, op, data, checksum):
        self._answer(op)

    def _sync(self, op, data, checksum):
        for _ in range(8):
            self._answer(op, 0 if self._stub else 0x20120707)

    def _read_register(self, op, data, checksum):
        self._answer(op, self.registers.get(struct.unpack("<I", data[:4])[0], 0))

    def _write_register(self, op, data, checksum):
        address, value, _, _ = struct.unpack("<4I", data[:16])
        facts = self.facts
        if address == facts.spi:  # a command to the flash chip, done at once
            command = self.registers.get(facts.spi + facts.usr2, 0) & 0xFF
            identity = 0x40EF | (0x13 + self.size_mb.bit_length()) << 16
            known = {JEDEC_ID: identity, SFDP: 0x50444653}
            self.registers[facts.spi + facts.w0] = known.get(command, 0)
        else:
            self.registers[address] = value
        self._answer(op)

    def _security(self, op, data, checksum):
        if self.facts.chip_id is None:
            self._answer(op, status=INVALID)
        else:
            self._answer(op, body=struct.pack("<I8B2I", 0, *[0] * 8, self.facts.chip_id, 0))

    def _memory_end(self, op, data, checksum):
        self._answer(op)
        self._stub = True
        self._send(b"OHAI")

    def _begin(self, op, data, checksum):
        size, _, block, offset = struct.unpack("<4I", data[:16])
        if offset + size > len(self.flash):
            self._answer(op, status=INVALID)
            return
        self._at, self._block, self._inflate = offset, block, zlib.decompressobj()
        self.written.append((offset, size))
        end = offset + size + -size % 4096
        self._program(offset, b"\xff" * (end - offset))
        self._answer(op)

    def _data(self, op, data, checksum):
        length, _, _, _ = struct.unpack("<4I", data[:16])
        content = data[16 : 16 + length]
        self._blocks += 1
        if self._blocks == self.unplug_at:
            self.unplug()
            return
        if self._blocks == self.hang_at:
            self.silent = True
            return
        expected = 0xEF
        for byte in content:
            expected ^= byte
        if expected != checksum:
            self._answer(op, status=BAD_CHECKSUM)
            return
        if op == DEFL_DATA:
            content = self._inflate.decompress(content)
        self._program(self._at, content)
        self._at += len(content)
        self._answer(op)

    def _program(self, at, content):
        self.flash[at : at + len(content)] = content
        if self.worn_out is not None and at <= self.worn_out < at + len(content):
            self.flash[self.worn_out] = 0x5A

    def _md5(self, op, data, checksum):
        at, size = struct.unpack("<2I", data[:8])
        digest = hashlib.md5(self.flash[at : at + size])
        self._answer(op, body=digest.digest() if self._stub else digest.hexdigest().encode())

    def _read_slow(self, op, data, checksum):
        at, size = struct.unpack("<2I", data[:8])
        self._answer(op, body=bytes(self.flash[at : at + size]).ljust(64, b"\0"))

    def _read_flash(self, op, data, checksum):
        at, size, block, _ = struct.unpack("<4I", data[:16])
        self._answer(op)
        content = bytes(self.flash[at : at + size])
        self._reading = [content[i : i + block] for i in range(0, size, block)]
        self._reading.append(hashlib.md5(content).digest())
        self._send(self._reading.pop(0))

    def _erase(self, op, data, checksum):
        at, size = struct.unpack("<2I", data[:8]) if data else (0, len(self.flash))
        self._program(at, b"\xff" * size)
        self._answer(op)

    _ACTIONS = {
        SYNC: _sync,
        READ_REG: _read_register,
        WRITE_REG: _write_register,
        SECURITY_INFO: _security,
        MEM_BEGIN: _ok,
        MEM_DATA: _ok,
        MEM_END: _memory_end,
        SPI_SET_PARAMS: _ok,
        SPI_ATTACH: _ok,
        CHANGE_BAUD: _ok,
        FLASH_BEGIN: _begin,
        DEFL_BEGIN: _begin,
        FLASH_DATA: _data,
        DEFL_DATA: _data,
        FLASH_END: _ok,
        DEFL_END: _ok,
        MD5: _md5,
        READ_SLOW: _read_slow,
        READ_FLASH: _read_flash,
        ERASE_FLASH: _erase,
        ERASE_REGION: _erase,
        RUN_USER: _ok,
    }


def unescaped(frame):
    """A SLIP frame's content."""
    return frame.replace(b"\xdb\xdc", END).replace(b"\xdb\xdd", ESCAPE)
