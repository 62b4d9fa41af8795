"""Each way to lose a server leads through Recovery, to the attempts of /1/x/17 to /1/x/19."""

from session import (
    CONNECTING,
    DISCONNECTED,
    FORGOTTEN,
    OFF,
    REGISTERED,
    REGISTERING,
    UNREACHABLE,
    UPDATING,
    WAITING,
    Session,
    registered,
)
from virtual import Chance, Fixed

from lwm2m.account import Account
from lwm2m.recovery import Recovery

DAY = 86400000


class Registration(Recovery):
    """As much of one as Recovery needs; notes what it is made to do."""

    state = REGISTERED
    peer = True
    location = ["rd", "x"]
    sent_at = 0

    def __init__(self, **account):
        self.account = account_of(**account)
        self.random = Fixed(0)
        self.done = []
        self.logged = []
        self.log = lambda *event: self.logged.append(event)

    def register(self, now):
        self.done.append("register")

    def disconnect(self, gone):
        self.done.append("gone" if gone else "disconnected")
        self.peer = None
        if gone:
            self.location = None

    def wait(self, delay, now):
        self.done.append(delay)
        self.at = now + delay
        self.state = CONNECTING  # when that has passed


def account_of(**settings):
    class Stub:
        retry_timer = 60
        retry_count = 5
        sequence_delay = 86400

    for name in settings:
        setattr(Stub, name, settings[name])
    return Stub


def after(reason, times=1, **account):
    """What is done after a server was lost so often for a reason."""
    registration = Registration(**account)
    for _ in range(times):
        registration.done.clear()
        registration.recover(reason, 0)
    return registration.done


def test_an_unreachable_server_is_tried_at_the_pace_of_object_1():
    pauses = [after(UNREACHABLE, times)[-1] // 1000 for times in range(1, 7)]
    assert pauses == [60, 120, 240, 480, 86400, 60]
    assert after(UNREACHABLE)[0] == "gone"


def test_never_is_a_day_without_a_bootstrap_server():
    """Nor can anything else that a server writes make a meter silent for longer."""
    for settings in (
        {"retry_count": 1, "sequence_delay": 0xFFFFFFFF},
        {"retry_count": 1, "sequence_delay": 0xFFFFFFFE},
        {"retry_timer": 0xFFFFFFFF},
        {"retry_count": 0xFFFFFFFF},
        {"retry_count": 0xFFFFFFFF, "retry_timer": 1},
    ):
        assert after(UNREACHABLE, 40, **settings)[-1] == DAY
    assert after(UNREACHABLE, 1, retry_timer=1)[-1] == 1000


def test_no_setting_of_a_server_makes_the_attempts_follow_each_other_at_once():
    for settings in (
        {"retry_timer": 0},
        {"retry_count": 0, "sequence_delay": 0},
        {"retry_timer": 0, "retry_count": 0, "sequence_delay": 0},
    ):
        for times in range(1, 8):
            assert after(UNREACHABLE, times, **settings)[-1] >= 1000


def test_a_disconnected_server_is_tried_at_once_and_the_registration_stays():
    assert after(DISCONNECTED) == ["disconnected", 0]


def test_who_forgot_us_gets_a_register_over_the_same_transport():
    assert after(FORGOTTEN) == ["register"]


def test_who_forgot_us_and_is_gone_is_connected_to():
    registration = Registration()
    registration.peer = None
    registration.recover(FORGOTTEN, 0)
    assert registration.done == ["disconnected", 0]


def test_nothing_follows_where_nothing_is_wanted():
    for reason in (UNREACHABLE, DISCONNECTED, FORGOTTEN):
        for state in (OFF, 6):
            registration = Registration()
            registration.state = state
            registration.recover(reason, 0)
            assert registration.done == []


def lost_again(updated, pause, reason=UNREACHABLE):
    """What is done about a loss, `pause` ms after a success that followed three failures."""
    registration = Registration()
    for _ in range(3):
        registration.recover(UNREACHABLE, 0)
    registration.settled(updated, 1000)
    registration.state = REGISTERED
    registration.location = ["rd", "y"]
    registration.peer = True
    registration.done.clear()
    registration.recover(reason, 1000 + pause)
    return registration.done


def test_a_new_sequence_begins_after_an_update_or_a_minute_not_with_a_register():
    assert lost_again(False, 59999) == ["gone", 480000]
    assert lost_again(False, 60000) == ["gone", 60000]
    assert lost_again(True, 0) == ["gone", 60000]


def test_each_reason_is_held_back_by_the_same_sequence():
    for reason in (UNREACHABLE, DISCONNECTED, FORGOTTEN):
        assert lost_again(False, 100, reason) == ["gone", 480000]
    assert lost_again(True, 100, DISCONNECTED) == ["disconnected", 0]
    assert lost_again(True, 100, FORGOTTEN) == ["register"]


def test_the_first_loss_is_answered_at_once_and_the_second_is_not():
    for reason in (DISCONNECTED, FORGOTTEN):
        registration = Registration()
        registration.recover(reason, 0)
        registration.done.clear()
        registration.recover(reason, 1)
        assert registration.done == ["gone", 60000]


def test_an_update_that_is_not_answered_is_trouble_since_it_was_sent():
    """Else each of them would be the first after a minute without trouble."""
    registration = Registration()
    for times in range(3):
        registration.done.clear()
        registration.state = UPDATING
        registration.sent_at = 100000 * times + 1
        registration.location = registration.location or ["rd", "x"]
        registration.recover(DISCONNECTED, 100000 * times + 93000)
        registration.since = 100000 * (times + 1)  # connected again
        if times:
            assert registration.done == ["gone", 60000 << times - 1]


def test_what_did_not_help_is_not_tried_in_the_same_way():
    registration = Registration()
    registration.recover(DISCONNECTED, 0)
    assert registration.account.elsewhere is False
    registration.recover(DISCONNECTED, 0)
    assert registration.account.elsewhere is True


def test_every_pause_is_lengthened_at_random_by_up_to_a_quarter():
    for times in range(2, 8):
        found = set()
        for seed in range(20):
            registration = Registration()
            registration.random = Chance(seed)
            for _ in range(times):
                registration.recover(DISCONNECTED, 0)
            found.add(registration.done[-1])
        base = (60000, 120000, 240000, 480000, DAY, 60000)[times - 2]
        assert len(found) > 15 and base <= min(found) and max(found) < base * 5 // 4
        assert max(found) > base * 9 // 8


def test_a_new_address_ends_the_pause_but_once_a_minute():
    registration = Registration()
    for _ in range(5):
        registration.recover(UNREACHABLE, 0)
    for now, delay in ((10000, 50000), (20000, 40000), (60000, 0), (70000, 0)):
        registration.state = WAITING
        registration.at = DAY
        registration.done.clear()
        registration.recover(DISCONNECTED, now)
        assert registration.done == [delay]
    registration.state = WAITING
    registration.at = 30000  # nor is anything put off
    registration.recover(DISCONNECTED, 20000)
    assert registration.done[-1] == 10000
    registration.state = CONNECTING
    registration.recover(UNREACHABLE, 80000)
    assert registration.done[-1] == 60000  # a new sequence


def test_a_new_address_does_not_end_a_wait_that_was_planned():
    registration = Registration()
    registration.state = WAITING
    registration.recover(DISCONNECTED, 10**6)
    assert registration.done == []


def test_all_of_it_in_a_session():
    session = Session()
    session.network = False
    session.reply(0x83)
    assert session.registration.state == WAITING and session.registration.peer is None
    session.network = True
    session.run(10**9, lambda: session.registration.state == REGISTERING)
    session.accept("rd", "y")
    assert session.registration.state == REGISTERED
    session.now += 60000
    session.registration.recover(DISCONNECTED, session.now)
    assert session.registration.location and session.registration.state == WAITING
    session.run(session.now + 1, lambda: session.registration.state > CONNECTING)


def test_a_setting_that_is_missing_has_its_default():
    account = Account(registered().model, 0)
    found = [account.retry_count, account.retry_timer, account.sequence_delay, account.confirm]
    assert found == [5, 60, 86400, 1] and account.mute_send is True and account.min_period == 0
    account.server[17] = 0
    account.server[23] = False
    assert account.retry_count == 0 and account.mute_send is False


def test_an_account_that_was_deleted_keeps_its_values_and_says_so():
    model = registered().model
    account = Account(model, 0)
    assert account.exists() and account.lifetime == 300
    del model.object(1).instances[0]
    assert not account.exists() and account.lifetime == 300 and account.uri == "coap://h"
    account.alert(40)  # nowhere to keep it
    assert account.executed() is None


def test_the_log_says_when_the_next_attempt_is_where_there_is_a_pause():
    registration = Registration()
    registration.recover(DISCONNECTED, 0)
    assert registration.done[-1] == 0 and registration.logged == []
    registration.recover(DISCONNECTED, 0)
    assert registration.logged == [(2, "next attempt", 60)]
