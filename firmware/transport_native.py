"""DTLS by the firmware's own `tls` (mbedTLS, MicroPython 1.29 on), above any transport.

Its limits: no Connection ID, no session that survives anything, no CCM_8 in stock builds of rp2
and unix, 20 KiB of heap a connection, keys to 48 bytes, a first timer of 1 s that cannot be set.
It retransmits only inside calls, and nothing tells when it wants one: so what it sends is watched,
and `poll` calls it when its timer must have run out.
"""

import errno
import io
from asyncio import core as _core

import tls
from micropython import const

from coap.endpoint import Transport
from config import ConfigError, wrong

_NEVER = const(0xFFFFFFFFFFF)
_MTU = const(1280)
_FIRST_MS = const(1000)  # mbedTLS's timer: doubled up to a minute
_LONGEST_MS = const(60000)
_AGAIN_MS = const(250)  # its timer had not run out yet
_BURST = const(8)  # datagrams taken at once
_LONGEST_KEY = const(48)

_ALERT = const(21)
_HANDSHAKE = const(22)
_POLL = const(3)  # an ioctl

# Resources of Object 0
_IDENTITY = const(3)
_KEY = const(5)
_SUITES = const(16)

# By the IANA's numbers; the order is the one in which they are offered.
_NAMES = {
    0xC0A8: "TLS-PSK-WITH-AES-128-CCM-8",
    0xC0A4: "TLS-PSK-WITH-AES-128-CCM",
    0x00A8: "TLS-PSK-WITH-AES-128-GCM-SHA256",
    0x00AE: "TLS-PSK-WITH-AES-128-CBC-SHA256",
}
_MANDATORY = const(0xC0A8)


class Lower(io.IOBase):
    """The transport below as the stream that `tls` reads and writes, and what travels there."""

    def __init__(self, transport):
        self.transport = transport
        self.sent = 0  # datagrams
        self.heard = 0
        self.alert = 0  # the latest in the clear
        self.finished = False  # the server's last handshake message has come

    def readinto(self, buffer) -> int | None:
        """The next datagram, or None."""
        datagram = self.transport.recv()
        if not datagram or len(datagram) > len(buffer):
            return None
        self.heard += 1
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


class Native(Transport):
    """One DTLS connection; its handshake is begun by the first `poll`."""

    established = False

    def __init__(self, lower, context, clock, contexts: int = 1, log=None):
        """`context` is an SSLContext with everything set. May raise OSError."""
        self.lower = lower
        self.clock = clock
        self.contexts_then = contexts
        self.log = log or (lambda *event: None)
        self.max_retransmit = 5
        self.got = []
        self.deadline = 0
        self.failed = None
        self._below = Lower(lower)
        self._timeout = _FIRST_MS
        self._tries = 0
        self._sure = False  # the handshake is over: `tls` took data
        self._tls = context.wrap_socket(self._below, do_handshake_on_connect=False)

    def send(self, datagram: bytes) -> None:
        """Send a datagram; until the handshake is over it is lost."""
        if self.failed is not None or not self.established:
            return
        try:
            taken = self._tls.write(datagram)
        except OSError as error:
            self._end(error)
            return
        if taken and not self._sure:
            self._sure = True
            self.deadline = _NEVER
            self.log(3, "dtls", "established", self._tls.cipher()[0])

    def recv(self) -> bytes | None:
        """The next datagram's text, or None."""
        if not self.got and self.failed is None:
            self._read()
        return self.got.pop(0) if self.got else None

    def readable(self) -> None:
        """Have the running task resumed when `recv` has something: call it, then yield."""
        if self.got:
            _core._task_queue.push(_core.cur_task)
        else:
            self.lower.readable()

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
        heard = below.heard
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
            self.contexts = self.contexts_then
        if below.sent == sent or self._sure:
            return
        if below.heard > heard or not sent:  # another flight
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


class Dial:
    """Dials servers by native DTLS over the plain transport."""

    def __init__(self, client, log, settings: dict):
        """`settings`: max_retransmit."""
        self.client = client
        self.log = log
        self.settings = settings
        self.contexts = 0

    def __call__(self, host: str, port: int, account: dict):
        """The transport to a server. May raise OSError, or ValueError for the suites."""
        context = tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT)
        context.verify_mode = tls.CERT_NONE  # there are none: the key authenticates the server
        context.psk_identity = account[_IDENTITY]
        context.psk_key = account[_KEY]
        context.set_ciphers(suites(account.get(_SUITES), context.get_ciphers()))
        lower = self.client.transports["coap"](host, port, account)
        self.contexts += 1
        try:
            made = Native(lower, context, self.client.clock, self.contexts, self.log)
        except OSError:
            lower.close()
            raise
        for name, value in self.settings.items():
            setattr(made, name, value)
        return made


def suites(wanted, offered: list) -> list:
    """The names of the suites of an account that the build offers; ValueError if there are none.

    Where the account has only the mandatory one, or none, and the build does not know it, they
    are all that the build has.
    """
    numbers = list(wanted.values()) if wanted else [_MANDATORY]
    found = [_NAMES[number] for number in numbers if _NAMES.get(number) in offered]
    if not found and numbers == [_MANDATORY]:
        found = [name for name in _NAMES.values() if name in offered]
    if not found:
        raise ValueError("suites")
    return found


def check(config: dict) -> None:
    """Can this firmware do it? ConfigError else."""
    if not hasattr(tls, "PROTOCOL_DTLS_CLIENT") or not hasattr(
        tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT), "psk_key"
    ):
        wrong(
            "dtls.backend",
            "native",
            "own: this firmware's tls has no pre-shared keys (MicroPython 1.29 has)",
        )
    for key in ("first_timeout", "mtu"):
        if key in config["dtls"]:
            raise ConfigError("dtls.%s: cannot be set for the backend native" % key)
    offered = tls.SSLContext(tls.PROTOCOL_DTLS_CLIENT).get_ciphers()
    for i, server in enumerate(config["servers"]):
        place = "servers[%d]." % i
        if len(server.get("key", b"")) > _LONGEST_KEY:
            raise ConfigError(place + "key: must be of at most 96 digits for the backend native")
        if "suites" in server:
            try:
                suites(dict(enumerate(server["suites"])), offered)
            except ValueError:
                wrong(place + "suites", server["suites"], "suites that this firmware's tls has")


def factory(scheme: str, client, config: dict, board, log):
    """What dials coaps by native DTLS."""
    return Dial(client, log, config["dtls"])
