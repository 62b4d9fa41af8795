"""What changes without a word of the driver is found when an observation is evaluated."""

from lab import FLAG, LEVEL, NUMBER, TEXT
from watcher import Watcher, path

from lwm2m.management.attributes import fires


def test_a_quiet_change_of_any_resource_of_an_instance_is_found():
    for rid, value in ((TEXT, "two"), (NUMBER, 2), (FLAG, True), (LEVEL, (6, -1))):
        w = Watcher(version="1.2")
        w.observe(path(), query=("epmax=2",))
        assert w.go(5000) == []
        w.lab.instances[0][rid] = value
        assert len(w.go(5000)) == 1, rid
        assert w.go(5000) == []


def test_a_value_that_appears_or_goes_away_meets_any_condition():
    conditions = [None, None, None, None]
    for old, new, met in ((None, 5, True), (5, None, True), (5, 5, False), (None, None, False)):
        assert fires(conditions, old, new) is met


def test_an_observation_renewed_is_evaluated_by_its_period_from_then_on():
    w = Watcher(version="1.2")
    w.observe(path(NUMBER), query=("epmin=10",))
    assert w.go(8000) == []
    w.observe(path(NUMBER), query=("epmin=10",))
    assert w.change(NUMBER, 2) == []
    assert w.go(9900) == []
    assert len(w.go(200)) == 1
