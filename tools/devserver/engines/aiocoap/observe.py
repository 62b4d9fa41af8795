"""Observations, on the pipes of aiocoap 0.4.17.

aiocoap's own client ends an observation silently, delivers notifications out of order and requests
the blocks of a FETCH without its body. So these three are done here.
"""

import asyncio
import logging
import time
from collections.abc import Callable

import aiocoap
import aiocoap.error
from aiocoap.messagemanager import EMPTY, NON, RST
from aiocoap.pipe import Pipe

from ...history.store import newer

LOG = logging.getLogger(__name__)
LARGEST = 1 << 20  # bytes of a body in blocks


def reset_unknown(tokens: object) -> None:
    """Reject responses that no request waits for: aiocoap ignores the non-confirmable ones."""
    manager = tokens.token_interface
    known = manager._process_response

    def process(message: aiocoap.Message) -> bool:
        if known(message):
            return True
        if message.mtype is NON:
            reset = aiocoap.Message(_mtype=RST, _mid=message.mid, code=EMPTY, payload="")
            reset.remote = message.remote.as_response_address()
            manager._send_initially(reset)
        return False

    manager._process_response = process


class Observation:
    """One Observe: its first response, its notifications, its end."""

    def __init__(
        self, context: aiocoap.Context, asked: tuple, notified: Callable, ended: Callable
    ) -> None:
        self.context = context
        self.tokens = context.request_interfaces[0]
        self.request, self.command, self.path = asked
        self.notified = notified
        self.ended = ended
        loop = asyncio.get_running_loop()
        self.first: asyncio.Future = loop.create_future()
        self.last: asyncio.Future | None = None  # the answer to the active cancel
        self.number: int = 0
        self.when = 0.0
        self.arrived: asyncio.Queue = asyncio.Queue()
        self.worker: asyncio.Task | None = None
        self.request.opt.observe = 0
        self.pipe = Pipe(self.request, LOG)
        self.interest = self.pipe.on_event(self._event)
        self.tokens.request(self.pipe)

    def _event(self, event: Pipe.Event) -> bool:
        """A response on our token, or an error of the transport."""
        waiting = self.last or self.first
        if event.exception is not None:
            if not waiting.done():
                waiting.set_exception(event.exception)
            self._end()
            return False
        response = event.message
        if not self.first.done():
            self._begin(response)
        elif self.last and response.opt.observe is None:
            if not self.last.done():
                self.last.set_result(response)
        elif self._is_new(response):
            self.arrived.put_nowait(response)
        if event.is_last and not self.last:
            self._end()
        return not event.is_last

    def _begin(self, response: aiocoap.Message) -> None:
        self.first.set_result(response)
        if response.opt.observe is not None:
            self.number, self.when = response.opt.observe, time.monotonic()

    def _is_new(self, response: aiocoap.Message) -> bool:
        """Whether a notification is not overtaken by one that came before; errors always count."""
        number, now = response.opt.observe, time.monotonic()
        if number is None:
            return True
        if not newer(number, self.number, now - self.when):
            return False
        self.number, self.when = number, now
        return True

    def _end(self) -> None:
        self.arrived.put_nowait(None)
        self.ended(self)

    async def whole(self) -> aiocoap.Message:
        """The first response with all its blocks."""
        return await complete(self.context, self.request, await self.first)

    def follow(self) -> None:
        """Report notifications from now on, whole and in order."""
        self.worker = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        while (response := await self.arrived.get()) is not None:
            try:
                self.notified(await complete(self.context, self.request, response), None)
            except (aiocoap.error.Error, OSError) as error:
                self.notified(response, error)

    def forget(self) -> None:
        """The passive cancel: the next notification is answered by a Reset."""
        self.interest()
        if self.worker:
            self.worker.cancel()

    async def cancel(self, limit: float) -> aiocoap.Message:
        """The active cancel: the same request on the same token with Observe 1."""
        self.last = asyncio.get_running_loop().create_future()
        request = self.request.copy(observe=1, mid=None, remote=self.request.remote)
        request.token = self.request.token
        stop = self.tokens.token_interface.send_message(
            request,
            lambda: self.last.done() or self.last.set_exception(aiocoap.error.MessageError()),
        )
        try:
            return await asyncio.wait_for(self.last, limit)
        finally:
            if stop:
                stop()
            self.forget()


async def complete(
    context: aiocoap.Context, request: aiocoap.Message, response: aiocoap.Message
) -> aiocoap.Message:
    """A response with all its blocks; a FETCH is repeated with its body (RFC 8132, 2.3.2)."""
    while response.opt.block2 is not None and response.opt.block2.more:
        size = response.opt.block2.size_exponent
        block = (len(response.payload) >> size + 4, False, size)
        following = request.copy(observe=None, block2=block, mid=None, token=None)
        following.remote = request.remote
        part = await context.request(following, handle_blockwise=False).response
        if part.opt.block2 is None or len(response.payload) > LARGEST:
            raise aiocoap.error.UnexpectedBlock2("%s instead of a block" % part.code.dotted)
        response._append_response_block(part)
    return response
