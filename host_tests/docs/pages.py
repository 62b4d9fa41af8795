"""The pages of the project: their links, fenced blocks and tables."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = (
    *("*.md", "docs/*.md", "examples/*.md", "boards/*/*.md"),
    *("host_tests/*.md", "tools/*/README.md", ".github/*.md"),
)
PAGES = sorted(path for place in PLACES for path in ROOT.glob(place))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_TREES = ("lib/", "firmware/", "boards/", "host_tests/", "tools/", "docs/", "examples/")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def name(path: pathlib.Path) -> str:
    """A page's path from the top of the tree."""
    return str(path.relative_to(ROOT))


def prose(path: pathlib.Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", path.read_text())


def fences(path: pathlib.Path) -> list[tuple[str, str]]:
    """(language, text) of each fenced block."""
    return _FENCE.findall(path.read_text())


def links(path: pathlib.Path) -> list[str]:
    """Where a page's links go."""
    return _LINK.findall(prose(path))


def anchors(path: pathlib.Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = _HEADING.findall(prose(path))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def paths(path: pathlib.Path) -> list[str]:
    """What a page says, between backquotes, is a file or a folder of this tree."""
    texts = [text.rstrip("/") for text in _CODE.findall(prose(path)) if text.startswith(_TREES)]
    return [text for text in texts if re.fullmatch(r"[\w./-]+", text)]


def commands(path: pathlib.Path, start: str) -> list[str]:
    """What a page has between backquotes that begins with `start`."""
    return [text for text in _CODE.findall(prose(path)) if text.startswith(start)]
