"""What the firmware itself says of configurations, on CPython: run as a process of its own.

`python on_host.py sections` prints the sections of the configuration, as JSON; `python on_host.py
check` takes paths on stdin, a line each, and prints for each the firmware's refusal as a JSON
text, "" where there is none. Its modules have the names that they have on the device.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(_ROOT / "lib"), str(_ROOT)]

from tools.image import on_host  # noqa: E402 the path is set just above

_NEWEST = (1, 29)  # of MicroPython: the image builder asks again, with the board's own


def _module(name: str):
    return importlib.import_module("firmware." + name)


def sections() -> dict:
    """Return every table from which the firmware checks a configuration, by its name."""
    schema, objects = _module("config.schema"), _module("config.objects")
    return {
        "names": schema.NAMES,
        "optional": schema.OPTIONAL,
        "server": schema.SERVER,
        "sections": schema.SECTIONS,
        "default": schema.DEFAULT,
        "objects": objects._SECTIONS,
        "lists": objects._LISTS,
        "modem": _module("config.modem")._SECTION,
        "wifi": _module("config.wifi")._WIFI,
        "valve": _module("fittings")._VALVE,
        "levels": _module("config.log")._NAMES,
        "log_parts": _module("config.log")._PARTS,
        "bootstrap": _module("config.bootstrap")._BOOTSTRAP_SECTION,
        "inactive": _module("config.inactive")._INACTIVE,
        "suites": _module("config.psk")._PSK_SUITES,
        "profiles": dict(_profiles()),
    }


def _profiles() -> Iterator[tuple[str, dict]]:
    for file in sorted((_ROOT / "firmware" / "profiles").glob("*.py")):
        profile = _module("profiles." + file.stem)
        yield file.stem, {"section": profile.section, "defaults": profile.defaults}


def refusal(path: str) -> str:
    """Return why the firmware refuses the configuration in a file, "" where it takes it."""
    try:
        _module("config.settings").load(path)
    except _module("config.checks").ConfigError as error:
        return str(error)
    return ""


def main(action: str) -> None:
    """Print what is asked for."""
    on_host.fake(_NEWEST)
    if action == "sections":
        print(json.dumps(sections()))
        return
    for line in sys.stdin:
        print(json.dumps(refusal(line.rstrip("\n"))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
