"""The network's side of PPP: answers LCP and IPCP, gives the guest its address, passes IP packets.

No authentication, no options beyond address, magic, ACCM and MRU: what a modem's PPP needs.
"""

import struct
from collections.abc import Callable

LCP, IPCP, IPV4 = 0xC021, 0x8021, 0x0021
REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATED = 1, 2, 3, 4, 5, 6
PROTOCOL_REJECT, ECHO, ECHO_REPLY = 8, 9, 10
_IP_ADDRESS = 3
_KNOWN_OPTIONS = {LCP: (1, 2, 5), IPCP: (_IP_ADDRESS,)}
_OUR_REQUEST = 77


class Peer:
    """One PPP session's other end; frames come in through `input` and leave through `send`."""

    def __init__(
        self, guest: bytes, host: bytes, send: Callable, deliver: Callable, connected: Callable
    ):
        self.guest, self.host = guest, host
        self._send, self._deliver, self._connected = send, deliver, connected
        self._agreed = set()  # (protocol, ACK sent or received): IPCP is open with both

    def input(self, frame: bytes) -> None:
        """Handle one frame from the guest."""
        protocol, data = _split(frame)
        if protocol == IPV4:
            self._deliver(data)
        elif protocol in (LCP, IPCP):
            self._control(protocol, data)
        else:
            self._answer(LCP, PROTOCOL_REJECT, 1, struct.pack("!H", protocol) + data)

    def terminate(self) -> None:
        """End the session, as a network does that lost it."""
        self._agreed.clear()
        self._answer(LCP, TERMINATE, _OUR_REQUEST, b"")

    def send_ip(self, packet: bytes) -> None:
        """Send an IP packet to the guest."""
        self._send(b"\xff\x03" + struct.pack("!H", IPV4) + packet)

    def _answer(self, protocol: int, code: int, number: int, data: bytes) -> None:
        head = struct.pack("!HBBH", protocol, code, number, len(data) + 4)
        self._send(b"\xff\x03" + head + data)

    def _control(self, protocol: int, data: bytes) -> None:
        code, number, length = struct.unpack_from("!BBH", data)
        data = data[4:length]
        if code == REQUEST:
            self._requested(protocol, number, data)
        elif code == ACK:
            self._agree(protocol, "received")
        elif code == ECHO and protocol == LCP:
            self._answer(LCP, ECHO_REPLY, number, bytes(4) + data[4:])
        elif code == TERMINATE:
            self._agreed.clear()
            self._answer(protocol, TERMINATED, number, b"")

    def _requested(self, protocol: int, number: int, data: bytes) -> None:
        options = _options(data)
        unknown = [option for option in options if option[0] not in _KNOWN_OPTIONS[protocol]]
        if unknown:
            self._answer(protocol, REJECT, number, _encode(unknown))
        elif protocol == IPCP and (_IP_ADDRESS, self.guest) not in options:
            self._answer(protocol, NAK, number, _encode([(_IP_ADDRESS, self.guest)]))
        else:
            self._accept(protocol, number, data)

    def _accept(self, protocol: int, number: int, data: bytes) -> None:
        if protocol == LCP:
            self._agreed.clear()  # a new session: the guest was reset
        self._answer(protocol, ACK, number, data)
        ours = _encode([(_IP_ADDRESS, self.host)]) if protocol == IPCP else b""
        self._answer(protocol, REQUEST, _OUR_REQUEST, ours)
        self._agree(protocol, "sent")

    def _agree(self, protocol: int, way: str) -> None:
        self._agreed.add((protocol, way))
        if protocol == IPCP and {(IPCP, "sent"), (IPCP, "received")} <= self._agreed:
            self._connected()


def _split(frame: bytes) -> tuple[int, bytes]:
    """Return (protocol, data), with address and protocol compressed or not."""
    if frame[:2] == b"\xff\x03":
        frame = frame[2:]
    if frame[0] & 1:
        return frame[0], frame[1:]
    return int.from_bytes(frame[:2], "big"), frame[2:]


def _options(data: bytes) -> list[tuple[int, bytes]]:
    options = []
    while len(data) >= 2 and data[1] >= 2:
        options.append((data[0], data[2 : data[1]]))
        data = data[data[1] :]
    return options


def _encode(options: list[tuple[int, bytes]]) -> bytes:
    return b"".join(bytes((kind, len(value) + 2)) + value for kind, value in options)
