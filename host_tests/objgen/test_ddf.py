"""The XML reader: Leshan's files, and a line for each mistake."""

import pytest
from tools.objgen import ddf, emit, registry
from xml_writer import xml

# What the jar of Leshan 2.0.0-M18 holds, by ID
LESHAN_VERSIONS = {
    0: ["1.0", "1.1", "1.2"],
    1: ["1.0", "1.1"],
    2: ["1.0", "1.1"],
    3: ["1.0", "1.1", "1.2"],
    4: ["1.0", "1.1", "1.2", "1.3"],
    5: ["1.0", "1.1"],
    6: ["1.0"],
    7: ["1.0"],
    21: ["2.0"],
}
GOOD = xml(registry.find(3303))

MISTAKES = [
    ("<LWM2M>", "<LWM2M", "XML: not well-formed (invalid token): line 4, column 2; mend it there"),
    ("utf-8", "klingon", "XML: unknown encoding: klingon; mend it there"),
    ("LWM2M>", "Thing>", "<Thing>: not an OMA object file; its root must be <LWM2M>"),
    ("Object>", "Objet>", None),
    ("<Name>Temperature</Name>", "", "/3303: Name is missing; give the Object a name"),
    (">3303<", ">330x<", "Object 1: ObjectID is '330x'; write a number from 0 to 65534"),
    (">3303<", ">65535<", "Object 1: ObjectID is '65535'; write a number from 0 to 65534"),
    (":3303:1.1<", ":3304:1.1<", "/3303: ObjectURN is 'urn:oma:lwm2m:ext:3304:1.1'; "
     "write urn:oma:lwm2m:ext:3303:1.1"),
    ("urn:oma:lwm2m:ext:3303:1.1", "", "/3303: ObjectURN is missing; "
     "write urn:oma:lwm2m:ext:3303:1.1"),
    (">1.1</ObjectVersion>", ">two</ObjectVersion>",
     "/3303: ObjectVersion is 'two'; write two numbers, as in 1.0"),
    (">Multiple<", ">Many<",
     "/3303: MultipleInstances is 'Many'; write one of: Multiple, Single"),
    ('ID="5700"', 'ID="5701"',
     "/3303/5701: is 'Sensor Units' and 'Sensor Value'; give one of them another ID"),
    ('ID="5700"', "", "/3303, Item 6: ID is missing; write a number from 0 to 65534"),
    ('ID="5700"', 'ID="-1"', "/3303, Item 6: ID is '-1'; write a number from 0 to 65534"),
    ("<Type>Float<", "<Type>Double<",
     "/3303/6050: Type is 'Double'; write one of: nothing, String, Integer, Float, Boolean, "
     "Opaque, Time, Objlnk, Unsigned Integer, Corelnk"),
    ("<Operations>E<", "<Operations>EW<",
     "/3303/5605: Operations is 'EW'; write one of: nothing, R, W, RW, E"),
    ("<Operations>RW<", "<Operations>E<",
     "/3303/5750: Type is 'String'; leave it empty: what is executed has no type"),
    ("Sensor Value", "", "/3303/5700: Name is missing; give the Resource a name"),
]  # fmt: skip


def read(text):
    return ddf.read(text.encode(), "t.xml")


def test_the_xml_of_an_entry_is_read_as_the_entry():
    report = read(GOOD)
    assert report.mistakes == report.remarks == []
    assert report.objects == [registry.find(3303)]


@pytest.mark.parametrize(("good", "bad", "line"), MISTAKES)
def test_a_mistake_gets_one_line(good, bad, line):
    assert good in GOOD
    report = read(GOOD.replace(good, bad) if good == "LWM2M>" else GOOD.replace(good, bad, 1))
    assert report.objects == []
    assert len(report.mistakes) == 1
    assert line is None or report.mistakes == ["t.xml: " + line]


def test_every_mistake_is_reported():
    report = read(GOOD.replace(">Single<", ">Once<").replace("Optional", "Maybe"))
    assert len(report.mistakes) == 24  # in the Object 1, in 11 Resources 2, in one of them 1
    assert not report.objects


def test_without_an_object_or_resources():
    assert read("<LWM2M/>").mistakes == [
        "t.xml: <LWM2M>: no Object element; put the Object into one"
    ]
    start, end = GOOD.index("<Item"), GOOD.index("</Resources>")
    assert read(GOOD[:start] + GOOD[end:]).mistakes == [
        "t.xml: /3303: no Resource; it needs Resources with an Item each"
    ]


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"\xfe\xff", b"PK\x03\x04", b"<?xml"])
def test_what_is_no_xml(data):
    report = ddf.read(data, "t.xml")
    assert len(report.mistakes) == 1 and "mend it there" in report.mistakes[0]


def test_remarks_do_not_keep_an_object_out():
    text = GOOD.replace(":ext:", ":x:").replace("3303", "42801")
    text = text.replace("<Type>Integer<", "<Type>Corelnk<", 1)
    text = text.replace("<Type>String</Type>", "<Type/>", 1)
    head, end, tail = text.partition("Sensor Units")
    text = head + end + tail.replace("<RangeEnumeration></", "<RangeEnumeration>soon</", 1)
    report = read(text)
    assert [each.partition(": ")[2] for each in report.remarks] == [
        "/42801: its ID is in a range that OMNA reserves",
        "/42801/6049: Type Corelnk needs LWM2MVersion 1.1",
        "/42801/6049: range '0..100' is not understood for Corelnk",
        "/42801/5750: no Type, though it is not executed",
        "/42801/5701: range 'soon' is not understood for String",
    ]
    assert len(report.objects) == 1 and not report.mistakes


def test_old_files_without_versions_are_1_0():
    text = GOOD.replace("<LWM2MVersion>1.0</LWM2MVersion>", "").replace(":1.1<", "<")
    report = read("\ufeff" + text.replace("<ObjectVersion>1.1</ObjectVersion>", ""))
    assert (report.objects[0].version, report.objects[0].lwm2m) == ("1.0", "1.0")


def test_the_files_inside_leshan(leshan_files):
    found = {}
    for name, data in leshan_files.items():
        report = ddf.read(data, name)
        assert not report.mistakes and len(report.objects) == 1
        thing = report.objects[0]
        found.setdefault(thing.id, []).append(thing.version)
        assert len(emit.packed(thing)) == 4 * len(thing.resources)
    assert {key: sorted(each) for key, each in found.items()} == LESHAN_VERSIONS


def test_leshan_and_the_registry_agree(leshan_files):
    agreed = 0
    for name, data in leshan_files.items():
        theirs = ddf.read(data, name).objects[0]
        ours = registry.find(theirs.id)
        if (ours.version, ours.lwm2m) == (theirs.version, theirs.lwm2m):
            assert emit.packed(ours) == emit.packed(theirs), name
            agreed += 1
    assert agreed >= 4
