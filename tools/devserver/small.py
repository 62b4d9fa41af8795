"""The engine `small`: a plain LwM2M server on aiocoap, for where Leshan cannot be had.

NoSec; registration, Read, Write, Observe, Execute, Discover, Write-Attributes and Delete, in text,
TLV and opaque.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable

import aiocoap
import aiocoap.error

from . import plaintext, tlv, values
from .engine import (
    DEFAULT_TIMEOUT,
    CommandError,
    Engine,
    EngineUnavailable,
    StartError,
    origin,
    probe,
)
from .small_registry import Registration, Registry

TEXT, LINK, OPAQUE, TLV = 0, 40, 42, 11542


def transport() -> str:
    """The aiocoap transport; requests must leave from the server's port, which meters expect."""
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
    except OSError:
        return "simplesocketserver"  # no IPv6 in this kernel
    return "udp6"


def decode(path: list[int], response: aiocoap.Message) -> object:
    """The value of a response; a format that is not known here as hex."""
    form = response.opt.content_format
    if form is None or form == TEXT:
        return plaintext.value(path, response.payload)
    if form == TLV:
        return tlv.value(path, response.payload)
    return values.hexed(response.payload)


def encode(command: dict, path: list[int]) -> tuple[int, bytes]:
    """The format and the body of a Write: text for one value, TLV for several, unless told."""
    plain = len(path) > 2 and not isinstance(command["value"], dict)
    form = values.format_number(command.get("format", "text" if plain else "tlv"))
    if form == TEXT:
        return form, plaintext.encode(path, command["value"])
    if form == TLV:
        return form, tlv.encode(path, command["value"])
    if form == OPAQUE:
        return form, values.opaque(command["value"])
    raise CommandError("the engine small writes text, tlv and opaque, not %s" % command["format"])


def message(code: aiocoap.Code, path: list[int], **options: object) -> aiocoap.Message:
    """A request to a path."""
    return aiocoap.Message(code=code, uri_path=[str(part) for part in path], **options)


def build_read(command: dict, path: list[int]) -> aiocoap.Message:
    """Read, and Observe but for its option."""
    if "format" in command:
        return message(aiocoap.GET, path, accept=values.format_number(command["format"]))
    return message(aiocoap.GET, path)


def build_write(command: dict, path: list[int]) -> aiocoap.Message:
    """Write: replace, or update with "mode": "update"."""
    form, body = encode(command, path)
    code = aiocoap.POST if command.get("mode") == "update" else aiocoap.PUT
    return message(code, path, payload=body, content_format=form)


def build_execute(command: dict, path: list[int]) -> aiocoap.Message:
    """Execute, with arguments as text."""
    body = command.get("arguments", "").encode()
    return message(aiocoap.POST, path, payload=body, **({"content_format": TEXT} if body else {}))


def build_discover(command: dict, path: list[int]) -> aiocoap.Message:
    """Discover."""
    return message(aiocoap.GET, path, accept=LINK)


def build_attributes(command: dict, path: list[int]) -> aiocoap.Message:
    """Write-Attributes."""
    return message(aiocoap.PUT, path, uri_query=command["attributes"].split("&"))


def build_delete(command: dict, path: list[int]) -> aiocoap.Message:
    """Delete of an instance."""
    return message(aiocoap.DELETE, path)


# The builder of each operation and the levels its path may have.
BUILDERS = {
    "read": (build_read, 1, 4),
    "observe": (build_read, 1, 4),
    "write": (build_write, 2, 4),
    "execute": (build_execute, 3, 3),
    "discover": (build_discover, 1, 3),
    "write-attributes": (build_attributes, 1, 4),
    "delete": (build_delete, 2, 2),
}


def facts(response: aiocoap.Message) -> dict:
    """What the CoAP message itself shows."""
    found = {"code": response.code.dotted, "bytes": len(response.payload)}
    if response.opt.content_format is not None:
        found["format"] = values.format_name(int(response.opt.content_format))
    if response.opt.observe is not None:
        found["observe"] = response.opt.observe
    return found


def answer(command: dict, path: list[int], response: aiocoap.Message) -> dict:
    """A response as an answer."""
    found = facts(response)
    if command.get("raw"):
        found["payload"] = response.payload.hex()
    if not response.code.is_successful():
        return {**found, "message": response.payload.decode(errors="replace")}
    if command["op"] == "discover":
        return {**found, "links": response.payload.decode(errors="replace").split(",")}
    if command["op"] in ("read", "observe"):
        found["value"] = decode(path, response)
    return found


class SmallEngine(Engine):
    """An asyncio loop in a thread of its own."""

    name = "small"
    operations = frozenset(BUILDERS) | {"cancel"}

    def __init__(self, settings, emit) -> None:
        super().__init__(settings, emit)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="small", daemon=True)
        self.registry = Registry(self._tell)
        self.context: aiocoap.Context | None = None
        self.bound: tuple = ("", 0)

    def start(self) -> None:
        """Bind the port and serve."""
        if self.settings.coaps:
            raise EngineUnavailable("the engine small has no coaps: take --engine leshan")
        address = probe(self.settings.host, self.settings.port)
        self.thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._serve(address), self.loop).result()
        except (OSError, RuntimeError, ValueError, aiocoap.error.Error) as error:
            self.stop()
            raise StartError("small does not start on %s: %s" % (address[0], error)) from error

    async def _serve(self, address: tuple) -> None:
        self.context = await aiocoap.Context.create_server_context(
            self.registry, bind=address[:2], transports=[transport()]
        )
        interface = self.context.request_interfaces[0].token_interface.message_interface
        opened = getattr(interface, "transport", None) or interface._pool._transport
        self.bound = opened.get_extra_info("socket").getsockname()

    def stop(self) -> None:
        """Close the socket and end the loop's thread."""
        if not self.thread.is_alive():
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    async def _close(self) -> None:
        for client in list(self.registry.clients.values()):
            self.registry.silence(client)
        if self.context:
            await self.context.shutdown()

    def _tell(self, kind: str, **more: object) -> None:
        self.emit({"event": kind, **more, "time": round(time.time(), 3)})

    def addresses(self) -> dict:
        """The bound address."""
        return {"coap": origin("coap", self.bound[0].removeprefix("::ffff:"), self.bound[1])}

    def registrations(self) -> list[dict]:
        """The live registrations."""
        return [client.facts() for client in list(self.registry.clients.values())]

    def perform(self, command: dict, done: Callable[[dict], None]) -> None:
        """Check the command here, send it on the loop's thread."""
        client = self.registry.clients.get(command["endpoint"])
        if client is None:
            raise CommandError("endpoint %r is not registered" % command["endpoint"])
        if command["op"] == "cancel":
            self.loop.call_soon_threadsafe(lambda: done(self._cancel(client, command)))
            return
        build, least, most = BUILDERS[command["op"]]
        path = values.parse_path(command["path"], least, most)
        request = build(command, path)
        request.remote = client.remote
        asyncio.run_coroutine_threadsafe(
            self._send(client, command, path, request, done), self.loop
        )

    async def _send(self, client, command, path, request, done) -> None:
        if command["op"] == "observe":
            request.opt.observe = 0
        sent = self.context.request(request)
        try:
            limit = command.get("timeout", DEFAULT_TIMEOUT)
            response = await asyncio.wait_for(sent.response, limit)
            found = answer(command, path, response)
        except (TimeoutError, aiocoap.error.TimeoutError):
            found = {"error": "timeout"}
        except (aiocoap.error.Error, OSError, ValueError, LookupError) as error:
            found = {"error": "%s: %s" % (type(error).__name__, error)}
        else:
            if command["op"] == "observe":
                found["observed"] = self._follow(client, command["path"], path, sent, response)
        done(found)

    def _follow(self, client: Registration, text: str, path: list, sent, response) -> bool:
        if response.opt.observe is None or not response.code.is_successful():
            return False
        older = client.observations.pop(text, None)
        if older:
            older.observation.cancel()
        client.observations[text] = sent
        sent.observation.register_callback(
            lambda update: self._notified(client, text, path, update)
        )
        sent.observation.register_errback(lambda error: client.observations.pop(text, None))
        return True

    def _notified(self, client: Registration, text: str, path: list, update) -> None:
        try:
            value = {"value": decode(path, update)}
        except (ValueError, LookupError) as error:
            value = {"error": str(error)}
        confirmable = str(update.mtype) == "CON"
        event = {"endpoint": client.endpoint, "path": text, **facts(update), **value}
        self._tell("notification", **event, confirmable=confirmable)

    def _cancel(self, client: Registration, command: dict) -> dict:
        """Lose interest: aiocoap 0.4.17 sends no Observe 1 but resets a later notification."""
        sent = client.observations.pop(command.get("path"), None)
        if sent is None:
            return {"error": "%s is not observed at %s" % (command.get("path"), client.endpoint)}
        sent.observation.cancel()
        return {"cancelled": 1}
