"""A notification that is not stored, lost with its transport: its value is notified once more."""

from lab import NUMBER
from test_stored import values
from test_stored_outages import reconnected
from watcher import CHANGED, SENML_JSON, Watcher, path

from lwm2m.reporting import persistence


def notified():
    """A Watcher, and its notification that was not acknowledged yet."""
    watcher = Watcher()
    watcher.observe(path(NUMBER), b"a", SENML_JSON)
    (notification,) = watcher.change(NUMBER, 5)
    assert values([notification]) == [5]
    return watcher, notification


def over_a_new_transport(watcher):
    """What is notified there at once, and with the answer to an Update, if there is one."""
    watcher.go(60000)
    reconnected(watcher.session)
    found = watcher.go(1000)
    if watcher.session.registration.state == 5:
        found += watcher.reply(CHANGED) + watcher.go(1000)
    return found


def test_what_was_not_acknowledged_before_a_new_transport_is_notified_over_it():
    watcher, _ = notified()
    (again,) = over_a_new_transport(watcher)
    assert values([again]) == [5]
    watcher.acknowledge(again)
    assert over_a_new_transport(watcher) == []


def test_what_was_acknowledged_is_not_notified_again():
    watcher, notification = notified()
    watcher.acknowledge(notification)
    assert over_a_new_transport(watcher) == []


def test_an_update_over_the_same_transport_repeats_nothing():
    watcher, notification = notified()
    watcher.session.registration.update(watcher.session.now)
    watcher.go(10)
    assert watcher.reply(CHANGED) + watcher.go(10) == []
    assert not watcher.reporting.observations[0].state
    assert watcher.acknowledge(notification) + watcher.go(60000) == []


def test_what_was_not_acknowledged_before_a_sleep_is_notified_after_it():
    watcher, notification = notified()
    state = 5  # its place in an entry
    (entry,) = persistence.export(watcher.management, watcher.session.now)[1:]
    watcher.acknowledge(notification)
    (acknowledged,) = persistence.export(watcher.management, watcher.session.now)[1:]
    assert (entry[state], acknowledged[state]) == (2, 0)
