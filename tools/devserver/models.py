"""Facts about objects: models.json, and types by path for whoever encodes values.

Only facts (identifiers, names, types, operations), no descriptions: enough for a server to encode
and decode.
"""

import functools
import json
import pathlib

FILE = pathlib.Path(__file__).parent / "models.json"


@functools.cache
def load(file: pathlib.Path = FILE) -> tuple[dict, ...]:
    """Every object of the file."""
    return tuple(json.loads(file.read_text()))


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
