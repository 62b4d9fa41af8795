"""The sockets inside a cellular modem, over AT commands: the engine, which does no I/O.

Give `Modem` what the modem says with `input(data, now)`, write what it puts into `outbox`, call
`poll(now)` when `deadline` has come. `now` is an integer of milliseconds that never wraps. What
differs from modem to modem is its table, such as modem_bg95.py: see boards/TRANSPORTS.md.

One command is under way at a time; whatever comes in between is unsolicited. A modem that has
stopped, rebooted, or lost its network is set up again and its sockets are opened again; until
then datagrams are lost, as datagrams may be.
"""

import errno

from micropython import const

from at_socket import OPEN, OPENING, SHUT, Socket

# What a line of the modem means, as its table's `parse` tells: (event, socket, value)
OPENED = 0  # value: 0, or what went wrong
READABLE = 1  # there is something to be read
DATA = 2  # value: the bytes of a datagram that follow, or the datagram; socket -1: that asked
CLOSED = 3
DOWN = 4  # the network is gone, and all sockets
BOOT = 5  # the modem has started

_NEVER = const(0xFFFFFFFFFFF)
_MTU = const(1280)
_LINE = const(512)  # the longest line worth a look, in bytes
_KEPT = const(4)  # datagrams that wait on each side of a socket
_RAW_MS = const(3000)  # the bytes of a datagram follow within that
_SYNC_MS = const(1000)
_SYNCS = const(12)
_CALM_MS = const(300)
_FLOOD = const(365)  # four times that ends any datagram that the modem may be waiting for
_STEP_MS = const(2000)  # between two looks for the network
_LOOK_MS = const(4000)  # after a datagram: look for an answer, should the modem not have told
_OPENS = const(3)  # attempts to open a socket

# States of the modem
_OFF = const(0)
_SETUP = const(1)
_READY = const(2)


class Modem:
    """A modem of a `kind`, its table, and its sockets."""

    def __init__(self, kind, attach_ms: int = 180000):
        """`attach_ms`: how long it may look for a network before its sockets have failed."""
        self.kind = kind
        self.attach_ms = attach_ms
        self.sockets = {}
        self.outbox = []
        self.deadline = _NEVER
        self.contexts = 0  # sockets that were opened again, or with DTLS
        self.state = _OFF
        self.now = 0
        self._rx = bytearray()
        self._raw = 0  # bytes of a datagram that are to come
        self._raw_of = None
        self._raw_until = _NEVER
        self._script = None
        self._syncing = False
        self._reader = None  # the socket whose datagram a command asks for
        self._command = None  # that is under way; b"" is a pause
        self._payload = None  # to be sent at the prompt
        self._needs = b""  # a line of the answer begins so
        self._met = False
        self._why = b""  # a command was refused
        self._until = _NEVER

    def log(self, level: int, *event) -> None:
        """The log hook, replaced by the owner: 1 an error, 2 a warning, 3 news, 4 detail."""

    def kick(self) -> None:
        """Called when there is something to do; replaced by the owner, who calls `poll`."""

    def alive(self) -> None:
        """Called when a task begins to wait for a socket; replaced by the owner."""

    def open(self, host: str, port: int, account=None) -> Socket:
        """A socket to a server, with the modem's own DTLS for an `account` of Object 0.

        Raises OSError: EINVAL for a host that is none, ENFILE where the modem has no more.
        """
        for letter in host:
            if not ("0" <= letter <= "9" or "a" <= letter.lower() <= "z" or letter in ".-:_"):
                raise OSError(errno.EINVAL)
        for number in range(self.kind.sockets):
            if number not in self.sockets:
                self.sockets[number] = socket = Socket(self, number, host, port, account)
                self.kick()
                return socket
        raise OSError(errno.ENOMEM)

    # What the modem says

    def input(self, data: bytes, now: int) -> None:
        """Take what the modem has said."""
        self.now = now
        rx = self._rx
        rx += data
        while rx:
            if self._raw:
                if len(rx) < self._raw:
                    break
                datagram = bytes(rx[: self._raw])
                rx = self._rx = rx[self._raw :]
                self._raw = 0
                self._raw_until = _NEVER
                self._datagram(datagram)
                continue
            end = rx.find(b"\n")
            if self._payload is not None and end < 2:
                start = bytes(rx[:8]).lstrip()
                if start.startswith(self.kind.prompt):
                    rx = self._rx = rx[rx.find(self.kind.prompt) + len(self.kind.prompt) :]
                    self.outbox.append(self._payload)
                    self._payload = None
                    continue
            if end < 0:
                if len(rx) > _LINE:
                    self.log(2, "modem", "garbage")
                    rx = self._rx = bytearray()
                break
            line = bytes(rx[:end]).strip()
            rx = self._rx = rx[end + 1 :]
            if line and len(line) <= _LINE:
                self._line(line, now)
                rx = self._rx
        self.poll(now)

    def _datagram(self, datagram):
        socket = self._raw_of
        if socket and not socket.ended and 0 < len(datagram) <= _MTU:
            if len(socket.got) < _KEPT:
                socket.got.append(datagram)
            socket.wake()

    def _line(self, line, now):
        kind = self.kind
        if line == self._command:
            return  # the echo
        try:
            event, number, value = kind.parse(line)
        except (ValueError, IndexError, TypeError):
            event = None
        if event is not None:
            self._event(event, number, value, now)
        elif self._command:
            if line in kind.good:
                self._go(True, now)
            elif line.startswith(kind.bad):
                if not self._syncing:
                    self._why = line
                    self._go(False, now)
            elif self._needs and line.startswith(self._needs):
                self._met = True

    def _event(self, event, number, value, now):
        if event in (BOOT, DOWN):
            self.log(2, "modem", "rebooted" if event == BOOT else "network lost")
            if self.state == _READY or event == BOOT:
                if self._script:
                    self._script.close()
                    self._script = None
                self._drop()
                self._restart(now)
            return
        socket = self._reader if number < 0 else self.sockets.get(number)
        if event == DATA:
            self._raw_of = socket
            if isinstance(value, bytes):
                self._datagram(value)
            elif 0 < value <= self.kind.most:
                self._raw = value
                self._raw_until = now + _RAW_MS
            if socket and value:
                socket.step = self.kind.look_ms
            elif socket:
                socket.pending = False
        elif socket is None or socket.ended:
            return
        elif event == READABLE:
            socket.pending = socket.state == OPEN
        elif event == CLOSED:
            if socket.state == OPEN:
                socket.lost(now)
        elif socket.state == OPENING:  # OPENED
            if value:
                self._refused(socket, now)
            else:
                self._opened(socket)

    def _opened(self, socket):
        socket.state = OPEN
        socket.opens = 0
        if socket.established or socket.account:
            self.contexts += 1
            socket.contexts = self.contexts
        self.log(3, "modem", "socket", socket.number)
        socket.established = True
        socket.wake()

    def _refused(self, socket, now):
        # Once it may be the socket, then it may be the network, then it is given up
        self.log(2, "modem", "no socket", socket.number)
        socket.opens += 1
        socket.lost(now + _STEP_MS)
        if socket.opens >= _OPENS:
            self._fail(socket)
        elif socket.opens == 2:
            self._restart(now)

    def _fail(self, socket):
        socket.failed = -1
        socket.established = False
        socket.wake()

    # What it is told

    def poll(self, now: int) -> int:
        """Do what is due; the next deadline."""
        self.now = now
        if now >= self._raw_until:
            self._raw = 0
            self._raw_until = _NEVER
            self._rx = bytearray()
        if now >= self._until:
            if self._syncing or not self._command:
                self._go(False, now)
            else:
                self.log(2, "modem", "no answer", self._command.split(b"=")[0].decode())
                self._drop()
                self._script.close()
                self._script = self._sync()
                self._go(None, now)
        while self._script is None and self._choose(now):
            self._go(None, now)
        soonest = min(self._until, self._raw_until)
        if self.state == _READY and self._script is None:
            for socket in self.sockets.values():
                at = socket.look if socket.state == OPEN else socket.until
                if at < soonest and not socket.ended and socket.failed is None:
                    soonest = at
        self.deadline = soonest
        return soonest

    def _drop(self):
        self._command = self._payload = self._reader = None
        self._syncing = False
        self._until = self._raw_until = _NEVER
        self._raw = 0
        self._rx = bytearray()

    def _restart(self, now):
        # All sockets are gone; begin with a sign of life
        self.state = _OFF
        for socket in self.sockets.values():
            socket.lost(now)

    def _go(self, answer, now):
        # The next command of the script, whose end is the end of the job
        self._command = self._payload = None
        self._until = _NEVER
        try:
            command, timeout, payload = self._script.send(answer)
        except StopIteration:
            self._script = self._reader = None
            return
        self._command = command
        self._payload = payload
        self._until = now + timeout
        if command:
            self.log(4, "modem", command.split(b"=")[0].decode())
            self.outbox.append(command + b"\r")

    def _choose(self, now):
        # What to do next: a script, or nothing
        sockets = self.sockets
        if self.state != _READY:
            for number in list(sockets):
                if sockets[number].ended:
                    del sockets[number]
            if any(socket.failed is None for socket in sockets.values()):
                self._script = self._setup() if self.state else self._sync()
            return self._script
        job = None
        for socket in sockets.values():
            if socket.ended:
                job = self._close(socket)
                break
            if socket.failed is not None:
                continue
            if socket.state == OPEN:
                if socket.pending and len(socket.got) < _KEPT or now >= socket.look:
                    job = self._read(socket)
                    break
                if socket.out and not job:
                    job = self._send(socket)
            elif now >= socket.until:
                if socket.state == SHUT:
                    job = self._open(socket)
                else:
                    self._refused(socket, now)
                    return self._choose(now)
                break
        self._script = job
        return job

    # Scripts: each yields (command, how long its answer may take, payload at the prompt)

    def _sync(self):
        # It may be off, booting, or waiting for the rest of a datagram
        self._syncing = True
        good = False
        for i in range(_SYNCS):  # no CoAP begins with ESC: servers drop what comes of it
            self.outbox.append(b"\x1b" + b"\r" * (_FLOOD if 2 < i < 7 else 1))
            good = yield b"AT", _SYNC_MS, None
            if good:
                break
        self._syncing = False
        if good:
            yield b"", _CALM_MS, None  # that was perhaps a late answer to something else
            self.state = self.state or _SETUP
        else:
            self._down("silent")

    def _setup(self):
        give_up = self.now + self.attach_ms
        steps = self.kind.setup()
        at = 0
        while at < len(steps):
            command, timeout, needs = steps[at]
            self._needs = needs or b""
            self._met = not needs
            good = yield command, timeout, None
            at += 1
            if needs is not None and not (good and self._met):
                if self.now >= give_up:
                    self._down("no network")
                    return
                at = 0  # any of them may be what is missing
                yield b"", _STEP_MS, None
        self.state = _READY
        self.log(3, "modem", "ready")

    def _down(self, why):
        self.log(1, "modem", why)
        self.state = _OFF
        for socket in self.sockets.values():
            self._fail(socket)

    def _close(self, socket):
        yield self.kind.close(socket.number, socket.account), self.kind.close_ms, None
        self.sockets.pop(socket.number, None)

    def _open(self, socket):
        kind = self.kind
        # The modem may have it open still, from before a reset of ours.
        yield kind.close(socket.number, socket.account), kind.close_ms, None
        good = True
        if socket.account:
            for command in kind.secure(socket.number, socket.account):
                good = good and (yield command, kind.answer_ms, None)
        if good:
            socket.state = OPENING
            socket.until = self.now + kind.open_ms
            command = kind.open(socket.number, socket.host, socket.port, socket.account)
            good = yield command, kind.answer_ms, None
        if not good:
            self._refused(socket, self.now)

    def _read(self, socket):
        self._reader = socket
        socket.pending = True
        socket.look = _NEVER
        if not (yield self.kind.read(socket.number, socket.account), self.kind.read_ms, None):
            self._gone(socket)
        elif not socket.pending and socket.step:
            socket.step = min(socket.step * 2, self.kind.look_ms)
            socket.look = self.now + socket.step

    def _send(self, socket):
        datagram = socket.out.pop(0)
        kind = self.kind
        command, payload = kind.send(socket.number, datagram, socket.account)
        if (yield command, kind.send_ms, payload):
            if kind.look_ms:
                socket.step = _LOOK_MS
                socket.look = self.now + _LOOK_MS
        elif self._why != kind.full:
            self._gone(socket)

    def _gone(self, socket):
        self.log(2, "modem", "socket lost", socket.number)
        socket.lost(self.now)
