"""Pulses counted by a PIO state machine of an RP2040 or RP2350: no interrupt, no CPU.

It looks at the contact 10,000 times a second. The contact is closed, and open again, once it was
so for the whole debounce time: one pulse. A DMA channel carries each new count to a scratch
register of the watchdog, so it is counted on while flash is erased or the CPU hangs, and a reset
keeps the count; a power cut does not. Lightsleep stops the count: the PIO's clock stands.

It uses the scratch registers 2 and 3, which `machine.mem_backup` has, too.
"""

# ruff: noqa: F821 the PIO's instructions are names that rp2.asm_pio gives

import sys

import machine
import rp2
from micropython import const

_RATE = const(20000)  # Hz; a sample is two instructions
_WORDS_2040 = const(0x40058014)
_WORDS_2350 = const(0x400D8014)
# ACCESSCTRL of an RP2350 lets no DMA reach the watchdog (data sheet 10.6: reset value 0xB8)
_ACCESS_2350 = const(0x400600D8)
_ACCESS = const(0xACCE00F8)  # the password, and DMA beside the cores and the debugger
_COUNTING = const(0x504C5345)  # in the next register: the count is one of ours
_ALL = const(0xFFFFFFFF)


@rp2.asm_pio()
def _counter():
    # X: ~count. Y: samples until the new level counts. The host puts ~count, then the samples.
    pull()
    mov(x, osr)
    pull()
    wrap_target()
    label("open")
    mov(y, osr)
    label("closing")
    jmp(pin, "open")
    jmp(y_dec, "closing")
    jmp(x_dec, "counted")
    label("counted")
    mov(isr, invert(x))
    push(noblock)
    label("closed")
    mov(y, osr)
    label("opening")
    jmp(pin, "high")
    jmp("closed")
    label("high")
    jmp(y_dec, "opening")
    wrap()


class PioCounter:
    """The count of falling edges, a source as drivers.pulse has it."""

    uncertain = False
    mask = 0xFFFFFFFF

    def __init__(self, pin: int, debounce_ms: int = 20, machine_id: int = 0):
        """`machine_id`: 0 to 3 of PIO 0, 4 to 7 of PIO 1, of an RP2350 8 to 11, too."""
        newer = "RP2350" in sys.implementation._machine
        self._scratch = _WORDS_2350 if newer else _WORDS_2040
        memory = machine.mem32
        if newer:
            memory[_ACCESS_2350] = _ACCESS
        self.kept = memory[self._scratch + 4] & _ALL == _COUNTING
        if not self.kept:
            memory[self._scratch] = 0
        contact = machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP)
        state = self._state = rp2.StateMachine(machine_id, _counter, freq=_RATE, jmp_pin=contact)
        carrier = self._carrier = rp2.DMA()
        request = (machine_id >> 2) * 8 + 4 + (machine_id & 3)
        carrier.config(
            read=state,
            write=self._scratch,
            count=_ALL,  # for ever on an RP2350, 4,294,967,295 pulses on an RP2040
            ctrl=carrier.pack_ctrl(inc_read=False, inc_write=False, treq_sel=request),
            trigger=True,
        )
        state.put(~self.count() & _ALL)
        state.put(debounce_ms * (_RATE // 2000))
        state.active(1)

    def keep(self) -> None:
        """From now on a reset keeps the count."""
        machine.mem32[self._scratch + 4] = _COUNTING

    def count(self) -> int:
        """The count, modulo 2 ** 32."""
        return machine.mem32[self._scratch] & _ALL
