"""Object 20, Event Log: the lines of a ring that a server reads, stops, starts and empties."""

from virtual import raises

from lwm2m.objects.event_log import EventLog


class Ring:
    """What a log keeps."""

    def __init__(self):
        self.running = True
        self.clear()

    def clear(self):
        self.lines = bytearray()
        self.used = 0

    def content(self):
        return self.lines

    def write(self, line):
        """A line, while the ring runs."""
        if self.running:
            self.lines += line.encode() + b"\n"
            self.used = len(self.lines)


def test_event_log_reads_the_ring():
    ring = Ring()
    log = EventLog(ring, 1)
    assert [log.read(0, rid) for rid in (4010, 4013, 4014, 4015)] == [1, 0, b"", 0]
    ring.write("I 1.000 started")
    assert log.read(0, 4013) == 2 and log.read(0, 4014) == b"I 1.000 started\n"


def test_log_stop_keeps_and_log_start_empties_unless_the_argument_says_otherwise():
    ring = Ring()
    log = EventLog(ring)
    ring.write("one")
    log.execute(0, 4012, b"")
    ring.write("two")
    assert log.read(0, 4013) == 3 and log.read(0, 4014) == b"one\n"
    log.execute(0, 4011, b"0='1'")
    ring.write("three")
    assert log.read(0, 4013) == 2 and log.read(0, 4014) == b"one\nthree\n"
    log.execute(0, 4011, b"")
    assert log.read(0, 4013) == 0 and log.read(0, 4014) == b""
    for argument in (b"0", b"0='0'"):
        ring.write("again")
        log.execute(0, 4012, argument)
        assert log.read(0, 4014) == b"again\n"
        log.execute(0, 4011, argument)
        assert log.read(0, 4014) == b""
    ring.write("four")
    log.execute(0, 4012, b"0='1'")
    assert log.read(0, 4013) == 1 and log.read(0, 4014) == b""
    for argument in (b"1", b"0='2'", b"0='1',1"):
        raises(0x80, log.execute, 0, 4011, argument)
    assert not ring.running


def test_what_log_data_is_not_is_no_format_for_it():
    log = EventLog(Ring())
    log.check(0, 4010, 5)
    assert log.ranges == {4010: (0, 255), 4015: (0, 255)}
    log.check(0, 4015, 0)
    for form in (1, 2, 3, 100):
        raises(0x80, log.check, 0, 4015, form)


def test_a_server_sees_what_of_it_is_there():
    log = EventLog(Ring())
    assert sorted(log.instances[0]) == [4010, 4011, 4012, 4013, 4014, 4015]
    assert (log.oid, log.version, log.read(0, 4010)) == (20, "2.1", 0)
    assert [log.descriptor(rid) for rid in (4010, 4011, 4013, 4014)] == [
        0x302,
        0x400,
        0x102,
        0x1105,
    ]


def test_observers_of_the_status_are_notified():
    class Model:
        reported = []

        def changed(self, *path):
            self.reported.append(path)

    log = EventLog(Ring())
    log.model = Model()
    log.execute(0, 4012, b"")
    assert log.model.reported == [(20, 0, 4013)]
