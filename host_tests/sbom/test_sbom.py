"""`make sbom`: valid CycloneDX, complete, and the same twice."""

import hashlib
import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tools.image import filesystem, rp2
from tools.image.build import board_of, disk_of
from tools.sbom.__main__ import run


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A release's folder."""
    folder = tmp_path_factory.mktemp("release")
    assert run(["release", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def bill(release):
    """Its bill."""
    return json.loads(next(release.glob("*.cdx.json")).read_text())


def test_it_is_valid(release):
    text = next(release.glob("*.cdx.json")).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    broken = text.replace('"firmware"', '"no such type"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def test_every_file_of_the_image_is_in_it_with_its_hash(release, bill):
    data = next(release.glob("*.uf2")).read_bytes()
    board = board_of("METER_PPP")
    version, disk, rom = rp2.read_back(data, board)
    content = {**filesystem.read(disk, disk_of(board, version)), **rom}
    assert not any("config.json" in path for path in content)
    files = [one for one in bill["components"] if one["type"] == "file"]
    hashes = {one["name"]: one["hashes"][0]["content"] for one in files}
    assert hashes == {path: hashlib.sha256(file).hexdigest() for path, file in content.items()}
    whole = bill["metadata"]["component"]["hashes"][0]
    assert whole["content"] == hashlib.sha256(data).hexdigest()


def test_packages_and_the_runtime_have_versions_and_hashes(bill):
    parts = {one["name"]: one for one in bill["components"] if one["type"] != "file"}
    assert {"micropython", "lib/coap", "lib/dtls", "lib/lwm2m", "firmware"} <= set(parts)
    assert "boards/METER_PPP" in parts
    for part in parts.values():
        assert part["version"] and part["hashes"], part
    inside = {one["name"]: one.get("version") for one in parts["micropython"]["components"]}
    assert inside["mbedtls"] == "3.6.7"
    assert parts["micropython"]["purl"].endswith("@v1.26.1")


@pytest.mark.slow
def test_the_same_twice_and_a_time_only_where_it_is_given(release, tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert run(["release", "--out", str(tmp_path / "again")]) == 0
    for file in release.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert run(["image", "--out", str(tmp_path / "b.json")]) == 0
    dated = json.loads((tmp_path / "b.json").read_text())
    assert dated["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"


def test_the_sums_are_those_of_the_files(release):
    lines = (release / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == 3
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest


def test_an_unknown_board_is_one_line(capsys):
    assert run(["image", "--board", "NONE"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
