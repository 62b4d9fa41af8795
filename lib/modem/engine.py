"""The sockets inside a cellular modem, over AT commands: the engine, which does no I/O.

Give `Modem` what the modem says with `input(data, now)`, write what it puts into `outbox`, call
`poll(now)` when `deadline` has come. `now` is an integer of milliseconds that never wraps. What
differs from modem to modem is its table, such as bg95.py: see docs/transports.md.

One command is under way at a time; whatever comes in between is unsolicited. A modem that has
stopped, rebooted, or has no network is set up again and its sockets are opened again; until then
datagrams are dropped, as a network may drop them.
"""

import errno

from micropython import const

from modem.parser import DATAGRAM, LINE, PROMPT, Parser
from modem.scripts import OFF, READY, SYNC, choose, synchronize
from modem.socket import OPEN, OPENING, Socket

# What a line of the modem means, as its table's `parse` returns it: (event, socket, value)
OPENED = 0  # value: 0, or the number of an error
READABLE = 1  # there is something to be read
RECEIVED = 2  # value: the bytes of a datagram that follow, or the datagram; socket -1: that asked
SOCKET_CLOSED = 3
DOWN = 4  # the network is gone, and all sockets
BOOT = 5  # the modem has started

_NEVER = const(0xFFFFFFFFFFF)
_RETRY_MS = const(2000)  # before a refused socket is opened again
_OPENS = const(3)  # attempts to open a socket


def plain(text: str) -> bool:
    """May a text stand in an AT command, between quotes? Without one, nor an end of the line."""
    return all(" " <= letter <= "~" and letter != '"' for letter in text)


class Modem:
    """A modem of a `kind`, its table, and its sockets.

    Its `owner` has `log(level, *event)` (level 1 an error, 2 a warning, 3 news, 4 detail),
    `wake()`, called when there is something to do, whereupon it calls `poll`, and `serve()`,
    called when a task begins to wait for a socket.
    """

    def __init__(self, kind, owner, attach_ms: int = 180000):
        """`attach_ms`: how long it may look for a network before its sockets have failed."""
        self.kind = kind
        self.owner = owner
        self.log = owner.log
        self.attach_ms = attach_ms
        self.sockets = {}
        self.outbox = []
        self.deadline = _NEVER
        self.turn = 0  # the number of the socket that is served next
        self.contexts = 0  # sockets that were opened again, or with DTLS
        self.state = OFF
        self.now = 0
        self.reader = None  # the socket whose datagram a command asks for
        self.parser = Parser(kind.prompt)
        self._receiver = None  # the socket whose datagram the parser is to return
        self._script = None
        self._command = None  # that is under way; b"" is a pause
        self._payload = None  # to be sent at the prompt
        self._needs = b""  # a line of the answer must begin so
        self._until = _NEVER

    def open(self, host: str, port: int, account=None) -> Socket:
        """A socket to a server, with the modem's own DTLS for an `account`.

        Raises OSError: EINVAL for a host that is none, ENOMEM where the modem has no more.
        """
        if not plain(host):
            raise OSError(errno.EINVAL)
        for number in range(self.kind.sockets):
            if number not in self.sockets:
                self.sockets[number] = socket = Socket(self, number, host, port, account)
                self.owner.wake()
                return socket
        raise OSError(errno.ENOMEM)

    # What the modem says

    def input(self, data: bytes, now: int) -> None:
        """Take what the modem has said."""
        self.now = now
        parser = self.parser
        parser.input(data)
        while True:
            item = parser.next()
            if item is None:
                break
            what, data = item
            if what == LINE:
                self._line(data)
            elif what == DATAGRAM:
                self._datagram(data)
            elif what == PROMPT:
                self.outbox.append(self._payload)
                self._payload = None
            else:
                self.log(2, "modem", "garbage")
        self.poll(now)

    def _datagram(self, datagram):
        if self._receiver:
            self._receiver.received(datagram)

    def _line(self, line):
        kind = self.kind
        if line == self._command:
            return  # the echo
        try:
            event, number, value = kind.parse(line)
        except (ValueError, IndexError, TypeError):
            event = None
        if event is not None:
            self._event(event, self.reader if number < 0 else self.sockets.get(number), value)
        elif self._command:
            if line in kind.good:
                self._go(b"" if self._needs else None)
            elif line.startswith(kind.bad):
                if self._command != SYNC:
                    self._go(line)
            elif self._needs and line.startswith(self._needs):
                self._needs = b""

    def _event(self, event, socket, value):
        if event >= DOWN:
            self.log(2, "modem", "rebooted" if event == BOOT else "network lost")
            if self.state == READY or event == BOOT:
                self._begin(None)
                self._restart()
        elif event == RECEIVED:
            self._receiver = socket
            if isinstance(value, bytes):
                self._datagram(value)
            elif value > 0:
                self.parser.expect(value, self.now, value <= self.kind.most)
            if socket and value:
                socket.step = self.kind.look_ms
            elif socket:
                socket.pending = False
        elif socket is None or socket.ended:
            return
        elif event == READABLE:
            socket.pending = socket.state == OPEN
        elif event == SOCKET_CLOSED:
            if socket.state == OPEN:
                socket.reopen(self.now)
        elif socket.state == OPENING:  # OPENED
            if value:
                self.refused(socket)
                return
            if socket.established or socket.account:
                self.contexts += 1
                socket.contexts = self.contexts
            self.log(3, "modem", "socket", socket.number)
            socket.establish()

    # What comes of it

    def refused(self, socket: Socket) -> None:
        """Open a socket again: first it may be the socket, then the network, then it failed."""
        self.log(2, "modem", "no socket", socket.number)
        socket.opens += 1
        socket.reopen(self.now + _RETRY_MS)
        if socket.opens >= _OPENS:
            socket.fail()
        elif socket.opens == 2:
            self._restart()

    def reopen(self, socket: Socket) -> None:
        """A socket does not work any more: open it again."""
        self.log(2, "modem", "socket lost", socket.number)
        socket.reopen(self.now)

    def down(self, why: str) -> None:
        """There is no modem, or no network: its sockets have failed."""
        self.log(1, "modem", why)
        self.state = OFF
        for socket in self.sockets.values():
            socket.fail()

    def _restart(self):
        # All sockets are gone; begin with a sign of life
        self.state = OFF
        for socket in self.sockets.values():
            socket.reopen(self.now)

    def interrupted(self) -> None:
        """Ctrl-C has ended what was under way, wherever it was: nothing half-written goes on."""
        self.outbox.clear()
        if self._script:
            self._begin(synchronize(self, True))
        for socket in self.sockets.values():
            if socket.state == OPENING:
                socket.reopen(self.now)

    # What it is asked

    def poll(self, now: int) -> int:
        """Do what is due; the next deadline."""
        self.now = now
        parser = self.parser
        if now >= parser.deadline:
            self.log(2, "modem", "datagram cut off")
            self._begin(synchronize(self))
        elif now >= self._until:
            command = self._command
            if command and command != SYNC:
                self.log(2, "modem", "no answer", command.split(b"=")[0].decode())
                self._begin(synchronize(self))
            else:
                self._go(b"")
        elif self._script and self._until == _NEVER:  # Ctrl-C, or a fault, has ended it midway
            self._begin(synchronize(self))
        while self._script is None:
            script = choose(self)
            if script is None:
                break
            self._script = script
            self._go(None)
        soonest = min(self._until, parser.deadline)
        if self.state == READY and self._script is None:
            for socket in self.sockets.values():
                if not socket.ended and socket.failed is None:
                    soonest = min(soonest, socket.due_at())
        self.deadline = soonest
        return soonest

    def _begin(self, script):
        # Drop the script that runs, and with it what the modem was saying
        if self._script:
            self._script.close()
        self.parser.clear()
        self.parser.awaits_prompt = False
        self._command = self._payload = self.reader = None
        self._until = _NEVER
        self._script = script
        if script:
            self._go(None)

    def _go(self, refusal):
        # The next command of the script, whose end is the end of the job
        self._command = None
        self._until = _NEVER
        parser = self.parser
        try:
            command, timeout, payload, self._needs = self._script.send(refusal)
        except StopIteration:
            self._script = self.reader = None
            payload = None
        else:
            self._command = command
            self._until = self.now + timeout
            if command:
                self.log(4, "modem", command.split(b"=")[0].decode())
                self.outbox.append(command + b"\r")
        self._payload = payload
        parser.awaits_prompt = payload is not None
