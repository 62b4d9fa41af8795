"""Transports by the sockets inside a cellular modem, whose AT commands go over a UART or a tty."""

import asyncio
import errno
from asyncio import core as _core

from micropython import const

from at_modem import Modem
from coap.endpoint import Endpoint, Transport
from config import boolean, integer, mapping, string, wrong

_CHUNK = const(256)
_BUFFER = const(2048)
_VTIME = const(5)
_VMIN = const(6)
_TEXTS = ("apn", "user", "password")
_NUMBERS = {
    "baud": (1200, 3000000),
    "tx": (0, 255),
    "rx": (0, 255),
    "attach": (5, 3600),
    "look": (0, 86400),
}


class Stream(Transport):
    """What the modem says and is told, over anything with `read` and `write` that do not block."""

    def __init__(self, stream):
        self.stream = stream
        self._any = getattr(stream, "any", None)
        self._nothing = 0

    def send(self, data: bytes) -> None:
        """Write, in a few pieces where it takes only a part; the rest is lost."""
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

    def readable(self) -> None:
        """Have the running task resumed when something is there: call it, then yield."""
        _core._io_queue.queue_read(self.stream)

    def close(self) -> None:
        """The stream stays open: it is the board's."""


class Cellular:
    """The modem and the tasks that serve it. Call it to open a socket to a server."""

    def __init__(self, kind, stream, clock, log=None, attach: int = 180):
        """`attach` is in seconds."""
        self.core = Modem(kind, attach * 1000)
        self.core.kick = self._kick
        self.core.alive = self._alive
        if log:
            self.core.log = log
        self.clock = clock
        self.stream = Stream(stream)
        self.endpoint = Endpoint(self.core, clock)
        self._queue = None  # the event loop that the tasks are of, by its queue

    def _alive(self):
        # The tasks end with their event loop
        if self._queue is not _core._io_queue:
            self._queue = _core._io_queue
            self.endpoint = Endpoint(self.core, self.clock)
            self.endpoint.attach(self.stream)
            asyncio.create_task(self.endpoint.run())

    def _kick(self):
        self.core.poll(self.clock.now())
        self.endpoint.flush()

    def __call__(self, host: str, port: int, account=None):
        """A UDP socket of the modem. May raise OSError."""
        self._alive()
        return self.core.open(host, port)

    def secure(self, host: str, port: int, account: dict):
        """A socket with the modem's own DTLS. May raise OSError."""
        self._alive()
        return self.core.open(host, port, account)


def table(name: str):
    """The table of a kind of modem, out of the file modem_<name>.py; or None."""
    try:
        return getattr(__import__("modem_" + name), "Kind", None)
    except ImportError:
        return None


def check(config: dict) -> None:
    """Is the section "modem" right? ConfigError else."""
    given = config["modem"]
    known = ("device", "kind", "push") + _TEXTS + tuple(_NUMBERS)
    mapping("modem", given, known)
    device = given.get("device")
    if isinstance(device, str):
        string("modem.device", device, 255)
    else:
        integer("modem.device", device, 0, 16)
    kind = given.get("kind")
    if not isinstance(kind, str) or not kind or "/" in kind or "." in kind or not table(kind):
        wrong("modem.kind", kind, "the name of a table: bg95, or X where there is modem_X.py")
    for key in _TEXTS:
        text = given.get(key, "")
        if not isinstance(text, str) or len(text) > 100 or '"' in text or not _plain(text):
            # it may be a password
            wrong("modem." + key, None, "a text of at most 100 letters, without quotes")
    for key, (low, high) in _NUMBERS.items():
        if key in given:
            integer("modem." + key, given[key], low, high)
    if "push" in given:
        boolean("modem.push", given["push"])
    if config["backend"] == "modem" and not table(kind).secure:
        wrong("dtls.backend", "modem", 'own or native: "%s" has no DTLS with a shared key' % kind)


def _plain(text):
    return all(" " <= letter <= "~" for letter in text)


def _opened(given):
    # A tty of the Unix port, which gives what is there and never waits; or a UART
    device = given["device"]
    if not isinstance(device, str):
        import machine

        pins = {key: machine.Pin(given[key]) for key in ("tx", "rx") if key in given}
        baud = given.get("baud", 115200)
        return machine.UART(device, baud, timeout=0, rxbuf=_BUFFER, txbuf=_BUFFER, **pins)
    import termios

    stream = open(device, "r+b", buffering=0)  # noqa: SIM115 it stays open
    termios.setraw(stream.fileno())
    settings = termios.tcgetattr(stream.fileno())
    settings[6][_VMIN] = settings[6][_VTIME] = 0
    termios.tcsetattr(stream.fileno(), termios.TCSANOW, settings)
    return stream


def factory(scheme: str, client, config: dict, board, log):
    """What dials by the modem; `board`, where given, opens its stream. May raise ConfigError."""
    given = config["modem"]
    cellular = getattr(client, "cellular", None)
    if cellular is None:
        try:
            stream = board() if board else _opened(given)
        except (OSError, ValueError, ImportError):
            wrong("modem.device", given["device"], "a device that can be opened")
        kind = table(given["kind"])(given)
        cellular = Cellular(kind, stream, client.clock, log, given.get("attach", 180))
        client.cellular = cellular
    return cellular.secure if scheme == "coaps" else cellular
