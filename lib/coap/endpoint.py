"""The asyncio shell around a protocol core: one task waits for datagrams, one for the deadline.

A core is anything with `input(datagram, now)`, `poll(now)` -> the next deadline, `deadline` and
`outbox`: a coap `Peer`, or an LwM2M session around one.
"""

import asyncio
import errno
import time
from asyncio import core as _core

from micropython import const

_MTU = const(1280)
_LOST = (errno.EAGAIN, errno.ECONNREFUSED)  # nobody listens there: a loss, not the end
_LONGEST_SLEEP = const(3600000)  # well under the wrap of the ports' ticks
_NEVER = const(0xFFFFFFFFFFF)


class Clock:
    """Milliseconds since the program started, as an integer that never wraps."""

    def __init__(self):
        self._last = time.ticks_ms()
        self._now = 0

    def now(self) -> int:
        """The time. Must be called at least once in half a wrap of `time.ticks_ms` (6 days)."""
        ticks = time.ticks_ms()
        self._now += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._now


class Transport:
    """What a transport is, beside `send(datagram)`, `recv()`, `readable()` and `close()`.

    One with a state of its own, such as DTLS, has its own `deadline` and `poll`. It may be sent to
    once `established`; `failed` is None, or why it cannot be; `contexts` counts its security
    contexts: with another one its peer takes us for new.
    """

    deadline = _NEVER
    established = True
    failed = None
    contexts = 0

    def poll(self, now: int) -> None:
        """Do what is due."""


class Udp(Transport):
    """The UDP transport: a connected socket, so that only its peer is heard and errors show."""

    def __init__(self, host: str, port: int, account=None):
        """Resolve `host` (a name or an address; it blocks on every port). May raise OSError."""
        import socket  # which a board with a modem only has not

        found = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0]
        self.socket = socket.socket(found[0], socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(found[-1])

    def send(self, datagram: bytes) -> None:
        """Send one datagram; what the network refuses is lost and sent again, as any may be."""
        try:
            self.socket.send(datagram)
        except OSError:
            pass

    def recv(self) -> bytes | None:
        """A datagram, or None. One longer than the MTU is dropped: it was cut."""
        try:
            datagram = self.socket.recv(_MTU + 1)
        except OSError as error:
            if error.errno in _LOST:
                return None
            raise
        return datagram if datagram and len(datagram) <= _MTU else None

    def readable(self) -> None:
        """Have the running task resumed when a datagram is there: call it, then yield."""
        _core._io_queue.queue_read(self.socket)

    def close(self) -> None:
        """Free the socket."""
        self.socket.close()


class Endpoint:
    """Runs one core over one transport, which may be replaced while it runs."""

    def __init__(self, core, clock: Clock):
        self.core = core
        self.clock = clock
        self.transport = None
        self._reader = None
        self._timer = None
        self._wake_at = 0
        self._stop = False
        self.fault = None

    def attach(self, transport) -> None:
        """Use `transport` from now on; another one before it is closed."""
        if transport is not self.transport:
            self.detach()
        self.transport = transport
        self._reader = asyncio.create_task(self._read(transport))

    def detach(self) -> None:
        """Close the transport."""
        if self._reader:
            self._reader.cancel()
            self._reader = None
        if self.transport:
            self.transport.close()
            self.transport = None

    def _read(self, transport):
        # A generator, not a coroutine: waiting and receiving make no garbage of ours.
        while True:
            try:
                yield transport.readable()
                datagram = transport.recv()
                if datagram:
                    self.core.input(datagram, self.clock.now())
                else:  # a handshake went on
                    self.wake()
                self.flush()
            except OSError as error:
                self.core.log(2, "receive", error.errno)
                yield from asyncio.sleep_ms(1000)
            except Exception as error:  # noqa: BLE001 `run` raises it: who hears nothing must end
                self.fault = error
                self.wake()
                return

    def flush(self) -> None:
        """Send what the core has to send, and wake the timer if its deadline came nearer."""
        core = self.core
        outbox = core.outbox
        if outbox:
            if self.transport:
                for datagram in outbox:
                    self.transport.send(datagram)
            outbox.clear()
        if self._deadline() < self._wake_at:
            self.wake()

    def _deadline(self):
        transport = self.transport
        return min(self.core.deadline, transport.deadline) if transport else self.core.deadline

    def wake(self) -> None:
        """Let the timer look at the deadline again, now."""
        timer = self._timer
        self._wake_at = 0
        if timer and timer is not _core.cur_task and not timer.done():
            queue = _core._task_queue
            queue.remove(timer)
            queue.push(timer)

    def service(self) -> None:
        """Called after each poll, in the task of `run`: where an owner replaces the transport."""

    async def run(self) -> None:
        """Drive the core until `stop`, in a task of its own; raises what receiving raised."""
        self._timer = _core.cur_task
        while not self._stop:
            if self.fault:
                raise self.fault
            now = self.clock.now()
            if self.transport:
                self.transport.poll(now)
            self.core.poll(now)
            self.service()
            self.flush()
            self._wake_at = self._deadline()
            wait = self._wake_at - self.clock.now()
            await asyncio.sleep_ms(min(max(wait, 0), _LONGEST_SLEEP))

    def stop(self) -> None:
        """End `run` and close the transport."""
        self._stop = True
        self.wake()
        self.detach()
