"""DTLS by the firmware's own `tls` (mbedTLS, MicroPython 1.29 on), above any transport.

Its limits: no Connection ID, no session that survives anything, no CCM_8 in stock builds of rp2
and unix, 20 KiB of heap per connection, keys to 48 bytes, a first timer of 1 s that cannot be set.
It retransmits only inside calls, and does not say when it wants one: so what it sends is watched,
and `poll` calls it when its timer must have run out.
"""

import errno
import io

from micropython import const

from coap.udp import Transport

_NEVER = const(0xFFFFFFFFFFF)
_MTU = const(1280)
_FIRST_MS = const(1000)  # mbedTLS's timer: doubled up to a minute
_LONGEST_MS = const(60000)
_AGAIN_MS = const(250)  # its timer had not run out yet
_BURST = const(8)  # datagrams taken at once

_ALERT = const(21)
_HANDSHAKE = const(22)
_POLL = const(3)  # an ioctl


class Lower(io.IOBase):
    """The transport below as the stream that `tls` reads and writes, and what travels there."""

    def __init__(self, transport):
        self.transport = transport
        self.sent = 0  # datagrams
        self.received = 0
        self.alert = 0  # the latest in the clear
        self.finished = False  # the server's last handshake message has come

    def readinto(self, buffer) -> int | None:
        """The next datagram, or None."""
        datagram = self.transport.recv()
        if not datagram or len(datagram) > len(buffer):
            return None
        self.received += 1
        self._look(datagram)
        buffer[: len(datagram)] = datagram
        return len(datagram)

    def write(self, data) -> int:
        """Send a datagram."""
        self.sent += 1
        self.transport.send(bytes(data))
        return len(data)

    def ioctl(self, request: int, argument: int) -> int:
        """What a stream is asked beside; for a poll all is ready."""
        return argument if request == _POLL else 0

    def _look(self, datagram):
        # Each record: type, version, epoch, number (6), length, body
        at = 0
        while at + 13 < len(datagram):
            size = datagram[at + 11] << 8 | datagram[at + 12]
            kind = datagram[at]
            epoch = datagram[at + 3] << 8 | datagram[at + 4]
            if kind == _HANDSHAKE and epoch:
                self.finished = True
            elif kind == _ALERT and not epoch and size == 2 and at + 14 < len(datagram):
                self.alert = datagram[at + 14]
            at += 13 + size


class NativeDtls(Transport):
    """One DTLS connection; its handshake is begun by the first `poll`."""

    established = False

    def __init__(self, lower, context, clock, contexts: int, max_retransmit: int, log=None):
        """`context` is an SSLContext with everything set; `contexts` is had once established.

        May raise OSError.
        """
        self.lower = lower
        self.clock = clock
        self._contexts = contexts
        self.log = log or (lambda *event: None)
        self.max_retransmit = max_retransmit
        self.got = []
        self.deadline = 0
        self.failed = None
        self._below = Lower(lower)
        self._timeout = _FIRST_MS
        self._tries = 0
        self._confirmed = False  # the handshake is over: `tls` took data
        self._tls = context.wrap_socket(self._below, do_handshake_on_connect=False)

    def send(self, datagram: bytes) -> None:
        """Send a datagram; until the handshake is over it is dropped."""
        if self.failed is not None or not self.established:
            return
        try:
            taken = self._tls.write(datagram)
        except OSError as error:
            self._end(error)
            return
        if taken and not self._confirmed:
            self._confirmed = True
            self.deadline = _NEVER
            self.log(3, "dtls", "established", self._tls.cipher()[0])

    def recv(self) -> bytes | None:
        """The next datagram's text, or None."""
        if not self.got and self.failed is None:
            self._read()
        return self.got.pop(0) if self.got else None

    def readable(self):
        """What to wait for: None where `recv` has something, else what is waited for below."""
        return None if self.got else self.lower.readable()

    def poll(self, now: int) -> int:
        """Do what is due; the next deadline."""
        if now >= self.deadline and self.failed is None:
            self._read()
            if now >= self.deadline:  # its timer had not run out
                self.deadline = now + _AGAIN_MS
        return self.deadline

    def close(self) -> None:
        """Free it and the transport below. `tls` says no goodbye."""
        try:
            self._tls.close()
        except OSError:
            pass
        self.lower.close()

    def _read(self):
        below = self._below
        sent = below.sent
        received = below.received
        for _ in range(_BURST):
            try:
                data = self._tls.recv(_MTU + 1)
            except OSError as error:
                self._end(error)
                return
            if data is None:
                break
            if not data:  # close_notify
                self._end(None, 0)
                return
            if len(data) <= _MTU:
                self.got.append(data)
        if below.finished and not self.established:
            self.established = True
            self.contexts = self._contexts
        if below.sent == sent or self._confirmed:
            return
        if below.received > received or not sent:  # another flight
            self._timeout = _FIRST_MS
            self._tries = 0
        else:
            self._timeout = min(self._timeout * 2, _LONGEST_MS)
            self._tries += 1
        self.deadline = self.clock.now() + self._timeout
        if self._tries > self.max_retransmit:
            self._end(None)

    def _end(self, error, code=-1):
        # `failed` is an alert's number, -1 silence, 0 the server's goodbye
        if error is not None and error.errno == errno.ENOMEM:
            self.log(1, "dtls", "no memory")
        elif error is not None and self._below.alert:
            code = self._below.alert
        self.failed = code
        self.established = False
        self.deadline = _NEVER
        self.log(1 if code else 3, "dtls", "ended", code, error.errno if error else 0)
