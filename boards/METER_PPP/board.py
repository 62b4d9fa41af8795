"""METER_PPP: an RP2040 with a cellular modem on UART0 and the water meter's pulses on GP20."""

import machine
import network
from machine import Pin
from micropython import const

_TX = const(0)
_RX = const(1)
_BAUD = const(921600)
_BUFFER = const(2048)
_PULSES = const(20)
_LTE_FDD = const(6)


class Pulses:
    """Counts the pulses of a contact to ground."""

    def __init__(self):
        self.count = 0
        # Hard: a flash erase delays the count by its 45 ms, a busy interpreter by nothing.
        Pin(_PULSES, Pin.IN, Pin.PULL_UP).irq(self._pulse, Pin.IRQ_FALLING, hard=True)

    def _pulse(self, pin):
        self.count += 1

    def pulses(self) -> int:
        """The count since the start."""
        return self.count


def dial():
    """Start PPP and return it; `isconnected()` tells when it is up."""
    uart = machine.UART(0, _BAUD, tx=Pin(_TX), rx=Pin(_RX), rxbuf=_BUFFER, txbuf=_BUFFER)
    ppp = network.PPP(uart)
    ppp.connect()
    return ppp


def connectivity(ppp) -> dict:
    """What is known of the network, by Resource of Object 4; the modem is not asked."""
    return {
        0: _LTE_FDD,
        4: lambda: {0: ppp.ifconfig()[0]},
        5: lambda: {0: ppp.ifconfig()[2]},
    }
