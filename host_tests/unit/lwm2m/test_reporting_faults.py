"""Reporting where a driver, the application or the heap fails, and what must not be left out."""

from lab import COUNT, NUMBER, OID
from session import REGISTERED, under_way
from slow_lab import SlowLab
from test_send import Sending
from test_stored import all_of, values
from watcher import CHANGED, CONTENT, IPATCH, NOT_FOUND, SENML_JSON, START, Watcher, path, text

from lwm2m.objects.temperature import Temperature
from lwm2m.reporting import observe

STORE = {6: True}
SENT = (2, "dp")


def broken(obj, name, error, times=1):
    """Have a method raise the error so many times."""
    method = getattr(obj, name)
    left = [times]

    def failing(*arguments):
        if left[0]:
            left[0] -= 1
            raise error
        return method(*arguments)

    setattr(obj, name, failing)


def test_a_full_heap_when_a_notification_is_sent_puts_it_off():
    for account in ({}, STORE):
        w = Watcher(account)
        w.observe(path(NUMBER), accept=SENML_JSON)
        broken(w.session.registration.peer, "notify", MemoryError())
        assert w.change(NUMBER, 2) == []
        (notified,) = w.go(10001)
        assert values([notified]) == [2] and w.tokens() == [b"a"]
        w.acknowledge(notified)
        assert w.stored() == []


def test_a_full_heap_when_what_is_no_more_is_reported_puts_that_off():
    w = Watcher()
    w.observe(path(NUMBER))
    del w.lab.instances[0]
    broken(w.session.registration.peer, "notify", MemoryError())
    w.session.model.instance_changed(OID, 0)
    w.go(0)
    (notified,) = w.reply(CHANGED) + w.go(10001)  # first an Update with the Instances
    assert notified.code == NOT_FOUND and w.tokens() == []


def test_a_full_heap_when_an_acknowledgement_has_the_next_sample_sent_puts_it_off():
    w = Watcher(STORE)
    w.observe(path(NUMBER), accept=SENML_JSON)
    (first,) = w.change(NUMBER, 2)
    w.change(NUMBER, 3)
    broken(w.session.registration.peer, "notify", MemoryError())
    assert w.acknowledge(first) == []
    assert values(all_of(w, w.go(10001))) == [3]


def test_a_full_heap_when_a_sample_is_encoded_keeps_the_sample():
    w = Watcher(STORE)
    w.observe(path(NUMBER), accept=SENML_JSON)
    broken(w.management, "encoded", MemoryError())
    assert w.change(NUMBER, 2) == [] and len(w.stored()) == 1
    assert values(all_of(w, w.go(10001))) == [2]


def test_a_full_heap_at_the_end_of_a_slow_read_puts_the_notification_off():
    w = Watcher(lab=SlowLab((NUMBER,)))
    w.observe(path(NUMBER))
    w.acknowledge(w.work(2)[0])
    w.change(NUMBER, 2)
    broken(w.management, "encoded", MemoryError())
    assert w.work(2) == []
    w.go(10001)
    assert text(w.work(2)) == ["2"]


def test_a_full_heap_when_a_send_is_made_puts_it_off():
    for name in ("request", "encode"):
        w = Sending()
        w.samples((START, 1))
        w.reply(CHANGED)
        w.sender.samples((OID, 0, NUMBER), [(START, 2)], SENML_JSON, w.codes.append)
        if name == "request":
            broken(w.session.registration.peer, name, MemoryError())
        else:
            module = w.management.formats[SENML_JSON][0]
            whole, w.management.formats[SENML_JSON] = w.management.formats[SENML_JSON], None
            full = Full(module)
            w.management.formats[SENML_JSON] = full, whole[1]
        w.go(59000)
        assert w.counted() == (1, 0, 0)
        w.go(2000)
        w.reply(CHANGED)
        assert w.codes == [CHANGED, CHANGED] and w.counted() == (2, 0, 0)


class Full:
    """A format whose first body finds no room."""

    def __init__(self, module):
        self.module = module
        self.full = True

    def encode(self, *arguments):
        """Raise once."""
        if self.full:
            self.full = False
            raise MemoryError
        return self.module.encode(*arguments)


def test_what_the_application_raises_at_the_end_of_a_send_ends_nothing():
    w = Sending()

    def done(code):
        w.codes.append(code)
        raise ValueError(code)

    for value in (1, 2):
        w.sender.samples((OID, 0, NUMBER), [(START, value)], SENML_JSON, done)
    w.session.service()
    w.reply(CHANGED)
    w.reply(0x81)
    assert w.codes == [CHANGED, 0x81]
    assert w.session.registration.state == REGISTERED
    w.sender.samples((OID, 0, NUMBER), [(START, 3)], SENML_JSON, done)
    w.sender.close()
    assert w.codes == [CHANGED, 0x81, 0xA3]


def test_an_undo_that_raises_is_answered_and_frees_its_place():
    class Stuck(SlowLab):
        def write(self, iid, rid, value):
            if rid == COUNT and value == 7:  # bringing back the old value
                raise ValueError("stuck")
            return super().write(iid, rid, value)

    w = Watcher(lab=Stuck((NUMBER,), write1=OSError("bus")))
    body = b'[{"n":"/32000/0/7","v":8},{"n":"/32000/0/1","v":5}]'
    w.compose(body, code=IPATCH)
    w.session.model.changed = lambda *path: None
    broken(w.session.model, "registration_changed", MemoryError())
    sent = w.session.work() + w.session.work() + w.session.work()
    assert [one[1] for one in sent] == [0xA0]
    assert under_way(w.management) == 0


def test_a_none_among_several_paths_leaves_the_others():
    w = Watcher(STORE)
    w.compose(b'[{"n":"/32000/0/1"},{"n":"/32000/0/7"}]', observe=0)
    w.lab.instances[0][NUMBER] = None
    (notified,) = w.change(COUNT, 9)
    assert notified.code == CONTENT and values([notified]) == [9]


def test_none_for_a_slow_value_is_asked_for_again():
    w = Watcher(lab=SlowLab((NUMBER,)))
    w.observe(path(NUMBER))
    w.acknowledge(w.work(2)[0])
    w.change(NUMBER, None)
    assert w.work(2) == [] and w.tokens() == [b"a"]
    w.lab.instances[0][NUMBER] = 5
    w.go(10001)
    assert text(w.work(2)) == ["5"]


def test_a_send_of_a_slow_value_wakes_whoever_runs_it():
    w = Sending(lab=SlowLab((NUMBER,)))
    w.go(1000)
    wakes = []
    w.session.registration.wake = lambda: wakes.append(w.session.now)
    w.sender.values([(OID, 0, NUMBER)], SENML_JSON, w.codes.append)
    assert wakes and w.session.registration.deadline <= w.session.now


def test_what_was_sampled_is_notified_of_each_resource_that_changed():
    w = Watcher()
    meter = w.session.model.object(3424)
    pulses = [7]
    meter.pulses = lambda: pulses[0]
    meter.sample()
    for rid in (1, 4):
        w.observe("3424/0/%d" % rid, b"%d" % rid)
    for count in (7, 8, 8, 9):
        changed = pulses[0] != count
        pulses[0] = count
        meter.sample()
        notified = w.go(0)
        for one in notified:
            notified += w.acknowledge(one)
        assert [one.token for one in notified] == ([b"1", b"4"] if changed else [])


def test_what_a_temperature_sampled_is_notified_of_each_resource_that_changed():
    read = [(20, 0)]
    w = Watcher()
    obj = Temperature({0: {5700: lambda: read[0]}})
    w.session.model.objects[3303] = obj
    obj.sample()
    w.observe("3303/0/5700", b"v")
    w.observe("3303/0/5601", b"l")
    w.observe("3303/0/5602", b"h")
    for value, expected in ((21, [b"h", b"v"]), (15, [b"l", b"v"]), (18, [b"v"]), (18, [])):
        read[0] = value, 0
        obj.sample()
        notified = w.go(0)
        for one in notified:
            notified += w.acknowledge(one)
        assert sorted([one.token for one in notified]) == expected


def test_what_a_failed_composite_write_brings_back_is_notified():
    w = Watcher(lab=SlowLab((COUNT,), write7=OSError("bus")))
    w.observe(path(NUMBER))
    w.compose(b'[{"n":"/32000/0/1","v":42},{"n":"/32000/0/7","v":5}]', b"w", code=IPATCH)
    (notified,) = w.go(0)
    assert text([notified]) == ["42"]
    w.acknowledge(notified)
    (answer,) = w.work(3)
    assert answer.code == 0xA0
    (notified,) = w.acknowledge(answer)
    assert notified.token == b"a" and text([notified]) == ["1"]


def test_a_sample_that_could_not_be_made_leaves_nothing_in_the_budget():
    w = Watcher(STORE)
    w.observe(path(NUMBER))
    stored = w.reporting.stored
    broken(w.session.model, "time", MemoryError())
    content = [(32000, 0, [(NUMBER, 2, 5)])]
    try:
        stored.add(w.reporting.observations[0], content, True, 9, w.session.now)
    except MemoryError:
        assert stored.size == 0 and stored.queue == []
        return
    raise AssertionError("nothing raised")


def test_an_observation_that_could_not_be_made_leaves_nothing_in_the_budget():
    w = Watcher()
    w.observe(path(NUMBER))
    before = w.reporting.size
    made = observe.Observation

    def full(*arguments):
        raise MemoryError

    observe.Observation = full
    try:
        assert w.observe(path(COUNT), token=b"b").code == 0xA3
    finally:
        observe.Observation = made
    assert w.reporting.size == before
