"""The engine `leshan`: Eclipse Leshan's server as a library, called through JPype.

Import it only once the JVM runs (jars.start_jvm): the Java imports below need it.
"""

import queue
import threading
from collections.abc import Callable

import jpype
import jpype.imports
from java.net import InetSocketAddress
from java.util import ArrayList
from org.eclipse.californium.scandium.config import DtlsConfig
from org.eclipse.leshan.core.endpoint import Protocol
from org.eclipse.leshan.core.model import ObjectLoader, ObjectModel, ResourceModel
from org.eclipse.leshan.core.request.exception import TimeoutException
from org.eclipse.leshan.server import LeshanServerBuilder
from org.eclipse.leshan.server.model import VersionedModelProvider
from org.eclipse.leshan.server.queue import StaticClientAwakeTimeProvider
from org.eclipse.leshan.servers.security import InMemorySecurityStore, SecurityInfo
from org.eclipse.leshan.transport.californium.server.endpoint import (
    CaliforniumServerEndpointsProvider,
)
from org.eclipse.leshan.transport.californium.server.endpoint.coap import (
    CoapServerProtocolProvider,
)
from org.eclipse.leshan.transport.californium.server.endpoint.coaps import (
    CoapsServerProtocolProvider,
)

from ... import models, values
from ...errors import CommandError, StartError
from ..engine import DEFAULT_TIMEOUT, Engine, origin, probe
from . import java_values, listeners, requests
from .listeners import code_text, exception_text, message_facts, stamped

CID_LENGTH = 6  # bytes; RFC 9146


def resource_model(fact: dict) -> object:
    """Leshan's model of one resource."""
    return ResourceModel(
        jpype.java.lang.Integer(fact["id"]),
        fact["name"],
        ResourceModel.Operations.valueOf(fact["operations"]),
        jpype.java.lang.Boolean(fact["multiple"]),
        jpype.java.lang.Boolean(fact["mandatory"]),
        ResourceModel.Type.valueOf(fact["type"]),
        fact["range"],
        fact["units"],
        "",
    )


def object_model(fact: dict) -> object:
    """Leshan's model of one object."""
    resources = ArrayList()
    for each in fact["resources"]:
        if not untyped(each):
            resources.add(resource_model(each))
    return ObjectModel(
        jpype.java.lang.Integer(fact["id"]),
        fact["name"],
        "",
        fact["version"],
        jpype.java.lang.Boolean(fact["multiple"]),
        jpype.java.lang.Boolean(fact["mandatory"]),
        resources,
        fact["urn"],
        fact["lwm2m"],
        "",
    )


def untyped(fact: dict) -> bool:
    """Whether Leshan refuses a resource: one of the registry is read and has no type."""
    return fact["type"] == "NONE" and fact["operations"] != "E"


def our_models(known: set) -> list:
    """The models of the registry without the (object, version) pairs in `known`."""
    return [
        object_model(fact) for fact in models.load() if (fact["id"], fact["version"]) not in known
    ]


def all_models() -> object:
    """Leshan's own models, and the registry's of the objects and versions it has not."""
    object_models = ObjectLoader.loadAllDefault()
    known = {(int(each.id), str(each.version)) for each in object_models}
    for each in our_models(known):
        object_models.add(each)
    return object_models


class LeshanEngine(Engine):
    """Leshan 2.0.0-M18 on Californium 4.0.0-M6 and Scandium."""

    name = "leshan"
    operations = frozenset(requests.BUILDERS) | {"cancel", "psk"}

    def __init__(self, settings, emit) -> None:
        super().__init__(settings, emit)
        self.server = None
        self.host = settings.host  # Java would show 0.0.0.0 as an IPv6 address
        self.keys = InMemorySecurityStore()
        self.inbox: queue.SimpleQueue = queue.SimpleQueue()
        self.worker = threading.Thread(target=self._work, name="leshan-events", daemon=True)

    # -- start and stop

    def start(self) -> None:
        """Build the server and bind its ports."""
        host, port = probe(self.settings.host, self.settings.port)[:2]
        self.host = host
        if self.settings.coaps:
            probe(self.settings.host, self._coaps_port())
        try:
            self.server = self._build(host, port)
            self._listen()
            self.worker.start()
            self.server.start()
        except jpype.JException as error:
            self.stop()
            raise StartError(
                "Leshan does not start on %s port %d: %s" % (host, port, exception_text(error))
            ) from error

    def stop(self) -> None:
        """Destroy the server: Leshan's threads are no daemons and would hold the process."""
        server, self.server = self.server, None
        if server is not None:
            server.destroy()
        if self.worker.is_alive():
            self.inbox.put(None)
            self.worker.join(5)

    def _coaps_port(self) -> int:
        if self.settings.coaps_port or not self.settings.port:
            return self.settings.coaps_port
        return self.settings.port + 1

    def _build(self, host: str, port: int) -> object:
        builder = LeshanServerBuilder()
        builder.setObjectModelProvider(VersionedModelProvider(all_models()))
        builder.setSecurityStore(self.keys)
        if self.settings.awake is not None:
            awake = jpype.JInt(round(self.settings.awake * 1000))
            builder.setClientAwakeTimeProvider(StaticClientAwakeTimeProvider(awake))
        builder.setEndpointsProviders(self._endpoints(host, port))
        return builder.build()

    def _endpoints(self, host: str, port: int) -> object:
        providers = [CoapServerProtocolProvider()]
        if self.settings.coaps:
            providers.append(CoapsServerProtocolProvider())
        endpoints = CaliforniumServerEndpointsProvider.Builder(*providers)
        configuration = endpoints.createDefaultConfiguration()
        if self.settings.coaps:
            length = jpype.java.lang.Integer(CID_LENGTH)
            configuration.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, length)
        endpoints.setConfiguration(configuration)
        endpoints.addEndpoint(InetSocketAddress(host, port), Protocol.COAP)
        if self.settings.coaps:
            endpoints.addEndpoint(InetSocketAddress(host, self._coaps_port()), Protocol.COAPS)
        return endpoints.build()

    def _listen(self) -> None:
        later = self._later
        self.server.getRegistrationService().addListener(listeners.Registrations(later))
        self.server.getObservationService().addListener(listeners.Observations(later))
        self.server.getSendService().addListener(listeners.Sends(later))
        self.server.getPresenceService().addListener(listeners.Presence(later))

    # -- off Californium's threads

    def _later(self, make: Callable, *args: object, **more: object) -> None:
        self.inbox.put(lambda: self.emit(stamped(make(*args, **more))))

    def _work(self) -> None:
        while (job := self.inbox.get()) is not None:
            try:
                job()
            except jpype.JException as error:
                self.emit(stamped({"event": "server-error", "error": exception_text(error)}))
            except (KeyError, TypeError, ValueError) as error:  # a value no converter expects
                self.emit(stamped({"event": "server-error", "error": repr(error)}))

    # -- what the interface asks

    def addresses(self) -> dict:
        """The bound addresses, by scheme."""
        uris = {}
        for endpoint in self.server.getEndpoints():
            uri = endpoint.getURI()
            scheme = str(uri.getScheme())
            uris[scheme] = origin(scheme, self.host, int(uri.getPort()))
        return uris

    def registrations(self) -> list[dict]:
        """The live registrations."""
        service = self.server.getRegistrationService()
        return [listeners.registration_facts(each) for each in service.getAllRegistrations()]

    def perform(self, command: dict, done: Callable[[dict], None]) -> None:
        """Build and send one request; Leshan's own refusals become CommandError."""
        if command["op"] == "psk":
            done(self._add_key(command))
            return
        try:
            self._send(command, done)
        except jpype.JException as error:
            raise CommandError(exception_text(error)) from error

    def _send(self, command: dict, done: Callable[[dict], None]) -> None:
        registration = self._registration(command["endpoint"])
        if command["op"] == "cancel":
            observation = self._observation(registration, command)
            if command.get("passive"):
                self.server.getObservationService().cancelObservation(observation)
                done({"cancelled": 1})
                return
            request = requests.cancel(observation)
            # 2.0.0-M18 keeps the observation in its store after an active cancel was answered
            done = self._forgetting(observation, done)
        else:
            model = self.server.getModelProvider().getObjectModel(registration)
            request = requests.BUILDERS[command["op"]](command, model)
        milliseconds = jpype.JLong(round(command.get("timeout", DEFAULT_TIMEOUT) * 1000))
        self.server.send(
            registration,
            request,
            milliseconds,
            listeners.OnResponse(lambda answer: self._answered(done, command, answer)),
            listeners.OnError(lambda error: self._failed(done, error)),
        )

    def _registration(self, endpoint: str) -> object:
        registration = self.server.getRegistrationService().getByEndpoint(endpoint)
        if registration is None:
            raise CommandError("endpoint %r is not registered" % endpoint)
        return registration

    def _observation(self, registration: object, command: dict) -> object:
        wanted = command.get("paths") or command["path"]
        for each in self.server.getObservationService().getObservations(registration):
            composite = hasattr(each, "getPaths")
            paths = [str(path.toString()) for path in each.getPaths()] if composite else None
            if wanted == (paths if composite else str(each.getPath().toString())):
                return each
        raise CommandError("%s is not observed at %s" % (wanted, command["endpoint"]))

    def _forgetting(self, observation: object, done: Callable) -> Callable:
        def forget_and_answer(answer: dict) -> None:
            if "code" in answer and self.server is not None:
                self.server.getObservationService().cancelObservation(observation)
            done(answer)

        return forget_and_answer

    def _answered(self, done: Callable, command: dict, response: object) -> None:
        self.inbox.put(lambda: done(convert(command, response)))

    def _failed(self, done: Callable, error: object) -> None:
        late = isinstance(error, TimeoutException)
        self.inbox.put(lambda: done({"error": "timeout" if late else exception_text(error)}))

    def _add_key(self, command: dict) -> dict:
        try:
            key = values.opaque(command["key"])
        except CommandError:
            raise CommandError(
                'key must be {"hex": ...} or {"base64": ...}'
            ) from None  # not shown
        try:
            self.keys.remove(command["endpoint"], True)
            self.keys.add(
                SecurityInfo.newPreSharedKeyInfo(command["endpoint"], command["identity"], key)
            )
        except jpype.JException as error:
            # the message of Leshan names endpoint and identity, never the key
            raise CommandError(exception_text(error)) from error
        return {"identity": command["identity"]}


def convert(command: dict, response: object) -> dict:
    """A response as an answer. An error in here is an answer as well: no request stays without."""
    try:
        return answer(command, response)
    except jpype.JException as error:
        return {"error": exception_text(error)}
    except (KeyError, TypeError, ValueError) as error:
        return {"error": repr(error)}


def answer(command: dict, response: object) -> dict:
    """A response as an answer."""
    result = {"code": code_text(response), **message_facts(response)}
    if command.get("raw") and response.getCoapResponse() is not None:
        result["payload"] = bytes(response.getCoapResponse().getPayload() or b"").hex()
    if response.isFailure():
        return {**result, "message": str(response.getErrorMessage() or "")}
    if command["op"] in ("observe", "observe-composite"):
        result["observed"] = response.getObservation() is not None
    if command["op"] == "discover":
        result["links"] = java_values.links_text(response.getObjectLinks())
    elif command["op"] == "create":
        result["location"] = str(response.getLocation() or "")
    elif hasattr(response, "getContent"):
        result.update(content(command, response))
    return result


def content(command: dict, response: object) -> dict:
    """The value or values of a response."""
    held = response.getContent()
    stamped = getattr(response, "getTimestampedLwM2mNode", lambda: None)()
    if "paths" not in command:
        history = java_values.history(() if stamped is None else [stamped])
        return {"value": java_values.node_value(held), **history}
    values_by_path = {"values": java_values.path_values(held) if held is not None else {}}
    return {**values_by_path, **java_values.composite_history(stamped)}
