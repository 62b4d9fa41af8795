"""The dialer in asyncio: a socket that goes on in another event loop, after Ctrl-C."""

import asyncio
import io

from far_modem import FarModem

from coap.clock import Clock
from modem.bg95 import Kind
from modem.dialer import Cellular

_POLL = 3  # what MicroPython asks a stream
_READABLE = 1


class Tty(io.IOBase):
    """The line to a modem. The write `tear_at` is cut in half by Ctrl-C."""

    def __init__(self):
        super().__init__()
        self.far = FarModem()
        self.tear_at = -1
        self.writes = 0
        self.full = False

    def write(self, data):
        """All of it, or half."""
        self.writes += 1
        if self.writes - 1 == self.tear_at:
            self.far.hear(data[: len(data) // 2])
            raise KeyboardInterrupt
        self.far.hear(data)
        return len(data)

    def read(self, count):
        """An answer, or nothing; once none, for the heap is full."""
        if self.full:
            self.full = False
            raise MemoryError
        return self.far.answers.pop(0) if self.far.answers else None

    def ioctl(self, request, argument):
        """Is there something to read?"""
        return argument & _READABLE if request == _POLL and self.far.answers else 0


async def _serve(socket, condition):
    # As an endpoint does: something waits for the socket
    socket.readable()
    for _ in range(300):
        if condition():
            return
        await asyncio.sleep_ms(10)
    raise AssertionError("not in time")


async def _send(cellular, tty, open_sockets, at):
    socket = open_sockets[0] = cellular("198.51.100.7", 5683)
    await _serve(socket, lambda: socket.established)
    tty.tear_at = tty.writes + at
    socket.send(b"request")
    await _serve(socket, lambda: b"request" in tty.far.air)


def test_after_ctrl_c_within_any_write_a_new_event_loop_sends_at_once():
    for at in range(2):  # the command, the datagram
        tty = Tty()
        cellular = Cellular(Kind({}), tty, Clock())
        sockets = [None]
        try:
            asyncio.run(_send(cellular, tty, sockets, at))
            raise AssertionError("not torn")
        except KeyboardInterrupt:
            pass
        asyncio.new_event_loop()
        socket = sockets[0]

        async def leave(socket=socket, tty=tty):
            socket.readable()
            socket.send(b"delete")
            await _serve(socket, lambda: b"delete" in tty.far.air)

        asyncio.run(leave())
        asyncio.new_event_loop()


def test_the_line_is_served_again_after_a_full_heap_has_ended_its_task():
    tty = Tty()
    cellular = Cellular(Kind({}), tty, Clock())

    async def go():
        socket = cellular("198.51.100.7", 5683)
        await _serve(socket, lambda: socket.established)
        tty.full = True
        socket.send(b"request")
        await _serve(socket, lambda: not tty.full)
        await asyncio.sleep_ms(50)
        for text in (b"again", b"and again"):
            socket.send(text)  # as CoAP does
            await _serve(socket, lambda text=text: text in tty.far.air)

    asyncio.run(go())
    asyncio.new_event_loop()
