"""The text of a module, and that the Objects of lib/ have the tables that objgen makes."""

import dataclasses
import importlib
import pathlib
import subprocess
import sys

import pytest
from port import ROOT
from tools.objgen import __main__ as objgen
from tools.objgen import emit, registry
from xml_writer import xml

from lwm2m.model import Object

TEMPERATURE = '''"""Object 3303, Temperature 1.1."""

from lwm2m.model import Object


class Temperature(Object):
    """Its Instances by ID, each a dict of values by Resource ID."""

    oid = 3303
    version = "1.1"
    table = (
        b"\\x15\\x8e\\x01\\x06"  # 5518 Timestamp
'''
OURS = [
    each
    for place in ("lib/lwm2m/objects", "lib/metering")
    for each in sorted((ROOT / place).glob("*.py"))
    if "    table = " in each.read_text("utf-8")
]


def classes(file: pathlib.Path) -> list:
    """The Objects with a table of their own that a module of lib/ has."""
    name = file.relative_to(ROOT / "lib").with_suffix("").as_posix().replace("/", ".")
    found = vars(importlib.import_module(name)).values()
    made = [each for each in found if isinstance(each, type) and issubclass(each, Object)]
    return [each for each in made if each.__module__ == name and "table" in vars(each)]


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_the_objects_of_lib_have_the_tables_of_the_registry(file):
    found = classes(file)
    assert found
    for each in found:
        thing = registry.find(each.oid)
        assert each.version == thing.version
        assert each.table.hex(" ", 4) == emit.packed(thing).hex(" ", 4)


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_the_objects_of_lib_are_single_where_the_registry_says_so(file):
    for each in classes(file):
        assert each.single == (not registry.find(each.oid).multiple)


def test_a_module(capsys):
    assert objgen.main(["module", "3303"]) == 0
    assert capsys.readouterr().out.startswith(TEMPERATURE)


def test_a_module_from_a_file_is_that_from_the_registry(tmp_path, capsys):
    file = tmp_path / "mine.xml"
    file.write_text(xml(registry.find(12)))
    for what in (str(file), "12"):
        assert objgen.main(["module", what, "--name", "Wlan"]) == 0
    said = capsys.readouterr().out
    half = len(said) // 2
    assert said[:half] == said[half:]
    assert "class Wlan(Object):" in said
    assert "        9: (0, 255),  # Channel\n" in said


def test_a_table_and_its_ranges(capsys):
    assert objgen.main(["table", "12"]) == 0
    assert "ranges" not in capsys.readouterr().out
    assert objgen.main(["table", "12", "--ranges"]) == 0
    assert "    ranges = {\n        5: (1, 32),  # SSID\n" in capsys.readouterr().out


def test_single_or_multiple():
    assert "    single = True\n" in emit.module(registry.find(3))
    assert "single" not in emit.module(registry.find(3303))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LwM2M Server", "LwM2MServer"),
        ("3GPP thing", "Object3303"),
        ("Object", "Object3303"),
        ("None", "Object3303"),
        ("température", "TempRature"),
        ("", "Object3303"),
    ],
)
def test_a_class_name(name, expected):
    assert emit.class_name(dataclasses.replace(registry.find(3303), name=name)) == expected


def test_a_name_cannot_break_out_of_its_comment_or_docstring():
    first = dataclasses.replace(registry.find(3303).resources[0], name="x" * 200)
    thing = dataclasses.replace(registry.find(3303), name='a\\"""b"', resources=(first,))
    text = emit.module(thing)
    compile(text, "made", "exec")
    assert max(map(len, text.splitlines())) == 99


def test_every_module_passes_the_projects_lint(tmp_path):
    for thing in registry.load():
        (tmp_path / ("object_%d.py" % thing.id)).write_text(emit.module(thing), "utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    settings = ["--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
    for command in (["format", "--check"], ["check"]):
        ran = subprocess.run([*ruff, *command, *settings], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
