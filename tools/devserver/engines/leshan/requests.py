"""Commands as Leshan's requests. Import it only once the JVM runs (jars.start_jvm)."""

import jpype
import jpype.imports
from java.util import ArrayList, HashMap
from org.eclipse.leshan.core.link.attributes import InvalidAttributeException
from org.eclipse.leshan.core.link.lwm2m.attributes import (
    DefaultLwM2mAttributeParser,
    LwM2mAttributeSet,
)
from org.eclipse.leshan.core.node import LwM2mObjectInstance, LwM2mPath
from org.eclipse.leshan.core.request import (
    CancelCompositeObservationRequest,
    CancelObservationRequest,
    ContentFormat,
    CreateRequest,
    DeleteRequest,
    DiscoverRequest,
    ExecuteRequest,
    ObserveCompositeRequest,
    ObserveRequest,
    ReadCompositeRequest,
    ReadRequest,
    WriteAttributesRequest,
    WriteCompositeRequest,
    WriteRequest,
)

from ... import values
from ...errors import CommandError
from . import java_values

ATTRIBUTES = DefaultLwM2mAttributeParser()
Mode = WriteRequest.Mode


def content_format(command: dict, default: str | None = None) -> object:
    """The content format the command names; None lets Leshan choose."""
    name = command.get("format") or default
    return None if name is None else ContentFormat.fromCode(values.format_number(name))


def path_list(command: dict) -> object:
    """The paths of a composite command; a list of strings would do for a Read only."""
    paths = ArrayList()
    for path in command["paths"]:
        paths.add(LwM2mPath(path))
    return paths


def read(command: dict, model: object) -> object:
    """Read of one path."""
    return ReadRequest(content_format(command), command["path"])


def observe(command: dict, model: object) -> object:
    """Observe of one path."""
    return ObserveRequest(content_format(command), command["path"])


def write(command: dict, model: object) -> object:
    """Write: replace (the default), or update with "mode": "update"."""
    mode = Mode.valueOf(command.get("mode", "replace").upper())
    path = values.parse_path(command["path"], 2, 4)
    body = java_values.node(model, path, command["value"], command.get("type"))
    return WriteRequest(mode, content_format(command), command["path"], body)


def execute(command: dict, model: object) -> object:
    """Execute, with arguments as text (0='a',1)."""
    arguments = command.get("arguments")
    return (
        ExecuteRequest(command["path"], arguments)
        if arguments
        else ExecuteRequest(command["path"])
    )


def discover(command: dict, model: object) -> object:
    """Discover of one path."""
    return DiscoverRequest(command["path"])


def delete(command: dict, model: object) -> object:
    """Delete of an instance."""
    return DeleteRequest(command["path"])


def write_attributes(command: dict, model: object) -> object:
    """Write-Attributes from "attributes": "pmin=1&pmax=60"."""
    try:
        parsed = LwM2mAttributeSet(ATTRIBUTES.parseUriQuery(command["attributes"]))
    except InvalidAttributeException as error:
        raise CommandError(
            "attributes %r: %s" % (command["attributes"], error.getMessage())
        ) from error
    return WriteAttributesRequest(command["path"], parsed)


def create(command: dict, model: object) -> object:
    """Create: at /object the client numbers the instance, at /object/instance the server."""
    path = values.parse_path(command["path"], 1, 2)
    body = java_values.resources(model, path, command.get("value", {}))
    target, chosen = "/%d" % path[0], content_format(command)
    if len(path) == 1:
        return CreateRequest(chosen, target, body)
    # An array: of a list Leshan would think that it holds resources.
    instances = jpype.JArray(LwM2mObjectInstance)([LwM2mObjectInstance(path[1], body)])
    return CreateRequest(chosen, target, instances)


def composite_formats(command: dict) -> tuple:
    """The request's and the answer's format of a composite operation."""
    return (content_format(command, "senml-cbor"),) * 2


def read_composite(command: dict, model: object) -> object:
    """Read-Composite of "paths"."""
    return ReadCompositeRequest(path_list(command), *composite_formats(command), None)


def observe_composite(command: dict, model: object) -> object:
    """Observe-Composite of "paths"."""
    return ObserveCompositeRequest(*composite_formats(command), path_list(command))


def write_composite(command: dict, model: object) -> object:
    """Write-Composite of "values": {"/1/0/1": 60}."""
    nodes = HashMap()
    for text, value in command["values"].items():
        path = values.parse_path(text, 3, 4)
        nodes.put(LwM2mPath(text), java_values.node(model, path, value))
    return WriteCompositeRequest(content_format(command, "senml-cbor"), nodes, None)


def cancel(observation: object) -> object:
    """The active cancel (a GET or FETCH with Observe 1) of an observation."""
    if hasattr(observation, "getPaths"):
        return CancelCompositeObservationRequest(observation)
    return CancelObservationRequest(observation)


BUILDERS = {
    "read": read,
    "observe": observe,
    "write": write,
    "execute": execute,
    "discover": discover,
    "delete": delete,
    "create": create,
    "write-attributes": write_attributes,
    "read-composite": read_composite,
    "observe-composite": observe_composite,
    "write-composite": write_composite,
}
