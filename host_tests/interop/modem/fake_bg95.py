"""A scripted Quectel BG95 on a pty, whose sockets are real UDP sockets of this machine.

It speaks what modem_bg95.py needs: buffer access mode and direct push mode, and the modem's own
DTLS with lib/dtls behind it. Its pre-shared key command is the tests' own invention.

    python -m host_tests.interop.modem.fake_bg95  prints the name of its tty, and what it has heard
"""

import contextlib
import os
import re
import select
import socket
import sys
import threading
import time
import tty

OPEN = re.compile(r'(?:\d+,)(\d+),"UDP","([^"]+)",(\d+),0,(\d)')
SECURE = re.compile(r'\d+,\d+,(\d+),"([^"]+)",(\d+),(\d)')


class Line:
    """A socket of the modem."""

    def __init__(self, host, port, push, core=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        self.socket.setblocking(False)
        self.push = push
        self.buffer = []
        self.core = core  # DTLS
        self.announced = core is None

    def send(self, data):
        """Over the air."""
        with contextlib.suppress(OSError):
            self.socket.send(data)


class FakeBg95(threading.Thread):
    """The modem. The attributes below are its faults; tests set them while it runs."""

    echo = True  # until ATE0, and again after a reboot
    attach = 1  # so many looks at CGATT find no network
    active = False  # the packet context
    piece = 0  # so many bytes at a time are said, 0: all
    deaf = 0  # so many of the next commands are not answered
    lose_urcs = 0  # so many of the next unsolicited lines are lost
    lose_words = 0  # bytes that are swallowed of the next datagram's text
    boots_silently = False  # no APP RDY
    boot_s = 0.3

    def __init__(self):
        super().__init__(daemon=True)
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.device = os.ttyname(self._slave)
        self.refuse = {}  # command's beginning -> how many of the next are answered ERROR
        self.heard = []  # the commands
        self.lines = {}
        self.psk = (b"", b"")
        self.reboots = 0
        self._echoing = self.echo
        self._input = b""
        self._data = None  # (line, how many bytes are to come, what has come)
        self._booting = 0.0
        self._ended = False
        self._lock = threading.RLock()

    def run(self):
        """Serve until `stop`."""
        while not self._ended:
            with self._lock:
                sockets = {line.socket: number for number, line in self.lines.items()}
            try:
                ready = select.select([self.master, *sockets], [], [], 0.05)[0]
            except (OSError, ValueError):  # a reboot has closed one
                continue
            with self._lock:
                for one in ready:
                    if one is self.master:
                        self._hear(os.read(self.master, 4096))
                    elif sockets[one] in self.lines:
                        self._air(sockets[one])
                self._tick()

    def stop(self):
        """End it."""
        self._ended = True
        self.join(5)
        for line in self.lines.values():
            line.socket.close()
        os.close(self.master)
        os.close(self._slave)

    # Faults

    def reboot(self):
        """Lose everything; say so, or not."""
        with self._lock:
            self.reboots += 1
            for line in self.lines.values():
                line.socket.close()
            self.lines.clear()
            self.active = False
            self._echoing = self.echo
            self._data = None
            self._input = b""
            self._booting = time.monotonic() + self.boot_s

    def lose_network(self):
        """The packet context goes, and all sockets."""
        with self._lock:
            for line in self.lines.values():
                line.socket.close()
            self.lines.clear()
            self.active = False
            self.urc('+QIURC: "pdpdeact",1')

    def say(self, data):
        """To the host, byte by byte as `piece` wants it."""
        if isinstance(data, str):
            data = data.encode()
        step = self.piece or len(data) or 1
        for i in range(0, len(data), step):
            os.write(self.master, data[i : i + step])
            if self.piece:
                time.sleep(0.0005)

    def urc(self, text):
        """An unsolicited line."""
        if self.lose_urcs:
            self.lose_urcs -= 1
        else:
            self.say("\r\n%s\r\n" % text)

    def _tick(self):
        if self._booting and time.monotonic() >= self._booting:
            self._booting = 0.0
            if not self.boots_silently:
                self.urc("APP RDY")
        for number, line in self.lines.items():
            if line.core:
                line.core.poll(int(time.monotonic() * 1000))
                self._dtls(number, line)

    # The host's side

    def _hear(self, data):
        if self._booting:
            return
        while data:
            if self._data:
                number, size, got = self._data
                got += data[: size - len(got)]
                data = data[size - len(self._data[2]) :]
                self._data = (number, size, got)
                if len(got) == size:
                    self._data = None
                    self._sent(number, got)
                continue
            if self._echoing:
                self.say(data[:1])
            self._input += data[:1]
            data = data[1:]
            if self._input[-1:] == b"\r":
                command = self._input.strip().decode("latin-1")
                self._input = b""
                if command:
                    self._command(command)

    def _sent(self, number, data):
        line = self.lines.get(number)
        if line is None:
            self.say("\r\nERROR\r\n")
            return
        if line.core:
            line.core.send(data, int(time.monotonic() * 1000))
            self._dtls(number, line)
        else:
            line.send(data)
        self.say("\r\nSEND OK\r\n")

    def _command(self, command):
        self.heard.append(command)
        if self.deaf:
            self.deaf -= 1
            return
        for start in self.refuse:
            if command.startswith(start) and self.refuse[start]:
                self.refuse[start] -= 1
                self.say("\r\nERROR\r\n")
                return
        name, _, rest = command.partition("=")
        answer = getattr(self, "_" + re.sub(r"\W", "_", name.lower()), None)
        try:
            said = answer(rest) if answer else "ERROR"
        except (AttributeError, ValueError, OSError):  # its arguments are wrong
            said = "ERROR"
        if said != "":
            self.say("\r\n%s\r\n" % (said or "OK"))

    def _at(self, rest):
        return "OK"

    def _ate0(self, rest):
        self._echoing = False

    def _at_cgatt_(self, rest):
        self.attach -= self.attach > 0
        return "+CGATT: %d\r\n\r\nOK" % (self.attach == 0)

    def _at_qicsgp(self, rest):
        return "OK" if re.fullmatch(r'1,1,"[^"]*","[^"]*","[^"]*",[0-3]', rest) else "ERROR"

    def _at_qiact(self, rest):
        if self.active:
            return "ERROR"
        self.active = True
        return "OK"

    def _at_qiact_(self, rest):
        return '+QIACT: 1,1,1,"10.1.2.3"\r\n\r\nOK' if self.active else "OK"

    def _at_qiclose(self, rest):
        line = self.lines.pop(int(rest), None)
        if line is None:
            return "ERROR"
        if line.core:
            line.core.close(int(time.monotonic() * 1000))
            self._dtls(int(rest), line)
        line.socket.close()
        return "OK"

    _at_qsslclose = _at_qiclose

    def _at_qiopen(self, rest):
        number, host, port, mode = OPEN.fullmatch(rest).groups()
        if int(number) in self.lines or not self.active:
            return "ERROR"
        self.lines[int(number)] = Line(host, int(port), mode == "1")
        self.say("\r\nOK\r\n")
        self.urc("+QIOPEN: %s,0" % number)
        return ""

    def _at_qsslcfg(self, rest):
        found = re.fullmatch(r'"psk",\d,"([^"]*)","([^"]*)"', rest)
        if found:
            self.psk = found[1].encode(), bytes.fromhex(found[2])
        return "OK"

    def _at_qsslopen(self, rest):
        from dtls.client import Dtls

        number, host, port, mode = SECURE.fullmatch(rest).groups()
        if int(number) in self.lines or not self.active:
            return "ERROR"
        core = Dtls(*self.psk)
        core.connect(int(time.monotonic() * 1000))
        self.lines[int(number)] = line = Line(host, int(port), mode == "1", core)
        self.say("\r\nOK\r\n")
        self._dtls(int(number), line)
        return ""

    def _at_qisend(self, rest):
        number, size = map(int, rest.split(","))
        if number not in self.lines:
            return "ERROR"
        self._data = (number, size, b"")
        self.say("\r\n> ")
        return ""

    _at_qsslsend = _at_qisend

    def _at_qird(self, rest):
        return self._taken("+QIRD", rest)

    def _at_qsslrecv(self, rest):
        return self._taken("+QSSLRECV", rest)

    def _taken(self, name, rest):
        line = self.lines.get(int(rest.split(",")[0]))
        if line is None:
            return "ERROR"
        if not line.buffer:
            return name + ": 0\r\n\r\nOK"
        data = line.buffer.pop(0)
        missing, self.lose_words = self.lose_words, 0
        text = data[missing:].decode("latin-1")
        self.say(("\r\n%s: %d\r\n%s\r\n" % (name, len(data), text)).encode("latin-1"))
        return "OK"

    # The air's side

    def _air(self, number):
        line = self.lines[number]
        try:
            data = line.socket.recv(2048)
        except OSError:
            return
        if line.core:
            for text in line.core.input(data, int(time.monotonic() * 1000)):
                self._came(number, line, text, "+QSSLURC")
            self._dtls(number, line)
        else:
            self._came(number, line, data, "+QIURC")

    def _came(self, number, line, data, name):
        if line.push:
            if self.lose_urcs:
                self.lose_urcs -= 1
                return
            self.say(b'\r\n%s: "recv",%d,%d\r\n' % (name.encode(), number, len(data)))
            self.say(data + b"\r\n")
            return
        line.buffer.append(data)
        if len(line.buffer) == 1:
            self.urc('%s: "recv",%d' % (name, number))

    def _dtls(self, number, line):
        core = line.core
        for datagram in core.outbox:
            line.send(datagram)
        core.outbox.clear()
        if not line.announced and (core.established or core.failed is not None):
            line.announced = True
            self.urc("+QSSLOPEN: %d,%d" % (number, 0 if core.established else 579))


if __name__ == "__main__":
    fake = FakeBg95()
    fake.start()
    print(fake.device, flush=True)
    for _ in sys.stdin:
        print(*fake.heard, sep="\n", flush=True)
