"""The asyncio shell around a protocol core: one task waits for datagrams, one for the deadline.

A core is anything with `input(datagram, now)`, `poll(now)` -> the next deadline, `deadline` and
`outbox`: a coap `Peer`, or an LwM2M session around one.
"""

import asyncio

from micropython import const

from .wakeup import resume, wait

_FAULTS = const(60)
_LONGEST_SLEEP = const(3600000)  # well under the wrap of the ports' ticks


class Endpoint:
    """Runs one core over one transport, which may be replaced while it runs."""

    def __init__(self, core, clock):
        self.core = core
        self.clock = clock
        self.transport = None
        self.fault = None  # what receiving raised
        self._reader = None
        self._timer = None
        self._wake_at = 0
        self._stop = False

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
                yield wait(transport.readable())
                datagram = transport.recv()
                try:
                    if datagram is not None:
                        self.core.input(datagram, self.clock.now())
                    else:  # a handshake went on
                        self.wake()
                    self.flush()
                except Exception as error:  # noqa: BLE001 a full heap, a callback's fault
                    self.core.log(1, "failed", error)
                    self.wake()  # which flushes, and counts
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
        transport = self.transport
        for datagram in outbox if transport else ():
            if len(datagram) > transport.longest:
                core.log(1, "too long", len(datagram))
            else:
                transport.send(datagram)
        outbox.clear()
        if self.deadline() < self._wake_at:
            self.wake()

    def deadline(self) -> int:
        """When the core or the transport has something to do next."""
        transport = self.transport
        return min(self.core.deadline, transport.deadline) if transport else self.core.deadline

    def wake(self) -> None:
        """Let the timer look at the deadline again, now."""
        self._wake_at = 0
        if self._timer:
            resume(self._timer)

    def service(self) -> None:
        """Called after each poll, in the task of `run`: where an owner replaces the transport."""

    async def run(self) -> None:
        """Drive the core until `stop`, in a task of its own.

        Raises what receiving raised, and what the core raises all the time, for a minute.
        """
        self._timer = asyncio.current_task()
        faults = 0  # in succession
        while not self._stop:
            if self.fault:
                raise self.fault
            now = self.clock.now()
            try:
                if self.transport:
                    self.transport.poll(now)
                self.core.poll(now)
                self.service()
                self.flush()
                at = self.deadline()
                faults = 0
            except Exception as error:  # noqa: BLE001 a full heap, a callback's fault
                faults += 1
                if faults > _FAULTS:
                    raise
                self.core.log(1, "failed", error)
                at = now + 1000
            if self._stop:  # by `service`
                break
            self._wake_at = at
            await asyncio.sleep_ms(min(max(at - self.clock.now(), 0), _LONGEST_SLEEP))

    def stop(self) -> None:
        """End `run` and close the transport."""
        self._stop = True
        self.wake()
        self.detach()
