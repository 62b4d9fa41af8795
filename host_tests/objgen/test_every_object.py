"""Every Object of the registry, generated, imported by the Unix port, read and discovered."""

import json
import re

import pytest
from port import on_port
from tools.devserver import models
from tools.devserver.engines.aiocoap import tlv
from tools.objgen import emit, ranges, registry

CONTENT, CLOSED, NOT_ALLOWED = 0x45, 0x81, 0x85
CLOSED_OBJECTS = (0, 21, 23)
LINK = re.compile(r"</([\d/]+)>((?:;[^,;]+)*)")
# What answer_all.py has for each type, as the devserver's TLV reader gives it
EXPECTED = {
    "NONE": {"hex": ""},
    "STRING": "text",
    "INTEGER": -5,
    "FLOAT": 1.25,
    "BOOLEAN": True,
    "OPAQUE": {"hex": "00ff"},
    "TIME": 1700000000,
    "OBJLNK": "3:0",
    "UNSIGNED_INTEGER": (1 << 64) - 1,
    "CORELINK": "</3/0>;pmin=1",
}
OBJECTS = registry.load()


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each Object answered, by ID; all in one process of the Unix port."""
    directory = tmp_path_factory.mktemp("objects")
    for thing in OBJECTS:
        (directory / ("object_%d.py" % thing.id)).write_text(emit.module(thing), "utf-8")
    ran = on_port(["host_tests/objgen/answer_all.py", directory])
    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr[-2000:]
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    return {each["oid"]: each for each in found}


def wanted(thing):
    """The mandatory readable Resources with their values, as JSON has them."""
    found = {}
    for each in thing.resources:
        if each.mandatory and "R" in each.operations:
            value = EXPECTED[models.type_name(each.type)]
            found[str(each.id)] = {"0": value} if each.multiple else value
    return found


def links(answer):
    """The paths of a Discover and their attributes."""
    code, body = answer
    assert code == CONTENT
    found = [LINK.fullmatch(each) for each in bytes.fromhex(body).decode().split(",")]
    return {each[1]: each[2] for each in found}


def below(thing, path):
    """What a Discover shows below an Instance: executable Resources, too."""
    shown = [each for each in thing.resources if each.mandatory and each.operations]
    return {"%s/%d" % (path, each.id): ";dim=1" if each.multiple else "" for each in shown}


def test_all_are_there(answers):
    assert len(answers) == len(OBJECTS) == 325


@pytest.mark.parametrize("thing", OBJECTS, ids=lambda thing: str(thing.id))
def test_it_is_what_the_registry_says(answers, thing):
    found = answers[thing.id]
    assert found["name"] == emit.class_name(thing)
    assert (found["version"], found["single"]) == (thing.version, not thing.multiple)
    assert found["table"] == emit.packed(thing).hex()
    assert found["found"], "the binary search of a table misses a Resource"
    assert found["ranges"] == json.loads(json.dumps(sorted(ranges.table(thing).items())))


@pytest.mark.parametrize("thing", OBJECTS, ids=lambda thing: str(thing.id))
def test_its_mandatory_resources_are_read(answers, thing):
    found = answers[thing.id]
    if thing.id in CLOSED_OBJECTS:
        assert found["read"] == found["read_object"] == [CLOSED, ""]
        return
    expected = wanted(thing)
    for path, key in (([thing.id, 0], "read"), ([thing.id], "read_object")):
        code, body = found[key]
        assert code == CONTENT
        value = tlv.value(path, bytes.fromhex(body))
        assert value == (expected if len(path) == 2 else {"0": expected})
    for rid, (code, body) in found["resources"].items():
        assert code == (CONTENT if rid in expected else NOT_ALLOWED)
        if rid in expected:
            assert tlv.value([thing.id, 0, int(rid)], bytes.fromhex(body)) == expected[rid]


@pytest.mark.parametrize("thing", OBJECTS, ids=lambda thing: str(thing.id))
def test_it_is_discovered(answers, thing):
    found = answers[thing.id]
    if thing.id in CLOSED_OBJECTS:
        assert found["discover"] == found["discover_object"] == [CLOSED, ""]
        return
    root = str(thing.id)
    instance = below(thing, root + "/0")
    assert links(found["discover"]) == {root + "/0": "", **instance}
    version = "" if thing.version == "1.0" else ";ver=" + thing.version
    shown = links(found["discover_object"])
    assert shown.pop(root) == version
    assert shown == {root + "/0": "", **instance}
