"""RAM on 32 bits: boots of the emulated board import each module once, dependencies first."""

from collections.abc import Iterator, Mapping

from tools.image import profile

from .joined import RUN_BY_NAME
from .modules import Module, closure

# Needs what the emulated board's firmware has not: an ESP32's counter
_ELSEWHERE = ("drivers.pulse_counter",)
_MODULES = 60  # that one boot imports: the board's file system and heap have no room for all


def measure(modules: Mapping[str, Module]) -> None:
    """Set `ram` and `import_us` of each module, or `error` where it does not import.

    A module for another board's firmware has neither.
    """
    measured: set[str] = set(RUN_BY_NAME)
    for chosen in boots(modules):
        _measure(modules, chosen, measured)
        measured.update(chosen)
    for name in RUN_BY_NAME:
        if name in modules:
            modules[name].ram = modules[name].import_us = 0


def boots(modules: Mapping[str, Module]) -> Iterator[list[str]]:
    """Yield what each boot imports: modules that no boot had yet, and all that they import."""
    chosen: list[str] = []
    for name in closure(modules, modules):
        if name in RUN_BY_NAME or name in _ELSEWHERE:
            continue
        needed = [one for one in closure([*chosen, name], modules) if one not in RUN_BY_NAME]
        if chosen and len(needed) > _MODULES:
            yield chosen
            needed = [one for one in closure([name], modules) if one not in RUN_BY_NAME]
        chosen = needed
    if chosen:
        yield chosen


def _measure(modules: Mapping[str, Module], chosen: list[str], measured: set[str]) -> None:
    from tools.emulator import Board, imports  # the emulator is not needed for --no-ram

    files = profile.build_files(modules[name].entry for name in chosen)
    with Board(files) as board:
        for cost in imports(board, chosen):
            if cost.module not in measured:
                module = modules[cost.module]
                module.ram, module.import_us, module.error = cost.ram, cost.us, cost.error
