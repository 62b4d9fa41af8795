"""Choosing and starting an engine."""

import pathlib
import signal
import time
from collections.abc import Callable

from ..errors import EngineUnavailable
from .engine import Engine, Settings

ENGINES = ("leshan", "aiocoap")


def make(
    name: str, settings: Settings, emit: Callable[[dict], None], log: pathlib.Path | None
) -> Engine:
    """An engine, not started; for Leshan the JVM runs afterwards."""
    if name == "aiocoap":
        from .aiocoap.server import AiocoapEngine

        return AiocoapEngine(settings, emit)
    from .leshan import jars

    jars.start_jvm(log)
    from .leshan.server import LeshanEngine  # only now: its Java imports need the JVM

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
    """The started engine and the seconds it took.

    Without a name it is leshan, or aiocoap and a notice that says why.
    """
    began = time.monotonic()
    try:
        engine = make(name or "leshan", settings, emit, log)
    except EngineUnavailable as error:
        if name:
            raise
        notice("engine leshan is not available, so aiocoap serves: %s" % error)
        engine = make("aiocoap", settings, emit, log)
    start_whole(engine)
    return engine, round(time.monotonic() - began, 2)
