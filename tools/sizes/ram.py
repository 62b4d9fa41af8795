"""RAM on 32 bits: one boot of the emulated board imports each module once, dependencies first."""

from collections.abc import Mapping

from tools.image import profile

from .joined import RUN_BY_NAME
from .modules import Module, closure


def measure(modules: Mapping[str, Module]) -> None:
    """Set `ram` and `import_us` of each module, or `error` where it does not import."""
    from host_tests.emulator import Board, imports  # the emulator is not needed for --no-ram

    chosen = [name for name in closure(modules, modules) if name not in RUN_BY_NAME]
    files = profile.build_files(modules[name].entry for name in chosen)
    with Board(files) as board:
        for cost in imports(board, chosen):
            module = modules[cost.module]
            module.ram, module.import_us, module.error = cost.ram, cost.us, cost.error
    for name in RUN_BY_NAME:
        if name in modules:
            modules[name].ram = modules[name].import_us = 0
