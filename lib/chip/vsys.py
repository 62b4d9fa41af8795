"""The voltage at VSYS of a Pico W or Pico 2 W.

A third of it is at GP29, which is the clock of the radio's bus, too. The radio's driver takes the
pin at the begin of each transfer, and leaves it pulled down; between two, with GP25 high, it is
free. So interrupts, in which the driver runs, are off for a third of a millisecond.
"""

import machine
from micropython import const

_PIN = const(29)
_SAMPLES = const(8)
_FULL_SCALE = const(9900)  # mV at VSYS that give 65,535: three times 3.3 V
_LEAST = const(1000)  # mV; below it GP25 is not high, for the radio was never on


def read() -> int | None:
    """mV, or None while the radio has not been on."""
    adc = machine.ADC(_PIN)
    total = 0
    state = machine.disable_irq()
    try:
        # Nothing here may allocate. Without a pull, and not the bus's any more:
        machine.Pin(_PIN, machine.Pin.IN)
        for _ in range(_SAMPLES):
            adc.read_u16()  # the first ones are low: the divider charges the converter slowly
        for _ in range(_SAMPLES):
            total += adc.read_u16()
    finally:
        machine.enable_irq(state)
    voltage = total * _FULL_SCALE // (_SAMPLES * 65535)
    return voltage if voltage >= _LEAST else None
