"""METER_PPP: an RP2040 with a cellular modem on UART0 and the water meter's pulses on GP20."""

import machine
from machine import Pin
from micropython import const

from bearer.ppp import Ppp
from chip import rp2
from chip.rp2 import reset, reset_cause, sleep, unique_id

_PIN_TX = const(0)
_PIN_RX = const(1)
_BAUD = const(921600)
_RECEIVING = const(2048)  # PPP reads when the line is idle: a datagram, with what PPP escapes
_SENDING = const(512)  # what does not fit waits for the line: 8 ms of the longest datagram
_PIN_PULSES = const(20)
_LTE_FDD = const(6)

POWER_CLASS = "mains"
PINS = {"pulses": _PIN_PULSES}
battery = None  # nothing measures it


def network(settings: dict, log):
    """Start PPP on the modem's UART; the bearer keeps it up. It needs no settings."""
    from network import PPP

    uart = machine.UART(
        0, _BAUD, tx=Pin(_PIN_TX), rx=Pin(_PIN_RX), rxbuf=_RECEIVING, txbuf=_SENDING
    )
    return Ppp(PPP(uart), uart, _LTE_FDD, log)


def watchdog():
    """Start the watchdog."""
    return rp2.Watchdog()


def pulses(settings: dict):
    """Start to count pulses; `settings` are the profile's section."""
    from firmware.checkpoint import pulses as start

    return start(settings, _PIN_PULSES, storage())


def storage() -> str:
    """The folder in which the application may keep files."""
    return "/data"


def memory():
    """What reads, and writes, memory that a reset keeps, or None: there is none for us."""
    return None
