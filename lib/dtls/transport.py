"""DTLS as a transport above a transport: `send`, `recv`, `readable`, `close`, and a deadline."""

from micropython import const

from .record import DtlsError

_WAITING_LIMIT = const(4)  # datagrams kept until there is a session; CoAP sends again what is lost


class DtlsTransport:
    """A `Dtls` above `lower`, any transport such as coap's Udp.

    Its owner calls `poll(now)` when `deadline` has come. The first datagram begins the handshake
    if nobody has; after a failure nothing does, but `core.connect`, so that back-off is obeyed.
    """

    def __init__(self, lower, core, clock):
        self.lower = lower
        self.core = core
        self.clock = clock
        self.waiting = []
        self.got = []
        self.asked = []  # Message IDs of what was sent while the core is in doubt
        self.doubted = False

    def __getattr__(self, name: str):
        """What the core knows: `deadline`, `established`, `failed`, `resumed`..."""
        return getattr(self.core, name)

    def connect(self) -> None:
        """Begin a handshake now."""
        self.core.connect(self.clock.now())
        self._flush()

    def send(self, datagram: bytes) -> None:
        """Send a datagram; without a session it waits for one, with few others."""
        core = self.core
        now = self.clock.now()
        if core.doubt and not datagram[0] & 0x30:
            self.asked.append(bytes(datagram[2:4]))
        try:
            # What CoAP demands an answer to is confirmable (RFC 7252 section 3)
            core.send(datagram, now, not datagram[0] & 0x30)
        except DtlsError as error:
            if error.code == -1 and (core.state or not core.failed):
                waiting = self.waiting
                if len(waiting) < _WAITING_LIMIT and datagram not in waiting:
                    waiting.append(datagram)
                if not core.state:
                    core.connect(now)
        self._flush()

    def recv(self) -> bytes | None:
        """The next datagram's text, None, or b"" for a refusal, see coap's Udp."""
        if not self.got:
            datagram = self.lower.recv()
            if not datagram:
                return datagram
            self.got += self.core.input(datagram, self.clock.now())
            self._flush()
            if self.got and self.core.doubt:
                self._prove()
        return self.got.pop(0) or None if self.got else None

    def _prove(self):
        # After a restart an acknowledgement of what was sent since, or a Reset, is new, and with
        # it the server; what else comes may be old, and the server sends it again if it is not
        for text in self.got:
            if len(text) > 3 and text[0] & 0x20 and text[2:4] in self.asked:
                self.core.proven()
                return
        self.got = []
        self.doubted = True

    def readable(self):
        """What to wait for: None where `recv` has something, else what is waited for below."""
        return None if self.got else self.lower.readable()

    def export(self) -> bytes:
        """See Dtls.export."""
        return self.core.export(self.clock.now())

    def suspend(self) -> None:
        """See Dtls.suspend."""
        self.core.suspend()

    def poll(self, now: int) -> int:
        """Do what is due; the next deadline."""
        self.core.poll(now)
        self._flush()
        return self.core.deadline

    def close(self) -> None:
        """Say goodbye and close the transport below."""
        self.core.close(self.clock.now())
        self._flush()
        self.lower.close()

    def _flush(self):
        core = self.core
        waiting = self.waiting
        if waiting and core.state != 1:
            self.waiting = []
            if core.established:
                for datagram in waiting:
                    self.send(datagram)
        for datagram in core.outbox:
            self.lower.send(datagram)
        core.outbox.clear()
