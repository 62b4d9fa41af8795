"""What the pages say of the tree and of the code is so."""

import ast
import json
import re
import xml.etree.ElementTree

import pages
import pytest
from firmware.config import settings as config
from pages import PAGES, ROOT

README_LINES = 150
MADE = ("build/", "boards/NAME")  # what a command makes, or stands for any
API = ROOT / "docs" / "api.md"


@pytest.mark.parametrize("page", PAGES, ids=pages.name)
def test_links_lead_somewhere(page):
    for link in pages.links(page):
        if link.startswith(("https://", "http://")):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), link
        assert not anchor or anchor in pages.anchors(file), link


@pytest.mark.parametrize("page", PAGES, ids=pages.name)
def test_files_that_are_named_exist(page):
    for path in pages.paths(page):
        if not path.startswith(MADE):
            assert (ROOT / path).exists(), path


def test_readme_is_a_front_page():
    text = (ROOT / "README.md").read_text()
    assert text.count("\n") <= README_LINES
    for page in (ROOT / "docs").glob("*.md"):
        assert "(docs/%s)" % page.name in text, "README does not lead to " + page.name


def test_the_workflow_calls_ci_run():
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert "- run: .ci/run" in text
    assert "${{ secrets" not in text


def test_the_picture_is_small_and_of_no_machine():
    path = ROOT / "docs" / "screen.svg"
    text = path.read_text()
    xml.etree.ElementTree.fromstring(text)
    assert len(text) < 40_000
    assert "Cumulated" in text
    assert not re.search(r"/(home|root|work|tmp)/", text)
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_the_defaults_of_the_configuration_are_the_pages():
    blocks = [text for language, text in _configuration() if language == "json"]
    assert config.check(json.loads(blocks[0])) == config.check({})


SECTIONS = ("", "servers", "device", "water", "coap", "dtls", "connectivity", "statistics")
SECTIONS += ("portfolio", "app_data", "temperature", "battery")


@pytest.mark.parametrize("section", SECTIONS)
def test_each_setting_of_a_section_is_on_the_page(section):
    text = (ROOT / "docs" / "configuration.md").read_text()
    with pytest.raises(config.ConfigError) as refusal:
        wrong = {"uri": "coap://[::1]", "identity": ["x"], "no_such": 1} if section else 1
        lists = ("servers", "portfolio", "app_data")
        config.check({section or "no_such": [wrong] if section in lists else wrong})
    _, _, settings = str(refusal.value).partition("no such setting; there are ")
    assert settings, str(refusal.value)
    for setting in settings.split(", "):
        names = ("`%s`" % setting, "`%s.%s`" % (section, setting), '"%s"' % setting)
        assert any(name in text for name in names), (section, setting)


def _configuration():
    return pages.fences(ROOT / "docs" / "configuration.md")


def test_the_packages_need_what_the_page_says():
    text = (ROOT / "docs" / "boards.md").read_text()
    rows = re.findall(r"^\| `((?:lib/)?\w+)` \|.*\|([^|]*)\|$", text, re.MULTILINE)
    shown = {name: re.findall(r"`([^`]+)`", needs) for name, needs in rows if "/" in name}
    for file in ROOT.glob("lib/*/package.json"):
        needs = [path for path, _ in json.loads(file.read_text()).get("deps", [])]
        folder = pages.name(file.parent)
        assert shown[folder] == [path.removesuffix("/package.json") for path in needs], folder


def test_json_of_the_pages_is_json():
    for page in PAGES:
        for language, text in pages.fences(page):
            if language == "json":
                json.loads(text)


def test_python_of_the_pages_compiles():
    for page in PAGES:
        for language, text in pages.fences(page):
            if language == "python":
                compile(text, pages.name(page), "exec")


def signatures(heading: str) -> dict[str, str]:
    """Of a class or a module its functions, as the page writes them, and its other names."""
    module, class_ = heading, ""
    if heading.rpartition(".")[2][:1].isupper():
        module, _, class_ = heading.rpartition(".")
    file = ROOT / (module.replace(".", "/") + ".py")
    tree = ast.parse(
        (file if file.exists() else ROOT / "lib" / file.relative_to(ROOT)).read_text()
    )
    body = tree.body
    if class_:
        (body,) = [n.body for n in body if isinstance(n, ast.ClassDef) and n.name == class_]
    names = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names[class_ if node.name == "__init__" else node.name] = parameters(node, class_)
    for node in ast.walk(ast.Module(body, [])):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.attr, "")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names.setdefault(node.targets[0].id, "")
    return names


def parameters(node, class_: str) -> str:
    """The parameters of a function in the page's form."""
    arguments = node.args.args[1 if class_ else 0 :]
    defaults = [None] * (len(arguments) - len(node.args.defaults)) + node.args.defaults
    shown = [a.arg + ("=" + written(d) if d else "") for a, d in zip(arguments, defaults)]
    return "(%s)" % ", ".join(shown)


def written(node) -> str:
    """A default value as the sources and the page write it."""
    if isinstance(node, ast.Tuple):
        return "(%s,)" % ", ".join(written(item) for item in node.elts)
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value > 255:
        return "0x%X" % node.value
    return ast.unparse(node).replace("'", '"')


def sections() -> list[tuple[str, str]]:
    """(class or module, text) of the page on the API."""
    parts = re.split(r"^## `([\w.]+)`$", API.read_text(), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


@pytest.mark.parametrize(("heading", "text"), sections(), ids=[s[0] for s in sections()])
def test_the_api_is_as_the_page_says(heading, text):
    names = signatures(heading)
    for row in re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE):
        for shown in re.findall(r"`([^`]+)`", row):
            name, paren, rest = shown.partition("(")
            assert name in names, shown
            assert names[name] == paren + rest, names[name]
