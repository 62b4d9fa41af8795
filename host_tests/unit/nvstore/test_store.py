"""Records in a folder: what is read, what is not, and what is said of it."""

import os

from nvstore.counter import Counter
from nvstore.memory import Memory
from nvstore.store import FULL, WRONG, Store, StoreError, migrated

FOLDER = "build/nvstore_test"


def store():
    for side in (0, 1):
        path = "%s/%d" % (FOLDER, side)
        try:
            for name in os.listdir(path):
                os.remove(path + "/" + name)
        except OSError:
            pass
    events = []
    return Store(FOLDER, lambda *event: events.append(event)), events


def damage(name, side, place=-1):
    path = "%s/%d/%s" % (FOLDER, side, name)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[place] ^= 1
    with open(path, "wb") as file:
        file.write(data)


def code_of(work):
    try:
        work()
    except StoreError as error:
        return error.code
    return None


def test_what_was_saved_is_loaded_with_its_version():
    records, events = store()
    assert records.load("a") is None and records.writes("a") == 0
    assert records.save("a", b"one", 3)
    assert records.load("a") == (3, b"one") and records.load("b") is None
    assert records.save("a", b"", 4) and records.load("a") == (4, b"")
    assert records.writes("a") == 2 and events == []


def test_what_is_so_already_is_not_written_again():
    records, _ = store()
    records.save("a", b"one")
    assert not records.save("a", b"one") and records.writes("a") == 1
    assert records.save("a", b"one", 1) and records.writes("a") == 2


def test_a_shorter_record_over_a_longer_one_has_no_tail():
    records, _ = store()
    for data in (b"x" * 50, b"y" * 40, b"z", b"", b"w" * 60):
        records.save("a", data)
        assert records.load("a") == (0, data)


def test_a_configuration_that_is_damaged_falls_back_and_says_so():
    for place in (0, 1, 2, 9, 10, -1):
        records, events = store()
        for data in (b"first", b"older", b"newer"):  # in 0, in 1, in 0
            records.save("a", data)
        damage("a", 0, place)
        assert records.load("a") == (0, b"older")
        assert events == [(2, "older record", "a")]


def test_a_freshness_record_that_is_damaged_is_none():
    records, events = store()
    for data in (b"first", b"older", b"newer"):
        records.save("a", data, 0, True)
    damage("a", 0)
    assert records.load("a", True) is None
    assert events == [(1, "record lost", "a")]


def test_a_damaged_freshness_record_never_comes_back():
    records, _ = store()
    for data in (b"first", b"older"):
        records.save("a", data, 0, True)
    damage("a", 1)
    records.save("a", b"anew", 0, True)  # its number is below that of the damaged one
    try:
        damage("a", 1)  # the bit is as it was
    except OSError:
        pass
    assert records.load("a", True) == (0, b"anew")


def test_a_file_under_another_name_is_no_record():
    records, _ = store()
    records.save("a", b"of a")
    os.rename(FOLDER + "/0/a", FOLDER + "/0/b")
    assert records.load("b") is None


def test_what_is_no_record_is_refused():
    records, _ = store()
    for name, data, version in (("", b"", 0), ("a/b", b"", 0), ("a", bytes(65537), 0)):
        assert code_of(lambda: records.save(name, data, version)) == WRONG  # noqa: B023
    assert code_of(lambda: records.save("a", b"", 256)) == WRONG
    assert records.load("a") is None


def test_a_length_that_no_record_has_is_not_read():
    records, _ = store()
    records.save("a", b"data")
    damage("a", 0, 6)  # 16 million bytes
    assert records.load("a") is None


def test_a_deleted_record_is_gone():
    records, _ = store()
    records.save("a", b"one")
    records.save("a", b"two")
    records.delete("a")
    records.delete("a")
    assert records.load("a") is None and records.writes("a") == 0


def test_data_is_brought_to_the_version_wanted_and_never_back():
    steps = {0: lambda data: data + b"1", 1: lambda data: data + b"2"}
    assert migrated((0, b"0"), 2, steps) == b"012"
    assert migrated((1, b"1"), 2, steps) == b"12"
    assert migrated((2, b"2"), 2, steps) == b"2"
    assert migrated((3, b"3"), 2, steps) is None
    assert migrated((0, b"0"), 3, steps) is None
    assert migrated(None, 2, steps) is None


def test_a_counter_goes_on_above_what_it_gave():
    records, _ = store()
    counter = Counter(records, "n", 10)
    assert [counter.take() for _ in range(12)] == list(range(12))
    assert records.writes("n") == 2
    assert Counter(records, "n", 10).take() == 20
    damage("n", 0)
    assert Counter(records, "n", 10).take() == 0  # lost: who needs it makes new keys


def memory(size=200):
    kept = [b""]

    def write(data):
        kept[0] = bytes(data) + kept[0][len(data) :]

    return kept, Memory(lambda: kept[0], write, size)


def test_memory_keeps_several_records():
    kept, records = memory()
    assert records.load("a") is None
    assert records.save("a", b"one", 2) and records.save("link", b"")
    assert not records.save("a", b"one", 2)
    assert records.load("a") == (2, b"one") and records.load("link") == (0, b"")
    records.delete("a")
    assert records.load("a") is None and records.load("link") == (0, b"")


def test_memory_that_was_not_written_whole_has_no_records():
    kept, records = memory()
    records.save("a", b"one")
    for place in range(len(kept[0])):
        whole = kept[0]
        kept[0] = whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :]
        assert records.load("a") is None
        kept[0] = whole[:place]
        assert records.load("a") is None
        kept[0] = whole
    for blank in (bytes(64), b"\xff" * 64):
        kept[0] = blank
        assert records.load("a") is None
    assert records.save("a", b"two") and records.load("a") == (0, b"two")


def test_memory_that_is_full_stays_as_it_was():
    kept, records = memory(20)
    records.save("a", b"123456789")
    assert code_of(lambda: records.save("b", b"1")) == FULL
    assert records.load("a") == (0, b"123456789") and records.load("b") is None
