"""Which attributes are in force: levels, the request's own, unset ones, those that contradict."""

from lab import COUNT, FLAG, LIST, NUMBER, OID
from virtual import DELETE, GET, PUT
from watcher import BAD, CHANGED, CONTENT, NOT_FOUND, Watcher, path, text

LEVELS = (str(OID), path(), path(LIST), path(LIST, 3))


def setting(w, where, *queries):
    """The code of a Write-Attributes."""
    return w.ask(PUT, where, [(15, query) for query in queries], b"w").code


def force(w, which=0):
    """The attributes in force at the only path of an observation."""
    observation = w.reporting.observations[which]
    attributes = w.reporting.named(observation.path, observation)
    if attributes["con"] == 1:  # the account's default
        del attributes["con"]
    return attributes


def test_the_lowest_level_wins_name_by_name():
    w = Watcher({2: 1, 3: 1000})
    w.observe(path(LIST, 3))
    assert force(w) == {"pmin": 1, "pmax": 1000}
    for i in range(4):
        assert setting(w, LEVELS[i], "pmin=%d" % (10 + i), "epmin=%d" % (20 + i)) == CHANGED
        assert force(w) == {"pmin": 10 + i, "epmin": 20 + i, "pmax": 1000}
    setting(w, LEVELS[1], "pmax=77")
    assert force(w)["pmax"] == 77
    for i in (3, 2, 1, 0):
        assert force(w)["pmin"] == 10 + i
        assert setting(w, LEVELS[i], "pmin", "epmin") == CHANGED
    assert force(w) == {"pmin": 1, "pmax": 77}
    setting(w, LEVELS[1], "pmax")
    assert force(w) == {"pmin": 1, "pmax": 1000}
    assert w.management.attributes == {}


def test_each_observation_has_those_of_its_own_path():
    w = Watcher()
    w.observe(path(LIST), b"a", 110)
    w.observe(path(LIST, 3), b"b")
    w.observe(path(), b"c", 110)
    setting(w, path(LIST, 3), "pmin=3")
    setting(w, path(LIST), "pmin=2")
    setting(w, path(), "pmin=1")
    assert [force(w, i)["pmin"] for i in range(3)] == [2, 3, 1]


def test_zero_at_a_lower_level_is_not_what_is_above():
    w = Watcher({2: 9, 3: 99})
    w.observe(path(NUMBER))
    setting(w, path(), "pmin=5", "pmax=50")
    setting(w, path(NUMBER), "pmin=0", "pmax=0")
    assert force(w) == {"pmin": 0, "pmax": 0}
    (notified,) = w.change(NUMBER, 2)
    w.acknowledge(notified)
    assert w.go(1000000) == []


def test_those_of_the_request_win_and_end_with_it():
    w = Watcher()
    setting(w, path(NUMBER), "pmin=10", "pmax=20")
    w.observe(path(NUMBER), query=("pmin=1", "gt=5"))
    attributes = force(w)
    assert attributes["pmin"] == 1 and attributes["pmax"] == 20 and "gt" in attributes
    assert w.management.attributes == {(OID, 0, NUMBER): {"pmin": 10, "pmax": 20}}
    setting(w, path(NUMBER), "pmin=7")
    assert force(w)["pmin"] == 1
    w.observe(path(NUMBER), b"b")  # the next Observe brings its own, or none
    assert force(w) == {"pmin": 7, "pmax": 20}
    w.observe(path(NUMBER), b"b", query=("pmin=2",))
    w.observe(path(NUMBER), b"b", number=1)
    assert w.reporting.observe_attributes == {}
    # A Discover shows only what was written
    assert b"pmin=7" in bytes(w.ask(GET, path(NUMBER), [(17, 40)], b"d").payload)


def test_a_request_with_wrong_ones_leaves_the_observation_as_it_is():
    w = Watcher()
    w.observe(path(NUMBER), query=("pmin=3",))
    for query in (("pmin=x",), ("lt=5", "gt=5"), ("edge=1",), ("pmin=1", "pmin=2"), ("x=1",)):
        assert w.observe(path(NUMBER), b"b", query=query).code == BAD
    assert w.tokens() == [b"a"] and force(w)["pmin"] == 3


def test_what_contradicts_from_two_levels_is_no_condition():
    w = Watcher()
    w.observe(path(LIST, 3))
    assert setting(w, path(LIST), "lt=50") == CHANGED
    assert setting(w, path(LIST, 3), "gt=10") == CHANGED  # each by itself is fine
    for value in (3, 4, 5):
        (notified,) = w.change(LIST, {0: 1, 3: value})
        assert text([notified]) == [str(value)]
        w.acknowledge(notified)
    assert setting(w, path(LIST), "lt=5") == CHANGED
    w.go(0)
    assert w.change(LIST, {0: 1, 3: 7}) == []  # 5 is not less than 5, nor 7: neither crosses
    (notified,) = w.change(LIST, {0: 1, 3: 11})
    assert text([notified]) == ["11"]


def test_pmax_below_pmin_is_ignored():
    for pmin, pmax, times in ((10, 5, 0), (10, 10, 3), (0, 10, 3), (10, 0, 0)):
        w = Watcher()
        w.observe(path(NUMBER), query=("pmin=%d" % pmin, "pmax=%d" % pmax))
        notified = []
        for _ in range(35):
            messages = w.go(1000)
            for message in messages:
                w.acknowledge(message)
            notified += messages
        assert len(notified) == times, (pmin, pmax)


def test_attributes_of_an_instance_go_with_it():
    w = Watcher()
    w.lab.instances[1] = w.lab.filled()
    where = "%d/1/%d" % (OID, NUMBER)
    setting(w, where, "pmin=60")
    setting(w, "%d/1" % OID, "pmax=90")
    setting(w, str(OID), "pmin=5")
    w.observe(where)
    assert force(w) == {"pmin": 60, "pmax": 90}
    assert w.ask(DELETE, "%d/1" % OID, token=b"d").code == 0x42
    assert list(w.management.attributes) == [(OID,)]
    w.lab.instances[1] = w.lab.filled()
    w.session.model.instance_changed(OID, 1)
    assert w.observe(where, b"n").code == CONTENT
    assert force(w, -1)["pmin"] == 5


def test_attributes_hold_for_observations_that_are_there_already():
    w = Watcher()
    w.observe(path(NUMBER))
    setting(w, path(NUMBER), "pmin=30")
    w.go(29000)
    assert w.change(NUMBER, 2) == [] and w.go(900) == []
    (notified,) = w.go(101)
    w.acknowledge(notified)
    setting(w, path(FLAG), "edge=1")
    w.observe(path(FLAG), b"f")
    for value, notified in ((True, 1), (False, 0), (True, 1)):
        messages = w.change(FLAG, value)
        for message in messages:
            w.acknowledge(message)
        assert len(messages) == notified


def test_conditions_are_for_values_that_are_there():
    w = Watcher()
    assert setting(w, path(99), "gt=1") == NOT_FOUND
    assert w.observe(path(COUNT), query=("gt=1", "lt=0", "st=0.5")).code == BAD
    assert w.observe(path(COUNT), query=("gt=2", "lt=0", "st=0.5")).code == CONTENT
    assert w.observe(path(LIST), b"l", 110, ("gt=2",)).code == CONTENT
    assert w.observe(path(LIST), b"m", 110, ("edge=0",)).code == BAD


def test_those_of_an_instance_that_was_deleted_are_in_force_no_more_when_it_comes_again():
    w = Watcher()
    w.lab.instances[1] = w.lab.filled()
    setting(w, "%d/1" % OID, "pmin=1000")
    w.compose(b'[{"n":"/32000/1/1"}]', observe=0)
    assert w.ask(DELETE, "%d/1" % OID).code == 0x42
    for one in w.reply(CHANGED) + w.go(0):  # to the Update with the Instances
        w.acknowledge(one)
    w.lab.instances[1] = w.lab.filled()
    (notified,) = w.change(NUMBER, 7, 1)
    assert b"7" in bytes(notified.payload)
