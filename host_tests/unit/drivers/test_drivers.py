"""Battery, tamper contact, latching valve, DS18B20 and INA226: values and faults."""

import errno

import fake_machine
import fake_onewire
from fake_machine import ESP32, RP2040, world
from fake_onewire import Probe, rom, wire

from drivers.reading import (
    BUS,
    CHECKSUM,
    GOOD,
    NO_DEVICE,
    NOT_FOLLOWED,
    NOT_READY,
    RANGE,
    UNCERTAIN,
    DriverError,
)

ONE_WIRE = {"_onewire": fake_onewire.Module}
ROM = rom(b"\x28\x01\x02\x03\x04\x05\x06")


def fault(work, *arguments):
    """The code of the DriverError that a function raises."""
    try:
        work(*arguments)
    except DriverError as error:
        return error.code
    raise AssertionError("no fault")


def test_a_battery_is_the_exact_mean_behind_its_divider():
    world.cut()
    battery = fake_machine.load("battery").Battery(26, 200, 100, 3300, world.ms)
    world.adc[26] = 24000
    assert battery.read() == ((24000 * 3300 * 3 + 32767) // 65535, -3, GOOD, world.ms())
    world.adc[26] = [24000, 24032] * 8
    assert battery.read()[0] == (24016 * 3300 * 3 + 32767) // 65535


def test_a_battery_uses_the_chips_calibration_where_it_has_one():
    world.cut()
    battery = fake_machine.load("battery", ESP32).Battery(34, 1, 1, now=world.ms)
    world.adc[34] = 36000  # 1.8 V at the pin
    assert battery.read()[:2] == (3600, -3)


def test_a_battery_above_the_range_is_no_value():
    world.cut()
    battery = fake_machine.load("battery").Battery(26)
    world.adc[26] = [30000] * 15 + [65535]
    assert fault(battery.read) == RANGE


def test_an_opened_housing_is_latched_with_its_time_though_it_is_shut_again():
    world.cut()
    world.set(5, 0)
    tamper = fake_machine.load("tamper").Tamper(5, 50, world.ms)
    world.run(1000)  # over the wrap of the ticks
    assert tamper.read() == (0, 0, GOOD, world.ms())
    begin = world.ms()
    world.set(5, 1)
    world.run(60)
    world.set(5, 0)
    world.run(3000)
    assert tamper.read() == (1, 0, GOOD, begin)
    world.set(5, 1)
    world.run(500)
    assert tamper.read() == (1, 0, GOOD, begin)
    world.set(5, 0)
    tamper.clear()
    assert tamper.read()[0] == 0


def test_bounces_open_no_housing_and_an_open_one_is_seen_without_another_edge():
    world.cut()
    world.set(5, 0)
    tamper = fake_machine.load("tamper").Tamper(5, 50, world.ms)
    for _ in range(20):
        world.set(5, 1)
        world.run(10)
        world.set(5, 0)
        world.run(10)
    assert tamper.read()[0] == 0
    begin = world.ms()
    world.set(5, 1)
    world.run(20)
    assert tamper.read()[0] == 0
    world.run(40)
    assert tamper.read() == (1, 0, GOOD, begin)
    tamper.clear()
    assert tamper.read()[0] == 0
    world.run(60)
    assert tamper.read()[0] == 1  # it is still open


OPEN, CLOSE, IS_OPEN, IS_CLOSED = 10, 11, 12, 13


class Valve:
    """It moves 30 ms after the current begins, unless it is stuck; contacts show where it is."""

    def __init__(self, is_open=0, stuck=False):
        self.stuck = stuck
        self.longest = 0
        self.begin = {}
        world.watch = self.watch
        self.show(is_open)

    def show(self, is_open):
        world.set(IS_OPEN, 1 - is_open)
        world.set(IS_CLOSED, is_open)

    def watch(self, pin, level):
        assert not (world.outputs.get(OPEN) and world.outputs.get(CLOSE)), "both coils"
        if level:
            self.begin[pin] = world.us
            if not self.stuck:
                world.at(30, self.show, int(pin == OPEN))
        elif pin in self.begin:
            self.longest = max(self.longest, world.us - self.begin.pop(pin))


def latching(**settings):
    settings = dict({"is_open": IS_OPEN, "is_closed": IS_CLOSED, "now": world.ms}, **settings)
    return fake_machine.load("latching").Latching(OPEN, CLOSE, **settings)


def test_a_valve_moves_and_says_when_it_is_there():
    world.cut()
    valve = Valve()
    driver = latching(timer=fake_machine.Timer())
    assert driver.read() == (0, 0, GOOD, world.ms())
    for position in (1, 0, 0, 1):
        wait = driver.move(position)
        assert fault(driver.read) == NOT_READY and fault(driver.move, 1) == NOT_READY
        world.run(wait)
        assert driver.read() == (position, 0, GOOD, world.ms())
    assert valve.longest == 50000


def test_the_current_ends_by_the_timer_though_the_loop_hangs():
    world.cut()
    valve = Valve()
    latching(timer=fake_machine.Timer()).move(1)
    world.run(10000)
    assert valve.longest == 50000 and not world.outputs[OPEN]


def test_without_a_timer_the_next_look_ends_the_current():
    world.cut()
    valve = Valve()
    driver = latching()
    driver.move(1)
    world.run(70)
    assert fault(driver.read) == NOT_READY
    assert not world.outputs[OPEN] and valve.longest == 70000


def test_a_valve_that_does_not_follow_is_a_fault_until_it_does():
    world.cut()
    valve = Valve(stuck=True)
    driver = latching(timer=fake_machine.Timer())
    world.run(driver.move(1))
    assert fault(driver.read) == NOT_FOLLOWED
    valve.stuck = False
    world.run(driver.move(1))
    assert driver.read()[0] == 1
    valve.show(0)  # moved by hand
    assert fault(driver.read) == NOT_FOLLOWED
    world.set(IS_OPEN, 0)  # both contacts closed
    assert fault(driver.read) == NOT_FOLLOWED


def test_a_valve_with_one_contact_or_none():
    world.cut()
    Valve()
    driver = latching(is_open=-1, timer=fake_machine.Timer())
    assert driver.read()[:3] == (0, 0, GOOD)
    world.run(driver.move(1))
    assert driver.read()[:3] == (1, 0, GOOD)
    driver = latching(is_open=-1, is_closed=-1, timer=fake_machine.Timer())
    assert fault(driver.read) == NOT_READY
    world.run(driver.move(0))
    assert driver.read()[:3] == (0, 0, UNCERTAIN)


def thermometer(probes, own=None):
    world.cut()
    wire.probes, wire.held = probes, False
    return fake_machine.load("ds18b20", RP2040, **ONE_WIRE).Ds18b20(4, own, world.ms)


def measured(driver):
    world.run(driver.start())
    return driver.read()


def test_a_thermometer_is_exact_in_sixteenths():
    probe = Probe()
    driver = thermometer({rom(b"\x10other1"): Probe(), ROM: probe})
    for probe.raw in (0, 1, -1, 401, -880, 2000):
        begin = world.ms()
        assert measured(driver) == (probe.raw * 625, -4, GOOD, begin)


def test_of_several_thermometers_the_one_that_was_named_is_read():
    other = rom(b"\x28\xff\x02\x03\x04\x05\x06")
    for own, value in ((ROM, 10000), (other, 20000), (None, 10000)):
        assert measured(thermometer({other: Probe(32), ROM: Probe(16)}, own))[0] == value


def test_what_is_no_ds18b20_is_none():
    for family in (0x10, 0x22, 0x68, 0x20):
        driver = thermometer({rom(bytes((family,)) + b"other1"): Probe()})
        assert fault(driver.start) == NO_DEVICE
    driver = thermometer({ROM[:7] + b"\0": Probe()})
    assert fault(driver.start) == CHECKSUM


def test_a_reading_is_given_once_and_not_before_it_is_there():
    driver = thermometer({ROM: Probe(320)})
    assert fault(driver.read) == NOT_READY
    driver.start()
    world.run(749)
    assert fault(driver.read) == NOT_READY
    world.run(1)
    assert driver.read()[0] == 200000
    assert fault(driver.read) == NOT_READY


def test_faults_of_a_thermometer_have_codes_and_never_a_value():
    probe = Probe(320)
    driver = thermometer({})
    assert fault(driver.start) == NO_DEVICE
    wire.probes[ROM] = probe
    assert measured(driver)[0] == 200000
    probe.noise = True
    assert fault(measured, driver) == CHECKSUM
    probe.noise = False
    for raw, code in ((0x0550, RANGE), (-881, RANGE), (2001, RANGE)):
        probe.raw = raw
        assert fault(measured, driver) == code
    driver.start()
    probe.register = 0x0550  # its power went during the conversion
    world.run(750)
    assert fault(driver.read) == RANGE
    driver.start()
    wire.held = True
    world.run(750)
    assert fault(driver.read) == BUS
    wire.held = False
    driver.start()
    wire.probes.clear()
    world.run(750)
    assert fault(driver.read) == NO_DEVICE
    assert fault(driver.read) == NOT_READY
    wire.probes[rom(b"\x28anothe")] = Probe(16)  # it was replaced
    assert measured(driver)[0] == 10000


class Chip226:
    """An INA226 that takes its time from one conversion to the next."""

    def __init__(self, shunt, volts):
        self.shunt, self.volts = shunt, volts
        self.maker = 0x5449
        self.ready = -1

    def read(self, register, size):
        done = 0 <= self.ready <= world.ms()
        values = {0xFE: self.maker, 6: 8 if done else 0, 1: self.shunt & 0xFFFF, 2: self.volts}
        return values[register].to_bytes(size, "big")

    def write(self, register, data):
        assert (register, data) == (0, b"\x45\x23")
        self.ready = world.ms() + 36


def energy(chip, micro_ohms=100000, **settings):
    bus = fake_machine.I2C()
    bus.devices[0x40] = chip
    return bus, fake_machine.load("ina226").Ina226(bus, micro_ohms, now=world.ms, **settings)


def test_current_voltage_and_power_are_exact():
    world.cut()
    for shunt, volts, micro_ohms, gain, amperes, watts in (
        (4000, 9600, 100000, 1000000, 100000, 1200000),  # 10 mV at 0.1 ohm, 12 V
        (-4000, 9600, 100000, 1000000, -100000, -1200000),
        (4000, 9600, 100000, 1010000, 101000, 1212000),
        (1, 8000, 2000, 1000000, 1250, 12500),
    ):
        _, driver = energy(Chip226(shunt, volts), micro_ohms, gain=gain)
        begin = world.ms()
        world.run(driver.start())
        current, voltage, power = driver.measure()
        assert current == (amperes, -6, GOOD, begin)
        assert voltage == (volts * 125, -5, GOOD, begin)
        assert power == (watts, -6, GOOD, begin)


def test_faults_of_an_energy_front_end():
    world.cut()
    chip = Chip226(4000, 9600)
    bus, driver = energy(chip)
    assert fault(driver.read) == NOT_READY
    driver.start()
    assert fault(driver.read) == NOT_READY
    world.run(38)
    assert driver.read()[0] == 100000
    assert fault(driver.read) == NOT_READY
    for shunt, volts in ((0x7FFF, 1), (-0x8000, 1), (1, 0x7FFF)):
        chip.shunt, chip.volts = shunt, volts
        world.run(driver.start())
        assert fault(driver.read) == RANGE
    chip.maker = 0
    assert fault(driver.start) == NO_DEVICE
    for number, code in (
        (errno.ENODEV, NO_DEVICE),
        (errno.ETIMEDOUT, BUS),
        (errno.EIO, NO_DEVICE),
    ):
        bus.fault = number
        assert fault(driver.start) == code


def test_an_interrupt_handler_that_allocates_fails_where_the_heap_can_be_locked():
    import micropython

    def allocates(pin):
        return [pin, pin]

    fake_machine.Pin(7).irq(allocates)
    try:
        world.set(7, 0)
        failed = False
    except MemoryError:
        failed = True
    assert failed == hasattr(micropython, "heap_lock")
    world.cut()
