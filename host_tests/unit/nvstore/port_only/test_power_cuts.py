"""Records on LittleFS and on FAT, with the power going at each change of the flash in turn."""

import os

from flash import FAT_BLOCK, LITTLEFS_BLOCK, REVERT, STOP, TEAR, Flash
from nvstore.counter import Counter
from nvstore.store import Store, StoreError

ROOT = "/cut"
FOLDER = ROOT + "/records"
LITTLEFS, FAT = "VfsLfs2", "VfsFat"
SIZES = (9, 300, 2500)  # in the directory's block, in a block, and one that grows
KINDS = {
    LITTLEFS: (LITTLEFS_BLOCK, 24),
    FAT: (FAT_BLOCK, 100),
}


def formatted(kind):
    import vfs  # CPython, which only collects these tests, has none

    size, count = KINDS[kind]
    flash = Flash(size=size, count=count, fat=kind == FAT)
    getattr(vfs, kind).mkfs(flash)
    return bytes(flash.data)


def on(kind, data, work, cut=None, how=STOP):
    """(result of `work`, the flash's bytes after it, changes made); None where the power went."""
    import vfs

    size, count = KINDS[kind]
    flash = Flash(data, size, count, kind == FAT)
    flash.cut, flash.how = cut, how
    result = None
    vfs.mount(getattr(vfs, kind)(flash), ROOT)
    try:
        result = work(Store(FOLDER))
    except StoreError:
        pass
    finally:
        try:
            vfs.umount(ROOT)
        except OSError:
            pass
    return result, flash.reverted(), flash.changes


def cuts(kind, before, work):
    """The flash after `work` was cut at each change, by each way to be cut."""
    changes = on(kind, before, work)[2]
    assert changes
    for how in (STOP, TEAR, REVERT):
        for cut in range(changes):
            yield how, cut, on(kind, before, work, cut, how)


def each_cut_leaves_old_or_new(kind, fresh):
    before = on(kind, formatted(kind), lambda store: None)[1]
    old = None
    for size in SIZES:
        new = bytes([size & 255]) * size

        def work(store, new=new):
            store.save("record", new, 1, fresh)
            return True

        for how, cut, (done, after, _) in cuts(kind, before, work):
            found = on(kind, after, lambda store: (store.load("record", fresh),))[0]
            assert found is not None, (how, cut)
            # what a device lost that said it was written may be the save's last word
            allowed = (new,) if done and how != REVERT else (old, new)
            assert (found[0] and found[0][1]) in allowed, (size, how, cut, found)
            again, after, _ = on(kind, after, work)  # and it can be written again
            assert again
            assert on(kind, after, lambda store: store.load("record", fresh))[0] == (1, new)
        before = on(kind, before, work)[1]
        old = new


def test_a_configuration_on_littlefs_is_the_old_or_the_new_one():
    each_cut_leaves_old_or_new(LITTLEFS, False)


def test_a_freshness_record_on_littlefs_is_the_old_or_the_new_one():
    each_cut_leaves_old_or_new(LITTLEFS, True)


def test_a_configuration_on_fat_is_the_old_or_the_new_one():
    each_cut_leaves_old_or_new(FAT, False)


def test_no_value_of_a_counter_is_given_twice():
    kind = LITTLEFS
    before = formatted(kind)
    given = []

    def work(store):
        counter = Counter(store, "sequence", 4)
        for _ in range(9):
            given.append(counter.take())
        return True

    changes = on(kind, before, work)[2]
    for how in (STOP, TEAR):
        for cut in range(changes):
            given.clear()
            after = on(kind, before, work, cut, how)[1]
            on(kind, after, work)
            assert len(set(given)) == len(given), (how, cut, given)
            assert len(given) >= 9


def test_a_full_file_system_leaves_the_record_as_it_was():
    kind = LITTLEFS

    def work(store):
        store.save("record", b"old")
        try:
            for number in range(99):
                with open("%s/%d" % (ROOT, number), "wb") as file:
                    file.write(b"x" * LITTLEFS_BLOCK)
        except OSError:
            pass
        try:
            store.save("record", b"new" * 2000)
        except StoreError as error:
            return error.code, store.load("record"), os.listdir(FOLDER)

    code, record, _ = on(kind, formatted(kind), work)[0]
    assert code == 1 and record == (0, b"old")
