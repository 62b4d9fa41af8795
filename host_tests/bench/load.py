"""The load: confirmable Reads, one outstanding, from a bare socket; the same for every side."""

import pathlib
import re
import socket
import subprocess
import sys

from host_tests.interop import wire
from host_tests.interop.meter import MAIN, MICROPYTHON, ROOT, cpu_ns, environment

HERE = pathlib.Path(__file__).parent
OBSERVE = 6
NOTIFICATION = b"\x48\x45"  # CON 2.05 with a token of eight bytes
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

    def observe(self, form: int, path: str = "/3424/0/4") -> None:
        """Observe `path` in a format."""
        self.mid = (self.mid + 1) & 0xFFFF
        options = [*wire.path(path), (OBSERVE, b""), (wire.ACCEPT, form)]
        self.socket.send(wire.encode(wire.CON, wire.GET, self.mid, b"observed", options))
        answer = wire.Heard(self.socket.recv(2048), 0)
        if answer.code != wire.CONTENT or answer.opt.observe is None:
            raise AssertionError("%s answers %r" % (self.name, answer))

    def notifications(self, count: int) -> bytes:
        """Let what is observed change so often, acknowledge all at once; the last payload."""
        send, receive = self.socket.send, self.socket.recv
        send(b"\x60\x00" + count.to_bytes(2, "big"))  # see notify_loop.py
        mid = last = b""
        for _ in range(count):
            datagram = receive(2048)
            if datagram[:2] != NOTIFICATION or datagram[4:12] != b"observed":
                raise AssertionError("%s sends %r" % (self.name, datagram))
            payload = datagram[datagram.index(b"\xff") + 1 :]
            if datagram[2:4] == mid or payload == last:
                earlier = (mid, last)
                raise AssertionError("%s repeats %r, had %r" % (self.name, datagram, earlier))
            mid, last = datagram[2:4], payload
            send(b"\x60\x00" + mid)
        self.sizes["a notification"] = len(datagram)
        return last

    def cpu_us(self, work, count: int) -> float:
        """Processor time of each of `count`, `work` being `reads` or `notifications`."""
        before = cpu_ns(self.process.pid)
        work(count)
        return (cpu_ns(self.process.pid) - before) / count / 1000

    def close(self) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _socket(patience=PATIENCE):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(patience)
    return one


def meter(program: pathlib.Path | None = None, under=(), patience: int = PATIENCE) -> Side:
    """The real meter, registered here; or another program like `device_loop.py`.

    `under` is the command that runs the program, where another one does.
    """
    sock = _socket(patience)
    sock.bind(("127.0.0.1", 0))
    uri = "coap://127.0.0.1:%d" % sock.getsockname()[1]
    command = [MICROPYTHON, program, uri] if program else [MICROPYTHON, MAIN, "--server", uri]
    process = subprocess.Popen([*under, *command], env=environment(), stdout=subprocess.DEVNULL)
    data, address = sock.recvfrom(2048)
    sock.connect(address)
    register = wire.Heard(data, 0)
    location = [(wire.LOCATION_PATH, "rd"), (wire.LOCATION_PATH, "QNvyUWrEpC")]  # like Leshan's
    created = wire.encode(wire.ACK, wire.CREATED, register.mid, register.token, location)
    sock.send(created)
    side = Side("meter", process, sock)
    side.sizes = {"Register": len(data), "Created": len(created)}
    return side


def aiocoap(form: int = 0) -> Side:
    """aiocoap's server role, in a process of its own; it notifies in the format `form`."""
    command = [sys.executable, HERE / "aiocoap_server.py", str(form)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    line = process.stdout.readline()
    assert re.fullmatch(r"\d+\n", line), line
    sock = _socket()
    sock.connect(("127.0.0.1", int(line)))
    return Side("aiocoap", process, sock)
