"""The registry file, the command line, and who takes models from the registry."""

import pytest
from tools.devserver import models
from tools.objgen import __main__ as objgen
from tools.objgen import registry
from tools.objgen.facts import ObjgenError
from xml_writer import xml


def test_the_file_holds_325_objects_and_is_as_import_writes_it():
    text = registry.FILE.read_text("utf-8")
    assert len(registry.load()) == len({each.id for each in registry.load()}) == 325
    assert registry.dumps(registry.load()) == text
    assert len(text.encode()) < 200_000


def test_every_entry_survives_xml_and_import(whole_registry, tmp_path, capsys):
    made = tmp_path / "made.json"
    assert objgen.main(["import", str(whole_registry), "--into", str(made)]) == 0
    assert made.read_bytes() == registry.FILE.read_bytes()
    said = capsys.readouterr()
    assert "325 Objects" in said.out
    assert len(said.err.splitlines()) == 14  # ranges not understood, and one missing Type


def test_import_adds(tmp_path):
    made = tmp_path / "made.json"
    for ident in (3424, 3303):
        (tmp_path / "a.xml").write_text(xml(registry.find(ident)))
        add = ["--add"] if made.exists() else []
        assert objgen.main(["import", str(tmp_path), "--into", str(made), *add]) == 0
    assert registry.load(made) == (registry.find(3303), registry.find(3424))


def test_import_of_a_mistake_writes_nothing(tmp_path, capsys):
    (tmp_path / "a.xml").write_text(xml(registry.find(3424)))
    (tmp_path / "b.xml").write_text("<LWM2M/>")
    made = tmp_path / "made.json"
    assert objgen.main(["import", str(tmp_path), "--into", str(made)]) == 1
    assert not made.exists()
    assert "b.xml: <LWM2M>: no Object element" in capsys.readouterr().err


def test_the_same_object_twice(tmp_path, capsys):
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_text(xml(registry.find(3424)))
    assert objgen.main(["import", str(tmp_path), "--into", str(tmp_path / "made.json")]) == 1
    assert "/3424 1.1: in two files; leave one out" in capsys.readouterr().err


def test_check(tmp_path, capsys):
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text(xml(registry.find(3424)))
    bad.write_text(xml(registry.find(3303)).replace("Float", "Flot", 1))
    assert objgen.main(["check", str(good)]) == 0
    assert capsys.readouterr() == ("/3424 Water meter 1.1: 17 Resources\n", "")
    assert objgen.main(["check", str(good), str(bad)]) == 1
    assert capsys.readouterr().err.startswith("%s: /3303/6050: Type is 'Flot'; " % bad)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["table", "9999"], "objgen: 9999: no Object of the registry; give the file of its XML"),
        (["table", "no.xml"], "objgen: no.xml: No such file or directory"),
        (["module", "3303", "--name", "a b"], "objgen: 'a b': not a name for a class"),
        (["check", "."], "objgen: .: no .xml file in it"),
    ],
)
def test_what_cannot_be_done_gets_one_line(arguments, line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert objgen.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith(line) and said.count("\n") == 1


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[[1]]"])
def test_a_broken_registry(tmp_path, text):
    file = tmp_path / "broken.json"
    file.write_text(text)
    if text != "{}":
        with pytest.raises(ObjgenError, match="not a registry"):
            registry.load(file)
    with pytest.raises(ObjgenError):
        registry.find(1, file)


def test_the_devserver_knows_every_object():
    assert {each["id"] for each in models.load()} == {each.id for each in registry.load()}
    assert models.resource(3424, 1)["type"] == "FLOAT"
    assert models.resource(1, 27)["type"] == "UNSIGNED_INTEGER"
    assert models.resource(16, 0)["operations"] == "RW"


def test_leshan_accepts_every_model(jvm):
    from org.eclipse.leshan.core.model import DefaultObjectModelValidator
    from tools.devserver.engines.leshan import server

    validator = DefaultObjectModelValidator()
    made = server.our_models(set())
    for model in made:
        validator.validate(model, "registry")
    assert len(made) == 325
    assert server.all_models().size() > 330
