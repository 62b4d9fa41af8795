"""What boards with an RP2040 or RP2350 share, over a stand-in of `machine`."""

import sys


class Registers(dict):
    """`machine.mem32`: what was never written reads 0."""

    def __getitem__(self, address):
        return self.get(address, 0)


LONGEST_MS = 8388  # what an RP2040 takes


class Machine:
    """MicroPython's `machine`: `run` lets time pass and tells whether the chip was reset."""

    PWRON_RESET, WDT_RESET = 1, 3

    def __init__(self, cause=1):
        self.mem32 = Registers()
        self.fed = self.now = 0
        self.callback = None
        self.cause = cause
        self.slept = []

    def reset_cause(self):
        return self.cause

    def unique_id(self):
        return bytes.fromhex("e6614104038b1a2c")

    def lightsleep(self, ms):
        if ms >= (1 << 32) // 1000:
            raise ValueError("sleep too long")
        self.slept.append(ms)

    def reset(self):
        """As the watchdog does it: the scratch registers stay."""
        raise SystemExit

    def WDT(self, timeout):
        assert timeout <= LONGEST_MS
        self.timeout = timeout
        return self

    def feed(self):
        self.fed = self.now

    def Timer(self, period, callback):
        self.period, self.callback = period, callback
        return self

    def deinit(self):
        self.callback = None

    def run(self, ms, interrupts=True):
        for _ in range(ms // 100):
            self.now += 100
            if interrupts and self.callback and self.now % self.period == 0:
                self.callback(self)
            if self.now - self.fed > self.timeout:
                return True
        return False


def chip(machine=None):
    """chip.rp2 as a start imports it, over `machine`."""
    sys.modules["machine"] = machine or Machine()
    sys.modules.pop("chip.rp2", None)
    return __import__("chip.rp2", None, None, ("reset",))


def started():
    """A machine, and its watchdog."""
    machine = Machine()
    return machine, chip(machine).Watchdog()


def test_a_loop_that_runs_is_never_reset():
    machine, watchdog = started()
    for _ in range(600):
        watchdog.alive()
        assert not machine.run(1000)


def test_a_look_up_of_14_seconds_is_waited_for():
    machine, watchdog = started()
    machine.run(1000)
    watchdog.alive()
    assert not machine.run(28000)
    watchdog.alive()
    assert not machine.run(28000)


def test_a_loop_that_hangs_is_reset_within_40_seconds():
    machine, _ = started()
    assert machine.run(40000)


def test_a_chip_that_takes_no_interrupt_is_reset_within_11_seconds():
    machine, _ = started()
    machine.run(2000)
    assert machine.run(9000, interrupts=False)


def test_it_ends_for_the_repl():
    """`mpremote` interrupts the meter: a reset in the midst of a copy would follow."""
    machine, watchdog = started()
    watchdog.stop()
    machine.run(60000)
    # the enabling bit, cleared through the register's alias (RP2040 data sheet, 2.1.2 and 4.7.6)
    assert machine.mem32[0x40058000 + 0x3000] == 1 << 30


REASON, SCRATCH_4 = 0x40058008, 0x4005801C
TIMER, FORCE = 1, 2  # RP2040 data sheet, 4.7.6
ARMED, DISARMED = 0x6AB73121, 0  # as pico-sdk and the boot loader leave scratch 4


def caused(reason, word):
    """The cause of a start after this."""
    machine = Machine(Machine.WDT_RESET if reason else Machine.PWRON_RESET)
    machine.mem32.update({REASON: reason, SCRATCH_4: word})
    return chip(machine).reset_cause()


def test_only_a_watchdog_whose_time_was_over_is_a_hang():
    """MicroPython's reset(), which `make deploy` calls, and a written UF2 use it as well."""
    assert caused(0, 0) == 1
    assert caused(TIMER, ARMED) == 3
    assert caused(FORCE, DISARMED) == 2
    assert caused(FORCE, ARMED) == 2  # a slot on trial has started one since
    assert caused(TIMER, DISARMED) == 2  # the boot loader, after an image


def test_the_rp2350_has_its_registers_elsewhere():
    """RP2350 data sheet, 2.2: WATCHDOG_BASE."""
    rp2 = chip()
    assert rp2._place("Raspberry Pi Pico 2 W with RP2350") == 0x400D8000
    assert rp2._place("Raspberry Pi Pico W with RP2040") == 0x40058000


def test_a_sleep_longer_than_the_timer_holds_is_made_of_several():
    machine = Machine()
    chip(machine).sleep(86400000)
    assert sum(machine.slept) == 86400000


def test_the_identity_is_16_digits():
    assert chip().unique_id() == "e6614104038b1a2c"
