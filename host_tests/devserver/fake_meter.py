"""A scripted LwM2M 1.1 client on aiocoap: what the server is tested against before, and beside,
the real one.

It runs in a thread; the test sets `values`, switches `observable` or `silent`, and calls register,
update, notify and deregister. Text for single resources, TLV on request; one socket, as a meter
has.
"""

import argparse
import asyncio
import contextlib
import itertools
import struct
import sys
import threading
import time

import aiocoap
import fake_reports
from aiocoap import resource

TLV = 11542
TEXT = 0
LINKS = "</>;ct=110,</1>;ver=1.1,</1/0>,</3/0>,</3424>;ver=1.1,</3424/0>"
DOUBLES = {"/3424/0/1"}
INTEGERS = {"/1/0/0", "/1/0/1", "/3/0/11/0", "/3424/0/4", "/3424/0/6"}
EXECUTABLE = {"/3/0/4", "/1/0/8", "/3424/0/2"}


def starting_values() -> dict:
    """What the meter holds at first, by path."""
    return {
        "/1/0/0": "123",
        "/1/0/1": "60",
        "/1/0/7": "U",
        "/3/0/0": "micropython-lwm2m",
        "/3/0/11/0": "0",
        "/3/0/16": "U",
        "/3424/0/1": "12.345",
        "/3424/0/3": "dry dial",
        "/3424/0/6": "1",
    }


def encoded(path: str, text: str) -> bytes:
    """The TLV body of one value."""
    if path in DOUBLES:
        return struct.pack(">d", float(text))
    if path in INTEGERS:
        return struct.pack(">h", int(text))
    return text.encode()


def tlv(kind: int, number: int, body: bytes) -> bytes:
    """One TLV of a kind (0 instance, 1 resource instance, 2 multiple resource, 3 resource)."""
    size = len(body)
    if size < 8:
        return bytes([kind << 6 | size, number]) + body
    return bytes([kind << 6 | 0x08, number, size]) + body


def observed(request: aiocoap.Message) -> str:
    """What an observation is known by: its path, or its paths with a space between."""
    if request.code is aiocoap.FETCH:
        return " ".join(fake_reports.paths_of(request))
    return "/" + "/".join(request.opt.uri_path)


class Everything(fake_reports.Composites, resource.Resource, resource.PathCapable):
    """Answers every path of the meter."""

    def __init__(self, meter: "FakeMeter") -> None:
        super().__init__()
        self.meter = meter
        self.observed: dict = {}
        self.fetched: list = []
        self.later_blocks: list = []

    async def needs_blockwise_assembly(self, request):
        return False

    async def render_to_pipe(self, request):
        await self.meter.listening.wait()
        message = request.request
        if message.opt.observe == 0 and self.meter.observable:
            await self.observe(request)
        else:
            await super().render_to_pipe(request)

    async def observe(self, pipe):
        """Answer now and at every notify until the server loses interest."""
        changed: asyncio.Queue = asyncio.Queue()
        path = observed(pipe.request)
        self.observed.setdefault(path, []).append(changed)
        try:
            answer = await self.render(pipe.request)
            number = 1
            while True:
                answer.code = answer.code or aiocoap.CONTENT
                answer.opt.observe = number
                pipe.add_response(answer, is_last=False)
                *change, stated = await changed.get()
                number = number + 1 if stated is None else stated
                answer = await self.notification(pipe.request, *change)
        finally:
            self.observed[path].remove(changed)

    async def render(self, request):
        answer = await super().render(request)
        if self.meter.blocks and request.code in (aiocoap.GET, aiocoap.FETCH):
            return fake_reports.sliced(request, answer)
        return answer

    async def notification(self, request, records, confirmable):
        """What a change makes of an observation: the value now, or the records that it brings."""
        if records is None:
            answer = await self.render(request)
        else:
            form = request.opt.accept or fake_reports.SENML_CBOR
            body = fake_reports.packed(form, records)
            answer = aiocoap.Message(code=aiocoap.CONTENT, payload=body, content_format=form)
        answer.mtype = aiocoap.CON if confirmable else aiocoap.NON
        return answer

    async def render_get(self, request):
        path = "/" + "/".join(request.opt.uri_path)
        self.meter.seen.append(("GET", path, request.opt.observe))
        if request.opt.accept == 40:
            return aiocoap.Message(payload=b"</3/0/0>", content_format=40)
        if request.opt.accept in (fake_reports.SENML_CBOR, fake_reports.SENML_JSON):
            body = fake_reports.packed(
                request.opt.accept, fake_reports.below(self.meter.values, [path])
            )
            return aiocoap.Message(payload=body, content_format=request.opt.accept)
        if request.opt.accept == TLV or path not in self.meter.values:
            return self.render_tlv(path)
        return aiocoap.Message(payload=self.meter.values[path].encode(), content_format=TEXT)

    def render_tlv(self, path):
        below = sorted(key for key in self.meter.values if (key + "/").startswith(path + "/"))
        if not below:
            return aiocoap.Message(code=aiocoap.NOT_FOUND)
        body = b"".join(self.one_tlv(key) for key in below)
        return aiocoap.Message(payload=body, content_format=TLV)

    def one_tlv(self, path):
        numbers = [int(part) for part in path.split("/")[1:]]
        body = encoded(path, self.meter.values[path])
        if len(numbers) == 4:
            return tlv(2, numbers[2], tlv(1, numbers[3], body))
        return tlv(3, numbers[2], body)

    async def render_put(self, request):
        path = "/" + "/".join(request.opt.uri_path)
        self.meter.seen.append(("PUT", path, bytes(request.payload), request.opt.content_format))
        if request.opt.uri_query:
            self.meter.attributes[path] = list(request.opt.uri_query)
        elif path not in self.meter.values:
            return aiocoap.Message(code=aiocoap.NOT_FOUND)
        elif request.opt.content_format == TEXT:
            self.meter.values[path] = request.payload.decode()
        return aiocoap.Message(code=aiocoap.CHANGED)

    async def render_post(self, request):
        path = "/" + "/".join(request.opt.uri_path)
        self.meter.seen.append(("POST", path, bytes(request.payload), request.opt.content_format))
        code = aiocoap.CHANGED if path in EXECUTABLE else aiocoap.METHOD_NOT_ALLOWED
        return aiocoap.Message(code=code)


class FakeMeter:
    """A client thread; every public method may be called from the test."""

    def __init__(self, server: str, endpoint: str = "m1") -> None:
        self.server = server
        self.endpoint = endpoint
        self.values = starting_values()
        self.attributes: dict = {}
        self.seen: list = []
        self.observable = True
        self.blocks = False  # answer in blocks of 64 bytes
        self.resets: list = []
        self.location = ()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> "FakeMeter":
        self.thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *reason: object) -> None:
        self.loop.call_soon_threadsafe(self.listening.set)
        with contextlib.suppress(aiocoap.error.Error):
            self._run(self.context.shutdown())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def _open(self):
        self.listening = asyncio.Event()
        self.listening.set()
        self.site = Everything(self)
        self.context = await aiocoap.Context.create_server_context(
            self.site, bind=("127.0.0.1", 0), transports=["udp6"]
        )
        fake_reports.record_resets(self.context, self.resets)

    async def _post(self, path: tuple, query: list, payload: str, code=aiocoap.POST):
        request = aiocoap.Message(code=code, uri=self.server, payload=payload.encode())
        request.opt.uri_path = path
        request.opt.uri_query = query
        if payload:
            request.opt.content_format = 40
        return await self.context.request(request).response

    def register(
        self, lifetime: int = 60, version: str = "1.1", links: str = LINKS, more: tuple = ()
    ):
        """Register; the response's code as text."""
        query = ["ep=" + self.endpoint, "lt=%d" % lifetime, "lwm2m=" + version, "b=U", *more]
        response = self._run(self._post(("rd",), query, links))
        self.location = response.opt.location_path
        return response.code.dotted

    def update(self, lifetime: int | None = None, links: str = ""):
        """Update the registration."""
        query = [] if lifetime is None else ["lt=%d" % lifetime]
        return self._run(self._post(self.location, query, links)).code.dotted

    def deregister(self):
        """Deregister."""
        return self._run(self._post(self.location, [], "", aiocoap.DELETE)).code.dotted

    def notify(self, path: str, text: str, confirmable: bool = True) -> int:
        """Set a value and notify its observers; how many there are."""
        self.values[path] = text
        return self.report(path, None, confirmable)

    def report(
        self,
        observed: str,
        records: list | None,
        confirmable: bool = True,
        number: int | None = None,
    ) -> int:
        """Notify the observers of a path, or of `"/path /path"`, with records of SenML."""
        queues = list(self.site.observed.get(observed, []))
        for changed in queues:
            self.loop.call_soon_threadsafe(changed.put_nowait, (records, confirmable, number))
        return len(queues)

    def send(self, records: list | bytes, form: int = fake_reports.SENML_CBOR) -> str:
        """Send; the response's code."""
        body = records if isinstance(records, bytes) else fake_reports.packed(form, records)
        return self._run(self._send(body, form)).code.dotted

    async def _send(self, body: bytes, form: int):
        request = aiocoap.Message(code=aiocoap.POST, uri=self.server, payload=body)
        request.opt.uri_path = ("dp",)
        request.opt.content_format = form
        return await self.context.request(request).response

    def observers(self, path: str) -> int:
        """How many observations of `path` live."""
        return len(self.site.observed.get(path, []))

    def silence(self, silent: bool = True) -> None:
        """Stop answering requests, or go on."""
        switch = self.listening.clear if silent else self.listening.set
        self.loop.call_soon_threadsafe(switch)


def main() -> None:
    """A meter process as `make run` starts one: register, tick, de-register on SIGINT."""
    options = argparse.ArgumentParser()
    options.add_argument("--server")
    options.add_argument("--endpoint")
    options.add_argument("--no-observe", action="store_true")
    options.add_argument("--fail", action="store_true")
    chosen = options.parse_args()
    if chosen.fail:
        sys.exit("meter: no such profile")
    with FakeMeter(chosen.server, chosen.endpoint) as meter:
        meter.observable = not chosen.no_observe
        meter.register()
        try:
            for tick in itertools.count():
                meter.notify("/3424/0/1", "%.4f" % (12.345 + tick / 10))
                time.sleep(0.5)
        except KeyboardInterrupt:
            meter.deregister()


if __name__ == "__main__":
    main()
