"""The load: confirmable Reads, one outstanding, from a bare socket; the same for every side."""

import pathlib
import re
import socket
import subprocess
import sys

from host_tests.interop import wire
from host_tests.interop.meter import MAIN, MICROPYTHON, ROOT, cpu_ns, environment

HERE = pathlib.Path(__file__).parent
PATIENCE = 5  # seconds; a datagram lost on the loopback ends a run, it is not sent again


class Side:
    """A process that serves /3/0/0, and a socket at its other end."""

    def __init__(self, name: str, process, sock):
        self.name = name
        self.process = process
        self.socket = sock
        self.mid = 0
        self.sizes = {}  # of datagrams, by what they are

    def reads(self, count: int, path: str = "/3/0/0") -> bytes:
        """Read `path` as text so often; the payload of the last answer."""
        send, receive = self.socket.send, self.socket.recv
        options = [*wire.path(path), (wire.ACCEPT, wire.TEXT)]
        request = bytearray(wire.encode(wire.CON, wire.GET, 0, b"tokn", options))
        answer = b""
        for _ in range(count):
            self.mid = (self.mid + 1) & 0xFFFF
            request[2], request[3] = request[6], request[7] = self.mid >> 8, self.mid & 255
            send(request)
            answer = receive(2048)
            if answer[1] != wire.CONTENT or answer[2:8] != request[2:8]:
                raise AssertionError("%s answers %r to %r" % (self.name, answer, bytes(request)))
        if path == "/3/0/0":
            self.sizes["Read"], self.sizes["its answer"] = len(request), len(answer)
        return answer[answer.index(b"\xff") + 1 :]

    def cpu_us(self, count: int) -> float:
        """Processor time a Read, over `count` of them."""
        before = cpu_ns(self.process.pid)
        self.reads(count)
        return (cpu_ns(self.process.pid) - before) / count / 1000

    def close(self) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _socket():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(PATIENCE)
    return one


def meter(program: pathlib.Path | None = None) -> Side:
    """The real meter, registered here; or `device_loop.py` instead."""
    sock = _socket()
    sock.bind(("127.0.0.1", 0))
    uri = "coap://127.0.0.1:%d" % sock.getsockname()[1]
    command = [MICROPYTHON, program, uri] if program else [MICROPYTHON, MAIN, "--server", uri]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    data, address = sock.recvfrom(2048)
    sock.connect(address)
    register = wire.Heard(data, 0)
    location = [(wire.LOCATION_PATH, "rd"), (wire.LOCATION_PATH, "QNvyUWrEpC")]  # like Leshan's
    created = wire.encode(wire.ACK, wire.CREATED, register.mid, register.token, location)
    sock.send(created)
    side = Side("meter", process, sock)
    side.sizes = {"Register": len(data), "Created": len(created)}
    return side


def aiocoap() -> Side:
    """aiocoap's server role, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, HERE / "aiocoap_server.py"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    line = process.stdout.readline()
    assert re.fullmatch(r"\d+\n", line), line
    sock = _socket()
    sock.connect(("127.0.0.1", int(line)))
    return Side("aiocoap", process, sock)
