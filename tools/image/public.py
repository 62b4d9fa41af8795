"""Which names of an image stay: what its firmware knows, and what somebody outside may use.

Outside is what the pages below and examples/ show to an application, what the image has only as
source, such as main.py, and what its profile calls public. Of a closed image the pages are not.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from .compiler import ROOT

# What a driver, a board or an application may call; `code` in them is public
PAGES = ("README.md", *("docs/%s.md" % page for page in ("api", "adding-a-sensor", "transports")))
PAGES += ("docs/porting-a-board.md",)
# Names of the firmware of METER_PPP and of the Unix port, and those that MicroPython's
# documentation has of ESP32: what an object that is not ours may have.
_FOREIGN = Path(__file__).with_name("foreign_names.txt")
# Modules whose names are all in that file; another port's `machine` may have others.
_KNOWN = """asyncio binascii collections cryptolib deflate errno gc hashlib heapq io json math
    micropython os random re select socket ssl struct sys time tls vfs"""
KNOWN_MODULES = frozenset(_KNOWN.split())
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"/|\.(py|md|mpy|json|txt|uf2)\b")
_BASES = re.compile(r"^\s*class \w+\((.*?)\):", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Outside:
    """`names` stay; with `everything`, all that have no leading underscore.

    From classes that are `bases` somebody derives: the derived ones may have attributes of any
    name that one would give.
    """

    names: frozenset = field(default_factory=frozenset)
    everything: bool = True
    bases: frozenset = field(default_factory=frozenset)

    def uses(self, name: str) -> bool:
        """Return whether somebody outside the image may use a name."""
        return self.everything or name in self.names


EVERYBODY = Outside()


@cache
def foreign() -> frozenset[str]:
    """Return the names that objects of MicroPython itself have."""
    return frozenset(_FOREIGN.read_text().split())


def is_ours(module: str) -> bool:
    """Return whether a module is one of lib/ or firmware/: its objects are those of an image."""
    path = module.replace(".", "/")
    return any((ROOT / top / (path + ".py")).exists() for top in ("lib", "."))


def words(text: str) -> set[str]:
    """Return what in a text may be a name."""
    return set(_WORD.findall(text))


def _pages() -> list[str]:
    """Return the code of the pages, by the piece."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text()
        inline = _INLINE.findall(_FENCED.sub("", text))
        found += [*_FENCED.findall(text), *(one for one in inline if not _PATH.search(one))]
    return found


def _examples() -> list[Path]:
    return sorted((ROOT / "examples").glob("*.py"))


@cache
def documented() -> frozenset[str]:
    """Return the names in the code of the pages, and all of the examples."""
    found = set().union(*(used(path.read_text()) for path in _examples()))
    for code in _pages():
        if code.startswith("```python"):
            found |= used("\n".join(code.splitlines()[1:-1]))
        elif not code.startswith("```"):
            found |= words(code)
    return frozenset(found)


def used(text: str) -> set[str]:
    """Return the names of others that a module may use: not those of its variables."""
    found, nodes = set(), list(ast.walk(ast.parse(text)))
    silent = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
    for node in nodes:
        for part in ("attr", "arg", "name", "module", "asname"):
            value = getattr(node, part, None)
            if isinstance(value, str):
                found |= words(value)
        if isinstance(node, ast.Constant) and id(node) not in silent:
            found |= words(node.value) if isinstance(node.value, str) else set()
    return found


def outside(sources: Iterable[Path], closed: bool, names: Iterable[str] = ()) -> Outside:
    """Return what is outside an image: these modules, these names, and the pages."""
    texts = [path.read_text() for path in sources]
    found = {*names, *(() if closed else documented())}
    found.update(*map(used, texts))
    if not closed:
        texts += [*_pages(), *(path.read_text() for path in _examples())]
    bases = {name for text in texts for of in _BASES.findall(text) for name in words(of)}
    return Outside(frozenset(found), False, frozenset(bases))
