"""What clients ask of the server: Register, Update, De-register, expiry, and Send."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiocoap
from aiocoap import resource

from ... import values
from ..engine import origin
from . import contents, senml

DEFAULT_LIFETIME = 86400
VERSIONS = ("1.0", "1.1")


@dataclass
class Registration:
    """One client, and what runs for it."""

    endpoint: str
    remote: object
    key: str = field(default_factory=lambda: secrets.token_hex(4))
    lifetime: int = DEFAULT_LIFETIME
    version: str = "1.0"
    binding: str = "U"
    queue: bool = False
    sms: str | None = None
    links: list = field(default_factory=list)
    since: float = field(default_factory=time.time)
    expiry: asyncio.TimerHandle | None = None
    observations: dict = field(default_factory=dict)  # by path, or by a tuple of paths

    def facts(self) -> dict:
        """The registration as the `registered` event has it."""
        host, port = (
            self.remote.sockaddr[:2] if hasattr(self.remote, "sockaddr") else self.remote.address
        )
        facts = {
            "endpoint": self.endpoint,
            "location": "/rd/" + self.key,
            "lifetime": self.lifetime,
            "version": self.version,
            "binding": self.binding,
            "queue": self.queue,
            "links": self.links,
            "address": origin("coap", host.removeprefix("::ffff:"), port),
            "since": round(self.since, 3),
            "formats": formats(self.links),
        }
        return {**facts, "sms": self.sms} if self.sms else facts


def formats(links: list[str]) -> list[str]:
    """The names of the formats that the `ct` of the `</>` link lists."""
    for link in links:
        for part in link.split(";")[1:] if link.startswith("</>") else ():
            name, _, text = part.partition("=")
            if name == "ct":
                return [values.format_name(int(n)) for n in text.strip('"').split() if n.isdigit()]
    return []


def split_links(text: str) -> list[str]:
    """The links of a CoRE link list; a comma in a quoted attribute does not divide."""
    links, quoted, start = [], False, 0
    for place, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            links.append(text[start:place].strip())
            start = place + 1
    return [link for link in [*links, text[start:].strip()] if link]


def parameters(request: aiocoap.Message) -> dict[str, str]:
    """The query of a request; `Q`, which has no value, as an empty string."""
    return dict(part.partition("=")[::2] for part in request.opt.uri_query)


class Refused(Exception):
    """A registration request that is answered with an error code."""

    def __init__(self, code: aiocoap.Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Registry(resource.Resource):
    """The whole site, /rd, /rd/key and /dp: aiocoap's Site holds no resource below another."""

    def __init__(self, report: Callable[..., None]) -> None:
        super().__init__()
        self.report = report
        self.clients: dict[str, Registration] = {}  # by endpoint

    async def render_post(self, request: aiocoap.Message) -> aiocoap.Message:
        """Register at /rd, update at /rd/key, Send at /dp."""
        try:
            if request.opt.uri_path == ("dp",):
                return self.send(request)
            if request.opt.uri_path == ("rd",):
                return self.register(request)
            return self.update(request)
        except Refused as refusal:
            return aiocoap.Message(code=refusal.code, payload=str(refusal).encode())

    async def render_delete(self, request: aiocoap.Message) -> aiocoap.Message:
        """De-register."""
        try:
            client = self.find(request)
        except Refused as refusal:
            return aiocoap.Message(code=refusal.code, payload=str(refusal).encode())
        self.drop(client, "deregistered")
        return aiocoap.Message(code=aiocoap.DELETED)

    def find(self, request: aiocoap.Message) -> Registration:
        """The client of /rd/key."""
        for client in self.clients.values():
            if request.opt.uri_path == ("rd", client.key):
                return client
        raise Refused(aiocoap.NOT_FOUND, "no such registration")

    def register(self, request: aiocoap.Message) -> aiocoap.Message:
        """A new registration; it replaces an older one of the same endpoint."""
        query = parameters(request)
        if not query.get("ep"):
            raise Refused(aiocoap.BAD_REQUEST, "ep is missing")
        if query.get("lwm2m") not in VERSIONS:
            raise Refused(aiocoap.PRECONDITION_FAILED, "lwm2m version is not 1.0 or 1.1")
        client = Registration(query["ep"], request.remote, version=query["lwm2m"])
        self.apply(client, query, request)
        again = self.clients.pop(client.endpoint, None)
        if again:
            self.silence(again)
        self.clients[client.endpoint] = client
        self.report("registered", **client.facts(), again=again is not None)
        return aiocoap.Message(code=aiocoap.CREATED, location_path=("rd", client.key))

    def update(self, request: aiocoap.Message) -> aiocoap.Message:
        """Only what the update names changes, and the address it came from."""
        client = self.find(request)
        client.remote = request.remote
        self.apply(client, parameters(request), request)
        self.report("updated", **client.facts())
        return aiocoap.Message(code=aiocoap.CHANGED)

    def send(self, request: aiocoap.Message) -> aiocoap.Message:
        """The values that a client, known by its address, sends unasked."""
        client = self.sender(request)
        form = request.opt.content_format
        if form not in contents.SENT:
            raise Refused(aiocoap.UNSUPPORTED_CONTENT_FORMAT, "Send in format %s" % form)
        try:
            records = senml.timed(contents.records(int(form), request.payload))
        except ValueError as error:
            raise Refused(aiocoap.BAD_REQUEST, str(error)) from error
        name = values.format_name(int(form))
        self.report("send", endpoint=client.endpoint, format=name, values=records)
        return aiocoap.Message(code=aiocoap.CHANGED)

    def sender(self, request: aiocoap.Message) -> Registration:
        """The client at the address of a request."""
        for client in self.clients.values():
            if client.remote == request.remote:
                return client
        raise Refused(aiocoap.NOT_FOUND, "no client is registered from this address")

    def apply(self, client: Registration, query: dict, request: aiocoap.Message) -> None:
        """Take over parameters and links, and start the lifetime again."""
        lifetime = query.get("lt", str(client.lifetime))
        if not lifetime.isdigit():
            raise Refused(aiocoap.BAD_REQUEST, "lt is no number of seconds")
        client.lifetime = int(lifetime)
        binding = query.get("b", client.binding)
        client.binding = binding.replace("Q", "") or "U"
        if "b" in query or "Q" in query:
            client.queue = "Q" in query or "Q" in binding
        client.sms = query.get("sms", client.sms)
        if request.payload:
            client.links = split_links(request.payload.decode(errors="replace"))
        if client.expiry:
            client.expiry.cancel()
        loop = asyncio.get_running_loop()
        client.expiry = loop.call_later(client.lifetime, self.drop, client, "expired")

    def drop(self, client: Registration, why: str) -> None:
        """End a registration."""
        self.silence(client)
        if self.clients.get(client.endpoint) is client:
            del self.clients[client.endpoint]
            self.report(why, endpoint=client.endpoint)

    def silence(self, client: Registration) -> None:
        """Stop the timer and the observations of a client that is gone."""
        if client.expiry:
            client.expiry.cancel()
        for observation in client.observations.values():
            observation.forget()
        client.observations.clear()
