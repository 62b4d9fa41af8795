"""tools.sizes on small trees: what it counts, and that a budget is one."""

import json
from pathlib import Path

import pytest
from tools.sizes import __main__ as sizes
from tools.sizes import budgets, features, modules, table
from tools.sizes.failure import SizesError

SOURCES = {
    "lib/coap/message.py": "import sys\nfrom . import code\nX = bytes(100)\n",
    "lib/coap/code.py": "def word(value):\n    return value >> 5\n",
    "lib/coap/spare.py": "def never():\n    from lwm2m import late\n    return late\n",
    "lib/coap/manifest.py": "package('coap')\n",
    "lib/lwm2m/__init__.py": "",
    "lib/lwm2m/client.py": "import coap.message\n",
    "lib/lwm2m/late.py": "TEXT = 'late'\n",
    "boards/METER_PPP/main.py": "import firmware.app\n",
    "firmware/app.py": "from lwm2m import client\n",
    "boards/METER_PPP/board.py": "NAME = 'meter'\n",
    "boards/OTHER/board.py": "NAME = 'another with a longer name'\n",
}
PROFILES = {"water": {"imports": ["firmware.app"], "also": ["lwm2m.late"]}}
FEATURES = {
    "core": ["coap.message", "coap.code", "lwm2m", "lwm2m.client"],
    "features": [
        {"name": "Spare", "modules": ["coap.spare"], "needs": ["Late"]},
        {"name": "Late", "modules": ["lwm2m.late"]},
    ],
}
PAGE = "<!-- features -->\n<!-- /features --> <!-- packages --><!-- /packages -->\n" + (
    "<!-- profiles --><!-- /profiles --><!-- modules --><!-- /modules -->end\n"
)
WATER = ["lwm2m", "coap.code", "coap.message", "lwm2m.client", "firmware.app", "lwm2m.late"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def measure(tree: Path, limits: dict, *options: str, profiles: dict = PROFILES) -> int:
    (tree / "budgets.json").write_text(json.dumps(limits))
    (tree / "profiles.json").write_text(json.dumps(profiles))
    files = ["--budgets", str(tree / "budgets.json"), "--profiles", str(tree / "profiles.json")]
    (tree / "features.json").write_text(json.dumps(FEATURES))
    files += ["--features", str(tree / "features.json")]
    return sizes.run(["--root", str(tree), "--no-ram", *files, *options])


def test_every_module_of_the_device_counts_and_no_other(tree):
    found = modules.discover(tree, "METER_PPP")
    assert sorted(found) == [
        "board", "coap.code", "coap.message", "coap.spare",
        "firmware.app", "lwm2m", "lwm2m.client", "lwm2m.late", "main",
    ]  # fmt: skip
    assert found["board"].entry.host == tree / "boards/METER_PPP/board.py"


def test_a_profile_is_what_its_modules_import(tree):
    found = modules.discover(tree, "METER_PPP")
    assert budgets.profile_modules("water", PROFILES, found) == WATER


def test_an_import_inside_a_function_is_not_followed(tree):
    found = modules.discover(tree, "METER_PPP")
    assert modules.closure(["coap.spare"], found) == ["coap.spare"]


def test_imports_in_a_circle_end(tree):
    (tree / "lib/coap/code.py").write_text("import coap.message\n")
    found = modules.discover(tree, "METER_PPP")
    assert set(modules.closure(["coap.message"], found)) == {"coap.message", "coap.code"}


def test_over_budget_fails_and_names_module_size_and_budget(tree, capsys):
    assert measure(tree, {"modules": {"coap.message": {"mpy": 20}}}) == 1
    size = modules.discover(tree, "METER_PPP")["coap.message"].mpy
    expected = "sizes: over budget by %d B: module coap.message: %d B of .mpy, budget 20 B\n"
    assert capsys.readouterr().out.endswith(expected % (size - 20, size))


def test_within_budget_passes_without_a_word(tree, capsys):
    size = modules.discover(tree, "METER_PPP")["coap.message"].mpy
    assert measure(tree, {"modules": {"coap.message": {"mpy": size}}}) == 0
    assert "sizes:" not in capsys.readouterr().out


def test_a_wide_budget_can_be_lowered(tree, capsys):
    size = modules.discover(tree, "METER_PPP")["coap.message"].mpy
    assert measure(tree, {"modules": {"coap.message": {"mpy": 2 * size}}}) == 0
    assert "sizes: can be lowered to %d: module coap.message" % size in capsys.readouterr().out


def test_a_sum_of_packages_counts_all_or_what_a_profile_imports(tree, capsys):
    found = modules.discover(tree, "METER_PPP")
    all_of_it = sum(m.mpy for m in found.values() if m.package in ("coap", "lwm2m"))
    water = all_of_it - found["coap.spare"].mpy
    assert measure(tree, {"packages": {"coap+lwm2m": {"mpy": water}}}) == 1
    assert measure(tree, {"packages": {"coap+lwm2m": {"mpy": water, "profile": "water"}}}) == 0
    assert measure(tree, {"packages": {"coap+lwm2m": {"mpy": water - 1, "profile": "water"}}}) == 1


def test_a_profile_has_a_budget(tree):
    found = modules.discover(tree, "METER_PPP")
    size = sum(found[name].mpy for name in WATER)
    assert measure(tree, {"profiles": {"water": {"mpy": size}}}) == 0
    assert measure(tree, {"profiles": {"water": {"mpy": size - 1}}}) == 1


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"modules": {"coap.gone": {"mpy": 1}}}, "coap.gone"),
        ({"packages": {"dtls": {"mpy": 1}}}, "dtls"),
        ({"profiles": {"heat": {"mpy": 1}}}, "heat"),
        ({"module": {}}, "module"),
        ({"modules": {"firmware.app": {"flash": 1}}}, "flash"),
    ],
)
def test_a_budget_of_what_is_not_there_is_a_mistake(tree, limits, named):
    with pytest.raises(SizesError, match=named):
        measure(tree, limits)


def test_a_profile_of_a_module_that_is_not_there_is_a_mistake(tree):
    with pytest.raises(SizesError, match="gone"):
        measure(tree, {}, profiles={"water": {"imports": ["gone"]}})


@pytest.fixture
def pages(tree) -> Path:
    """Return the tree with the two pages, without their tables."""
    (tree / "README.md").write_text("before\n<!-- sizes -->\nold\n<!-- /sizes -->\nafter\n")
    (tree / "docs").mkdir()
    (tree / "docs/sizes.md").write_text(PAGE)
    return tree


def test_the_tables_go_between_the_markers(pages):
    assert measure(pages, {}, "--write-table") == 0
    text = (pages / "README.md").read_text()
    assert text.startswith("before\n<!-- sizes -->\n| what |")
    assert text.endswith("|\n<!-- /sizes -->\nafter\n")
    assert "old" not in text
    assert "| water (6 modules) |" in text
    text = (pages / "docs/sizes.md").read_text()
    assert "| Spare | " in text
    assert " | Late |\n" in text
    assert "| coap (3 modules) |" in text
    assert "| coap.spare |" in text
    assert text.endswith("|\n<!-- /modules -->end\n")


def test_a_page_without_the_end_of_a_table_is_a_mistake(pages):
    (pages / "README.md").write_text("<!-- sizes -->")
    with pytest.raises(SizesError, match="/sizes"):
        measure(pages, {}, "--write-table")


def test_a_table_that_is_not_as_measured_fails_and_names_its_rows(pages, capsys):
    assert measure(pages, {}) == 1
    assert measure(pages, {}, "--write-table") == 0
    assert measure(pages, {}) == 0
    capsys.readouterr()
    (pages / "lib/coap/spare.py").write_text("TEXT = 'longer than it was before'\n")
    assert measure(pages, {}) == 1
    printed = capsys.readouterr().out
    assert "sizes: docs/sizes.md: the table features is old, run " in printed
    assert "--write-table`: Spare\n" in printed


@pytest.mark.parametrize(("ram", "lines"), [("1,040", 0), ("1,190", 0), ("2,000", 1), ("", 1)])
def test_ram_may_differ_by_some_blocks(pages, ram, lines):
    size = budgets.Sum("profile", "water", 100, 1000)
    (pages / "docs/sizes.md").unlink()
    row = "| water (1 modules) | 100 | %s | 7 |" % ram
    (pages / "README.md").write_text("<!-- sizes -->\n%s\n<!-- /sizes -->" % row)
    assert len(table.stale(pages, [size], {})) == lines
    unmeasured = budgets.Sum("profile", "water", 100, None)
    assert table.stale(pages, [unmeasured], {}) == []


def test_a_table_written_without_ram_keeps_the_ram_that_was_measured(pages):
    measured = [budgets.Sum("profile", "water", 100, 1000, 7000)]
    table.write(pages, measured, {})
    table.write(pages, [budgets.Sum("profile", "water", 90, None)], {})
    assert "| water (1 modules) | 90 | 1,000 | 7 |" in (pages / "README.md").read_text()


def test_every_module_of_lib_is_in_one_feature_or_the_core(tree, capsys):
    (tree / "lib/coap/new.py").write_text("")
    (tree / "lib/coap/code.py").unlink()
    (tree / "lib/coap/message.py").write_text("")
    assert measure(tree, {}) == 1
    printed = capsys.readouterr().out
    assert "sizes: features.json: module coap.new is in no feature\n" in printed
    assert "sizes: features.json: core names coap.code, which is not there\n" in printed


def test_the_projects_own_modules_each_have_a_feature():
    found = modules.discover(Path(__file__).resolve().parents[2], "METER_PPP")
    assert features.problems(features.load(), found) == []


def test_the_projects_own_pages_are_as_measured(capsys):
    sizes.run(["--no-ram"])
    assert "is old, run" not in capsys.readouterr().out


def test_ram_is_measured_on_the_board_and_an_error_there_fails(tree, capsys):
    (tree / "lib/coap/spare.py").write_text("import nothing_like_it\n")
    (tree / "budgets.json").write_text(json.dumps({"modules": {"coap.message": {"ram": 100}}}))
    (tree / "profiles.json").write_text("{}")
    files = ["--budgets", str(tree / "budgets.json"), "--profiles", str(tree / "profiles.json")]
    (tree / "features.json").write_text(json.dumps(FEATURES))
    files += ["--features", str(tree / "features.json")]
    assert sizes.run(["--root", str(tree), *files]) == 1
    printed = capsys.readouterr().out
    assert "sizes: coap.spare does not import on the board: ImportError" in printed
    assert "over budget" in printed
    assert "of RAM, budget 100 B" in printed


def test_a_profile_is_measured_joined_too(tree, capsys):
    profiles = {"water": {**PROFILES["water"], "join": {"one": ["coap.code", "coap.message"]}}}
    assert measure(tree, {}, profiles=profiles) == 0
    sizes = dict(
        line.split("(")[0:2] for line in capsys.readouterr().out.splitlines() if "(" in line
    )
    separate = int(sizes["  water "].split()[-1].replace(",", ""))
    joined = int(sizes["  water joined "].split()[-1].replace(",", ""))
    assert sizes["  water joined "].startswith("5 modules)")
    assert joined < separate
    assert measure(tree, {"profiles": {"water joined": {"mpy": joined}}}, profiles=profiles) == 0
    assert (
        measure(tree, {"profiles": {"water joined": {"mpy": joined - 1}}}, profiles=profiles) == 1
    )


def test_a_join_of_a_module_that_is_not_there_is_a_mistake(tree):
    profiles = {"water": {**PROFILES["water"], "join": {"one": ["coap.gone"]}}}
    with pytest.raises(SizesError, match="profile water: join one: no module coap.gone here"):
        measure(tree, {}, profiles=profiles)
