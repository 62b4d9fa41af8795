"""Captures as pcap files of raw IP packets, and tshark's opinion of them."""

import os
import shutil
import struct
import subprocess

_RAW_IP = 101
_WARNING = 0x600000  # tshark's expert severities: chat 0x200000, note 0x400000, above it trouble


def _checksum(data: bytes) -> int:
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(addresses: bytes, ports: tuple, payload: bytes) -> bytes:
    """A UDP datagram in its IP packet; `addresses` are both of them, 8 or 32 bytes."""
    size = 8 + len(payload)
    udp = struct.pack(">HHHH", *ports, size, 0)
    check = _checksum(addresses + struct.pack(">II", size, 17) + udp + payload) or 0xFFFF
    udp = udp[:6] + struct.pack(">H", check) + payload
    if len(addresses) == 32:
        return struct.pack(">IHBB", 0x60000000, size, 17, 64) + addresses + udp
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, 0, 0x4000, 64, 17, 0) + addresses
    return header[:10] + struct.pack(">H", _checksum(header)) + header[12:] + udp


def write(file, captures) -> None:
    """A capture file of many captures, lists of datagrams.

    The ports are real. The addresses are not: each capture gets two of its own, or tshark would
    put blocks of different captures together.
    """
    with open(file, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _RAW_IP))
        for n, capture in enumerate(captures):
            for one in capture:
                net = b"\x0a" if one.ipv4 else b"\xfd" + bytes(12)
                ends = [net + struct.pack(">HB", n, end) for end in (1, 2)]
                ports = one.own_port, one.meter_port
                if one.inbound:
                    ends.reverse()
                    ports = ports[::-1]
                data = packet(b"".join(ends), ports, one.data)
                seconds, part = divmod(int(one.at * 1000000), 1000000)
                out.write(struct.pack("<IIII", seconds, part, len(data), len(data)) + data)


def find_tshark() -> str | None:
    """tshark's path. A CI machine that may install it does."""
    if not shutil.which("tshark") and os.environ.get("CI") == "true" and os.geteuid() == 0:
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update"], ["install", "-y", "--no-install-recommends", "tshark"]):
            if shutil.which("apt-get"):
                subprocess.run(["apt-get", "-q", *command], env=quiet, capture_output=True)
    return shutil.which("tshark")


def faults_of(tshark: str, file, ports) -> list:
    """(frame number, reason) of each frame that tshark finds fault with; and (0, how many)."""
    command = [tshark, "-n", "-r", str(file), "-o", "udp.check_checksum:TRUE"]
    for port in ports:
        command += ["-d", "udp.port==%d,coap" % port]
    command += ["-T", "fields", "-E", "occurrence=a", "-E", "separator=/t"]
    fields = "frame.number frame.protocols _ws.malformed _ws.expert.severity _ws.expert.message"
    for field in fields.split():
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    faults = []
    rows = done.stdout.splitlines()
    for row in rows:
        number, protocols, malformed, severities, reason = (row + "\t" * 4).split("\t")[:5]
        worst = max((int(one, 0) for one in severities.split(",") if one), default=0)
        if malformed or worst >= _WARNING or "coap" not in protocols.split(":"):
            faults.append((int(number), reason or malformed or protocols))
    return [(0, len(rows)), *faults]
