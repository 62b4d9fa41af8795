"""What a meter wants of its board, and what the board cannot do: one line each."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from .board import ROOT, Board

# What feeds a meter; a board of one class can do what those before it can.
CLASSES = ("mains", "gated", "battery")
_MAINS_SOURCES = (0, 4, 5, 6)  # of /3/0/6: DC, PoE, USB, AC


def wanted(config: Mapping) -> str:
    """Return the class that a configuration (config.json as it is written) asks for.

    A meter whose `device.power` names sources, and none but batteries, cells or the sun, lives on
    them.
    """
    device = config.get("device")
    sources = device.get("power") if isinstance(device, Mapping) else None
    kinds = {one.get("source") for one in sources or () if isinstance(one, Mapping)}
    return "battery" if kinds and not kinds & set(_MAINS_SOURCES) else "mains"


def refusal(board: Board, want: str, pulses: bool = False) -> str:
    """Return why the board cannot live as `want` says, in one line, or "" where it can.

    `pulses`: the meter counts pulses, and so must count them while it sleeps.
    """
    if want not in CLASSES:
        return "power %s: must be one of %s" % (want, ", ".join(CLASSES))
    can, place = board.power_class, "power %s: " % want
    if CLASSES.index(want) > CLASSES.index(can):
        return place + "%s is of class %s: %s" % (board.name, can, board.facts["power_why"])
    if want == "battery" and pulses and not board.facts["pulses"]["asleep"]:
        return place + "%s counts no pulses while it sleeps: feed it from mains" % board.name
    return ""


def refusals(board: Board, config: Mapping, root: Path = ROOT) -> Iterator[str]:
    """Yield what a configuration, or its profile, wants and the board cannot do."""
    name = config.get("profile", "water")
    wish, pulses = _profile(root / "firmware" / "profiles" / ("%s.py" % name))
    for place, want in (("device.power: ", wanted(config)), ("profile: %s: " % name, wish)):
        line = refusal(board, want, pulses)
        if line:
            yield place + line
    wifi = "wifi" in board.facts["network"]
    if wifi and config.get("wifi") is None and "modem" not in config:
        yield (
            'wifi: must be given, for %s has no other network: {"ssid": ..., "password": ...}'
            % (board.name)
        )
    if not wifi and config.get("wifi") is not None:
        yield "wifi: %s has no Wi-Fi: leave the section out" % board.name


def _profile(path: Path) -> tuple[str, bool]:
    """Return the class that a profile asks for (`power = "battery"`); does it count pulses?"""
    text = path.read_text() if path.is_file() else ""
    wish = re.search(r'^power = "(\w+)"', text, re.MULTILINE)
    return wish[1] if wish else "mains", '["pulses"]' in text
