"""The ring of the log's latest lines, and Object 20 that shows it."""

from firmware.ring import Ring
from virtual import raises

from lwm2m.objects.event_log import EventLog


def made(size=64):
    printed = []
    return Ring(size, printed.append), printed


def test_lines_are_printed_and_kept_in_order():
    ring, printed = made()
    assert ring.content() == b"" and ring.used == 0
    ring.write("one")
    ring.write("zwölf")
    assert printed == ["one", "zwölf"]
    assert ring.content() == "one\nzwölf\n".encode()


def test_of_a_full_ring_the_oldest_whole_lines_give_way():
    """At each place of the end, and for lines of each length: whole ones, the newest there."""
    for length in range(1, 30):
        ring, printed = made()
        data = ring.data
        for i in range(40):
            line = "%02d" % i + "x" * length
            ring.write(line)
            kept = ring.content().decode().split("\n")
            assert kept.pop() == "" and kept == printed[-len(kept) :]
            assert len(kept) >= min(i + 1, 64 // (length + 3) - 1)
        assert ring.data is data and len(data) == 64


def test_a_line_longer_than_the_ring_leaves_nothing_wrong():
    ring, printed = made()
    ring.write("before")
    ring.write("x" * 100)
    assert len(printed) == 2 and ring.content() == b""
    ring.write("after")
    assert ring.content() == b"after\n"


def test_event_log_reads_the_ring():
    ring, _ = made()
    log = EventLog(ring, 1)
    assert [log.read(0, rid) for rid in (4010, 4013, 4014, 4015)] == [1, 0, b"", 0]
    ring.write("I 1.000 started")
    assert log.read(0, 4013) == 2 and log.read(0, 4014) == b"I 1.000 started\n"


def test_log_stop_keeps_and_log_start_empties_unless_the_argument_says_otherwise():
    ring, printed = made()
    log = EventLog(ring)
    ring.write("one")
    log.execute(0, 4012, b"")
    ring.write("two")
    assert log.read(0, 4013) == 3 and log.read(0, 4014) == b"one\n" and len(printed) == 2
    log.execute(0, 4011, b"0='1'")
    ring.write("three")
    assert log.read(0, 4013) == 2 and log.read(0, 4014) == b"one\nthree\n"
    log.execute(0, 4011, b"")
    assert log.read(0, 4013) == 0 and log.read(0, 4014) == b""
    ring.write("four")
    log.execute(0, 4012, b"0='1'")
    assert log.read(0, 4013) == 1 and log.read(0, 4014) == b""
    for argument in (b"1", b"0='2'", b"0='1',1"):
        raises(0x80, log.execute, 0, 4011, argument)
    assert not ring.running


def test_what_log_data_is_not_is_no_format_for_it():
    log = EventLog(made()[0])
    log.check(0, 4010, 5)
    log.check(0, 4015, 0)
    for form in (1, 2, 3, 100):
        raises(0x80, log.check, 0, 4015, form)
