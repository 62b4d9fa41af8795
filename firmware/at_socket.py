"""One socket of a cellular modem, as a transport. Its modem, at_modem.py, does the work."""

from asyncio import core as _core

from micropython import const

from coap.endpoint import Transport

_NEVER = const(0xFFFFFFFFFFF)
_KEPT = const(4)  # datagrams that wait on each side

# States
SHUT = const(0)
OPENING = const(1)
OPEN = const(2)


class Socket(Transport):
    """One socket of the modem, a transport as coap's Udp is one.

    It opens itself again when the modem has lost it; then `contexts` changes, for its address may
    have. `failed` is -1 once the modem or the network has given no sign of life for too long.
    """

    established = False

    def __init__(self, modem, number, host, port, account):
        self.modem = modem
        self.number = number
        self.host = host
        self.port = port
        self.account = account  # of a socket with the modem's own DTLS
        self.state = SHUT
        self.got = []
        self.out = []
        self.pending = False  # there is something to be read
        self.ended = False
        self.look = _NEVER  # when to read unasked
        self.step = 0
        self.until = 0  # an attempt to open ends
        self.opens = 0
        self._task = None
        self._news = False

    def send(self, datagram: bytes) -> None:
        """Send one datagram, or the latest few once the socket is open."""
        if len(datagram) <= self.modem.kind.longest and not self.ended:
            if len(self.out) == _KEPT:
                self.out.pop(0)
            self.out.append(bytes(datagram))
            self.modem.kick()

    def recv(self) -> bytes | None:
        """A datagram, or None."""
        self._news = False
        if not self.got:
            return None
        datagram = self.got.pop(0)
        if self.pending:
            self.modem.kick()
        return datagram

    def readable(self) -> None:
        """Have the running task resumed when a datagram is there or `established` changed."""
        self.modem.alive()
        if self.got or self._news:
            _core._task_queue.push(_core.cur_task)
        else:
            self._task = task = _core.cur_task
            task.data = self  # its cancellation comes to `remove`

    def remove(self, task) -> None:
        """A waiting task was cancelled."""
        self._task = None

    def wake(self) -> None:
        """Resume the task that waits."""
        self._news = True
        task = self._task
        if task:
            self._task = None
            _core._task_queue.push(task)

    def close(self) -> None:
        """Free the socket; what was not sent yet is not sent."""
        self.ended = True
        self.established = False
        self.out.clear()
        self.got.clear()
        self.modem.kick()

    def lost(self, now: int) -> None:
        """The modem has it no more: it is opened anew."""
        self.state = SHUT
        self.until = now
        self.pending = False
        self.look = _NEVER
