"""Pulses counted by each source, through bounces, erases, resets and power cuts."""

import errno

import fake_machine
from fake_machine import ESP32, RP2040, RP2350, Imported, world
from fake_store import Kept

from drivers.reading import (
    BUS,
    CHECKPOINT,
    FIRST,
    GOOD,
    NO_DEVICE,
    UNCERTAIN,
    DriverError,
)

PIN = 20


def started(board, debounce=20, stores=(), counter=None):
    """A source of a board, and the Pulses of it."""
    module = fake_machine.load("pulse", board)
    with Imported(board):
        source = module.source(PIN, debounce)
    if counter:
        assert type(source).__name__ == counter, source
    return module.Pulses(source, stores, world.ms)


def pulse(closed=40, open_ms=60, bounce=0):
    """Close and open the contact, each with bounces of a ms for `bounce` ms."""
    for level, rest in ((0, closed), (1, open_ms)):
        for _ in range(bounce // 2):
            world.set(PIN, level)
            world.run(1)
            world.set(PIN, 1 - level)
            world.run(1)
        world.set(PIN, level)
        world.run(rest)


def test_each_board_counts_with_what_is_best_on_it():
    for board, debounce, name in (
        (RP2040, 20, "PioCounter"),
        (RP2350, 0, "PioCounter"),
        (ESP32, 0, "HardwareCounter"),
        (ESP32, 20, "EdgeCounter"),
        (fake_machine.UNIX, 0, "EdgeCounter"),
    ):
        world.cut()
        started(board, debounce, counter=name)


def test_every_pulse_is_counted_and_nothing_else():
    for board, debounce, bounce in (
        (RP2040, 20, 10),
        (RP2040, 0, 0),
        (RP2350, 5, 2),
        (ESP32, 0, 0),
        (ESP32, 20, 10),
    ):
        world.cut()
        pulses = started(board, debounce)
        world.run(100)
        for i in range(25):
            assert pulses.pulses() == i
            pulse(bounce=bounce)
        world.set(PIN, 0)  # it stays closed: one pulse
        world.run(2000)
        assert pulses.pulses() == 26


def kept_from_now_on(pulses):
    """The second reading after a power cut has the first checkpoint."""
    pulses.read()
    pulses.read()


def test_the_first_reading_writes_nothing_for_the_register_goes_first():
    world.cut()
    store = Kept()
    pulses = started(RP2040, 5, [(store, 100)])
    assert pulses.read()[2] == FIRST and store.tries == 0
    assert pulses.read()[2] == GOOD and store.writes == 1
    pulses.read()
    assert store.tries == 1


def test_what_is_shorter_than_the_debounce_time_is_no_pulse():
    world.cut()
    pulses = started(RP2040, 20)
    for ms in (1, 5, 19):
        pulse(closed=ms)
    assert pulses.pulses() == 0
    pulse(closed=21)
    assert pulses.pulses() == 1


def test_without_debounce_a_hundred_hertz_are_counted():
    world.cut()
    pulses = started(RP2040, 0)
    for _ in range(300):
        pulse(5, 5)
    assert pulses.read() == (300, 0, FIRST, world.ms())
    assert pulses.read()[2] == GOOD


def test_masked_interrupts_cost_the_pio_nothing_and_the_interrupt_is_marked_uncertain():
    for board, least, quality in ((RP2040, 4, GOOD), (ESP32, 0, UNCERTAIN)):
        world.cut()
        pulses = started(board, 5)
        pulses.read()
        world.run(50)
        world.mask(True)
        for _ in range(4):
            pulse()
        world.mask(False)
        count, _, given, _ = pulses.read()
        assert least <= count <= 4 and given == quality


def test_a_reset_keeps_what_was_counted_even_if_the_interpreter_hung():
    for board in (RP2040, RP2350):
        world.cut()
        store = Kept()
        pulses = started(board, 20, [(store, 100)])
        kept_from_now_on(pulses)
        for _ in range(7):
            pulse()  # and nobody reads
        world.reset()
        pulses = started(board, 20, [(store, 100)])
        assert pulses.read() == (7, 0, GOOD, world.ms())
        pulse()
        assert pulses.pulses() == 8 and store.writes == 1


def test_what_was_erased_does_not_come_back_out_of_the_source():
    """ERASE=1 goes over the boot loader, which keeps the scratch registers."""
    world.cut()
    kept_from_now_on(started(RP2040, 20, [(Kept(), 100)]))
    for _ in range(7):
        pulse()
    world.reset()
    store = Kept()
    pulses = started(RP2040, 20, [(store, 100)])
    kept_from_now_on(pulses)
    assert pulses.pulses() == 0 and store.writes == 1
    pulse()
    world.reset()
    assert started(RP2040, 20, [(store, 100)]).pulses() == 1


def test_the_first_pulse_after_weeks_of_rest_is_counted():
    """The difference of two ticks is negative after more than six days."""
    for days in (5, 7, 9, 12, 13, 40):
        world.cut()
        pulses = started(ESP32, 20, counter="EdgeCounter")
        world.run(100)
        pulse()
        assert pulses.pulses() == 1
        for _ in range(days):
            world.us += 86400000000
            assert pulses.pulses() == 1
        pulse(bounce=10)
        pulse(bounce=10)
        assert pulses.pulses() == 3, days


def test_a_power_cut_loses_one_checkpoint_at_most():
    for cut in (0, 9, 10, 11, 25):
        world.cut()
        store = Kept()
        pulses = started(RP2040, 5, [(store, 10)])
        pulses.read()
        for _ in range(cut):
            pulse(10, 10)
            pulses.read()
        world.cut()
        again, _, quality, _ = started(RP2040, 5, [(store, 10)]).read()
        assert cut - 10 < again <= cut and quality == FIRST
        assert store.writes <= 3 + cut // 10


def test_resets_between_power_cuts_count_nothing_twice():
    world.cut()
    store = Kept()
    total = 0
    for _ in range(3):
        for _ in range(2):
            pulses = started(RP2040, 5, [(store, 1)])
            assert pulses.pulses() == total
            for _ in range(5):
                pulse(10, 10)
                total += 1
                assert pulses.pulses() == total
            world.reset()
        world.cut()
    assert started(RP2040, 5, [(store, 1)]).pulses() == 30


def test_a_power_fail_input_keeps_the_last_pulse():
    world.cut()
    store = Kept()
    pulses = started(RP2040, 5, [(store, 1000)])
    pulses.save_at(fake_machine.Pin(9))
    for _ in range(3):
        pulse(10, 10)
    fake_machine.world.handlers[9][0](None)  # soft: it may allocate
    world.cut()
    assert started(RP2040, 5, [(store, 1000)]).pulses() == 3


def test_the_count_goes_on_over_the_wrap_of_the_counter():
    for mask in (0xFFFFFFFF, 0x1FFFFFFF):

        class Source:
            kept, uncertain, number = True, False, mask - 1

            def count(self):
                return self.number

        source = Source()
        source.mask = mask
        store = Kept((10).to_bytes(8, "big") + (mask - 1).to_bytes(4, "big"))
        pulses = fake_machine.load("pulse").Pulses(source, [(store, 100)], world.ms)
        assert pulses.pulses() == 10
        source.number = 5
        assert pulses.pulses() == 17


def test_an_interrupt_counts_over_its_wrap_without_a_large_integer():
    world.cut()
    pulses = started(ESP32, 5, counter="EdgeCounter")
    source = pulses.source
    world.run(50)
    pulses.pulses()
    source._count = source.mask - 1  # as after so many pulses
    before = pulses.pulses()
    for i in range(4):
        pulse()
        assert source.count() <= source.mask < 1 << 29  # on 32 bits mask + 1 is a small int
        assert pulses.pulses() == before + i + 1


def test_of_two_stores_the_newer_counts_and_each_has_its_pace():
    world.cut()
    fast, slow = Kept(), Kept()
    stores = [(fast, 1), (slow, 10)]
    pulses = started(RP2040, 5, stores)
    kept_from_now_on(pulses)
    for _ in range(14):
        pulse(10, 10)
        pulses.read()
    assert (fast.writes, slow.writes) == (15, 2)
    world.cut()
    assert started(RP2040, 5, stores).pulses() == 14


def test_a_store_that_fails_is_said_and_nothing_is_miscounted():
    world.cut()
    store = Kept()
    pulses = started(RP2040, 5, [(store, 2)])
    kept_from_now_on(pulses)
    store.fault = CHECKPOINT
    for _ in range(5):
        pulse(10, 10)
        count, _, quality, _ = pulses.read()
    assert (count, quality, pulses.fault) == (5, UNCERTAIN, CHECKPOINT)
    assert store.tries == 3  # not with every pulse
    store.fault = 0
    pulse(10, 10)
    assert pulses.read()[2] == GOOD and pulses.fault == 0


def test_a_reset_after_a_checkpoint_that_failed_makes_no_count_jump():
    """After a power cut an old record's raw count must not meet the new one."""
    for bad in (0, 1):
        world.cut()
        kept = [Kept(), Kept()]
        stores = [(store, 5) for store in kept]
        pulses = started(RP2040, 5, stores)
        kept_from_now_on(pulses)
        for _ in range(10):
            pulse(10, 10)
            pulses.read()
        world.cut()
        kept[bad].fault = CHECKPOINT
        pulses = started(RP2040, 5, stores)
        assert pulses.read()[0] == 10
        pulses.read()
        pulse(10, 10)
        pulses.read()
        world.reset()
        pulses = started(RP2040, 5, stores)
        assert pulses.read()[0] in (10, 11)
        kept[bad].fault = 0
        for _ in range(5):
            pulse(10, 10)
            before = pulses.read()[0]
        world.reset()  # by now all have the record, and a reset loses nothing again
        assert started(RP2040, 5, stores).pulses() == before


def test_a_store_that_fails_is_not_hidden_by_one_that_does_not():
    """Of an ESP32 the memory takes each reading, while the file system is full."""
    for bad in (0, 1):
        world.cut()
        kept = [Kept(), Kept()]
        pulses = started(RP2040, 5, [(store, 1) for store in kept])
        kept_from_now_on(pulses)
        kept[bad].fault = CHECKPOINT
        pulse(10, 10)
        assert pulses.read()[2] == UNCERTAIN and pulses.fault == CHECKPOINT
        kept[bad].fault = 0
        pulse(10, 10)
        assert pulses.read()[2] == GOOD and pulses.fault == 0


class Unreadable(Kept):
    """Its bus gives an error at each `get`."""

    def get(self):
        raise DriverError(BUS)


def test_a_checkpoint_that_cannot_be_read_is_not_replaced_by_a_count_from_zero():
    world.cut()
    store = Unreadable()
    try:
        started(RP2040, 5, [(store, 10)]).read()
        raise AssertionError("a count without what was before")
    except DriverError as error:
        assert error.code == BUS and not store.tries
    other = Kept((70).to_bytes(8, "big") + bytes(4))
    world.cut()
    for stores in ([(store, 1), (other, 10)], [(other, 10), (store, 1)]):
        assert started(RP2040, 5, stores).pulses() == 70  # that of the other store is there


class Fm24:
    """An FRAM whose power may go after some bytes of a write."""

    def __init__(self):
        self.data = bytearray(8192)
        self.left = None

    def read(self, place, size):
        return bytes(self.data[place : place + size])

    def write(self, place, data):
        if self.left is not None:
            data = data[: self.left]
        self.data[place : place + len(data)] = data


def test_fram_has_the_old_or_the_new_record_wherever_the_power_goes():
    fram = fake_machine.load("fram")
    for left in range(20):
        bus = fake_machine.I2C()
        bus.devices[0x50] = chip = Fm24()
        store = fram.Fram(bus, start=100)
        assert store.get() is None
        for i in range(300):  # over the wrap of the number
            store.put(b"record %05d" % i)
        chip.left = left
        store.put(b"record 99999")
        again = fram.Fram(bus, start=100)
        assert again.get() == (b"record 99999" if left >= 18 else b"record 00299")
        chip.left = None
        again.put(b"next")
        assert fram.Fram(bus, start=100).get() == b"next"


def test_a_bus_without_the_fram_is_a_fault_with_a_code():
    bus = fake_machine.I2C()
    store = fake_machine.load("fram").Fram(bus)
    for number, code in ((0, NO_DEVICE), (errno.ETIMEDOUT, BUS)):
        bus.fault = number
        for work in (store.get, lambda: store.put(b"x")):
            try:
                work()
                raise AssertionError("no fault")
            except DriverError as error:
                assert error.code == code
