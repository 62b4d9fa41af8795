"""Many clients of lib/dtls at once through a bad network, in one event loop over real sockets.

Each makes a full handshake, says something until it is echoed, waits for what is still on its
way, says something again over a network that is good by now, closes, and does all that once more
with an abbreviated handshake from a new port. The core does no I/O: its clock is the loop's, and
runs as fast as `first_timeout` says.
"""

import asyncio
from dataclasses import dataclass

from tools.impairment import impaired
from virtual import Chance

from dtls.client import Dtls

PATIENCE_S = 60  # for one handshake; the core must have given up long before
SETTLED_S = 0.1  # by then all that was delayed is there: impaired() says 60 ms


@dataclass
class Outcome:
    """How a handshake ended. `state` 2 is established, else `failed` says why not."""

    seed: int
    state: int
    failed: int | None
    resumed: bool
    echoed: bool
    undisturbed: bool  # by what came late
    seconds: float
    unanswered: bool = False  # an established session was not answered, and begun anew


class Line(asyncio.DatagramProtocol):
    """A socket, the bad network on both sides of it, and the core that it drives."""

    def __init__(self, core, below, percent):
        self.core, self.below, self.percent = core, below, percent
        self.loop = asyncio.get_running_loop()
        self.timer = None
        self.got = []
        self.changed = asyncio.Event()

    def connection_made(self, transport):
        """By asyncio."""
        self.transport = transport

    def error_received(self, error):
        """By asyncio: nobody there is silence, too."""

    def now(self):
        """Milliseconds."""
        return int(self.loop.time() * 1000)

    def _later(self, function, datagram):
        for delay, data in impaired(self.below, self.percent, datagram):
            if delay:
                self.loop.call_later(delay / 1000, function, data)
            else:
                function(data)

    def datagram_received(self, data, address):
        """By asyncio."""
        self._later(self._input, data)

    def _input(self, data):
        self.got += self.core.input(data, self.now())
        self.done()

    def _send(self, data):
        if not self.transport.is_closing():
            self.transport.sendto(data)

    def _due(self):
        self.timer = None
        self.core.poll(self.now())
        self.done()

    def done(self):
        """After anything was asked of the core: send what it wants sent, set its timer."""
        core = self.core
        for datagram in core.outbox:
            self._later(self._send, bytes(datagram))
        core.outbox.clear()
        if self.timer:
            self.timer.cancel()
            self.timer = None
        if core.state == 1 or core.deadline < 1 << 40:
            delay = max(0, core.deadline - self.now()) / 1000
            self.timer = self.loop.call_later(delay, self._due)
        self.changed.set()

    async def until(self, done, seconds):
        """Wait for a condition; was it met?"""
        end = self.loop.time() + seconds
        while not done():
            left = end - self.loop.time()
            if left <= 0:
                return False
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), left)
            except TimeoutError:
                pass
        return True

    async def echo(self, text):
        """Say something, again and again as CoAP does, until it comes back."""
        for _ in range(40):
            if not self.core.established:
                return False
            self.core.send(text, self.now())
            self.done()
            if await self.until(lambda: text.upper() in self.got, 0.1):
                return True
        return False


async def attempt(core, port, seed, percent, below):
    """One handshake and what follows."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    transport, line = await loop.create_datagram_endpoint(
        lambda: Line(core, below, percent), remote_addr=("127.0.0.1", port)
    )
    core.connect(line.now())
    line.done()
    await line.until(lambda: core.state != 1, PATIENCE_S)
    found = Outcome(seed, core.state, core.failed, core.resumed, False, False, loop.time() - begun)
    if core.established:
        found.echoed = await line.echo(b"through a bad network")
        if not found.echoed:
            # The server has given an abbreviated handshake up, for our last flight came to
            # nothing twelve times: what nobody answers makes the layer above begin anew.
            found.unanswered = True
            core.connect(line.now())
            line.done()
            await line.until(lambda: core.state != 1, PATIENCE_S)
            found.state, found.failed, found.resumed = core.state, core.failed, core.resumed
            found.echoed = core.established and await line.echo(b"through a bad network")
    if core.established:
        await asyncio.sleep(SETTLED_S)
        records = core.records
        line.percent = 0
        found.undisturbed = await line.echo(b"and after it") and core.records is records
        core.close(line.now())
        line.done()
    if line.timer:
        line.timer.cancel()
    transport.close()
    return found


async def pair(make, port, seed, percent):
    """A full handshake and, if that succeeded, an abbreviated one; else a full one again."""
    below = Chance(seed).below
    core = make()
    first = await attempt(core, port, seed, percent, below)
    return [first, await attempt(core, port, seed, percent, below)]


async def _run(make, port, count, percent, together):
    places = asyncio.Semaphore(together)
    raised = []
    asyncio.get_running_loop().set_exception_handler(lambda _, found: raised.append(found))

    async def one(seed):
        async with places:
            return await pair(make, port, seed, percent)

    tasks = [asyncio.create_task(one(seed)) for seed in range(count // 2)]
    found = [outcome for two in await asyncio.gather(*tasks) for outcome in two]
    assert not raised, raised
    return found


def many_handshakes(
    identity, key, port, count, percent=30, together=48, first_timeout=50, **settings
):
    """So many handshakes at a server, in pairs; their outcomes. What the core raises is raised."""

    def make():
        core = Dtls(identity, key)
        core.first_timeout = first_timeout
        for name, value in settings.items():
            setattr(core, name, value)
        return core

    return asyncio.run(_run(make, port, count, percent, together))
