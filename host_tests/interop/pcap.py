"""Captures as pcap files of raw IP packets, and tshark's opinion of them."""

import ipaddress
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


def packet(source, destination, payload: bytes) -> bytes:
    """A UDP datagram in its IP packet; the ends as Python's sockets name them."""
    ends = []
    for host in (source[0], destination[0]):
        address = ipaddress.ip_address(host.partition("%")[0])
        ends.append(getattr(address, "ipv4_mapped", None) or address)
    if ends[0].version != ends[1].version or ends[0].is_unspecified:
        ends[0] = ends[1]  # a socket bound to any address: it all happens on the loopback
    elif ends[1].is_unspecified:
        ends[1] = ends[0]
    addresses = ends[0].packed + ends[1].packed
    size = 8 + len(payload)
    udp = struct.pack(">HHHH", source[1], destination[1], size, 0)
    check = _checksum(addresses + struct.pack(">II", size, 17) + udp + payload) or 0xFFFF
    udp = udp[:6] + struct.pack(">H", check) + payload
    if ends[0].version == 6:
        return struct.pack(">IHBB", 0x60000000, size, 17, 64) + addresses + udp
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, 0, 0x4000, 64, 17, 0) + addresses
    return header[:10] + struct.pack(">H", _checksum(header)) + header[12:] + udp


def write(file, datagrams) -> None:
    """A capture file of the datagrams (with `at`, `source`, `destination`, `data`)."""
    with open(file, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _RAW_IP))
        for one in datagrams:
            data = packet(one.source, one.destination, one.data)
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


def judge(tshark: str, file, ports) -> list:
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
