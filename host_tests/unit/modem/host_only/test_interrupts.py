"""Ctrl-C at any line of the modem's code, and within any write: what is sent next still goes out.

The client has five seconds to de-register then.
"""

import sys

from far_modem import FarModem

from modem.bg95 import Kind
from modem.engine import Modem

FILES = tuple("/lib/modem/%s.py" % name for name in ("engine", "scripts", "parser", "socket"))
GIVEN_MS = 5000


class Far(FarModem):
    """The engine at a modem's other end. Time is virtual."""

    def __init__(self):
        super().__init__()
        self.now = 0
        self.tear_at = -1  # the write that is cut in half by Ctrl-C
        self.writes = 0
        self.modem = Modem(Kind({}), self)

    def log(self, level, *event):
        """Nothing is logged."""

    def serve(self):
        """Nothing waits."""

    def wake(self):
        """As the dialer does it."""
        self.modem.poll(self.now)
        self.flush()

    def flush(self):
        """As the endpoint does it."""
        for data in self.modem.outbox:
            self.writes += 1
            if self.writes - 1 == self.tear_at:
                self.hear(data[: len(data) // 2])
                raise KeyboardInterrupt
            self.hear(data)
        self.modem.outbox.clear()

    def run(self, until, stop=lambda: False):
        """Let time pass until then."""
        while not stop():
            if self.answers:
                self.modem.input(self.answers.pop(0), self.now)
            else:
                self.now = max(self.now, self.modem.deadline)
                if self.now >= until:
                    self.now = until
                    return
                self.modem.poll(self.now)
            self.flush()


def ready():
    """A modem with an open socket."""
    far = Far()
    socket = far.modem.open("198.51.100.7", 5683)
    far.run(20000, lambda: socket.established)
    assert socket.established
    return far, socket


def work(far, socket):
    """A datagram out, one in."""
    far.come.append(b"answer\r\nOK\r\n")
    socket.send(b"request")
    far.answers.append(b'\r\n+QIURC: "recv",0\r\n')
    far.run(far.now + 1000, lambda: bool(socket.got))
    socket.recv()


class Interrupt:
    """Raises KeyboardInterrupt at the line of FILES with that number, counted as they are run."""

    def __init__(self, at):
        self.at = at
        self.count = 0

    def __call__(self, frame, event, argument):
        if not frame.f_code.co_filename.endswith(FILES):
            return None
        if event == "line":
            self.count += 1
            if self.count - 1 == self.at:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


def interrupted(at):
    """Whether it came that far; then, that a datagram goes out in time."""
    far, socket = ready()
    before = sys.gettrace()
    sys.settrace(Interrupt(at))
    try:
        work(far, socket)
        return False
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    goes_out(far, socket)
    return True


def goes_out(far, socket):
    """In a new event loop: the datagram that de-registers is sent."""
    begun = far.now
    far.modem.interrupted()
    far.wake()
    socket.send(b"delete")
    far.run(begun + GIVEN_MS, lambda: b"delete" in far.air)
    assert b"delete" in far.air, far.air


def test_ctrl_c_at_any_line_does_not_hold_up_the_deregistration():
    at = 0
    while interrupted(at):
        at += 1
    assert at > 100


def test_a_command_or_a_datagram_torn_by_ctrl_c_does_not_hold_up_the_deregistration():
    for at in range(20):
        far, socket = ready()
        far.tear_at = far.writes + at
        try:
            work(far, socket)
        except KeyboardInterrupt:
            far.tear_at = -1
            goes_out(far, socket)
        else:
            assert at > 2
            return
