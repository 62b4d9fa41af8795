"""A modem engine without a modem: the tests are the other end of its line."""

from modem.bg95 import Kind
from modem.engine import Modem


class Wire:
    """A modem engine, its owner with a clock, and the other end of its line."""

    def __init__(self, kind=None, **settings):
        self.lines = []
        self.now = 0
        self.served = 0
        self.modem = Modem(kind or Kind(settings), self, 20000)

    def log(self, level, *event):
        """Keep it."""
        self.lines.append((level,) + event)

    def wake(self):
        """As the owner's: there is something to do."""
        self.modem.poll(self.now)

    def serve(self):
        """As the owner's: a task waits for a socket."""
        self.served += 1

    def written(self):
        """What was written to the modem since."""
        data = b"".join(self.modem.outbox)
        self.modem.outbox.clear()
        return data.replace(b"\x1b", b"").strip(b"\r")

    def say(self, *lines):
        """Lines to the engine."""
        for line in lines:
            self.modem.input(b"\r\n" + line + b"\r\n", self.now)

    def until(self, beginning, answer=b"OK"):
        """Answer everything with OK until a command that begins so; returns it."""
        for _ in range(60):
            command = self.written()
            if command.startswith(beginning):
                return command
            if command == b"AT+CGATT?":
                self.say(b"+CGATT: 1", b"OK")
            elif command == b"AT+QIACT?":
                self.say(b'+QIACT: 1,1,1,"10.0.0.1"', b"OK")
            elif command.startswith(b"AT"):
                self.say(answer)
            else:
                self.now = self.modem.deadline
                self.modem.poll(self.now)
        raise AssertionError(beginning)

    def open(self, account=None):
        """An open socket."""
        socket = self.modem.open("198.51.100.7", 5683, account)
        opening = self.until(b"AT+QIOPEN")
        assert opening.endswith(b'"UDP","198.51.100.7",5683,0,%d' % (not self.modem.kind.look_ms))
        self.say(b"OK", b"+QIOPEN: %d,0" % socket.number)
        return socket
