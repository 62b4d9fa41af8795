"""IPv4 and UDP, as little as a link with one host on each side needs; checksums both ways."""

import struct

UDP = 17
_IP_HEAD, _UDP_HEAD = 20, 8


class BadPacketError(Exception):
    """A packet whose lengths or checksums are wrong, or that is no whole UDP datagram."""


def checksum(data: bytes) -> int:
    """Return the Internet checksum; 0 over data that holds its own right checksum."""
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _pseudo_header(source: bytes, target: bytes, length: int) -> bytes:
    return source + target + struct.pack("!BBH", 0, UDP, length)


def pack_udp(source: tuple[bytes, int], target: tuple[bytes, int], data: bytes) -> bytes:
    """Return the IP packet of a datagram between two (address, port)."""
    length = _UDP_HEAD + len(data)
    udp = struct.pack("!4H", source[1], target[1], length, 0) + data
    check = checksum(_pseudo_header(source[0], target[0], length) + udp) or 0xFFFF
    udp = udp[:6] + check.to_bytes(2, "big") + data
    head = struct.pack("!BBHHHBBH", 0x45, 0, _IP_HEAD + length, 1, 0, 64, UDP, 0)
    head += source[0] + target[0]
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + udp


def unpack_udp(packet: bytes) -> tuple[tuple[bytes, int], tuple[bytes, int], bytes]:
    """Return (source, target, data) of an IP packet with a whole UDP datagram."""
    if len(packet) < _IP_HEAD + _UDP_HEAD or packet[0] >> 4 != 4:
        raise BadPacketError("no IPv4 packet")
    head, total = (packet[0] & 15) * 4, int.from_bytes(packet[2:4], "big")
    if total > len(packet) or checksum(packet[:head]):
        raise BadPacketError("IPv4 length or checksum")
    if packet[9] != UDP or int.from_bytes(packet[6:8], "big") & 0x3FFF:
        raise BadPacketError("no UDP, or a fragment")
    return _unpack(packet[12:16], packet[16:20], packet[head:total])


def _unpack(source: bytes, target: bytes, udp: bytes) -> tuple:
    source_port, target_port, length, check = struct.unpack_from("!4H", udp)
    if length > len(udp):
        raise BadPacketError("UDP length")
    udp = udp[:length]
    if check and checksum(_pseudo_header(source, target, length) + udp):
        raise BadPacketError("UDP checksum")
    return (source, source_port), (target, target_port), udp[_UDP_HEAD:]
