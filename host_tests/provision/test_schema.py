"""docs/config.schema.json takes what the firmware takes, and refuses what it refuses."""

import json
import re
import subprocess
import sys

import jsonschema
import pytest
from firmware.config import settings as config
from firmware.config.checks import ConfigError
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.boards.board import ROOT
from tools.provision import checker, schema

TABLES = checker.sections()
SCHEMA = json.loads(schema.FILE.read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
KEY = "0a" * 16
SECRET = {"uri": "coaps://[2001:db8::1]:5684", "identity": "m", "key": KEY}


def firmware_takes(document):
    try:
        config.check(json.loads(json.dumps(document)))
    except ConfigError:
        return False
    return True


def schema_takes(document):
    return VALIDATOR.is_valid(document)


def agree(document):
    assert firmware_takes(document) == schema_takes(document), document
    return firmware_takes(document)


def test_the_file_is_what_the_firmwares_tables_make():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert schema.FILE.read_text() == schema.text(TABLES), "make schema"


def numbers(low, high):
    edges = st.sampled_from([low - 1, low, high, high + 1])
    return st.one_of(edges, st.integers(low, high))


WRONG = st.sampled_from([None, True, "", "x", [], {}, [None], {"no_such": 1}, -5])
WORDS = st.text("aZ5 .", min_size=0, max_size=5)


def values(kind, low, high):
    """What a setting of a kind may be, and what it may not."""
    longest = min(high, 4096)  # a text without a limit is not made that long here
    right = {
        "i": numbers(low, high),
        "s": st.one_of(WORDS, st.sampled_from(["y" * longest, "y" * (longest + 1)])),
        "f": st.booleans(),
        "d": st.sampled_from([0, -3, "21.5", "-0.5", "1e3", "+7", "x", "1,5", True, None]),
    }
    if kind in "ISB":
        return st.one_of(st.lists(values("i" if kind == "I" else "s", low, high), max_size=2))
    return right[kind]


def sections(text, special=None):
    """A section with some of its settings, right or wrong, and now and then one that is none."""
    made = {}
    for line in text.split(";"):
        name, _, kind, low, high = line.split()
        made[name] = (
            (special or {}).get(name) if kind == "-" else values(kind, int(low), int(high))
        )
    made = {name: value for name, value in made.items() if value is not None}
    whole = st.fixed_dictionaries({}, optional=made)
    return st.one_of(whole, whole, whole, WRONG)


SERVER = {
    "uri": st.sampled_from(["coap://a", "coaps://a", "coaps://[::1]:5", "http://a", "", 5]),
    "identity": st.one_of(WORDS, st.just("i" * 129), WRONG),
    "key": st.sampled_from([KEY, KEY * 4, KEY * 5, "0a" * 15, KEY + "0", "xy" * 16, "", None]),
    "suites": st.sampled_from([[49320], [174, 49316], [], [1], "x", None]),
}
POWER = st.lists(sections(TABLES["objects"]["device.power"]), max_size=2)
WIFI = {
    "password": st.sampled_from(["secret12", "short", "f" * 64, "ümläutes", None, 5]),
    "country": st.sampled_from(["DE", "de", "DEU", None, 5]),
    "power_save": st.sampled_from(["none", "performance", "full", None]),
}
DATES = st.sampled_from(["2027-03-01", "2027-13-01", "27-3-1", "2027-00-10", "x", 5, None])
WATER = {
    "litres_per_pulse": st.sampled_from(["0.1", 10, True, None, [], "1,5"]),
    "flow": st.sampled_from([[[20, 720]], [], [[20]], [[0, 1]], [[1, 1000001]], "x", [[1, 2, 3]]]),
    "valve": sections(TABLES["valve"]),
}
LOG_PARTS = st.sampled_from(["level", "dtls", "wifi", "no_such"])
LEVELS = st.one_of(numbers(0, 4), st.sampled_from(["news", "detail", "loud", None, True]))
PARTS = {
    "endpoint": st.one_of(WORDS, st.sampled_from(["e" * 128, "e" * 129]), WRONG),
    "version": st.sampled_from(["1.0", "1.1", "1.2", "1.3", 1]),
    "servers": st.lists(sections(TABLES["server"], SERVER), max_size=2),
    "log": st.one_of(numbers(0, 4), st.dictionaries(LOG_PARTS, LEVELS, max_size=2), WRONG),
    "sampling": st.one_of(numbers(1, 86400), WRONG),
    "profile": st.sampled_from(["water", "temperature"]),
    "wifi": sections(TABLES["wifi"], WIFI),
    "inactive": sections(TABLES["inactive"], {"date": DATES}),
    "water": sections(TABLES["profiles"]["water"]["section"], WATER),
    "temperature": st.one_of(
        sections(TABLES["profiles"]["temperature"]["section"]),
        sections(TABLES["objects"]["temperature"]),
    ),
    "production": st.one_of(st.booleans(), WRONG),
    "$schema": st.just("config.schema.json"),
    "no_such": st.just(1),
}
for name, text in TABLES["sections"].items():
    PARTS[name] = sections(text, {"power": POWER, "backend": st.just("own")})
for name in TABLES["optional"]:
    part = sections(TABLES["objects"][name])
    PARTS.setdefault(name, st.lists(part, max_size=2) if name in TABLES["lists"] else part)


@pytest.mark.parametrize("name", sorted(PARTS))
def test_one_setting_is_taken_by_both_or_by_neither(name):
    seen = set()

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(PARTS[name])
    def check(value):
        document = {name: value}
        if name == "temperature":
            document["profile"] = "temperature"
            seen.add(agree(document))
            document["profile"] = "water"
        if name != "profile" or value == "water":
            seen.add(agree(document))

    check()
    assert True in seen or name == "no_such", "nothing was right"
    assert False in seen or name in ("profile", "$schema"), "nothing was wrong"


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(st.fixed_dictionaries({}, optional=PARTS))
def test_whole_configurations_are_taken_by_both_or_by_neither(document):
    if document.get("profile") == "temperature":
        document.pop("water", None)
    agree(document)


def test_both_take_and_refuse_the_same_pairs():
    assert agree({"servers": [SECRET]})
    assert not agree({"servers": [{**SECRET, "uri": "coap://a"}]})
    assert not agree({"servers": [{"uri": "coaps://a"}]})
    assert not agree({"profile": "temperature", "water": {}})
    assert agree({"modem": {"device": 0, "kind": "bg95", "apn": "iot"}})
    assert not agree({"modem": {"device": 0}})
    assert not agree({"transport": "a/b"})


def test_bytes_are_counted_by_the_firmware_only():
    """JSON Schema counts characters: it is the more generous one."""
    long = {"endpoint": "ü" * 100}
    assert schema_takes(long) and not firmware_takes(long)


def test_each_setting_that_the_page_describes_has_its_description():
    server = SCHEMA["properties"]["servers"]["items"]["properties"]
    assert server["lifetime"]["description"] == "seconds that a registration is valid"
    described = re.findall('"description": ', schema.FILE.read_text())
    assert len(described) > 50


def test_make_schema_writes_the_file(tmp_path):
    out = tmp_path / "s.json"
    command = [sys.executable, "-m", "tools.provision", "schema", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, check=True)
    assert out.read_text() == schema.FILE.read_text()
