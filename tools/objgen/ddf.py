"""The reader of OMA object XML (LwM2M DDF): Objects from a file, and what is wrong with it.

A mistake keeps a file from use; a remark tells what was read and may not be meant.
"""

import dataclasses
import re
import xml.etree.ElementTree as ET

from . import ranges
from .facts import (
    DEFAULT_VERSION,
    LAST_ID,
    OPERATIONS,
    TYPES,
    Object,
    Resource,
    urn,
    urn_class,
)

URN = re.compile(r"urn:oma:lwm2m:(?:oma|ext|x):(\d+)(?::(\d+\.\d+))?")
VERSION = re.compile(r"\d+\.\d+")
TYPES_OF_1_1 = ("Unsigned Integer", "Corelnk")
MULTIPLE = {"Multiple": True, "Single": False}
MANDATORY = {"Mandatory": True, "Optional": False}


@dataclasses.dataclass
class Report:
    """What a file holds: Objects without a mistake, and a line for each mistake and remark."""

    name: str
    objects: list[Object] = dataclasses.field(default_factory=list)
    mistakes: list[str] = dataclasses.field(default_factory=list)
    remarks: list[str] = dataclasses.field(default_factory=list)

    def mistake(self, place: str, text: str) -> None:
        """Note a mistake."""
        self.mistakes.append("%s: %s: %s" % (self.name, place, text))

    def remark(self, place: str, text: str) -> None:
        """Note a remark."""
        self.remarks.append("%s: %s: %s" % (self.name, place, text))


def words(text: str | None) -> str:
    """Text with single spaces, as names and ranges have it after years of editing."""
    return " ".join((text or "").split())


class Element:
    """An XML element at a place, whose children are taken with a check each."""

    def __init__(self, report: Report, place: str, element: ET.Element) -> None:
        self.report = report
        self.place = place
        self.element = element

    def wrong(self, tag: str, value: str, remedy: str) -> None:
        """Note that a child's value is wrong."""
        found = "%s is %r" % (tag, value) if value else tag + " is missing"
        self.report.mistake(self.place, "%s; %s" % (found, remedy))

    def text(self, tag: str) -> str:
        """A child's text, "" without it."""
        return words(self.element.findtext(tag))

    def needed(self, tag: str, remedy: str) -> str:
        """A child's text, which may not be empty."""
        value = self.text(tag)
        if not value:
            self.wrong(tag, value, remedy)
        return value

    def choice(self, tag: str, allowed: dict[str, object], default: object) -> object:
        """What a child's text stands for; `default` after a mistake."""
        value = self.text(tag)
        if value not in allowed:
            names = ", ".join(each or "nothing" for each in allowed)
            self.wrong(tag, value, "write one of: " + names)
        return allowed.get(value, default)

    def version(self, tag: str) -> str:
        """A version; 1.0 where there is none, as the schema says."""
        value = self.text(tag) or DEFAULT_VERSION
        if not VERSION.fullmatch(value):
            self.wrong(tag, value, "write two numbers, as in 1.0")
        return value

    def ident(self, what: str, value: str) -> int:
        """An ID; -1 after a mistake."""
        if value.isascii() and value.isdigit() and int(value) <= LAST_ID:
            return int(value)
        self.wrong(what, value, "write a number from 0 to %d" % LAST_ID)
        return -1


def check_urn(element: Element, ident: int, version: str) -> None:
    """The URN must name the ID and version that stand beside it."""
    remedy = "write " + urn(ident, version)
    value = element.needed("ObjectURN", remedy)
    found = URN.fullmatch(value)
    named = found and (int(found[1]), found[2] or DEFAULT_VERSION)
    if value and named != (ident, version):
        element.wrong("ObjectURN", value, remedy)
    if not urn_class(ident):
        element.report.remark(element.place, "its ID is in a range that OMNA reserves")


def check_type(element: Element, operations: str, kind: str, lwm2m: str) -> None:
    """What is executed has no type, what is read or written has one that its LwM2M knows."""
    if operations == "E" and kind:
        element.wrong("Type", kind, "leave it empty: what is executed has no type")
    elif operations != "E" and not kind:
        element.report.remark(element.place, "no Type, though it is not executed")
    elif kind in TYPES_OF_1_1 and lwm2m == "1.0":
        element.report.remark(element.place, "Type %s needs LWM2MVersion 1.1" % kind)


def check_range(element: Element, resource: Resource) -> None:
    """Tell of a range that no check can use."""
    if resource.range and ranges.bounds(resource) is None:
        text = "range %r is not understood for %s" % (resource.range, resource.type or "no Type")
        element.report.remark(element.place, text)


def read_item(above: Element, item: ET.Element, index: int, lwm2m: str) -> Resource:
    """A Resource; its ID is -1 after a mistake in it."""
    element = Element(above.report, "%s, Item %d" % (above.place, index), item)
    ident = element.ident("ID", item.get("ID", ""))
    if ident >= 0:
        element.place = "%s/%d" % (above.place, ident)
    operations = element.choice("Operations", {each: each for each in OPERATIONS}, "")
    kind = element.choice("Type", {each: each for each in TYPES}, None)
    if kind is not None:
        check_type(element, operations, kind, lwm2m)
    resource = Resource(
        ident,
        element.needed("Name", "give the Resource a name"),
        operations,
        element.choice("MultipleInstances", MULTIPLE, False),
        element.choice("Mandatory", MANDATORY, False),
        kind or "",
        element.text("RangeEnumeration"),
        element.text("Units"),
    )
    if kind is not None:
        check_range(element, resource)
    return resource


def check_unique(above: Element, resources: list[Resource]) -> None:
    """An ID stands for one Resource."""
    seen = {}
    for each in resources:
        if each.id in seen and each.id >= 0:
            text = "is %r and %r; give one of them another ID" % (seen[each.id], each.name)
            above.report.mistake("%s/%d" % (above.place, each.id), text)
        seen[each.id] = each.name


def read_resources(above: Element, lwm2m: str) -> tuple[Resource, ...]:
    """The Resources of an Object, in the order of their IDs."""
    items = above.element.findall("Resources/Item")
    found = [read_item(above, each, 1 + i, lwm2m) for i, each in enumerate(items)]
    if not found:
        above.report.mistake(above.place, "no Resource; it needs Resources with an Item each")
    check_unique(above, found)
    return tuple(sorted(found, key=lambda each: each.id))


def read_object(report: Report, found: ET.Element, index: int) -> None:
    """An Object, into the report unless it has a mistake."""
    before = len(report.mistakes)
    element = Element(report, "Object %d" % index, found)
    ident = element.ident("ObjectID", element.text("ObjectID"))
    if ident >= 0:
        element.place = "/%d" % ident
    version, lwm2m = element.version("ObjectVersion"), element.version("LWM2MVersion")
    if len(report.mistakes) == before:
        check_urn(element, ident, version)
    thing = Object(
        ident,
        element.needed("Name", "give the Object a name"),
        version,
        lwm2m,
        element.choice("MultipleInstances", MULTIPLE, False),
        element.choice("Mandatory", MANDATORY, False),
        read_resources(element, lwm2m),
    )
    if len(report.mistakes) == before:
        report.objects.append(thing)


def read(data: bytes, name: str) -> Report:
    """What the XML `data` of the file `name` holds."""
    report = Report(name)
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, LookupError, ValueError) as error:  # the last two: its encoding
        report.mistake("XML", "%s; mend it there" % error)
        return report
    if root.tag != "LWM2M":
        report.mistake("<%s>" % root.tag, "not an OMA object file; its root must be <LWM2M>")
        return report
    found = root.findall("Object")
    if not found:
        report.mistake("<LWM2M>", "no Object element; put the Object into one")
    for i, each in enumerate(found):
        read_object(report, each, 1 + i)
    return report
