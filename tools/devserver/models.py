"""Facts about objects, from the registry of tools/objgen in the words of JSON and of Leshan.

Only facts (identifiers, names, types, operations), no descriptions: enough for a server to encode
and decode.
"""

import functools

from tools.objgen import facts, registry

# Leshan's names of the types whose name differs by more than case
LESHAN_NAMES = {"": "NONE", "Corelnk": "CORELINK"}


def type_name(kind: str) -> str:
    """A type of the XML as Leshan names it."""
    return LESHAN_NAMES.get(kind) or kind.upper().replace(" ", "_")


def resource_facts(resource: facts.Resource) -> dict:
    """The facts of one resource."""
    return {
        "id": resource.id,
        "name": resource.name,
        "operations": resource.operations or "NONE",
        "multiple": resource.multiple,
        "mandatory": resource.mandatory,
        "type": type_name(resource.type),
        "range": resource.range,
        "units": resource.units,
    }


def object_facts(thing: facts.Object) -> dict:
    """The facts of one object."""
    return {
        "id": thing.id,
        "name": thing.name,
        "version": thing.version,
        "lwm2m": thing.lwm2m,
        "urn": thing.urn(),
        "multiple": thing.multiple,
        "mandatory": thing.mandatory,
        "resources": [resource_facts(each) for each in thing.resources],
    }


@functools.cache
def load() -> tuple[dict, ...]:
    """Every object of the registry."""
    return tuple(map(object_facts, registry.load()))


@functools.cache
def resources() -> dict[tuple[int, int], dict]:
    """Resource facts by (object, resource)."""
    return {
        (thing["id"], resource["id"]): resource
        for thing in load()
        for resource in thing["resources"]
    }


def resource(object_id: int, resource_id: int) -> dict | None:
    """The facts of one resource, None when no model knows it."""
    return resources().get((object_id, resource_id))
