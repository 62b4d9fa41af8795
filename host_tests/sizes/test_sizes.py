"""tools.sizes on small trees: what it counts, and that a budget is one."""

import json
from pathlib import Path

import pytest
from tools.sizes import __main__ as sizes
from tools.sizes import budgets, modules, table
from tools.sizes.failure import SizesError

SOURCES = {
    "lib/coap/message.py": "import sys\nfrom . import code\nX = bytes(100)\n",
    "lib/coap/code.py": "def word(value):\n    return value >> 5\n",
    "lib/coap/spare.py": "def never():\n    from lwm2m import late\n    return late\n",
    "lib/coap/manifest.py": "package('coap')\n",
    "lib/lwm2m/__init__.py": "",
    "lib/lwm2m/client.py": "import coap.message\n",
    "lib/lwm2m/late.py": "TEXT = 'late'\n",
    "firmware/main.py": "import app\n",
    "firmware/app.py": "from lwm2m import client\n",
    "boards/METER_PPP/board.py": "NAME = 'meter'\n",
    "boards/OTHER/board.py": "NAME = 'another with a longer name'\n",
}
PROFILES = {"water": {"imports": ["app"], "also": ["lwm2m.late"]}}
WATER = ["lwm2m", "coap.code", "coap.message", "lwm2m.client", "app", "lwm2m.late"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def judge(tree: Path, limits: dict, *options: str, profiles: dict = PROFILES) -> int:
    (tree / "budgets.json").write_text(json.dumps(limits))
    (tree / "profiles.json").write_text(json.dumps(profiles))
    files = ["--budgets", str(tree / "budgets.json"), "--profiles", str(tree / "profiles.json")]
    return sizes.run(["--root", str(tree), "--no-ram", *files, *options])


def test_every_module_of_the_device_counts_and_no_other(tree):
    found = modules.discover(tree, "METER_PPP")
    assert sorted(found) == [
        "app", "board", "coap.code", "coap.message", "coap.spare",
        "lwm2m", "lwm2m.client", "lwm2m.late", "main",
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
    assert judge(tree, {"modules": {"coap.message": {"mpy": 20}}}) == 1
    size = modules.discover(tree, "METER_PPP")["coap.message"].mpy
    expected = "sizes: over budget by %d B: module coap.message: %d B of .mpy, budget 20 B\n"
    assert capsys.readouterr().out.endswith(expected % (size - 20, size))


def test_within_budget_passes_without_a_word(tree, capsys):
    size = modules.discover(tree, "METER_PPP")["coap.message"].mpy
    assert judge(tree, {"modules": {"coap.message": {"mpy": size}}}) == 0
    assert "sizes:" not in capsys.readouterr().out


def test_a_wide_budget_can_be_lowered(tree, capsys):
    size = modules.discover(tree, "METER_PPP")["coap.message"].mpy
    assert judge(tree, {"modules": {"coap.message": {"mpy": 2 * size}}}) == 0
    assert "sizes: can be lowered to %d: module coap.message" % size in capsys.readouterr().out


def test_a_sum_of_packages_counts_all_or_what_a_profile_imports(tree, capsys):
    found = modules.discover(tree, "METER_PPP")
    all_of_it = sum(m.mpy for m in found.values() if m.package in ("coap", "lwm2m"))
    water = all_of_it - found["coap.spare"].mpy
    assert judge(tree, {"packages": {"coap+lwm2m": {"mpy": water}}}) == 1
    assert judge(tree, {"packages": {"coap+lwm2m": {"mpy": water, "profile": "water"}}}) == 0
    assert judge(tree, {"packages": {"coap+lwm2m": {"mpy": water - 1, "profile": "water"}}}) == 1


def test_a_profile_has_a_budget(tree):
    found = modules.discover(tree, "METER_PPP")
    size = sum(found[name].mpy for name in WATER)
    assert judge(tree, {"profiles": {"water": {"mpy": size}}}) == 0
    assert judge(tree, {"profiles": {"water": {"mpy": size - 1}}}) == 1


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"modules": {"coap.gone": {"mpy": 1}}}, "coap.gone"),
        ({"packages": {"dtls": {"mpy": 1}}}, "dtls"),
        ({"profiles": {"heat": {"mpy": 1}}}, "heat"),
        ({"module": {}}, "module"),
        ({"modules": {"app": {"flash": 1}}}, "flash"),
    ],
)
def test_a_budget_of_what_is_not_there_is_a_mistake(tree, limits, named):
    with pytest.raises(SizesError, match=named):
        judge(tree, limits)


def test_a_profile_of_a_module_that_is_not_there_is_a_mistake(tree):
    with pytest.raises(SizesError, match="gone"):
        judge(tree, {}, profiles={"water": {"imports": ["gone"]}})


def test_the_table_goes_between_the_markers(tree):
    readme = tree / "README.md"
    readme.write_text("before\n<!-- sizes -->\nold\n<!-- /sizes -->\nafter\n")
    assert judge(tree, {}, "--write-table") == 0
    text = readme.read_text()
    assert text.startswith("before\n<!-- sizes -->\n| what |")
    assert text.endswith("|\n<!-- /sizes -->\nafter\n")
    assert "old" not in text
    assert "| water (6 modules) |" in text


def test_a_table_without_its_end_is_a_mistake(tree):
    (tree / "README.md").write_text("<!-- sizes -->")
    with pytest.raises(SizesError, match="/sizes"):
        table.write_readme(tree / "README.md", [])


def test_ram_is_measured_on_the_board_and_an_error_there_fails(tree, capsys):
    (tree / "lib/coap/spare.py").write_text("import nothing_like_it\n")
    (tree / "budgets.json").write_text(json.dumps({"modules": {"coap.message": {"ram": 100}}}))
    (tree / "profiles.json").write_text("{}")
    files = ["--budgets", str(tree / "budgets.json"), "--profiles", str(tree / "profiles.json")]
    assert sizes.run(["--root", str(tree), *files]) == 1
    printed = capsys.readouterr().out
    assert "sizes: coap.spare does not import on the board: ImportError" in printed
    assert "over budget" in printed
    assert "of RAM, budget 100 B" in printed


def test_a_profile_is_measured_joined_too(tree, capsys):
    profiles = {"water": {**PROFILES["water"], "join": {"one": ["coap.code", "coap.message"]}}}
    assert judge(tree, {}, profiles=profiles) == 0
    sizes = dict(
        line.split("(")[0:2] for line in capsys.readouterr().out.splitlines() if "(" in line
    )
    separate = int(sizes["  water "].split()[-1].replace(",", ""))
    joined = int(sizes["  water joined "].split()[-1].replace(",", ""))
    assert sizes["  water joined "].startswith("5 modules)")
    assert joined < separate
    assert judge(tree, {"profiles": {"water joined": {"mpy": joined}}}, profiles=profiles) == 0
    assert judge(tree, {"profiles": {"water joined": {"mpy": joined - 1}}}, profiles=profiles) == 1


def test_a_join_of_a_module_that_is_not_there_is_a_mistake(tree):
    profiles = {"water": {**PROFILES["water"], "join": {"one": ["coap.gone"]}}}
    with pytest.raises(SizesError, match="profile water: join one: no module coap.gone here"):
        judge(tree, {}, profiles=profiles)
