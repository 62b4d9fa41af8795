"""The boot record on LittleFS, with the power going at each change of the flash in turn."""

import os

from firmware.slots import BACK, CONFIRMED, ON_TRIAL, Slots

from flash import REVERT, STOP, TEAR, Flash

ROOT = "/cut"
COUNT = 16


def on(data, work, cut=None, how=STOP):
    """(result of `work`, the flash's bytes after it, changes made)."""
    import vfs  # CPython, which only collects these tests, has none

    flash = Flash(data, count=COUNT)
    flash.cut, flash.how = cut, how
    result = None
    vfs.mount(vfs.VfsLfs2(flash), ROOT)
    try:
        result = work()
    except OSError:
        pass
    finally:
        try:
            vfs.umount(ROOT)
        except OSError:
            pass
    return result, flash.reverted(), flash.changes


def slotted():
    """A flash with both slots and no record."""
    import vfs

    flash = Flash(count=COUNT)
    vfs.VfsLfs2.mkfs(flash)

    def work():
        for slot in "ab":
            os.mkdir("%s/%s" % (ROOT, slot))
            with open("%s/%s/x" % (ROOT, slot), "w") as file:
                file.write(slot)

    return on(bytes(flash.data), work)[1]


def record():
    found = Slots(ROOT)
    return found.active, found.state, found.starts


def each_cut_leaves(before, work, old, new):
    """Cut `work` at each change; the flash after it whole."""
    _, after, changes = on(before, work)
    assert changes and on(after, record)[0] == new
    for how in (STOP, TEAR, REVERT):
        for cut in range(changes):
            left = on(before, work, cut, how)[1]
            found = on(left, record)[0]
            assert found in (old, new), (how, cut, found)
            assert on(on(left, work)[1], record)[0] in (old, new, (new[0], new[1], new[2] + 1))
    return after


def running(slot):
    slots = Slots(ROOT)
    slots.running = slot
    return slots


def test_a_record_is_the_old_or_the_new_one_wherever_the_power_goes():
    flash = slotted()
    steps = (
        (lambda: running("a").switch(), (1, ON_TRIAL, 0)),
        (lambda: running("").order(), (1, ON_TRIAL, 1)),
        (lambda: running("b").confirm(), (1, CONFIRMED, 0)),
        (lambda: running("b").switch(), (0, ON_TRIAL, 0)),
        (lambda: running("").fail(), (1, BACK, 0)),
    )
    old = (0, CONFIRMED, 0)
    for work, new in steps:
        try:
            flash = each_cut_leaves(flash, work, old, new)
        except AssertionError:
            print(new)
            raise
        old = new


def test_a_trial_has_no_more_starts_however_often_the_power_goes():
    flash = on(slotted(), lambda: running("a").switch())[1]

    def start():
        slots = Slots(ROOT)
        return slots.order()[0]

    changes = on(flash, start)[2]
    for cut in range(changes + 1):
        left = flash
        tried = 0
        for _ in range(9):
            first, left, _ = on(left, start, cut)
            tried += first == 1
            first, left, _ = on(left, start)
            tried += first == 1
        assert tried <= 6 and first == 0, (cut, tried)
