"""Words that the project does not use: slang anywhere, vague words as names.

SLANG is looked for in names, comments, docstrings, Markdown and file names. VAGUE words are sound
English, so only a name that is bound and is nothing but the word counts: `found = {}` says nothing
of what it holds. LOOSE ones may be the variable of a short loop in tools and tests, and so count
on the device only. words_allowed.txt has the exceptions, a line each: `path: word`.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from pathlib import Path

from .sources import DEVICE, Source, read, tracked

SLANG = (
    *("flying", "told", "storm", "storms", "fate", "fates", "yard", "yards", "storey", "storeys"),
    *("skeleton", "skeletons"),
)
VAGUE = ("lost", "tell", "mark", "touch", "touched", "listed", "opened", "judge")
LOOSE = ("found", "one", "given")
_TREES = ("lib", "firmware", "boards", "tools", "host_tests", "examples")
_SLANG = re.compile(r"(?<![a-z])(%s)(?![a-z])" % "|".join(SLANG), re.IGNORECASE)
_ALLOWED = "tools/lint/words_allowed.txt"
_SELF = ("tools/lint/words.py", _ALLOWED, "host_tests/lint/test_words.py")


def check(root: Path) -> list[str]:
    """Return one line per use of a word that words_allowed.txt does not have."""
    allowed = _allowed(root / _ALLOWED)
    findings = []
    for path, line, word, kind in _uses(root):
        if path not in _SELF and (path, word) not in allowed:
            findings.append("%s:%d: %s `%s`" % (path, line, kind, word))
    return findings


def _allowed(path: Path) -> set[tuple[str, str]]:
    lines = path.read_text().splitlines() if path.exists() else []
    lines = [line.partition("#")[0].strip() for line in lines]
    return {tuple(part.strip() for part in line.split(":")) for line in lines if line}


def _uses(root: Path) -> Iterable[tuple[str, int, str, str]]:
    for path in tracked(root):
        for match in _SLANG.finditer(path):
            yield path, 1, match[0].lower(), "file name with"
    for path in tracked(root, "*.md", "Makefile", "*.toml", "*.sh", ".ci/run"):
        for i, line in enumerate((root / path).read_text().splitlines(), 1):
            for match in _SLANG.finditer(line):
                yield path, i, match[0].lower(), "text with"
    for source in read(root, *_TREES):
        yield from slang(source)
        yield from vague(source)


def slang(source: Source) -> Iterable[tuple[str, int, str, str]]:
    """Yield the slang in a file's names, comments and texts: path, line, word, kind."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type in (tokenize.NAME, tokenize.COMMENT, tokenize.STRING):
            for match in _SLANG.finditer(token.string):
                line = token.start[0] + token.string.count("\n", 0, match.start())
                kind = "name with" if token.type == tokenize.NAME else "text with"
                yield source.path, line, match[0].lower(), kind


def vague(source: Source) -> Iterable[tuple[str, int, str, str]]:
    """Yield the names that a file binds and that are nothing but a vague word."""
    words = VAGUE + LOOSE if source.path.startswith(DEVICE) else VAGUE
    for node in ast.walk(source.tree):
        for name in _bound(node):
            if name.strip("_") in words:
                yield source.path, getattr(node, "lineno", 1), name.strip("_"), "vague name"


def _bound(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
        return [node.id if isinstance(node, ast.Name) else node.attr]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    return [node.arg] if isinstance(node, ast.arg) else []
