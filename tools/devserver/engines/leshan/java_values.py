"""Leshan's values and nodes as JSON has them, and back. Import it only once the JVM runs
(jars.start_jvm).
"""

import jpype
import jpype.imports
from java.lang import String
from java.util import ArrayList, Date, HashMap
from org.eclipse.leshan.core.link import DefaultLinkParser, LinkParseException
from org.eclipse.leshan.core.model import ResourceModel
from org.eclipse.leshan.core.node import (
    LwM2mMultipleResource,
    LwM2mObject,
    LwM2mObjectInstance,
    LwM2mResource,
    LwM2mResourceInstance,
    LwM2mRoot,
    LwM2mSingleResource,
    ObjectLink,
)
from org.eclipse.leshan.core.util.datatype import ULong

from ... import values
from ...errors import CommandError

Type = ResourceModel.Type
LINKS = DefaultLinkParser()


def links_text(links: object) -> list[str]:
    """CoRE links, a string each."""
    return [str(link.toCoreLinkFormat()) for link in links or ()]


FROM_JAVA = {
    "STRING": str,
    "INTEGER": int,
    "UNSIGNED_INTEGER": lambda value: int(str(value)),
    "FLOAT": lambda value: values.number(float(value)),
    "BOOLEAN": bool,
    "OPAQUE": lambda value: values.hexed(bytes(value)),
    "TIME": lambda value: int(value.getTime()) // 1000,
    "OBJLNK": lambda value: "%d:%d" % (value.getObjectId(), value.getObjectInstanceId()),
    "CORELINK": lambda value: ",".join(links_text(value)),
}


def plain(value: object, kind: str) -> object:
    """A Java value of LwM2M type `kind` as JSON has it."""
    return FROM_JAVA[kind](value)


def by_id(nodes: object) -> dict:
    """A Java map of nodes as a dict by identifier."""
    return {str(entry.getKey()): node_value(entry.getValue()) for entry in nodes.entrySet()}


def node_value(node: object) -> object:
    """Any Leshan node as JSON has it; None stays None."""
    if node is None:
        return None
    if isinstance(node, LwM2mObject):
        return by_id(node.getInstances())
    if isinstance(node, LwM2mObjectInstance):
        return by_id(node.getResources())
    if isinstance(node, LwM2mRoot):
        return by_id(node.getObjects())
    if isinstance(node, LwM2mResource) and node.isMultiInstances():
        return by_id(node.getInstances())
    return plain(node.getValue(), str(node.getType()))


def path_values(nodes: object) -> dict:
    """A Java map of nodes by path as {"/3/0/0": value}."""
    return {
        str(entry.getKey().toString()): node_value(entry.getValue()) for entry in nodes.entrySet()
    }


def seconds(instant: object) -> float | None:
    """A java.time.Instant as seconds since 1970."""
    return None if instant is None else int(instant.toEpochMilli()) / 1000


def timed_values(nodes: object) -> list[dict]:
    """Time-stamped nodes as [{"time", "path", "value"}]; without "time" where a node has none."""
    entries = []
    for instant in nodes.getTimestamps():
        for path, value in path_values(nodes.getNodesAt(instant)).items():
            entry = {"path": path, "value": value}
            entries.append(entry if instant is None else {"time": seconds(instant), **entry})
    return entries


def history(nodes: object) -> dict:
    """The time-stamped nodes of one path as `history`; nothing where no node has a time."""
    entries = [
        {"time": seconds(each.getTimestamp()), "value": node_value(each.getNode())}
        for each in nodes or ()
    ]
    if all(each["time"] is None for each in entries):
        return {}
    # Leshan has the latest first
    now = float("inf")
    return {
        "history": sorted(entries, key=lambda each: now if each["time"] is None else each["time"])
    }


def composite_history(nodes: object) -> dict:
    """The same of the time-stamped nodes of several paths."""
    entries = [] if nodes is None else timed_values(nodes)
    return {"history": entries} if any("time" in each for each in entries) else {}


def newest(nodes: object) -> object:
    """The nodes of the latest time; 2.0.0-M18 takes the earliest for the most recent."""
    instants = list(nodes.getTimestamps())
    if None in instants:
        return nodes.getNodesAt(None)
    return nodes.getNodesAt(max(instants, key=seconds))


def to_unsigned(value: int) -> object:
    """A ULong, whose range Java's long has not."""
    if not 0 <= value < 1 << 64:
        raise CommandError("%d is outside an unsigned integer of 64 bits" % value)
    return ULong.valueOf(str(value))


def to_integer(value: int) -> object:
    """A Java long."""
    if not -(1 << 63) <= value < 1 << 63:
        raise CommandError("%d is outside an integer of 64 bits" % value)
    return jpype.java.lang.Long(value)


def to_links(value: str) -> object:
    """CoRE links from their text."""
    try:
        return LINKS.parseCoreLinkFormat(value.encode())
    except LinkParseException as error:
        raise CommandError("%r are no CoRE links: %s" % (value, error.getMessage())) from error


TO_JAVA = {
    "STRING": String,
    "INTEGER": to_integer,
    "UNSIGNED_INTEGER": to_unsigned,
    "FLOAT": lambda value: jpype.java.lang.Double(value),
    "BOOLEAN": lambda value: jpype.java.lang.Boolean(value),
    "OPAQUE": lambda value: jpype.JArray(jpype.JByte)(value),
    "TIME": lambda value: Date(value * 1000),
    "OBJLNK": lambda value: ObjectLink(*value),
    "CORELINK": to_links,
}


def java_value(value: object, kind: str) -> object:
    """A JSON value as the Java class that Leshan takes for type `kind`."""
    return TO_JAVA[kind](values.typed(value, kind))


def resource_kind(model: object, path: list[int], value: object, stated: str | None) -> str:
    """The type at `path`: as stated, as the model says, or else by the look of `value`."""
    if stated:
        if stated.upper() not in TO_JAVA:
            raise CommandError("type %r is none of %s" % (stated, ", ".join(TO_JAVA)))
        return stated.upper()
    known = model.getResourceModel(path[0], path[2])
    if known is not None and str(known.type) in TO_JAVA:
        return str(known.type)
    return values.guess_type(value)


def is_multiple(model: object, path: list[int], value: object) -> bool:
    """Whether the resource at `path` holds instances."""
    known = model.getResourceModel(path[0], path[2])
    if known is not None:
        return bool(known.multiple)
    return isinstance(value, dict) and bool(value) and all(key.isdigit() for key in value)


def resource(model: object, path: list[int], value: object, stated: str | None = None) -> object:
    """The node of a resource, single or multiple."""
    if is_multiple(model, path, value):
        items = values.by_id(value, "the multiple resource /%s" % "/".join(map(str, path)))
        sample = next(iter(items.values()), "")
        kind = resource_kind(model, path, sample, stated)
        instances = HashMap()
        for number, item in items.items():
            instances.put(jpype.java.lang.Integer(number), java_value(item, kind))
        return LwM2mMultipleResource.newResource(path[2], instances, Type.valueOf(kind))
    kind = resource_kind(model, path, value, stated)
    return LwM2mSingleResource.newResource(path[2], java_value(value, kind), Type.valueOf(kind))


def resources(model: object, path: list[int], value: object) -> object:
    """The resources of the instance at `path`, from {"0": ...}."""
    nodes = ArrayList()
    for number, item in values.by_id(value, "an instance").items():
        nodes.add(resource(model, [path[0], path[1] if len(path) > 1 else 0, number], item))
    return nodes


def node(model: object, path: list[int], value: object, stated: str | None = None) -> object:
    """The node at `path` that holds `value`: a resource instance, a resource or an instance."""
    if len(path) == 4:
        kind = resource_kind(model, path, value, stated)
        return LwM2mResourceInstance.newInstance(
            path[3], java_value(value, kind), Type.valueOf(kind)
        )
    if len(path) == 3:
        return resource(model, path, value, stated)
    return LwM2mObjectInstance(path[1], resources(model, path, value))
