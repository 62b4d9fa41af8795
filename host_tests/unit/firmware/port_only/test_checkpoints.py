"""Checkpoints of the pulses on LittleFS: wear, and the power going at any change of the flash."""

import os

import fake_machine
from fake_machine import RP2040, Imported

from flash import LITTLEFS_BLOCK, STOP, TEAR, Flash
from nvstore.memory import Memory
from nvstore.store import Store

with Imported({"machine": fake_machine.Machine}):
    from firmware.checkpoint import Record

ROOT = "/cut"


class Source:
    """A count that a power cut ends."""

    kept, uncertain, mask = False, False, 0xFFFFFFFF
    number = 0

    def count(self):
        return self.number

    def keep(self):
        pass


def mounted(flash):
    os.mount(os.VfsLfs2(flash), ROOT)


def pulses(every):
    module = fake_machine.load("pulse", RP2040)
    return module.Pulses(Source(), [(Record(Store(ROOT + "/data"), "pulses"), every)])


def counted(flash, every, total):
    """Count one by one until the power goes; what was counted then."""
    mounted(flash)
    meter = pulses(every)
    number = 0
    try:
        meter.read()
        for number in range(1, total + 1):
            meter.source.number = number
            meter.read()
            if flash.off:
                break
    finally:
        os.umount(ROOT)
    return number


def test_a_power_cut_at_any_change_of_the_flash_loses_one_checkpoint_at_most():
    flash = Flash()
    os.VfsLfs2.mkfs(flash)
    empty = bytes(flash.data)
    whole = Flash(empty)
    counted(whole, 10, 60)
    for how in (STOP, TEAR):
        for cut in range(whole.changes):
            flash = Flash(empty)
            flash.cut, flash.how = cut, how
            number = counted(flash, 10, 60)
            mounted(Flash(flash.data))
            try:
                again = pulses(10).read()[0]
            finally:
                os.umount(ROOT)
            assert number - 10 <= again <= number, (how, cut, number, again)


def test_ten_years_of_a_household_wear_no_flash_out():
    """0.1 l per pulse and 150 m3 per year: 1,500,000 checkpoints of 10 pulses in ten years."""
    flash = Flash(count=128)
    os.VfsLfs2.mkfs(flash)
    erases = {}
    change = flash.ioctl

    def ioctl(operation, argument):
        if operation == 6:
            erases[argument] = erases.get(argument, 0) + 1
        return change(operation, argument)

    flash.ioctl = ioctl
    counted(flash, 1, 2000)
    worst = max(erases.values())
    print("erases of the worst block per checkpoint", worst / 2000)
    assert worst * 1500000 // 2000 < 100000
    assert LITTLEFS_BLOCK == 4096


def test_memory_that_a_reset_keeps_has_each_pulse():
    kept = [b""]

    def write(data):
        kept[0] = data

    store = Record(Memory(lambda: kept[0], write, 2048), "pulses")
    module = fake_machine.load("pulse", RP2040)
    meter = module.Pulses(Source(), [(store, 1)])
    meter.read()
    meter.source.number = 7
    assert meter.pulses() == 7
    assert module.Pulses(Source(), [(store, 1)]).pulses() == 7
