"""manifest.py of every package: evaluated, it freezes every file of the package and its needs."""

from pathlib import Path

import pytest
from tools.packages import contents, manifest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = contents.packages(ROOT)


def with_needs(name: str) -> set[str]:
    names = {name}
    for need in PACKAGES[name].needs:
        names |= with_needs(need)
    return names


@pytest.mark.parametrize("name", PACKAGES)
def test_a_manifest_freezes_the_package_and_what_it_needs(name):
    expected = {
        "%s/%s" % (each, path): ROOT / PACKAGES[each].folder / path
        for each in with_needs(name)
        for path in PACKAGES[each].files
    }
    assert manifest.frozen(ROOT / PACKAGES[name].folder / "manifest.py") == expected


@pytest.mark.parametrize("name", PACKAGES)
def test_without_the_optional_parts_a_manifest_freezes_the_core(name):
    expected = {
        "%s/%s" % (each, path) for each in with_needs(name) for path in PACKAGES[each].core
    }
    frozen = manifest.frozen(ROOT / PACKAGES[name].folder / "manifest.py", optional=False)
    assert set(frozen) == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('package("coap", ("gone.py",))', "gone.py is not there"),
        ('module("a.py")\nmodule("a.py")', "a.py comes twice"),
        ('require("asyncio")', "require"),
    ],
)
def test_what_cannot_be_frozen_is_an_error(tmp_path, text, error):
    (tmp_path / "a.py").write_text("")
    (tmp_path / "manifest.py").write_text(text)
    with pytest.raises(manifest.ManifestError, match=error):
        manifest.frozen(tmp_path)
