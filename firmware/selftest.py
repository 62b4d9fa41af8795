"""The self-test at the end of the production line: prints one line of JSON.

Nothing of the meter imports it: tools/provision sends it to a board's prompt, or runs it on UNIX.
Where an image joins its modules, those that it needs are in a unit of another name.
"""

import gc
import json
import os
import sys
import time

from micropython import const

_WRITTEN = const(512)  # bytes written and read back
_TICK_MS = const(100)
_TICK_LIMIT_MS = const(400)
_TESTED = const(1024)


class Failed(Exception):
    """A check's finding; the text says which."""


def _identity(board):
    return board.unique_id()


def _versions(board):
    return {"micropython": sys.version.split("; ")[-1], "meter": _meter(board)}


def _meter(board):
    # What a configuration without settings says it is; null where there is no firmware of ours
    try:
        try:
            from firmware.config.settings import load
        except ImportError:
            load = __import__("app").load
    except ImportError:
        return None
    path = board.storage() + "/selftest"
    try:
        with open(path, "w") as file:
            file.write("{}")
        return load(path)["device"]["firmware"]
    except (OSError, ValueError):  # the profile is another than the usual one
        return None
    finally:
        _remove(path)


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass


def _memory(board):
    gc.collect()
    return gc.mem_free()


def _storage(board):
    # Bytes free, once a file was written, read back and removed
    path = board.storage() + "/selftest"
    data = os.urandom(_WRITTEN)
    with open(path, "wb") as file:
        file.write(data)
    with open(path, "rb") as file:
        same = file.read() == data
    os.remove(path)
    if not same:
        raise Failed("other bytes are read back")
    info = os.statvfs(board.storage())
    return info[0] * info[3]


def _clock(board):
    start = time.ticks_ms()
    time.sleep_ms(_TICK_MS)
    passed = time.ticks_diff(time.ticks_ms(), start)
    if not _TICK_MS - 5 <= passed <= _TICK_LIMIT_MS:
        raise Failed("%d ms for %d" % (passed, _TICK_MS))
    return passed


def _pulses(board):
    # The level of the pulses' pin; null where the board has none
    number = board.PINS.get("pulses")
    if number is None:
        return None
    from machine import Pin

    return Pin(number, Pin.IN, Pin.PULL_UP).value()


def _battery(board):
    # In mV; null where nothing measures it
    return board.battery and board.battery()


_CHECKS = (
    ("id", _identity),
    ("version", _versions),
    ("ram_free", _memory),
    ("storage_free", _storage),
    ("clock_ms", _clock),
    ("pulse_pin", _pulses),
    ("battery_mv", _battery),
)


def run(board, healthy) -> dict:
    """What each check gives, `failed` by check where one fails, and whether all is `ok`.

    `healthy` is that of firmware/entropy.py.
    """

    def entropy(board):
        if not healthy(os.urandom(_TESTED)):
            raise Failed("the health test fails")
        return True

    values = {}
    failed = {}
    for name, check in _CHECKS + (("entropy", entropy),):
        try:
            values[name] = check(board)
        except Exception as error:  # noqa: BLE001 whatever it is, it is what was looked for
            failed[name] = repr(error)
    values["failed"] = failed
    values["ok"] = not failed
    return values


def main(healthy) -> None:
    """Print the line."""
    try:
        import board
    except ImportError as error:
        print(json.dumps({"failed": {"board": repr(error)}, "ok": False}))
        return
    print(json.dumps(run(board, healthy)))
