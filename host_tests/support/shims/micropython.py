"""What lib/ needs of MicroPython, for CPython: so that its I/O-free cores run under pytest."""

import asyncio
import gc
import sys
import types

import aes_shim


def const(value):
    """The value: MicroPython's compiler would put it in place of the name."""
    return value


def _ports_only(*_):
    raise NotImplementedError("the asyncio shell runs inside MicroPython only")


# Not a file of that name: the port would find it before its own.
sys.modules.setdefault("cryptolib", aes_shim)
# The shells import these; the cores beside them in a module are what is tested here.
asyncio.core = types.ModuleType("asyncio.core")
asyncio.core.cur_task = None
sys.modules.setdefault("asyncio.core", asyncio.core)
for _name in ("ticks_ms", "ticks_diff"):
    setattr(__import__("time"), _name, _ports_only)
gc.mem_free = lambda: 128 << 10
gc.mem_alloc = lambda: 64 << 10
