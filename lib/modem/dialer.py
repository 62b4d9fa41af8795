"""Dials by the sockets inside a cellular modem, whose AT commands go over a UART or a tty."""

import asyncio
import errno

from micropython import const

from coap.endpoint import Endpoint
from coap.udp import Transport
from coap.wakeup import event_loop
from modem.engine import Modem

_CHUNK = const(256)
_BUFFER = const(2048)
_VTIME = const(5)
_VMIN = const(6)


class Stream(Transport):
    """The line to the modem, over anything with `read` and `write` that do not block."""

    def __init__(self, stream):
        self.stream = stream
        self._any = getattr(stream, "any", None)
        self._nothing = 0

    def send(self, data: bytes) -> None:
        """Write, in a few pieces where it takes only a part; the rest is dropped."""
        for _ in range(8):
            taken = self.stream.write(data) or 0
            if taken >= len(data):
                break
            data = data[taken:]

    def recv(self) -> bytes | None:
        """What has come, or None. Raises OSError(EIO) where a tty has hung up."""
        count = min(self._any(), _CHUNK) if self._any else _CHUNK
        data = self.stream.read(count) if count else None
        if data:
            self._nothing = 0
            return data
        self._nothing += 1
        if self._nothing > 4 and not self._any:
            self._nothing = 0
            raise OSError(errno.EIO)
        return None

    def readable(self):
        """What to wait for until something is there: the stream."""
        return self.stream

    def close(self) -> None:
        """The stream stays open: it is the board's."""


class Cellular:
    """The modem and the tasks that serve it. Call it to open a socket to a server."""

    def __init__(self, kind, stream, clock, log=None, attach: int = 180):
        """`attach` is in seconds."""
        self.log = log or (lambda level, *event: None)
        self.clock = clock
        self.stream = Stream(stream)
        self.core = Modem(kind, self, attach * 1000)
        self.endpoint = Endpoint(self.core, clock)
        self._loop = self._task = None  # the event loop, and what runs in it

    def serve(self) -> None:
        """For the modem: see that the tasks run. They end with their event loop, or by a fault."""
        loop = event_loop()
        same = self._loop is loop
        if not same or self._task.done():  # a full heap may end it
            if same:
                self.endpoint.detach()
            if self._loop:
                self.core.interrupted()
            self._loop = loop
            self.endpoint = Endpoint(self.core, self.clock)
            self.endpoint.attach(self.stream)
            self._task = asyncio.create_task(self.endpoint.run())

    def wake(self) -> None:
        """For the modem: there is something to do."""
        self.core.poll(self.clock.now())
        self.endpoint.flush()

    def __call__(self, host: str, port: int, account=None):
        """A UDP socket of the modem. May raise OSError."""
        self.serve()
        return self.core.open(host, port)

    def secure(self, host: str, port: int, account):
        """A socket with the modem's own DTLS. May raise OSError."""
        self.serve()
        return self.core.open(host, port, account)


def table(name: str):
    """The table of a modem: modem/<name>.py, or a vendor's modem_<name>.py; or None."""
    for module in ("modem." + name, "modem_" + name):
        try:
            return getattr(__import__(module, None, None, ("Kind",)), "Kind", None)
        except ImportError:
            pass
    return None


def device(settings: dict):
    """The stream to a modem: a tty of the Unix port, which never waits, or a UART.

    `settings` is the section "modem" of the configuration. May raise OSError, ValueError or
    ImportError.
    """
    name = settings["device"]
    if not isinstance(name, str):
        import machine

        pins = {key: machine.Pin(settings[key]) for key in ("tx", "rx") if key in settings}
        baud = settings.get("baud", 115200)
        return machine.UART(name, baud, timeout=0, rxbuf=_BUFFER, txbuf=_BUFFER, **pins)
    import termios

    stream = open(name, "r+b", buffering=0)  # noqa: SIM115 it stays open
    termios.setraw(stream.fileno())
    attributes = termios.tcgetattr(stream.fileno())
    attributes[6][_VMIN] = attributes[6][_VTIME] = 0
    termios.tcsetattr(stream.fileno(), termios.TCSANOW, attributes)
    return stream
