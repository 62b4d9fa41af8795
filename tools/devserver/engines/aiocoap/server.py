"""The engine `aiocoap`: a plain LwM2M server, for machines where Leshan is not available.

NoSec; registration, every operation but Create, and Send; in text, TLV, opaque and both SenML, and
where it reads in CBOR and LwM2M CBOR too.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Coroutine

import aiocoap
import aiocoap.error

from ...errors import CommandError, EngineUnavailable, StartError
from ..engine import DEFAULT_TIMEOUT, Engine, origin, probe
from . import observe, requests
from .observe import Observation
from .registry import Registration, Registry


def transport() -> str:
    """The aiocoap transport; requests must leave from the server's port, which meters expect."""
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
    except OSError:
        return "simplesocketserver"  # no IPv6 in this kernel
    return "udp6"


class AiocoapEngine(Engine):
    """An asyncio loop in a thread of its own."""

    name = "aiocoap"
    operations = frozenset(requests.BUILDERS) | {"cancel"}

    def __init__(self, settings, emit) -> None:
        super().__init__(settings, emit)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="aiocoap", daemon=True)
        self.registry = Registry(self._report)
        self.context: aiocoap.Context | None = None
        self.bound: tuple = ("", 0)

    def start(self) -> None:
        """Bind the port and serve."""
        if self.settings.coaps and self.settings.insist:
            raise EngineUnavailable("the engine aiocoap has no coaps: use --engine leshan")
        address = probe(self.settings.host, self.settings.port)
        self.thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._serve(address), self.loop).result()
        except (OSError, RuntimeError, ValueError, aiocoap.error.Error) as error:
            self.stop()
            raise StartError("aiocoap does not start on %s: %s" % (address[0], error)) from error

    async def _serve(self, address: tuple) -> None:
        self.context = await aiocoap.Context.create_server_context(
            self.registry, bind=address[:2], transports=[transport()]
        )
        interface = self.context.request_interfaces[0].token_interface.message_interface
        endpoint = getattr(interface, "transport", None) or interface._pool._transport
        observe.reset_unknown(self.context.request_interfaces[0])
        self.bound = endpoint.get_extra_info("socket").getsockname()

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

    def _report(self, kind: str, **more: object) -> None:
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
            work = self._cancel(client, command)
        else:
            work = self._send(client, command, *requests.build(command))
        asyncio.run_coroutine_threadsafe(self._answer(work, done), self.loop)

    async def _answer(self, work: Coroutine, done: Callable[[dict], None]) -> None:
        """Answer a request with its result or its error."""
        try:
            answer = await work
        except CommandError as error:
            answer = {"error": str(error)}
        except (TimeoutError, aiocoap.error.TimeoutError):
            answer = {"error": "timeout"}
        except (aiocoap.error.Error, OSError, ValueError, LookupError, TypeError) as error:
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        done(answer)

    async def _send(self, client: Registration, command: dict, request, path: list) -> dict:
        request.remote = client.remote
        limit = command.get("timeout", DEFAULT_TIMEOUT)
        if command["op"] in requests.OBSERVES:
            return await self._observe(client, command, request, path, limit)
        response = await asyncio.wait_for(self._exchange(request), limit)
        return requests.answer(command, path, response)

    async def _exchange(self, request: aiocoap.Message) -> aiocoap.Message:
        """The whole response to a request; aiocoap repeats a FETCH without its body."""
        if request.code is not aiocoap.FETCH:
            return await self.context.request(request).response
        response = await self.context.request(request, handle_blockwise=False).response
        return await observe.complete(self.context, request, response)

    async def _observe(self, client, command, request, path, limit) -> dict:
        key = observed(command)
        observation = Observation(
            self.context,
            (request, command, path),
            lambda update, error: self._notified(client, command, path, update, error),
            lambda ended: client.observations.get(key) is ended and client.observations.pop(key),
        )
        try:
            response = await asyncio.wait_for(observation.whole(), limit)
            answer = requests.answer(command, path, response)
        except BaseException:
            observation.forget()
            raise
        answer["observed"] = response.opt.observe is not None and response.code.is_successful()
        if answer["observed"]:
            older = client.observations.pop(key, None)
            if older:
                older.forget()
            client.observations[key] = observation
            observation.follow()
        return answer

    def _notified(self, client: Registration, command: dict, path: list, update, error) -> None:
        """Report a notification, or why its body cannot be fetched or read."""
        content = requests.facts(update)
        try:
            if error:
                content["error"] = "%s: %s" % (type(error).__name__, error)
            elif update.code.is_successful():
                content.update(requests.content(command, path, update))
            else:
                content["error"] = update.payload.decode(errors="replace") or content["code"]
        except (ValueError, LookupError, TypeError) as error:
            content["error"] = str(error)
        where = {"path": command["path"]} if "path" in command else {}
        confirmable = str(update.mtype) == "CON"
        event = {"endpoint": client.endpoint, **where, **content, "confirmable": confirmable}
        self._report("notification", **event)

    async def _cancel(self, client: Registration, command: dict) -> dict:
        """The end of an observation: by Observe 1, or by a Reset of its next notification."""
        key = observed(command)
        observation = client.observations.pop(key, None)
        if observation is None:
            what = " ".join(command.get("paths") or [command["path"]])
            raise CommandError("%s is not observed at %s" % (what, client.endpoint))
        if command.get("passive"):
            observation.forget()
            return {"cancelled": 1}
        response = await observation.cancel(command.get("timeout", DEFAULT_TIMEOUT))
        asked = {**observation.command, "raw": command.get("raw", False)}
        return requests.answer(asked, observation.path, response)


def observed(command: dict) -> str | tuple:
    """The key of an observation."""
    return tuple(command["paths"]) if "paths" in command else command["path"]
