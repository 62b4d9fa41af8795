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
# OMNA's classes of Object IDs: the first that is no longer in it, and its name in a URN
CLASSES = ((1024, "oma"), (2048, ""), (10241, "ext"), (42801, "x"), (LAST_ID + 1, ""))


def urn_class(ident: int) -> str:
    """The class of an Object's ID, "" where it is reserved."""
    return next(name for end, name in CLASSES if ident < end)


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

    def urn(self) -> str:
        """The name that OMA gives it; a reserved ID has that of a vendor."""
        return urn(self.id, self.version)


def urn(ident: int, version: str) -> str:
    """The URN of an Object's version, which 1.0 leaves out."""
    suffix = "" if version == DEFAULT_VERSION else ":" + version
    return "urn:oma:lwm2m:%s:%d%s" % (urn_class(ident) or "x", ident, suffix)
