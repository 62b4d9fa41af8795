"""The scripted peer: an LwM2M server over plain UDP that sends what a test says, byte by byte.

It sends any bytes in any order, loses, doubles, delays, resets or stays silent, and records every
datagram both ways with its time. One thread: the meter is a process of its own, and what it says
while the test does something else waits in the socket.
"""

import socket
import time
import typing

from . import wire
from .wire import ACK, CON, RST, Heard

PATIENCE = 20.0  # seconds, for what should come at once: a busy machine is slow to start a process


class Datagram(typing.NamedTuple):
    """One datagram of a capture. `sound` is False where a test broke it on purpose."""

    at: float
    ipv4: bool
    own_port: int
    meter_port: int
    inbound: bool
    data: bytes
    sound: bool


def links(payload: bytes) -> dict:
    """A list in link format: path -> attributes, both as they stand there."""
    found = {}
    for link in payload.decode().split(","):
        target, *attributes = link.split(";")
        assert target[0] == "<" and target[-1] == ">", link
        assert target[1:-1] not in found, "%s twice" % target
        found[target[1:-1]] = ";".join(attributes)
    return found


class Peer:
    """A server to one meter. `location` is what it answers a Register with."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, location=("rd", "1")):
        self.location = list(location)
        self.capture = []
        self.backlog = []  # heard, but not what was waited for
        self.answers = {}  # by Message ID
        self.lose = 0  # so many of the next datagrams from the meter are lost
        self.double = 0  # so many of the next datagrams to the meter are sent twice
        self.meter = None  # the address it was last heard from
        self.alive = None  # returns whether the meter's process still runs, if known
        self._mid = 0x7000
        self.socket = None
        self.open(host, port)

    def open(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        if host == "::":
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.bind((host, port))
        self.host = host
        self.port = self.socket.getsockname()[1]

    def close(self) -> None:
        """Be gone: what the meter sends is answered by ICMP port unreachable."""
        self.socket.close()

    def reopen(self) -> None:
        self.open(self.host, self.port)

    @property
    def uri(self) -> str:
        host = "[%s]" % self.host if ":" in self.host else self.host
        return "coap://%s:%d" % (host, self.port)

    # Datagrams

    def send(self, data: bytes, sound: bool = True) -> None:
        """Any bytes at all to the meter; `sound=False` keeps them out of what tshark checks."""
        for _ in range(2 if self.double else 1):
            self._record(self.meter, data, False, sound)
            self.socket.sendto(data, self.meter)
        self.double = max(self.double - 1, 0)

    def heard(self, timeout: float = PATIENCE) -> Heard | None:
        """The next datagram from the meter, or None."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            self.socket.settimeout(min(max(left, 0.0001), 0.5))
            running = not self.alive or self.alive()  # asked first: then all it said is there
            try:
                data, address = self.socket.recvfrom(65536)
            except TimeoutError:
                if left <= 0.5 or not running:
                    return None
                continue
            self._record(address, data, True, True)
            if self.lose:
                self.lose -= 1
                continue
            self.meter = address
            return Heard(data, time.monotonic())

    def _record(self, meter, data, inbound, sound):
        ipv4 = "." in meter[0]
        one = Datagram(time.time(), ipv4, self.port, meter[1], inbound, data, sound)
        self.capture.append(one)

    # What a server says and waits for

    def receive(self, timeout: float = PATIENCE) -> Heard:
        """The next message from the meter; there must be one."""
        if self.backlog:
            return self.backlog.pop(0)
        heard = self.heard(timeout)
        assert heard, "nothing from the meter within %g s" % timeout
        return heard

    def silence(self, seconds: float) -> None:
        """The meter must say nothing for so long."""
        heard = self.backlog[0] if self.backlog else self.heard(seconds)
        assert heard is None, "the meter said %r" % heard

    def drain(self) -> None:
        """Forget what has come so far."""
        self.backlog.clear()
        while self.heard(0):
            pass

    def _times(self, heard):
        return sum(one.inbound and one.data == heard.data for one in self.capture)

    def answer(self, heard: Heard, code: int, options=(), payload=b"") -> None:
        """Piggybacked on the acknowledgement."""
        datagram = wire.encode(ACK, code, heard.mid, heard.token, options, payload)
        self.answers[heard.mid] = datagram
        self.send(datagram)

    def acknowledge(self, heard: Heard) -> None:
        self.send(wire.encode(ACK, 0, heard.mid))

    def reset(self, heard: Heard) -> None:
        self.send(wire.encode(RST, 0, heard.mid))

    def separate(self, heard: Heard, code: int, options=(), payload=b"", kind=CON) -> int:
        """A response in a message of its own. Returns its Message ID."""
        mid = self.next_mid()
        self.send(wire.encode(kind, code, mid, heard.token, options, payload))
        return mid

    def next_mid(self) -> int:
        self._mid = (self._mid + 1) & 0xFFFF
        return self._mid

    def build(self, code, path, options=(), payload=b"", kind=CON, mid=None) -> bytes:
        """A request's datagram. Its token says its Message ID."""
        mid = self.next_mid() if mid is None else mid
        token = b"\xaa" + mid.to_bytes(2, "big")
        return wire.encode(kind, code, mid, token, [*wire.path(path), *options], payload)

    def request(self, code, path, options=(), payload=b"", kind=CON, timeout=PATIENCE) -> Heard:
        """Ask, and return the response; what else the meter says meanwhile is kept for later."""
        return self.exchange(self.build(code, path, options, payload, kind), timeout)

    def exchange(self, datagram: bytes, timeout: float = PATIENCE, sound: bool = True) -> Heard:
        """Send a request's datagram and return the response to its token."""
        self.send(datagram, sound)
        token = Heard(datagram, 0).token
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            heard = self.heard(end - time.monotonic())
            if heard and heard.token == token and heard.code > 31:
                return heard
            if heard:
                self.backlog.append(heard)
        raise AssertionError("no response within %g s" % timeout)

    def read(self, path: str, accept: int | None = None) -> Heard:
        options = () if accept is None else [(wire.ACCEPT, accept)]
        return self.request(wire.GET, path, options)

    def write(self, path: str, text: str) -> int:
        """Write a text; returns the response's code."""
        options = [(wire.CONTENT_FORMAT, wire.TEXT)]
        return self.request(wire.PUT, path, options, text.encode()).code

    def execute(self, path: str) -> int:
        return self.request(wire.POST, path).code

    # The registration interface

    def wait_register(self, timeout: float = PATIENCE) -> Heard:
        heard = self.receive(timeout)
        assert heard.kind == CON and heard.code == wire.POST and heard.path == ["rd"], heard
        return heard

    def grant(self, heard: Heard) -> None:
        """Answer a Register: 2.01 and the location."""
        self.answer(heard, wire.CREATED, [(wire.LOCATION_PATH, part) for part in self.location])

    def register(self, timeout: float = PATIENCE) -> Heard:
        """Wait for a Register and grant it."""
        heard = self.wait_register(timeout)
        self.grant(heard)
        return heard

    def wait_update(self, timeout: float = PATIENCE) -> Heard:
        """Wait for an Update at the location, and answer 2.04."""
        heard = self.receive(timeout)
        assert heard.kind == CON and heard.code == wire.POST, heard
        assert heard.path == self.location, heard
        self.answer(heard, wire.CHANGED)
        return heard

    def wait_deregister(self, timeout: float = PATIENCE) -> Heard:
        """Wait for the De-register, and answer 2.02.

        Ctrl-C may strike between sending and noting it: the latest may come once more.
        """
        heard = self.receive(timeout)
        while heard.code != wire.DELETE and self._times(heard) > 1:
            if heard.mid in self.answers:
                self.send(self.answers[heard.mid])
            heard = self.receive(timeout)
        assert heard.kind == CON and heard.code == wire.DELETE, heard
        assert heard.path == self.location and not heard.query, heard
        self.answer(heard, wire.DELETED)
        return heard
