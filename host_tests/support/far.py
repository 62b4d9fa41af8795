"""The far end of a UDP transport, for tests inside MicroPython."""

import asyncio
import socket

WAIT_MS = 20000  # for what must come: a machine may be busy


async def until(condition, wait: int = WAIT_MS) -> None:
    """Wait until `condition()` is true; fail after `wait` ms."""
    for _ in range(wait // 5):
        if condition():
            return
        await asyncio.sleep_ms(5)
    assert condition()


async def ended(task) -> None:
    """Wait until a task has ended."""
    await asyncio.wait_for_ms(task, WAIT_MS)


class Far:
    """The other end: a bound socket of our own."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for self.port in range(20000, 60000, 7):
            try:
                self.socket.bind(socket.getaddrinfo("127.0.0.1", self.port)[0][-1])
                break
            except OSError:
                continue
        self.socket.setblocking(False)
        self.peer = None

    async def recv(self, wait=WAIT_MS):
        """A datagram within `wait` ms, or None."""
        for _ in range(wait // 5):
            try:
                datagram, self.peer = self.socket.recvfrom(2000)
                return datagram
            except OSError:
                await asyncio.sleep_ms(5)
        return None

    def send(self, datagram):
        self.socket.sendto(datagram, self.peer)
