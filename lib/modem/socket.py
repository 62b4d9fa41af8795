"""One socket of a cellular modem, as a transport, and its life. Its modem does the work."""

from micropython import const

from coap.udp import Transport
from coap.wakeup import Signal

_NEVER = const(0xFFFFFFFFFFF)
_MTU = const(1280)
_KEPT = const(4)  # datagrams that wait on each side

# States
SHUT = const(0)
OPENING = const(1)
OPEN = const(2)


class Socket(Transport):
    """One socket of the modem, a transport as coap's Udp is one.

    It is opened again when the modem does not have it any more; then `contexts` changes, for its
    address may have. `failed` is -1 once modem or network gave no sign of life for too long.
    """

    established = False

    def __init__(self, modem, number, host, port, account):
        self.modem = modem
        self.longest = modem.kind.longest
        self.number = number
        self.host = host
        self.port = port
        self.account = account  # of a socket with the modem's own DTLS
        self.state = SHUT
        self.got = []
        self.out = []
        self.pending = False  # there is something to be read
        self.was_read = False  # the last that was done for it, not sent
        self.ended = False
        self.look = _NEVER  # when to read unasked
        self.step = 0  # from the last look to that
        self.until = 0  # an attempt to open ends, or begins
        self.opens = 0
        self._news = Signal()

    def send(self, datagram: bytes) -> None:
        """Send one datagram, or the latest few once the socket is open."""
        if len(datagram) <= self.longest and not self.ended:
            if len(self.out) == _KEPT:
                self.out.pop(0)
            self.out.append(bytes(datagram))
            self.modem.owner.wake()

    def recv(self) -> bytes | None:
        """A datagram, or None."""
        if not self.got:
            return None
        datagram = self.got.pop(0)
        if self.pending:
            self.modem.owner.wake()
        return datagram

    def readable(self):
        """What to wait for until a datagram is there or `established` changed."""
        self.modem.owner.serve()
        return None if self.got else self._news

    def close(self) -> None:
        """Free the socket; what was not sent yet is not sent."""
        self.ended = True
        self.established = False
        self.out.clear()
        self.got.clear()
        self.modem.owner.wake()

    # Its life, for the engine and its scripts

    def must_read(self, now: int) -> bool:
        """Is a read due, and is there room for what it returns?"""
        return self.pending and len(self.got) < _KEPT or now >= self.look

    def look_again(self, now: int, step: int) -> None:
        """Read in `step` milliseconds, even if no line says that there is something."""
        self.step = step
        self.look = now + step

    def due_at(self) -> int:
        """When the modem has to do something for it."""
        return self.look if self.state == OPEN else self.until

    def received(self, datagram: bytes) -> None:
        """A datagram has come; it is dropped where too many wait."""
        if not self.ended and 0 < len(datagram) <= _MTU:
            if len(self.got) < _KEPT:
                self.got.append(datagram)
            self._news.set()

    def establish(self) -> None:
        """The modem has opened it."""
        self.state = OPEN
        self.opens = 0
        self.established = True
        self._news.set()

    def reopen(self, now: int) -> None:
        """The modem does not have it any more: it is opened again, from `now` on."""
        self.state = SHUT
        self.until = now
        self.pending = False
        self.look = _NEVER

    def fail(self) -> None:
        """It is given up."""
        self.failed = -1
        self.established = False
        self._news.set()
