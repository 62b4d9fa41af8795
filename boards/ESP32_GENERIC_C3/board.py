"""An ESP32-C3 with 4 MB of flash: Wi-Fi, pulses of a contact to ground on GPIO4."""

from micropython import const

from chip import esp32
from chip.esp32 import reset, reset_cause, sleep, unique_id

_PIN_PULSES = const(4)

POWER_CLASS = "battery"
PINS = {"pulses": _PIN_PULSES}
battery = None  # nothing measures it


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
    return esp32.Watchdog()


def pulses(settings: dict):
    """Start to count pulses; `settings` are the profile's section."""
    from firmware.checkpoint import pulses as start
    from machine import RTC

    return start(settings, _PIN_PULSES, storage(), RTC().memory)


def storage() -> str:
    """The folder in which the application may keep files."""
    return "/data"


def memory():
    """What reads, and writes, memory that a reset and a deep sleep keep."""
    from machine import RTC

    return RTC().memory
