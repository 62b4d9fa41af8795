"""The ring of the log's latest lines."""

from firmware.ring import Ring


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
