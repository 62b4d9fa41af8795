"""Choosing and starting an engine."""

import pathlib
import signal
import time
from collections.abc import Callable

from .engine import Engine, Settings
from .errors import EngineUnavailable

ENGINES = ("leshan", "small")


def make(
    name: str, settings: Settings, emit: Callable[[dict], None], log: pathlib.Path | None
) -> Engine:
    """An engine, not started; for Leshan the JVM runs afterwards."""
    if name == "small":
        from .small import SmallEngine

        return SmallEngine(settings, emit)
    from . import jars

    jars.start_jvm(log)
    from .leshan import LeshanEngine  # only now: its Java imports need the JVM

    return LeshanEngine(settings, emit)


def start_whole(engine: Engine) -> None:
    """Start wholly or not at all: Ctrl-C half-way would leave threads that never end."""
    late: list = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    kept = {number: signal.signal(number, lambda *what: late.append(what)) for number in numbers}
    try:
        engine.start()
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    if late:
        engine.stop()
        raise KeyboardInterrupt


def start(
    name: str | None,
    settings: Settings,
    emit: Callable[[dict], None],
    notice: Callable[[str], None],
    log: pathlib.Path | None = None,
) -> tuple[Engine, float]:
    """The started engine and the seconds it took; no name: leshan, or small and a notice why."""
    began = time.monotonic()
    try:
        engine = make(name or "leshan", settings, emit, log)
    except EngineUnavailable as error:
        if name:
            raise
        notice("engine leshan cannot be had, so small serves: %s" % error)
        engine = make("small", settings, emit, log)
    start_whole(engine)
    return engine, round(time.monotonic() - began, 2)
