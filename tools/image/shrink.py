"""A joined .mpy in fewer bytes: what mpy-cross writes and nothing asks for goes.

- names of arguments that nobody passes by keyword: 1 or 2 bytes each
- `__module__` and `__qualname__` of classes: 9 bytes a class, and two entries of RAM
- what `peephole` finds in the bytecode of each function
- names in the order of their uses: an index below 128 takes one byte, others take two; a text of
  more than ten bytes that is a name is not stored twice

Each step leaves alone what it does not know.
"""

import sys
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from . import bytecode, calls, flow, peephole, stack
from .bytecode import (
    BUILD_CLASS,
    LOAD_NAME,
    LOAD_OBJECT,
    LOAD_STRING,
    MAKE_FUNCTION,
    NAME,
    STORE_NAME,
    Function,
    Instruction,
    Mpy,
    written_code,
)
from .calls import inline
from .compiler import compile_text, kept
from .flow import replace
from .peephole import shorter, tidy

_ANY_KEYWORD, _KEYWORD_DEFAULTS = 2, 8  # flags of functions
_CLASS = [LOAD_NAME, STORE_NAME, LOAD_STRING, STORE_NAME]
_A_TEXT = b"\x05"


def shrunk(data: bytes, by_keyword: Collection[str], once: Collection[str] = ()) -> bytes:
    """Return what `shrink` does, kept as compiled modules are."""
    key = b"".join((_source(), repr((sorted(by_keyword), sorted(once))).encode(), data))
    return kept(key, lambda path: path.write_bytes(shrink(data, by_keyword, once)))


@cache
def _source() -> bytes:
    return b"".join(
        Path(one.__file__).read_bytes()
        for one in (bytecode, calls, flow, peephole, stack, sys.modules[__name__])
    )


def shrink(data: bytes, by_keyword: Collection[str], once: Collection[str] = ()) -> bytes:
    """Return a .mpy that does the same.

    `by_keyword` are arguments that may be passed so; `once` functions and methods that have no
    more than one call, which is in here.
    """
    mpy = Mpy(data)
    by_keyword = _as_written(tuple(sorted(by_keyword)))
    for function in mpy.code.tree():
        _classes(function)
        tidy(function)
    inline(mpy, once)
    for function in mpy.code.tree():
        shorter(function)
        _arguments(mpy, function, by_keyword)
    _texts(mpy)
    _ordered(mpy)
    return mpy.written()


def _classes(function: Function) -> None:
    """Drop `__module__` and `__qualname__` of the classes that a function makes."""
    for one, following in zip(function.code, function.code[1:]):
        if one.opcode == BUILD_CLASS and following.opcode == MAKE_FUNCTION:
            made = function.children[following.argument]
            if [first.opcode for first in made.code[:4]] == _CLASS:
                replace(made, {number: [] for number in range(4)})


@cache
def _as_written(names: tuple[str, ...]) -> frozenset:
    """Return names as `Mpy.names` has them: of those that each MicroPython has the number."""
    mpy = Mpy(compile_text("\n".join(names).encode(), "names", "names of arguments"))
    return frozenset(mpy.names[one.argument] for one in mpy.code.code if one.opcode == LOAD_NAME)


def _arguments(mpy: Mpy, function: Function, by_keyword: frozenset) -> None:
    """Drop the names of a function's arguments, if none of them may be passed by keyword.

    A traceback skips as many numbers as there would be names: its code must have them.
    """
    count = len(function.names) - 1
    names = {mpy.names[one] for one in function.names[1:]}
    if not count or function.keyword_only or function.flags & (_ANY_KEYWORD | _KEYWORD_DEFAULTS):
        return
    after = function.rest + function.cells + written_code(function.code)
    if not names & by_keyword and sum(byte < 128 for byte in after) >= count:
        del function.names[1:]


# Names


def _texts(mpy: Mpy) -> None:
    """Let a text that is a name, too, be one."""
    names = {name: number for number, name in enumerate(mpy.names) if number}
    both = {
        number: names[_text(written)]
        for number, written in enumerate(mpy.objects)
        if written[:1] == _A_TEXT and _text(written) in names
    }
    for function in mpy.code.tree():
        replace(
            function,
            {
                number: [Instruction(LOAD_STRING, both[one.argument])]
                for number, one in enumerate(function.code)
                if one.opcode == LOAD_OBJECT and one.argument in both
            },
        )


def _text(written: bytes) -> str:
    start = 1
    while written[start] & 128:
        start += 1
    return written[start + 1 : -1].decode()


def _uses(mpy: Mpy) -> Iterator[int]:
    for function in mpy.code.tree():
        yield from function.names
        yield from (one.argument for one in function.code if one.kind == NAME)


def _ordered(mpy: Mpy) -> None:
    """Put the names in the order of their uses, the file's own first; drop what nothing uses."""
    order = [0, *(number for number, _ in Counter(_uses(mpy)).most_common() if number)]
    used = {one.argument for f in mpy.code.tree() for one in f.code if one.opcode == LOAD_OBJECT}
    names = {old: new for new, old in enumerate(order)}
    objects = {old: new for new, old in enumerate(sorted(used))}
    for function in mpy.code.tree():
        function.names = [names[one] for one in function.names]
        for one in function.code:
            if one.kind == NAME:
                one.argument = names[one.argument]
            elif one.opcode == LOAD_OBJECT:
                one.argument = objects[one.argument]
    mpy.names = [mpy.names[number] for number in order]
    mpy.objects = [mpy.objects[number] for number in sorted(used)]
