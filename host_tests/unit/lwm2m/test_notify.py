"""How notifications are delivered: confirmed, repeated, replaced, in blocks (RFC 7641 4.5)."""

from lab import BYTES, COUNT, LIST, NUMBER, TEXT
from virtual import ACK, CON, FETCH, GET, NON, RST, Chance, Fixed
from watcher import CHANGED, CONTENT, NOT_FOUND, SENML_CBOR, SENML_JSON, Watcher, path, text

from coap.message import encode

DAY = 86400000
TRIES = 5
GIVEN_UP = 62000  # ms after the first try, without a spread
REGISTER, UPDATE, AGAIN = (2, "rd"), (2, "rd/abc"), (2, "rd/new")


def steady(account=None, **arguments):
    """A Watcher whose time-outs have no spread: 2, 6, 14, 30 s after the first try."""
    return Watcher(account, ack_random=1000, **arguments)


def copies(w, since=0):
    """(time, Message ID, payload) of all that was notified, retransmissions too."""
    found = []
    for at, one in w.session.sent:
        if one[1] > 31 and one[0] < ACK and at >= since:
            found.append((at, one[2], bytes(one[5])))
    return found


def test_a_notification_is_repeated_until_it_is_acknowledged():
    for acknowledged in range(TRIES):
        w = steady()
        w.observe(path(NUMBER))
        (notified,) = w.change(NUMBER, 2)
        times = [0, 2000, 6000, 14000, 30000]
        w.go(times[acknowledged] + 1)
        w.acknowledge(notified)
        w.go(DAY)
        assert copies(w) == [(at, notified.mid, b"2") for at in times[: acknowledged + 1]]
        assert w.tokens() == [b"a"]
        assert w.requests(1) == []


def test_retransmissions_are_spread():
    spread = []
    for seed in range(40):
        w = Watcher(random=Chance(seed))
        w.observe(path(NUMBER))
        w.change(NUMBER, 2)
        w.go(4000)
        spread.append(copies(w)[1][0])
    assert 2000 <= min(spread) < 2200 and 2800 < max(spread) <= 3000


def test_a_newer_value_takes_the_place_in_the_midst_of_the_retransmissions():
    w = steady()
    w.observe(path(NUMBER))
    (first,) = w.change(NUMBER, 2)
    w.go(1000)
    assert w.change(NUMBER, 3) == []
    (second,) = w.go(9000)
    w.go(1000)
    assert w.change(NUMBER, 4) == []
    (third,) = w.go(200000)
    assert copies(w) == [
        (0, first.mid, b"2"),
        (2000, second.mid, b"3"),
        (6000, second.mid, b"3"),
        (14000, third.mid, b"4"),
        (30000, third.mid, b"4"),
    ]
    assert first.number < second.number < third.number
    assert w.tokens() == []  # given up at 62 s, as ever


def test_an_acknowledgement_of_the_older_sends_the_newer_at_once():
    w = steady()
    w.observe(path(NUMBER))
    (first,) = w.change(NUMBER, 2)
    w.go(500)
    assert w.change(NUMBER, 3) == []
    w.go(500)
    assert w.change(NUMBER, 4) == []  # that before was never sent
    (second,) = w.acknowledge(first)
    assert text([second]) == ["4"]
    times = [1000, 3000, 7000, 15000, 31000]  # its retransmissions begin anew
    w.go(40000)
    assert copies(w)[1:] == [(at, second.mid, b"4") for at in times]
    w.acknowledge(second)
    w.go(DAY)
    assert w.tokens() == [b"a"] and len(copies(w)) == 6


def test_a_late_acknowledgement_of_the_older_changes_nothing_once_the_newer_is_sent():
    w = steady()
    w.observe(path(NUMBER))
    (first,) = w.change(NUMBER, 2)
    w.go(500)
    w.change(NUMBER, 3)
    (second,) = w.go(2000)
    assert w.acknowledge(first) == []
    w.go(5000)
    assert [one[0] for one in copies(w)] == [0, 2000, 6000]
    w.acknowledge(second)
    w.go(DAY)
    assert len(copies(w)) == 3


def test_a_reset_to_the_older_or_the_newer_ends_the_observation():
    for older in (True, False):
        w = steady()
        w.observe(path(NUMBER))
        (first,) = w.change(NUMBER, 2)
        w.change(NUMBER, 3)
        w.reset(first if older else w.go(2001)[0])
        assert w.tokens() == []
        w.go(DAY)
        assert len(copies(w)) == 2 - older


def test_one_value_after_the_other_whatever_is_acknowledged():
    # The last that the server keeps, by RFC 7641 3.4, is the last that there was.
    for seed in range(60):
        chance = Chance(seed)
        w = Watcher(random=Chance(seed))
        w.observe(path(NUMBER))
        last = 1
        waiting = []
        number, kept = 0, ""
        for value in range(2, 60):
            last = value
            found = w.change(NUMBER, value) + w.go(chance.below(3000))
            while True:
                for one in found:
                    assert one.number > number, "it was notified in the wrong order"
                    number, kept = one.number, text([one])[0]
                    waiting.append(one)
                if not waiting or chance.below(3) == 0:
                    break
                found = w.acknowledge(waiting.pop(chance.below(len(waiting))))
        while waiting:
            for one in w.acknowledge(waiting.pop(0)):
                number, kept = one.number, text([one])[0]
                waiting.append(one)
        assert int(kept) == last


def test_unacknowledged_to_the_end_and_not_stored():
    w = steady()
    w.observe(path(NUMBER), b"a")
    w.observe(path(COUNT), b"b")
    w.change(NUMBER, 2)
    w.go(GIVEN_UP - 1)
    assert w.tokens() == [b"a", b"b"] and w.requests(1) == []
    w.go(2)
    assert w.tokens() == [b"b"]
    assert w.requests(1) == [UPDATE]  # is the server there?
    w.reply(CHANGED)
    assert w.requests(2) == [REGISTER]  # it thinks it observes: let it begin anew
    w.session.accept("rd", "new")
    assert w.tokens() == []
    w.observe(path(NUMBER), b"a")
    (notified,) = w.change(NUMBER, 5)
    assert notified.token == b"a"
    w.acknowledge(notified)
    w.go(DAY)
    assert w.requests(3) == []


def test_unacknowledged_by_a_server_that_forgot_us():
    w = steady()
    w.observe(path(NUMBER))
    w.change(NUMBER, 2)
    w.go(GIVEN_UP + 1)
    w.reply(NOT_FOUND)
    assert w.requests(1) == [UPDATE, REGISTER]
    w.session.accept()
    w.go(DAY)
    assert w.requests(3) == [] and w.tokens() == []


def test_unacknowledged_by_a_server_that_is_away():
    w = steady()
    w.observe(path(NUMBER))
    w.change(NUMBER, 2)
    w.go(GIVEN_UP * 2 + 10)
    assert w.requests(1) == [UPDATE, REGISTER]
    assert len(w.session.dials) == 2  # by a new transport


def test_many_unacknowledged_do_not_keep_the_update_back():
    w = steady()
    for rid in (NUMBER, COUNT, TEXT):
        w.observe(path(rid), b"%d" % rid)
    for rid, value in ((NUMBER, 2), (COUNT, 8), (TEXT, "x")):
        w.change(rid, value)
    w.go(GIVEN_UP + 1)
    assert w.requests(1) == [UPDATE]
    w.go(GIVEN_UP + 1)
    assert w.requests(2) == [REGISTER]


def test_stored_the_same_goes_out_again_after_an_update():
    w = steady({6: True})
    w.observe(path(NUMBER), accept=SENML_CBOR)
    (first,) = w.change(NUMBER, 2)
    w.go(GIVEN_UP + 1)
    assert w.requests(1) == [UPDATE] and w.tokens() == [b"a"]
    (again,) = w.reply(CHANGED)
    assert w.requests(2) == []
    assert again.payload == first.payload and again.token == b"a"
    assert again.number > first.number and again.mid != first.mid
    assert w.repeated() == 1
    assert w.acknowledge(again) == [] and w.stored() == []
    w.go(DAY)
    assert len(copies(w)) == TRIES + 1


def test_not_confirmable_by_default_notification_mode():
    w = steady({26: 0})
    w.observe(path(NUMBER))
    for value in range(2, 6):
        (notified,) = w.change(NUMBER, value)
        assert notified.kind == NON
        assert w.go(1000) == []
    w.go(100000)
    assert len(copies(w)) == 4 and w.tokens() == [b"a"]
    assert w.requests(1) == []


def test_confirmable_or_not_by_con():
    for mode, where, query, kind in (
        (0, path(NUMBER), "con=1", CON),
        (0, path(), "con=1", CON),
        (0, "32000", "con=1", CON),
        (0, path(COUNT), "con=1", NON),
        (1, path(NUMBER), "con=0", NON),
        (None, path(NUMBER), "con=0", NON),
        (None, path(COUNT), "con=0", CON),
    ):
        w = steady({26: mode} if mode is not None else None)
        w.ask(3, where, [(15, query)])
        w.observe(path(NUMBER))
        (notified,) = w.change(NUMBER, 2)
        assert notified.kind == kind, (mode, where, query)
        w = steady({26: mode} if mode is not None else None)
        if where == path(NUMBER):
            w.observe(path(NUMBER), query=(query,))
            assert w.change(NUMBER, 2)[0].kind == kind


def test_once_a_day_one_is_confirmable():
    w = steady({26: 0})
    w.observe(path(NUMBER))
    kinds = []
    for i in range(100):
        w.go(DAY // 24)
        (notified,) = w.change(NUMBER, 10 + i)
        kinds.append(notified.kind)
        if notified.kind == CON:
            w.acknowledge(notified)
    assert [i for i in range(100) if kinds[i] == CON] == [23, 47, 71, 95]
    w.go(3 * DAY)
    (notified,) = w.change(NUMBER, 5)
    assert notified.kind == CON
    w.go(GIVEN_UP + 1)
    assert w.tokens() == [] and w.requests(1) == [UPDATE]


def test_a_composite_notification_is_confirmable_if_one_of_its_paths_is():
    for path_of_con, kind in ((path(COUNT), CON), (path(TEXT), NON)):
        w = steady({26: 0})
        w.ask(3, path_of_con, [(15, "con=1")])
        body = b'[{"n":"/32000/0/1"},{"n":"/32000/0/7"}]'
        assert w.compose(body, observe=0).code == CONTENT
        (notified,) = w.change(NUMBER, 2)
        assert notified.kind == kind


# In blocks


def blocks(w, notified, ask, size):
    """The whole body, whose first block came: the rest is asked for by `ask(block)`."""
    body = bytes(notified.payload)
    etag = notified.options[4]
    block = int.from_bytes(notified.options[23], "big")
    assert int.from_bytes(notified.options[28], "big") > size  # Size2
    number = 0
    while block & 8:
        number += 1
        answer = ask(number << 4 | block & 7)
        assert answer.code == CONTENT and answer.options[4] == etag
        assert answer.number is None
        block = int.from_bytes(answer.options[23], "big")
        assert block >> 4 == number
        body += bytes(answer.payload)
    return body


def test_a_long_notification_comes_in_blocks_of_one_snapshot():
    for accept in (SENML_JSON, None):
        w = Watcher(szx=1)
        answer = w.observe(path(), accept=accept)
        first = w.ask(GET, path(), [(17, accept)] if accept else [], b"r")
        assert answer.options[23] == first.options[23]
        (notified,) = w.change(NUMBER, 42)
        assert notified.number is not None and len(notified.payload) == 32
        etags = [answer.options[4], first.options[4], notified.options[4]]
        assert len(set(etags)) == 3
        w.acknowledge(notified)
        w.lab.instances[0][NUMBER] = 99  # nobody is notified yet

        def ask(block, w=w, accept=accept):
            w.lab.instances[0][COUNT] = 1000 + block
            options = [(23, block)] + ([(17, accept)] if accept else [])
            return w.ask(GET, path(), options, b"b%d" % block)

        body = blocks(w, notified, ask, 32)
        if accept:
            assert b'"v":42' in body and b"99" not in body and b"100" in body
            assert body.count(b"{") == body.count(b"}")
        else:
            assert bytes([0x18, 42]) in body
        # By now there is another one
        assert w.ask(GET, path(), [(23, 0x11)]).options[4] != notified.options[4]


def test_the_later_blocks_of_a_composite_notification():
    body = b'[{"n":"/32000/0"},{"n":"/3/0"}]'
    for accept in (None, SENML_CBOR):
        w = Watcher(szx=1)
        w.compose(body, observe=0, accept=accept)
        (notified,) = w.change(NUMBER, 42)
        w.acknowledge(notified)

        def ask(block, w=w, accept=accept):
            w.lab.instances[0][COUNT] = 1000 + block
            options = [(23, block)] + ([(17, accept)] if accept else [])
            return w.ask(FETCH, "", options, b"b%d" % block)

        whole = blocks(w, notified, ask, 32)
        assert whole.endswith(b"}]") or accept
        assert w.tokens() == [b"a"]


def test_a_short_one_needs_no_blocks():
    w = Watcher(szx=2)
    w.observe(path(BYTES), accept=42)
    for size, parts in ((64, False), (65, True)):
        (notified,) = w.change(BYTES, bytes(size))
        assert (23 in notified.options) == parts and (4 in notified.options) == parts
        w.acknowledge(notified)


def test_message_ids_and_numbers_wrap_around():
    w = Watcher({26: 0}, random=Fixed(0xFF))
    w.observe(path(NUMBER))
    w.reporting.number = 0xFFFFFE
    notified = []
    for value in range(2, 6):
        notified += w.change(NUMBER, value)
    assert [one.number for one in notified] == [0xFFFFFF, 0, 1, 2]
    assert [one.options[6] for one in notified] == [b"\xff\xff\xff", b"", b"\x01", b"\x02"]
    w.session.give(encode(RST, 0, notified[1].mid))
    assert w.tokens() == []


def test_a_list_is_notified_whole():
    w = Watcher()
    w.observe(path(LIST), accept=SENML_JSON)
    (notified,) = w.change(LIST, {0: 1, 3: 5})
    assert text([notified]) == ['[{"bn":"/32000/0/8/","n":"0","v":1},{"n":"3","v":5}]']
