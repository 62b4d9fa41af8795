"""A meter's configuration, checked by the firmware's own code before it goes into an image."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from . import profile
from .failure import ImageError

PATH = "/config.json"
READER = "firmware.config.settings"  # whoever has this module reads a configuration
# The defaults of these are for trials on a PC.
_OWN = {"endpoint": "a name that no other meter has", "servers": "its server, or the server's URI"}
_PROFILES = "firmware.profiles."
_HELP = "see docs/configuration.md"


def check(entries: Iterable[profile.Entry], version: str) -> dict | None:
    """Return the settings of the image's configuration, or None where it has no application.

    `version` is that of MicroPython. Raises ImageError of the firmware's own text.
    """
    entries = list(entries)
    given = [entry for entry in entries if entry.device == PATH]
    if READER not in {entry.module for entry in entries if entry.compiled}:
        return None
    if not given:
        raise ImageError("no configuration: give it with CONFIG=my.json, %s" % _HELP)
    path = given[0].host
    _checked(path, version, [entry for entry in entries if _is_vendors(entry)])
    settings = json.loads(path.read_text())
    _has_profile(path, settings.get("profile", "water"), entries)
    for name, what in _OWN.items():
        if name not in settings and not (name == "servers" and settings.get("bootstrap")):
            raise ImageError("%s: %s: must be given: %s; %s" % (path, name, what, _HELP))
    return settings


def is_production(entries: Iterable[profile.Entry]) -> bool:
    """Does the image's configuration, which was checked, close the console?"""
    given = [entry.host for entry in entries if entry.device == PATH]
    return bool(given) and json.loads(given[0].read_text()).get("production") is True


def _has_profile(path: Path, name: str, entries: Iterable[profile.Entry]) -> None:
    modules = [entry.module for entry in entries if entry.compiled]
    known = [module[len(_PROFILES) :] for module in modules if module.startswith(_PROFILES)]
    if known and name not in known:
        raise ImageError(
            '%s: profile: "%s": the image is of PROFILE=%s: choose the same in both'
            % (path, name, ", ".join(known))
        )


def _is_vendors(entry: profile.Entry) -> bool:
    return entry.compiled and entry.module.startswith(("transport_", "modem_"))


def _checked(path: Path, version: str, vendors: list[profile.Entry]) -> None:
    numbers = ".".join(version.split("-")[0].split(".")[:2])
    words = ["%s=%s" % (entry.module, entry.host) for entry in vendors]
    script = Path(__file__).with_name("on_host.py")
    command = [sys.executable, str(script), str(path), numbers, *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 2:
        raise ImageError(done.stdout.strip())
    if done.returncode:
        reason = done.stderr.strip().splitlines() or ["no message"]
        raise ImageError("%s cannot be checked: %s" % (path, reason[-1]))
