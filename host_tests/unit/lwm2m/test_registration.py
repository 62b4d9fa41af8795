"""The registration's states on a virtual clock (LwM2M Core 6.2)."""

from session import (
    DEREGISTERING,
    DISCONNECTED,
    FORGOTTEN,
    OFF,
    REGISTERED,
    REGISTERING,
    UPDATING,
    WAITING,
    Session,
    registered,
)
from virtual import CON, DELETE, POST, PUT, RST, Chance, Fixed, request

from coap.message import encode
from coap.peer import Peer

LISTING = b"</1>;ver=1.2,</1/0>,</3>;ver=1.2,</3/0>,</3424>;ver=1.1,</3424/0>"
CREATED, CHANGED, DELETED = 0x41, 0x44, 0x42


def test_a_register_has_all_its_parameters():
    session = Session()
    sent = session.sent[0][1]
    assert session.requests() == [(POST, "rd", ["ep=urn:test", "lt=300", "lwm2m=1.1"], LISTING)]
    assert (12, b"\x28") in sent[4]
    assert session.registration.state == REGISTERING


def test_a_binding_other_than_the_default_is_sent():
    session = Session({7: "UQ"})
    assert session.requests()[0][2] == ["ep=urn:test", "lt=300", "lwm2m=1.1", "Q", "b=U"]
    session = Session({7: "UQ"}, version="1.0")
    assert session.requests()[0][2] == ["ep=urn:test", "lt=300", "lwm2m=1.0", "b=UQ"]


def test_version_1_0_puts_versions_in_quotes():
    assert b'</3>;ver="1.2",</3/0>' in Session(version="1.0").requests()[0][3]


def test_a_location_of_any_segments_is_where_updates_go():
    for segments in (("rd", "x"), ("a",), ("a", "b", "c", "d" * 40)):
        session = Session()
        session.accept(*segments)
        session.registration.update(session.now)
        session.service()
        assert session.requests()[-1] == (POST, "/".join(segments), [], b"")


def test_created_without_a_location_is_no_registration():
    session = Session()
    session.reply(CREATED)
    assert session.registration.state == WAITING and session.registration.location is None


def test_an_update_comes_ahead_of_the_lifetime_and_is_empty():
    for seed in range(20):
        session = registered(random=Chance(seed))
        session.run(10**6, lambda s=session: len(s.requests()) > 1)
        assert 300000 - 93000 - 300000 // 16 <= session.now <= 300000 - 93000
        assert session.requests()[-1] == (POST, "rd/abc", [], b"")


def test_updates_of_meters_that_started_together_spread():
    times = {}
    for seed in range(30):
        session = registered(random=Chance(seed), account={1: 86400})
        session.run(10**9, lambda s=session: len(s.requests()) > 1)
        times[session.now // 1000] = 1
        assert session.now < 86400000 - 93000
    assert len(times) > 20


def test_a_short_lifetime_is_kept_too():
    for lifetime in (1, 2, 30, 60):
        session = registered(account={1: lifetime}, registration={"update_pause": 0})
        session.run(10**6, lambda s=session: len(s.requests()) > 1)
        assert 0 < session.now < lifetime * 1000


def test_a_server_that_writes_a_lifetime_of_a_second_gets_an_update_in_30():
    """The lifetime that holds goes to the server, so that the registration does not end."""
    session = registered()
    assert session.ask(PUT, "1/0/1", (), b"1")[0] == CHANGED
    session.run(session.now + 1)
    assert session.requests()[-1] == (POST, "rd/abc", ["lt=60"], b"")
    session.reply(CHANGED)
    for count in range(3, 23):
        before = session.sent[-1][0]
        session.run(10**8, lambda s=session, n=count: len(s.requests()) == n)
        assert session.sent[-1][0] - before == 30000 and session.requests()[-1][2] == []
        session.reply(CHANGED)


def test_the_first_register_of_a_street_is_spread():
    times = set()
    for seed in range(40):
        session = Session({14: 5}, random=Chance(seed), registration={"spread": 600})
        session.run(10**6, lambda s=session: bool(s.dials))
        assert 5000 <= session.now < 605000
        times.add(session.now // 10000)
    assert len(times) > 20


def test_an_infinite_lifetime_needs_no_updates():
    session = registered(account={1: 0})
    session.run(10**10)
    assert len(session.requests()) == 1


def test_updates_go_on_and_on():
    session = registered()
    for count in range(2, 30):
        session.run(10**8, lambda s=session, n=count: len(s.requests()) == n)
        session.reply(CHANGED)
        assert session.registration.state == REGISTERED
    assert session.now > 28 * 180000


def test_a_written_lifetime_is_sent_at_once_and_only_it():
    session = registered()
    assert session.ask(PUT, "1/0/1", (), b"600")[0] == CHANGED
    session.run(session.now + 1)
    assert session.requests()[-1] == (POST, "rd/abc", ["lt=600"], b"")
    session.reply(CHANGED)
    session.run(session.now + 400000)
    assert len(session.requests()) == 2  # the new lifetime counts


def test_a_written_binding_is_sent():
    session = registered(account={7: "UQ"})
    session.ask(PUT, "1/0/7", (), b"U")
    session.run(session.now + 1)
    assert session.requests()[-1] == (POST, "rd/abc", ["b=U"], b"")


def test_a_changed_list_is_sent_whole():
    session = registered()
    session.model.object(3424).instances[1] = {3: "second"}
    session.model.listing += 1
    session.model.changes += 1
    session.registration.poll(session.now)
    session.service()
    assert session.requests()[-1] == (POST, "rd/abc", [], LISTING + b",</3424/1>")
    assert (12, b"\x28") in session.sent[-1][1][4]


def test_a_write_of_the_same_lifetime_tells_nothing():
    session = registered()
    session.ask(PUT, "1/0/1", (), b"300")
    session.run(session.now + 1000)
    assert len(session.requests()) == 1


def test_a_negative_lifetime_is_refused():
    session = registered()
    for wrong in (b"-1", b"-300"):
        assert session.ask(PUT, "1/0/1", (), wrong)[0] == 0x80
    session.run(session.now + 10000)
    assert len(session.requests()) == 1


def test_the_trigger_sends_an_update():
    session = registered()
    assert session.ask(POST, "1/0/8")[0] == CHANGED
    session.run(session.now + 1)
    assert session.requests()[-1] == (POST, "rd/abc", [], b"")


def test_an_unknown_registration_is_registered_anew_at_once():
    for code in (0x84, 0x80, 0x83):
        session = registered()
        session.registration.update(session.now)
        session.service()
        session.reply(code)
        assert session.requests()[-1][1] == "rd" and len(session.dials) == 1
        assert session.registration.state == REGISTERING
        session.accept("rd", "new")
        session.registration.update(session.now)
        session.service()
        assert session.requests()[-1][1] == "rd/new"


def test_an_update_nobody_answers_dials_anew():
    session = registered()
    session.registration.update(session.now)
    session.run(10**6, lambda: len(session.dials) > 1)
    assert 62000 <= session.now <= 93000
    assert session.requests()[-1][1] == "rd" and session.registration.location is None


def test_precondition_failed_steps_the_version_down():
    session = Session(version="1.2")
    assert session.requests()[-1][2][-1] == "lwm2m=1.2"
    session.reply(0x8C)
    assert session.requests()[-1][2][-1] == "lwm2m=1.1"
    session.reply(0x8C)
    assert session.requests()[-1][2][-1] == "lwm2m=1.0"
    session.reply(0x8C)
    assert session.registration.state == WAITING and len(session.requests()) == 3


def test_a_version_that_was_refused_is_tried_again_with_the_first_register_of_the_next_day():
    session = Session(version="1.2")
    session.reply(0x8C)
    session.accept()

    def offered(pause):
        session.now += pause
        session.registration.recover(DISCONNECTED, session.now)
        session.service()
        return session.requests()[-1][2][-1]

    assert offered(86399999) == "lwm2m=1.1"
    session.accept()
    assert offered(86400000) == "lwm2m=1.2"
    session.reply(0x8C)
    assert session.requests()[-1][2][-1] == "lwm2m=1.1"
    session.accept()
    assert offered(3600000) == "lwm2m=1.1"


def test_1_0_is_offered_once_without_quotes_where_they_are_refused():
    session = Session(version="1.0")
    session.reply(0x80)
    register = session.requests()[-1]
    assert register[:3] == (POST, "rd", ["ep=urn:test", "lt=300", "lwm2m=1.0"])
    assert register[3] == LISTING and len(session.requests()) == 2
    session.reply(0x80)
    assert session.registration.state == WAITING  # not for ever
    session.run(10**6, lambda: len(session.dials) > 1)
    assert b'ver="1.2"' in session.requests()[-1][3]  # from the start
    session.reply(0x80)
    session.accept()
    session.model.objects.pop(3424)
    session.model.listing += 1
    session.model.changes += 1
    session.registration.poll(session.now)
    session.service()
    assert session.requests()[-1][3] == LISTING[: LISTING.index(b",</3424>")]


def test_4_00_to_a_later_version_is_a_refusal():
    session = Session()
    session.reply(0x80)
    assert session.registration.state == WAITING and len(session.requests()) == 1


def test_retries_wait_60_120_240_480_seconds_then_a_day():
    session = Session(random=Fixed(0))
    session.network = False
    session.reply(0x83)
    session.run(10**9)
    waits = [b - a for a, b in zip(session.dials, session.dials[1:])]  # noqa: B905
    sequence = [60000, 120000, 240000, 480000, 86400000]
    assert waits[:10] == sequence + sequence


def test_retry_waits_have_jitter_of_a_quarter():
    seen = {}
    for seed in range(30):
        session = Session(random=Chance(seed))
        session.reply(0x83)
        assert session.registration.state == WAITING
        session.run(10**6, lambda s=session: len(s.dials) > 1)
        assert 60000 <= session.now <= 75000
        seen[session.now] = 1
    assert len(seen) > 20


def test_the_retry_resources_set_the_pace():
    session = Session({17: 3, 18: 10, 19: 1000}, random=Fixed(0))
    session.network = False
    session.reply(0x83)
    session.run(10**7)
    waits = [b - a for a, b in zip(session.dials, session.dials[1:])]  # noqa: B905
    assert waits[:6] == [10000, 20000, 1000000, 10000, 20000, 1000000]


def test_a_sequence_delay_of_all_ones_goes_on_once_a_day_and_at_a_new_address():
    session = Session({17: 2, 18: 10, 19: 0xFFFFFFFF}, random=Fixed(0))
    session.network = False
    session.reply(0x83)
    session.run(10**8)
    waits = [b - a for a, b in zip(session.dials, session.dials[1:])]  # noqa: B905
    assert waits == [10000, 86400000, 10000]
    session.registration.recover(DISCONNECTED, session.now)
    session.service()
    assert len(session.dials) == 5


def test_a_success_starts_the_sequence_over():
    session = Session(random=Fixed(0))
    session.reply(0x83)
    session.run(60000 + 1)
    session.accept()
    session.registration.update(session.now)
    session.service()
    session.reply(CHANGED)
    session.registration.update(session.now)
    session.service()
    session.reply(0x84)  # unknown: at once
    session.reply(0x83)  # refused: after 60 s again
    start = session.now
    session.run(10**6, lambda: len(session.dials) > 2)
    assert session.now - start == 60000


def test_the_initial_delay_is_kept():
    session = Session({14: 20})
    session.run(19999)
    assert session.sent == []
    session.run(20001)
    assert len(session.requests()) == 1


def test_a_register_nobody_answers_is_retried_over_a_new_transport():
    session = Session(random=Fixed(0))
    session.run(10**6, lambda: len(session.dials) > 1)
    assert session.now == 62000 + 60000


def test_a_register_that_is_reset_is_retried():
    session = Session(random=Fixed(0))
    session.give(encode(RST, 0, session.sent[0][1][2]))
    assert session.registration.state == WAITING


def test_disable_leaves_and_comes_back_after_its_time():
    session = registered(account={5: 3600})
    assert session.ask(POST, "1/0/4")[0] == CHANGED
    session.run(session.now + 3999)
    assert len(session.requests()) == 1  # the answer may have to be repeated
    session.run(session.now + 1)
    session.service()
    assert session.requests()[-1][:2] == (DELETE, "rd/abc")
    session.reply(DELETED)
    left = session.now
    assert session.registration.peer is None
    session.run(10**9, lambda: len(session.dials) > 1)
    assert session.now - left == 3600000


def test_disable_without_a_time_lasts_a_day():
    session = registered()
    del session.model.object(1).instances[0][5]
    session.ask(POST, "1/0/4")
    session.run(session.now + 4001)
    session.reply(DELETED)
    left = session.now
    session.run(10**9, lambda: len(session.dials) > 1)
    assert session.now - left == 86400000


def test_stop_deregisters_and_stays_off():
    session = registered()
    session.registration.stop(session.now)
    session.service()
    assert session.requests()[-1][:2] == (DELETE, "rd/abc")
    assert session.registration.state == DEREGISTERING
    session.reply(DELETED)
    assert session.registration.state == OFF
    assert session.registration.location is None and session.registration.known is None
    session.run(10**9)
    assert len(session.requests()) == 2


def test_stop_before_registration_sends_nothing():
    session = Session({14: 60})
    session.registration.stop(0)
    session.run(10**6)
    assert session.registration.state == OFF and session.sent == []


def test_stop_while_registering_ends_at_once_and_for_good():
    for silence in (-1, 3600000):
        session = Session()
        assert session.registration.state == REGISTERING
        session.registration.stop(session.now, silence)
        state = session.registration.state
        assert state == (OFF if silence < 0 else WAITING)
        assert session.registration.peer is None
        session.accept()  # too late
        session.run(3600000 - 1)
        assert session.registration.state == state and session.registration.location is None
        assert len(session.requests()) == len(session.dials) == 1


def test_a_disabled_server_is_left_alone_at_a_new_address_too():
    session = Session(account={5: 0xFFFFFFFF})
    session.reply(0x83)
    session.run(10**6, lambda: len(session.dials) > 1)
    session.accept()
    session.dials.pop()
    session.ask(POST, "1/0/4")
    session.run(session.now + 4001)
    session.reply(DELETED)
    left = session.now
    session.run(left + 86400000)
    session.registration.recover(DISCONNECTED, session.now)
    session.service()
    assert session.registration.state == WAITING and len(session.dials) == 1
    session.run(10**10, lambda: len(session.dials) > 1)
    assert session.now - left == 31 * 86400000  # and no server silences a meter for good


def test_disable_for_no_time_is_a_new_registration():
    session = registered(account={5: 0})
    session.ask(POST, "1/0/4")
    session.run(session.now + 4001)
    assert session.requests()[-1][:2] == (DELETE, "rd/abc")
    session.reply(DELETED)
    assert session.requests()[-1][:2] == (POST, "rd")


def test_the_answer_to_an_update_from_before_a_register_counts_for_nothing():
    for code in (CHANGED, 0x84):
        session = registered()
        session.registration.update(session.now)
        session.service()
        session.registration.recover(FORGOTTEN, session.now)
        session.reply(code)
        assert session.registration.state == REGISTERING
        session.accept("rd", "new")
        assert session.registration.location == [b"rd", b"new"]


def test_a_handshake_that_took_long_is_no_minute_without_trouble():
    session = registered(random=Fixed(0))
    registration = session.registration
    registration.recover(DISCONNECTED, 100000)
    registration.poll(100000)
    registration.connected(Peer(session.management, session.random), 130000, True)
    assert registration.state == REGISTERED
    registration.recover(DISCONNECTED, 189999)
    assert registration.state == WAITING and registration.at == 189999 + 60000


def test_a_deregistration_nobody_answers_ends_too():
    session = registered()
    session.registration.stop(session.now)
    session.run(10**6)
    assert session.registration.state == OFF


def test_the_last_acknowledgement_before_a_transport_goes_is_sent():
    session = registered()
    session.registration.stop(session.now)
    session.service()
    token = session.sent[-1][1][3]
    sent = session.give(encode(CON, DELETED, 4242, token))  # the response apart
    assert session.registration.state == OFF
    assert [s[:3] for s in sent] == [(2, 0, 4242)]


def test_restart_registers_over_a_new_transport():
    session = registered()
    session.registration.recover(2, session.now)
    session.service()
    assert len(session.dials) == 2 and session.requests()[-1][1] == "rd"


def test_restart_while_off_or_leaving_changes_nothing():
    session = registered()
    session.registration.stop(session.now)
    session.service()
    session.registration.recover(2, session.now)
    assert session.registration.state == DEREGISTERING
    session.reply(DELETED)
    session.registration.recover(2, session.now)
    session.run(10**6)
    assert session.registration.state == OFF


def test_an_update_asked_for_while_one_is_under_way_does_not_spin():
    session = registered()
    session.registration.update(session.now)
    session.service()
    assert session.registration.state == UPDATING
    session.registration.update(session.now)
    session.service()
    assert session.registration.deadline > session.now
    session.run(session.now + 1000)
    session.reply(CHANGED)
    assert session.registration.state == REGISTERED


def test_an_update_asked_for_while_waiting_does_not_cut_the_wait():
    session = Session({14: 60})
    session.registration.update(0)
    session.run(59000)
    assert session.dials == []


def test_nothing_is_answered_before_registration():
    session = Session()
    assert session.give(request(1, 5, "3/0/0")) == []
    assert session.give(request(PUT, 6, "3/0/14", ((27, 8),), bytes(16))) == []
    assert session.registration.state == REGISTERING
    session.accept()
    assert session.give(request(1, 7, "3/0/0"))[0][1] == 0x45


def test_a_list_longer_than_a_block_is_registered_in_blocks():
    session = Session(szx=1)
    listing = b""
    for number in range(20):
        sent = session.sent[-1][1]
        listing += sent[5]
        block = int.from_bytes(dict(sent[4])[27], "big")
        assert block >> 4 == number
        if not block & 8:
            break
        session.reply(0x5F, ((27, block),))
    assert listing == LISTING
    session.accept()
    assert session.registration.state == REGISTERED


def test_a_peer_that_is_replaced_gives_back_what_was_kept_for_it():
    session = registered()
    budget = session.management.budget
    first = session.registration.peer
    assert first.budget is budget and budget.users == [first]
    session.registration.recover(DISCONNECTED, session.now)
    assert budget.users == []
    session.run(stop=lambda: session.registration.peer)
    assert budget.users == [session.registration.peer]


def test_a_part_that_has_to_be_polled_sooner_wakes_the_owner_and_no_other():
    session = registered()
    registration = session.registration
    woken = []
    registration.wake = lambda: woken.append(registration.deadline)
    at = registration.deadline
    registration.attend(at)
    registration.attend(at + 1)
    assert woken == []
    registration.attend(at - 1)
    assert woken == [at - 1]


class FailsOnce:
    """In the place of a method that needs heap, which there is none of for a moment."""

    def __init__(self, owner, name):
        self.owner = owner
        self.name = name
        self.method = getattr(owner, name)
        setattr(owner, name, self)

    def __call__(self, *arguments):
        setattr(self.owner, self.name, self.method)
        raise MemoryError


def goes_on(session, step):
    """What the shell does: a fault is logged, a second later it is polled again."""
    try:
        step()
    except MemoryError:
        session.now += 1000
        session.service()
        return
    raise AssertionError("nothing raised")


def test_an_update_that_there_was_no_heap_for_leads_to_a_new_registration():
    session = registered()
    registration = session.registration
    FailsOnce(registration.peer, "request")
    registration.update(session.now)
    goes_on(session, session.service)
    session.run(session.now + 120000, stop=lambda: len(session.requests()) > 1)
    assert registration.state == REGISTERING
    session.accept()
    assert registration.state == REGISTERED


def response_lost(session, answer):
    asked = len(session.requests())
    FailsOnce(session.registration, "settled")
    goes_on(session, lambda: session.reply(answer, [(8, "rd"), (8, "1")]))
    session.run(session.now + 120000, stop=lambda: len(session.requests()) > asked)
    assert session.registration.state == REGISTERING
    session.accept()
    assert session.registration.state == REGISTERED


def test_a_response_that_there_was_no_heap_for_leads_to_a_new_registration():
    response_lost(Session(), CREATED)
    session = registered()
    session.registration.update(session.now)
    session.service()
    response_lost(session, CHANGED)


def test_a_de_registration_that_there_was_no_heap_for_ends_all_the_same():
    session = registered()
    registration = session.registration
    FailsOnce(registration.peer, "request")
    goes_on(session, lambda: registration.stop(session.now))
    assert registration.state == OFF and registration.peer is None
