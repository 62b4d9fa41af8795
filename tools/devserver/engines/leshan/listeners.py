"""The listeners of Leshan: what it reports becomes events.

Import it only once the JVM runs (jars.start_jvm).

Listeners run on Californium's threads: each hands its arguments to `later`, which queues them, and
returns.
"""

import time
from collections.abc import Callable

import jpype
import jpype.imports
from org.eclipse.leshan.core.response import ErrorCallback, ResponseCallback
from org.eclipse.leshan.server.observation import ObservationListener
from org.eclipse.leshan.server.queue import PresenceListener
from org.eclipse.leshan.server.registration import RegistrationListener
from org.eclipse.leshan.server.send import SendListener

from ... import values
from ..engine import origin
from . import java_values

Later = Callable[..., None]


def exception_text(error: object) -> str:
    """A Java exception in one line."""
    message = str(error.getMessage() or "").split("\n")[0]
    name = str(error.getClass().getSimpleName())
    return "%s: %s" % (name, message) if message else name


def registration_facts(registration: object) -> dict:
    """A registration as its event has it."""
    peer = registration.getSocketAddress()
    facts = {
        "endpoint": str(registration.getEndpoint()),
        "location": "/rd/%s" % registration.getId(),
        "lifetime": int(registration.getLifeTimeInSec()),
        "version": str(registration.getLwM2mVersion().toString()),
        "binding": "".join(sorted(str(mode) for mode in registration.getBindingMode())),
        "queue": bool(registration.usesQueueMode()),
        "links": java_values.links_text(registration.getObjectLinks()),
        "address": origin(
            str(registration.getEndpointUri().getScheme()),
            str(peer.getAddress().getHostAddress()),
            int(peer.getPort()),
        ),
        "since": int(registration.getRegistrationDate().getTime()) / 1000,
    }
    formats = registration.getSupportedContentFormats()
    facts["formats"] = [values.format_name(int(each.getCode())) for each in formats]
    if registration.getSmsNumber() is not None:
        facts["sms"] = str(registration.getSmsNumber())
    return facts


def code_text(response: object) -> str:
    """The response code as "2.05"; Leshan counts it as 205."""
    return "%d.%02d" % divmod(int(response.getCode().getCode()), 100)


def message_facts(response: object) -> dict:
    """What the CoAP message itself shows: its format, size, type and Observe number."""
    message = response.getCoapResponse()
    if message is None:
        return {}
    facts = {
        "confirmable": str(message.getType()) == "CON",
        "bytes": int(message.getPayloadSize()),
    }
    if message.getOptions().hasContentFormat():
        facts["format"] = values.format_name(int(message.getOptions().getContentFormat()))
    if message.getOptions().hasObserve():
        facts["observe"] = int(message.getOptions().getObserve())
    return facts


def notified(observation: object, registration: object, response: object) -> dict:
    """A notification as its event."""
    event = {"event": "notification", "endpoint": str(registration.getEndpoint())}
    event["code"] = code_text(response)
    event.update(message_facts(response))
    if response.isFailure():
        return {**event, "error": str(response.getErrorMessage() or "")}
    return {**event, **notified_values(observation, response)}


def notified_values(observation: object, response: object) -> dict:
    """The value or values of a notification, and all of them where they are time-stamped."""
    nodes = response.getTimestampedLwM2mNodes()
    if hasattr(observation, "getPaths"):
        empty = nodes is None or nodes.isEmpty()
        newest = response.getContent() if empty else java_values.newest(nodes)
        values_now = {} if newest is None else java_values.path_values(newest)
        return {"values": values_now, **java_values.composite_history(nodes)}
    event = {
        "path": str(observation.getPath().toString()),
        "value": java_values.node_value(response.getContent()),
    }
    return {**event, **java_values.history(nodes)}


def sent(registration: object, nodes: object, request: object) -> dict:
    """A Send as its event."""
    return {
        "event": "send",
        "endpoint": str(registration.getEndpoint()),
        "format": values.format_name(int(request.getFormat().getCode())),
        "values": java_values.timed_values(nodes),
    }


def about(kind: str, registration: object, **more: object) -> dict:
    """An event of a registration that carries its facts."""
    return {"event": kind, **registration_facts(registration), **more}


def brief(kind: str, registration: object, **more: object) -> dict:
    """An event that names the endpoint only."""
    return {"event": kind, "endpoint": str(registration.getEndpoint()), **more}


def failed(kind: str, registration: object, error: object) -> dict:
    """An event for an error of Leshan."""
    name = None if registration is None else str(registration.getEndpoint())
    return {"event": kind, "endpoint": name, "error": exception_text(error)}


@jpype.JImplements(RegistrationListener)
class Registrations:
    """Registered, updated, deregistered, expired."""

    def __init__(self, later: Later) -> None:
        self.later = later

    @jpype.JOverride
    def registered(self, registration, previous, observations):  # noqa: D102
        self.later(about, "registered", registration, again=previous is not None)

    @jpype.JOverride
    def updated(self, update, registration, previous):  # noqa: D102
        self.later(about, "updated", registration)

    @jpype.JOverride
    def unregistered(self, registration, observations, expired, new):  # noqa: D102
        if new is None:  # otherwise the same endpoint registers again: one event, its own
            self.later(brief, "expired" if expired else "deregistered", registration)


@jpype.JImplements(ObservationListener)
class Observations:
    """Notifications; beginnings and ends are known from the answers."""

    def __init__(self, later: Later) -> None:
        self.later = later

    @jpype.JOverride
    def newObservation(self, observation, registration):  # noqa: N802, D102
        pass

    @jpype.JOverride
    def cancelled(self, observation):  # noqa: D102
        pass

    @jpype.JOverride
    def onResponse(self, observation, registration, response):  # noqa: N802, D102
        self.later(notified, observation, registration, response)

    @jpype.JOverride
    def onError(self, observation, registration, error):  # noqa: N802, D102
        self.later(failed, "notification-error", registration, error)


@jpype.JImplements(SendListener)
class Sends:
    """Data that a client sends unasked."""

    def __init__(self, later: Later) -> None:
        self.later = later

    @jpype.JOverride
    def dataReceived(self, registration, data, request):  # noqa: N802, D102
        self.later(sent, registration, data, request)

    @jpype.JOverride
    def onError(self, registration, message, error):  # noqa: N802, D102
        self.later(failed, "send-error", registration, error)


@jpype.JImplements(PresenceListener)
class Presence:
    """Queue-mode clients that wake and fall asleep."""

    def __init__(self, later: Later) -> None:
        self.later = later

    @jpype.JOverride
    def onAwake(self, registration):  # noqa: N802, D102
        self.later(brief, "awake", registration)

    @jpype.JOverride
    def onSleeping(self, registration):  # noqa: N802, D102
        self.later(brief, "sleeping", registration)


@jpype.JImplements(ResponseCallback)
class OnResponse:
    """Passes an answer on."""

    def __init__(self, take: Callable[[object], None]) -> None:
        self.take = take

    @jpype.JOverride
    def onResponse(self, response):  # noqa: N802, D102
        self.take(response)


@jpype.JImplements(ErrorCallback)
class OnError:
    """Passes an error on."""

    def __init__(self, take: Callable[[object], None]) -> None:
        self.take = take

    @jpype.JOverride
    def onError(self, error):  # noqa: N802, D102
        self.take(error)


def stamped(event: dict) -> dict:
    """The event with the time now."""
    return {**event, "time": round(time.time(), 3)}
