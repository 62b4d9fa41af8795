"""What a transport is, and the one over UDP."""

import errno

from micropython import const

_MTU = const(1280)
_NEVER = const(0xFFFFFFFFFFF)


class Transport:
    """What a transport is, beside `send(datagram)`, `recv()`, `readable()` and `close()`.

    `readable()` returns what to wait for until `recv` is worth a call: a stream that can be
    polled, a `wakeup.Signal`, or None where something is there already.

    One with a state of its own, such as DTLS, has its own `deadline` and `poll`. It may be sent to
    once `established`; `failed` is None, or why it cannot be; `contexts` counts its security
    contexts: with another one its peer takes us for new. `longest` is how many bytes a datagram
    to be sent may have. `doubted`: after a restart something came that is not believed until the
    peer has answered something new.
    """

    deadline = _NEVER
    established = True
    failed = None
    contexts = 0
    longest = _MTU
    doubted = False

    def poll(self, now: int) -> int | None:
        """Do what is due; a transport with a deadline may return it."""

    def forget(self) -> None:
        """Have the next transport to this peer resume no security context."""


class Udp(Transport):
    """The UDP transport: a connected socket, so that only its peer is heard and errors show."""

    def __init__(self, host: str, port: int, account=None):
        """Resolve `host` (a name or an address; it blocks on every port). May raise OSError."""
        import socket  # which a board with a modem only has not

        try:
            addresses = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)
        except OSError:
            if not account or not account.address:
                raise
            addresses = [account.address]
        address = addresses[0]
        if account:
            if account.address in addresses:
                address = addresses[
                    (addresses.index(account.address) + account.elsewhere) % len(addresses)
                ]
            account.address = address
        self.socket = socket.socket(address[0], socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            self.socket.connect(address[-1])
        except OSError:
            self.close()
            raise

    def send(self, datagram: bytes) -> None:
        """Send one datagram; what the network refuses is lost and sent again, as any may be."""
        try:
            self.socket.send(datagram)
        except OSError:
            pass

    def recv(self) -> bytes | None:
        """A datagram, None, or b"" where nobody listened to what was sent: a loss, not the end.

        One longer than the MTU is dropped: it was cut.
        """
        try:
            datagram = self.socket.recv(_MTU + 1)
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                return b""
            if error.errno != errno.EAGAIN:
                raise
            return None
        return datagram if datagram and len(datagram) <= _MTU else None

    def readable(self):
        """What to wait for until a datagram is there: the socket."""
        return self.socket

    def close(self) -> None:
        """Free the socket."""
        self.socket.close()
