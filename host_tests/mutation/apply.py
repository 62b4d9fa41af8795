"""Puts a mutant in place of what is loaded: no module is imported anew, so no test is either."""

import gc
import importlib
import sys
import types
from pathlib import Path

from .mutants import Mutant


class NoEffect(Exception):
    """The mutant is not Python, or its functions and constants are the same as before."""


class Loaded:
    """Every function of our modules, by its place in the source."""

    def __init__(self, lib: Path, files: list[str]) -> None:
        self.lib = lib
        for file in files:
            importlib.import_module(module_name(file))  # some are imported when first needed
        self.functions: dict[tuple, list] = {}
        for each in gc.get_objects():
            if isinstance(each, types.FunctionType):
                self.functions.setdefault(place(each.__code__), []).append(each)

    def apply(self, mutant: Mutant) -> None:
        """Change this process for good: call it in a fork. Raise what the import would."""
        path = self.lib / mutant.file
        source = path.read_bytes()
        try:
            code = compile(mutant.mutated(source), str(path), "exec")
        except SyntaxError:
            raise NoEffect
        changed = self._functions(code)
        if mutant.imported:
            changed += _values(mutant.file, code, compile(source, str(path), "exec"))
        if not changed:
            raise NoEffect

    def _functions(self, code: types.CodeType) -> int:
        changed = 0
        for each in nested(code):
            for function in self.functions.get(place(each), ()):
                if function.__code__ != each:
                    function.__code__ = each
                    changed += 1
        return changed


def module_name(file: str) -> str:
    """What lib/coap/peer.py is imported as."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def place(code: types.CodeType) -> tuple:
    """Where a function is: no two have the same, and a mutant moves none."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def nested(code: types.CodeType):
    """The code of every function in a module, at any depth."""
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield each
            yield from nested(each)


def _values(file: str, code: types.CodeType, before: types.CodeType) -> int:
    """Constants of a module, of its classes, and defaults of arguments."""
    module = sys.modules[module_name(file)]
    return _copied(module, _run(module, before), _run(module, code))


def _run(module: types.ModuleType, code: types.CodeType) -> types.ModuleType:
    made = types.ModuleType(module.__name__)
    made.__dict__.update(__package__=module.__package__, __file__=module.__file__)
    exec(code, made.__dict__)
    return made


def _copied(loaded: object, before: object, after: object) -> int:
    """Set what differs between two runs of one module on the one that the tests know."""
    changed = 0
    for name, value in list(vars(after).items()):
        old, known = getattr(before, name, None), getattr(loaded, name, None)
        if isinstance(value, types.FunctionType):
            if value.__defaults__ != old.__defaults__:
                known.__defaults__ = value.__defaults__
                changed += 1
        elif isinstance(value, type):
            if value.__module__ == after.__name__ and value is not old:
                changed += _copied(known, old, value)
        elif _is_constant(name, value) and repr(value) != repr(old):
            setattr(loaded, name, value)
            changed += 1
    return changed


def _is_constant(name: str, value: object) -> bool:
    """Neither a module nor an object that is made anew by each run."""
    if name.startswith("__") or isinstance(value, types.ModuleType):
        return False
    return " at 0x" not in repr(value)
