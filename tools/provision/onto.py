"""A configuration onto a board that runs MicroPython: written, checked there, read back."""

import hashlib
import json
from dataclasses import dataclass

from tools.flash.failure import FlashError
from tools.flash.keep import CONFIG
from tools.flash.repl import Repl

from .failure import ProvisionError

OLD = CONFIG[:-4] + "old"  # what the meter falls back to
NEW = CONFIG + ".new"
_ERASE = """
import os
def _gone(path):
    try:
        os.remove(path)
    except OSError as e:
        if e.errno != 2:
            raise
"""
# The firmware's own check, where the board has a firmware of ours.
_CHECK = """
def _refusal(path):
    try:
        from firmware.config.settings import load
        from firmware.config.checks import ConfigError
    except ImportError:
        try:
            from app import load, ConfigError  # joined
        except ImportError:
            return None
    try:
        load(path)
    except ConfigError as e:
        return str(e)
    return ""
"""


@dataclass(frozen=True)
class Written:
    """What was done: whether the file was new, and whether the board's firmware took it."""

    new: bool
    checked: bool
    digest: str


def write(repl: Repl, data: bytes, replace: bool = False) -> Written:
    """Put a configuration onto a board; nothing is changed where that fails.

    A board that is another device already is refused, unless `replace` is given.
    """
    digest = hashlib.sha256(data)
    found = repl.hashes([CONFIG])[0]
    if found == digest.digest():
        return Written(False, False, digest.hexdigest())
    if found and not replace:
        _refuse_another(repl, data)
    repl.run(_ERASE)
    try:
        repl.write(NEW, data)
        _compare(repl, NEW, digest.digest())
        checked = _check(repl)
    except (FlashError, ProvisionError):
        _forget(repl)
        raise
    # What the meter would fall back to is another device's, or has another key.
    repl.run("_gone(%r)\nos.rename(%r, %r)" % (OLD, NEW, CONFIG))
    _compare(repl, CONFIG, digest.digest())
    return Written(True, checked, digest.hexdigest())


def _forget(repl: Repl) -> None:
    try:
        repl.run("_gone(%r)" % NEW)
    except FlashError:  # the board is gone: the file is in nobody's way, and is written over
        pass


def _compare(repl: Repl, path: str, digest: bytes) -> None:
    if repl.hashes([path])[0] != digest:
        raise ProvisionError("%s: %s is not what was written: start again" % (repl.port, path))


def _check(repl: Repl) -> bool:
    repl.run(_CHECK)
    refusal = repl.evaluate("_refusal(%r)" % NEW)
    if refusal:
        raise ProvisionError("%s: the board's firmware refuses it: %s" % (repl.port, refusal))
    return refusal is not None


def _refuse_another(repl: Repl, data: bytes) -> None:
    name = endpoint_of(repl.read(CONFIG))
    if name != json.loads(data)["endpoint"]:
        raise ProvisionError(
            "%s: the board is %s already: REPLACE=1 makes it another" % (repl.port, name or "one")
        )


def endpoint_of(data: bytes) -> str:
    """Return the endpoint of a configuration's file, "" where there is none in it."""
    try:
        return str(json.loads(data)["endpoint"])
    except (ValueError, KeyError, TypeError):
        return ""


def restart(repl: Repl) -> None:
    """Reset the board, so that it starts with what was written."""
    repl.start("import machine; machine.reset()")
