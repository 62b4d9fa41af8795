"""The cellular line on a UART: PPP to the guest, one host socket for each of its UDP ports.

The guest's 10.64.64.1 is the host's 127.0.0.1. A socket stays open, so that a server sees one peer
and its own datagrams arrive; nothing leaves this machine.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable

from . import hdlc, ip, ppp
from .chip import NS_PER_MS, Chip
from .faults import Datagram, Faults, none

GUEST, HOST = bytes((10, 64, 64, 2)), bytes((10, 64, 64, 1))
LOOPBACK = "127.0.0.1"
_DIAL, _CONNECT = b"ATD*99#\r", b"\r\nCONNECT 100000000\r\n"
_LARGEST = 65536


class Line:
    """PPP peer and relay; `datagrams` keeps what passed, `faults` says what becomes of each."""

    def __init__(self, chip: Chip, uart: int = 0, faults: Faults = none):
        self.faults = faults
        self.datagrams: list[Datagram] = []
        self.dropped = 0  # packets that were no good datagram to 10.64.64.1
        self.up_ns: float | None = None
        self.mute = False  # nothing passes, as when the modem has no power
        self.dialled = 0
        self.overrun = 0  # bytes that came to a full FIFO, as while flash is erased
        self._command: bytearray | None = None  # what came since the modem left data mode
        self.changed = asyncio.Event()
        self._chip = chip
        self._uart = chip.mcu.uart[uart]
        self._uart.on_byte = self._byte
        self._unwrapper = hdlc.Unwrapper()
        self._guest = GUEST
        self._peer = ppp.Peer(GUEST, HOST, self._queue, self._packet, self._connected)
        self._wire = deque()
        self._pump_alarm = chip.mcu.clock.create_alarm(self._pump)
        self._pumping = False
        self._sockets: dict[int, socket.socket] = {}
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Close the host's sockets."""
        for port in list(self._sockets):
            self._hang_up(port)

    def restart(self) -> None:
        """Forget the session, as a modem does when its host is reset."""
        self.up_ns = self._command = None
        self._wire.clear()
        self.close()

    def hang_up(self, guest: bytes = GUEST) -> None:
        """End PPP; the modem is in command mode until it is dialled, then gives this address."""
        self.up_ns = None
        self._peer.terminate()
        self._peer.guest = self._guest = guest
        self._command = bytearray()

    # Guest to host.

    def _byte(self, byte: int) -> None:
        if self.mute:
            return
        if self._command is not None:
            self._dial(byte)
            return
        frame = self._unwrapper.feed(byte)
        if frame:
            self._peer.input(frame)

    def _dial(self, byte: int) -> None:
        self._command.append(byte)
        if self._command.endswith(_DIAL):
            self._command = None
            self.dialled += 1
            self._feed(_CONNECT)

    def _connected(self) -> None:
        self.up_ns = self._chip.now_ns
        self.changed.set()

    def _packet(self, packet: bytes) -> None:
        try:
            source, target, data = ip.unpack_udp(packet)
        except ip.BadPacketError:
            self.dropped += 1
            return
        if target[0] != HOST:
            self.dropped += 1
            return
        datagram = Datagram(self._chip.now_ns, True, source[1], target[1], data)
        self._pass(datagram, self._to_host)

    def _to_host(self, datagram: Datagram) -> None:
        try:
            self._socket(datagram.guest_port).sendto(datagram.data, (LOOPBACK, datagram.host_port))
        except OSError:  # nobody there, or a full buffer: a loss, as on any network
            self.dropped += 1

    def _socket(self, guest_port: int) -> socket.socket:
        if guest_port not in self._sockets:
            host = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            host.setblocking(False)
            host.bind((LOOPBACK, 0))
            self._loop.add_reader(host, self._readable, host, guest_port)
            self._sockets[guest_port] = host
        return self._sockets[guest_port]

    def _hang_up(self, guest_port: int) -> None:
        host = self._sockets.pop(guest_port)
        self._loop.remove_reader(host)
        host.close()

    # Host to guest.

    def _readable(self, host: socket.socket, guest_port: int) -> None:
        try:
            data, sender = host.recvfrom(_LARGEST)
        except OSError:  # nothing after all, or a refusal: see _to_host
            return
        datagram = Datagram(self._chip.now_ns, False, guest_port, sender[1], data)
        self._pass(datagram, self._to_guest)

    def _to_guest(self, datagram: Datagram) -> None:
        sender, receiver = (HOST, datagram.host_port), (self._guest, datagram.guest_port)
        self._peer.send_ip(ip.pack_udp(sender, receiver, datagram.data))
        self._wire.append(lambda: self._note(datagram))

    # Both ways.

    def _pass(self, datagram: Datagram, forward: Callable) -> None:
        if datagram.from_guest:
            self._note(datagram)
        for delay in self.faults(datagram):
            if delay:
                alarm = self._chip.mcu.clock.create_alarm(lambda: forward(datagram))
                alarm.schedule(delay * NS_PER_MS)
            else:
                forward(datagram)

    def _note(self, datagram: Datagram) -> None:
        """Keep a datagram, stamped now: one to the guest when its last byte has passed."""
        now, plain = self._chip.now_ns, datagram
        self.datagrams.append(
            Datagram(now, plain.from_guest, plain.guest_port, plain.host_port, plain.data)
        )
        self.changed.set()

    def _queue(self, frame: bytes) -> None:
        if not self.mute:
            self._feed(hdlc.wrap(frame))

    def _feed(self, data: bytes) -> None:
        self._wire.extend(data)
        if not self._pumping:
            self._pumping = True
            self._pump_alarm.schedule(self._uart.byte_ns)

    def _pump(self) -> None:
        """Feed a byte at the UART's speed; one that finds a full FIFO is lost: no flow control."""
        while self._wire and callable(self._wire[0]):
            self._wire.popleft()()
        if self._wire:
            self.overrun += self._uart.rx_fifo.full
            self._uart.feed_byte(self._wire.popleft())
        self._pumping = bool(self._wire)
        if self._pumping:
            self._pump_alarm.schedule(self._uart.byte_ns)
