"""VSYS of a Pico W over a pin that the radio's driver shares."""

import sys


class Machine:
    """`machine` of a Pico W: the radio's driver takes GP29 whenever interrupts are on.

    A reading is low while the pin is the bus's or pulled down, and in its first samples.
    """

    def __init__(self, millivolts, radio=True):
        self.raw = millivolts * 65535 // 9900
        self.radio = radio
        self.off = self.analog = False
        self.settled = 0
        self.states = []
        owner = self

        class Pin:
            IN = 0

            def __init__(self, number, mode):
                assert number == 29 and mode == self.IN
                owner.analog, owner.settled = True, 0

        class ADC:
            def __init__(self, pin):
                assert pin == 29 and not owner.off, "it allocates"
                owner.analog = True

            def read_u16(self):
                owner._transfer()
                owner.settled += 1
                if not owner.analog or not owner.radio:
                    return 300
                return owner.raw if owner.settled > 4 else owner.raw // 2

        self.Pin, self.ADC = Pin, ADC

    def _transfer(self):
        if not self.off:
            self.analog = False

    def disable_irq(self):
        self._transfer()
        self.off = True
        return "before"

    def enable_irq(self, state):
        self.states.append(state)
        self.off = False
        self._transfer()


def read(machine):
    sys.modules["machine"] = machine
    sys.modules.pop("chip.vsys", None)
    return __import__("chip.vsys", None, None, ("read",)).read()


def test_it_is_read_between_two_transfers_of_the_radio_to_20_mv():
    for millivolts in (1800, 3300, 5000):
        assert abs(read(Machine(millivolts)) - millivolts) <= 20


def test_interrupts_are_as_before_afterwards():
    machine = Machine(5000)
    read(machine)
    assert machine.states == ["before"]


def test_there_is_no_value_while_the_radio_has_not_been_on():
    """GP25 opens the divider, and only the radio's driver drives it high."""
    assert read(Machine(5000, radio=False)) is None
