"""Raspberry Pi Pico 2 W: Wi-Fi, pulses of a contact to ground on GP20."""

from micropython import const

from chip import rp2
from chip.rp2 import reset, reset_cause, sleep, unique_id

_PIN_PULSES = const(20)

POWER_CLASS = "mains"
PINS = {"pulses": _PIN_PULSES}


def network(settings: dict, log):
    """Join the Wi-Fi of the section `wifi`; the bearer keeps it joined."""
    if not settings:
        return None
    import network as module
    from firmware.config.wifi import needed

    from bearer.wifi import Wifi

    return Wifi(module, needed(settings), log)


def watchdog():
    """Start the watchdog."""
    return rp2.Watchdog()


def pulses(settings: dict):
    """Start to count pulses; `settings` are the profile's section."""
    from firmware.checkpoint import pulses as start

    return start(settings, _PIN_PULSES, storage())


def battery():
    """Voltage at VSYS in mV: a third of it is at GP29, a pin of the radio's bus too."""
    from chip.vsys import read

    return read()


def storage() -> str:
    """The folder in which the application may keep files."""
    return "/data"


def memory():
    """What reads, and writes, memory that a reset keeps, or None: there is none for us."""
    return None
