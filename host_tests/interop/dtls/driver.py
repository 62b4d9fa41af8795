"""The client under test, on CPython or inside the Unix port: a script of steps over real UDP.

A line of JSON on stdin: port, identity and key in hex, suites, settings, chance of loss, steps.
What happened is a line of JSON on stdout.
"""

import json
import select
import socket
import sys
import time

if sys.implementation.name == "cpython":
    ROOT = __file__.rsplit("/host_tests/", 1)[0]
    sys.path[:0] = [
        ROOT + "/lib",
        ROOT + "/host_tests/support/shims",
        ROOT + "/host_tests/support",
        ROOT,
    ]
    import micropython  # noqa: F401 the shim

    started = time.monotonic()

    def clock():
        """Milliseconds."""
        return int((time.monotonic() - started) * 1000)

    from binascii import unhexlify
else:
    from binascii import unhexlify
    from time import ticks_ms as clock

from dtls_store import Store
from tools.impairment import impaired
from virtual import Chance

from dtls.client import Dtls
from dtls.transport import DtlsTransport


class Net:
    """A UDP socket that counts, and loses, repeats, delays and cuts datagrams by chance."""

    def __init__(self, port, percent, seed):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        self.poller = select.poll()
        self.poller.register(self.socket, select.POLLIN)
        self.percent = percent
        self.below = Chance(seed).below
        self.late = []
        self.back = []  # received, to be given later
        self.capture = []  # (outwards?, hex, ms)
        self.forged = []  # [after so many of the server's, hex]: what comes from somebody else
        self.heard = 0

    def send(self, datagram):
        """To the server."""
        self.capture.append((1, datagram.hex(), clock()))
        for delay, data in impaired(self.below, self.percent, datagram):
            self.late.append((clock() + delay, bytes(data)))
        self.tick()

    def tick(self):
        """Send what is due."""
        now = clock()
        for one in self.late[:]:
            if one[0] <= now:
                self.late.remove(one)
                try:
                    self.socket.send(one[1])
                except OSError:
                    pass

    def recv(self):
        """From the server, or None."""
        now = clock()
        if self.forged and self.heard >= self.forged[0][0]:
            return unhexlify(self.forged.pop(0)[1])
        if self.poller.poll(0):
            try:
                datagram = self.socket.recv(2000)
                self.heard += 1
                self.capture.append((0, datagram.hex(), clock()))
                self.back += [
                    (now + delay, data)
                    for delay, data in impaired(self.below, self.percent, datagram)
                ]
            except OSError:
                pass
        for one in self.back:
            if one[0] <= now:
                self.back.remove(one)
                return one[1]
        return None

    def wait(self, ms):
        """Until something comes, or so long."""
        if self.late or self.back:
            ms = min(ms, 5)
        if not self.back:
            self.poller.poll(ms)
        else:
            time.sleep(0.002)
        self.tick()

    def readable(self):
        """Not used here."""

    def close(self):
        """Close the socket."""
        self.socket.close()


class Clock:
    """What a transport wants."""

    now = staticmethod(clock)


class Run:
    """The steps."""

    def __init__(self, job):
        self.job = job
        self.logged = []
        self.got = []
        self.shakes = []
        self.store = Store()
        self.core = None
        self.make(self.socket())

    def socket(self):
        """A new socket."""
        return Net(self.job["port"], self.job.get("percent", 0), self.job.get("seed", 1))

    def make(self, net):
        """A new client above a socket."""
        job = self.job
        self.net = net
        net.forged = job.pop("forged", [])
        self.core = core = Dtls(
            unhexlify(job["identity"]),
            unhexlify(job["key"]),
            suites=job.get("suites", [0xC0A8]),
            cid=unhexlify(job.get("cid", "")),
            store=self.store,
        )
        for name, value in job.get("settings", {}).items():
            setattr(core, name, value)
        core.log = self.log
        self.transport = DtlsTransport(self.net, core, Clock)

    def log(self, level, *event):
        """Keep it for the report."""
        self.logged.append([level, " ".join([str(e) for e in event])])

    def until(self, done, limit):
        """Drive until it is so, or so many ms have passed."""
        transport = self.transport
        end = clock() + limit
        while not done() and clock() < end:
            wait = min(transport.deadline, end) - clock()
            self.net.wait(max(0, min(wait, 50)))
            text = transport.recv()
            if text is not None:
                self.got.append(bytes(text).decode())
            transport.poll(clock())
        return done()

    def shake(self):
        """A handshake; what it took."""
        net = self.net
        first = len(net.capture)
        core = self.core
        begun = clock()
        if not core.state:
            self.transport.connect()
        self.until(lambda: core.state != 1, self.job.get("limit", 20000))
        net.tick()
        seen = net.capture[first:]
        self.shakes.append(
            {
                "datagrams": len(seen),
                "ours": sum([len(one[1]) for one in seen if one[0]]) // 2,
                "theirs": sum([len(one[1]) for one in seen if not one[0]]) // 2,
                "state": core.state,
                "failed": core.failed,
                "resumed": core.resumed,
                "ms": clock() - begun,
                "ems": bool(core.session and core.session[3]),
                "etm": core.etm,
            }
        )

    def step(self, name, argument):
        """One of the steps."""
        if name == "shake":
            self.shake()
        elif name == "send":
            self.transport.send(argument.encode())
        elif name == "recv":
            count = len(self.got)
            self.until(lambda: len(self.got) > count, argument or 5000)
        elif name == "close":
            self.net.percent = 0
            self.core.close(clock())
            self.transport.poll(clock())
            self.net.percent = self.job.get("percent", 0)
        elif name == "sleep":  # export, a new process as it were, restore
            witness = self.core.export(clock())
            self.make(self.net)
            self.restored = self.core.restore(witness, clock())
        elif name == "wait":
            self.until(lambda: False, argument)
        elif name == "socket":  # a new port, the same client
            self.net = self.socket()
            self.transport = DtlsTransport(self.net, self.core, Clock)
        else:
            raise ValueError(name)


def main(text):
    """Run a job; print its report."""
    run = Run(json.loads(text))
    for step in run.job["steps"]:
        if isinstance(step, str):
            step = [step, None]
        run.step(step[0], step[1])
    report = {
        "shakes": run.shakes,
        "got": run.got,
        "log": run.logged,
        "capture": run.net.capture,
        "established": run.core.established,
        "restored": getattr(run, "restored", None),
    }
    print(json.dumps(report))


main(sys.stdin.readline())  # an argument of the port's has 255 bytes at most
