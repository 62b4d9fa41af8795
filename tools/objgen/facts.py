"""What is known of an Object and its Resources: facts, no descriptions."""

import dataclasses

# By the number that stands in a table of lib/lwm2m/model.py; the first is that of no type.
TYPES = (
    "",
    "String",
    "Integer",
    "Float",
    "Boolean",
    "Opaque",
    "Time",
    "Objlnk",
    "Unsigned Integer",
    "Corelnk",
)
OPERATIONS = ("", "R", "W", "RW", "E")
LAST_ID = 65534  # 65535 is reserved
DEFAULT_VERSION = "1.0"


class ObjgenError(Exception):
    """One line for the user: what is wrong, and what to do."""


@dataclasses.dataclass(frozen=True)
class Resource:
    """One Resource; `range` and `units` are as the XML has them, "" where it has none."""

    id: int
    name: str
    operations: str
    multiple: bool
    mandatory: bool
    type: str
    range: str = ""
    units: str = ""


@dataclasses.dataclass(frozen=True)
class Object:
    """One Object in one version; `lwm2m` is the version of LwM2M that it needs."""

    id: int
    name: str
    version: str
    lwm2m: str
    multiple: bool
    mandatory: bool
    resources: tuple[Resource, ...]  # in the order of their IDs

    def order(self) -> tuple[int, ...]:
        """What sorts Objects: by ID, then by version."""
        return (self.id, *map(int, self.version.split(".")))
