"""A PPP that is lost is ended and dialled again. Imported only then; see ppp.py."""

import io

from micropython import const

_ANSWER_MS = const(2000)  # what a modem in command mode has for its CONNECT
# A modem that left data mode dials; one that is in data mode drops it as a bad frame.
_DIAL = b"\rATD*99#\r"


class _Closing(io.IOBase):
    # A stream whose peer agrees to the end of PPP: LCP's Terminate-Ack (RFC 1661, RFC 1662)
    IRQ_RXIDLE = 0
    frame = b"~\xff}#\xc0!}&}!} }$\xf0\xe2~"

    def readinto(self, buffer):
        count = len(self.frame)
        buffer[:count] = self.frame
        self.frame = b""
        return count

    def write(self, data):
        return len(data)

    def irq(self, *arguments):
        pass


def end(line) -> None:
    """End PPP, whether or not the peer still answers."""
    # It waits for its peer or for lwIP's timers, which stand still without a link
    # (micropython#17272); and until it has ended there is no other one.
    ppp = line.interface
    ppp.config(stream=_Closing())
    ppp.disconnect()
    ppp.poll()
    ppp.config(stream=line.uart)


def dial(line, now: int) -> None:
    """Have the modem dial, and later begin PPP."""
    line.called = not line.called
    if line.called:
        line.due = now + _ANSWER_MS
        line.uart.read()  # of the session before
        line.uart.write(_DIAL)
        return
    line.due = None
    line.since = now
    try:
        line.interface.connect()
    except OSError:
        pass  # it stays down
