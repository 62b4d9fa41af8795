"""What Leshan gets of reports where the network between loses some, with and without storing.

/1/x/6, Notification Storing: every sample comes, in order, each once and with its time; without
it a newer value takes the place of one that has not arrived.
"""

import time

import pytest

from .wire import CON, Heard

PATH = "/33001/0/5"


@pytest.fixture
def storing(reports):
    assert reports.code("write", "/1/0/6", value=True) == "2.04"
    return reports


def kind_of(data: bytes) -> tuple:
    """(kind, code) of a datagram."""
    return data[0] >> 4 & 3, data[1]


def notified(data: bytes) -> bool:
    return kind_of(data)[1] == 0x45 and Heard(data, 0).opt.observe is not None


def count(reports, numbers) -> None:
    for number in numbers:
        reports.set({PATH: number})


def history(notifications: list) -> list:
    """The time-stamped values of notifications."""
    found = []
    for one in notifications:
        found += [(sample["time"], sample["value"]) for sample in one["history"]]
    return found


@pytest.mark.parametrize("form", ["senml-cbor", "senml-json"])
def test_stored_samples_come_in_order_with_their_times(storing, form):
    """Notifications are lost for a while, what else is said is not."""
    storing.observe(PATH, format=form)
    begun = time.time()
    storing.relay.lose = lambda data, inbound: inbound and notified(data)
    count(storing, range(1, 7))
    storing.no_more_reports(0)
    storing.relay.lose = None
    seen = history([storing.notification(PATH) for _ in range(6)])
    assert [value for _, value in seen] == [1, 2, 3, 4, 5, 6]
    times = [at for at, _ in seen]
    assert times == sorted(set(times))  # no two samples have the same
    assert begun - 2 < times[0] and times[-1] < time.time() + 2
    storing.no_more_reports(0.2)


def test_a_lost_acknowledgement_makes_no_second_sample(storing):
    """The same message comes again, and Leshan knows it by its Message ID."""
    storing.observe(PATH, format="senml-cbor")
    left = [2]

    def lose(data, inbound):
        if not inbound and kind_of(data) == (2, 0) and left[0]:
            left[0] -= 1
            return True
        return False

    storing.relay.lose = lose
    start = len(storing.relay.capture)
    count(storing, range(1, 4))
    seen = history([storing.notification(PATH) for _ in range(3)])
    assert [value for _, value in seen] == [1, 2, 3] and left == [0]
    storing.no_more_reports(0.2)
    data = [one.data for one in storing.relay.from_meter(start) if notified(one.data)]
    assert len(set(data)) == 3 and len(data) == 5


def test_without_storing_the_newest_value_comes(reports):
    """And no older one after it."""
    reports.observe(PATH)
    reports.relay.lose = lambda data, inbound: inbound and notified(data)
    count(reports, range(1, 7))
    reports.relay.lose = None
    assert int(reports.notification(PATH)["value"]) == 6
    reports.no_more_reports(0.2)
    assert all(one.kind == CON for one in reports.notifications())


def test_what_was_observed_is_stored_while_the_server_is_away(storing):
    """The registration ends, and with it what was observed; observed anew, the samples come."""
    storing.observe(PATH, format="senml-cbor")
    assert storing.code("write", "/1/0/5", value=1) == "2.04"
    assert storing.code("execute", "/1/0/4") == "2.04"
    storing.event("deregistered")
    storing.event("registered")
    count(storing, (7,))
    answer = storing.observe(PATH, format="senml-cbor")
    assert answer["value"] in (0, 7)
    assert history([storing.notification(PATH)])[0][1] == 7
