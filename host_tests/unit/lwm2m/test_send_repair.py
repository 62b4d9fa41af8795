"""Send where the server does not know us, is busy, silent or away: all of it arrives, once."""

from lab import COUNT, NUMBER, OID
from session import REGISTERED
from test_send import GIVEN_UP, HERE, REGISTER, SEND, UNAVAILABLE, UPDATE, Sending
from virtual import ACK, CON
from watcher import BAD, CHANGED, NOT_FOUND, START, path

from coap.message import encode


def sent(w):
    """The latest request."""
    return [s for _, s in w.session.sent if s[0] == CON and 0 < s[1] < 32][-1]


def test_repaired_by_an_update():
    # The server does not know the registration: its Update finds that out
    for code in (BAD, NOT_FOUND):
        w = Sending()
        w.samples((START, 1))
        body = w.latest()
        w.reply(code)
        assert w.requests(1) == [SEND, UPDATE]
        w.reply(NOT_FOUND)
        assert w.requests(1) == [SEND, UPDATE, REGISTER]
        w.session.accept("rd", "new")
        assert w.requests(1) == [SEND, UPDATE, REGISTER, SEND] and w.latest() == body
        w.reply(CHANGED)
        assert w.codes == [CHANGED] and w.sender.repeated == 0


def test_repaired_by_a_register():
    # The server knows the registration, but not what is sent
    for code in (BAD, NOT_FOUND):
        for last in (CHANGED, code):
            w = Sending()
            w.samples((START, 1))
            body = w.latest()
            w.reply(code)
            w.reply(CHANGED)
            assert w.requests(1) == [SEND, UPDATE, REGISTER]
            w.session.accept("rd", "new")
            assert w.requests(1) == [SEND, UPDATE, REGISTER, SEND] and w.latest() == body
            w.reply(last)
            assert w.codes == [last]
            w.go(1000000)
            assert w.counted() == (2, 1, 1)
            w.samples((START, 2))  # the next one is repaired again
            w.reply(code)
            assert w.counted() == (3, 2, 1)


def test_another_send_does_not_get_ahead_of_the_repair():
    w = Sending()
    w.samples((START, 1))
    w.reply(NOT_FOUND)
    w.samples((START, 2))
    w.go(100)
    assert w.requests(1) == [SEND, UPDATE]
    w.reply(CHANGED)
    w.samples((START, 3))
    w.go(100)
    assert w.requests(1) == [SEND, UPDATE, REGISTER]
    w.session.accept()
    for value in (1, 2, 3):
        assert b'"v":%d}' % value in w.latest()[1]
        w.reply(CHANGED)
        w.session.service()
    assert w.codes == [CHANGED] * 3


def test_a_busy_server_is_waited_for_exactly():
    for options, seconds in (([(14, b"\x05")], 5), ([(14, b"\x0e\x10")], 3600), ([], 60)):
        for disturb in ("nothing", "send", "update"):
            w = Sending()
            w.samples((START, 1))
            w.reply(UNAVAILABLE, options)
            w.go(1000)
            if disturb == "send":
                w.samples((START, 2))
            elif disturb == "update":
                w.session.registration.update(w.session.now)
                w.session.service()
                w.reply(CHANGED)
            w.go(seconds * 1000 - 1001)
            assert w.counted()[0] == 1, (disturb, seconds)
            w.go(2)
            assert w.counted()[0] == 2
            assert b'"v":1}' in w.latest()[1]
            w.reply(CHANGED)
            assert w.codes == [CHANGED]


def test_what_a_server_cannot_take_now_is_sent_later_and_later():
    for code in (0x9D, 0xA0, 0xA2, UNAVAILABLE, 0xA4):
        w = Sending()
        w.samples((START, 1))
        body = w.latest()
        sends = 1
        for minutes in (1, 2, 4, 8, 16, 32, 64, 64):
            w.reply(code)
            w.go(minutes * 60000 - 1)
            assert w.counted() == (sends, 0, 0)
            w.go(2)
            sends += 1
            assert w.counted() == (sends, 0, 0) and w.latest() == body
        w.reply(code, [(14, b"\x05")])
        w.go(5001)
        assert w.counted() == (sends + 1, 0, 0)
        w.reply(CHANGED)
        assert w.codes == [CHANGED]
        w.samples((START, 2))
        w.reply(code)
        w.go(60001)  # after a success it begins with a minute again
        assert w.counted() == (sends + 3, 0, 0)


def test_a_busy_server_is_not_waited_for_longer_than_a_day():
    w = Sending()
    w.samples((START, 1))
    w.reply(UNAVAILABLE, [(14, b"\xff\xff\xff\xff")])
    w.go(86400000)
    assert w.counted()[0] == 1
    w.go(1)
    assert w.counted()[0] == 2


def test_a_silent_server_is_probed():
    w = Sending()
    w.samples((START, 1))
    body = w.latest()
    w.go(GIVEN_UP)
    assert w.counted() == (1, 1, 0) and w.codes == []
    w.reply(CHANGED)
    assert w.counted() == (2, 1, 0) and w.latest() == body
    assert w.sender.repeated == 1
    w.reply(CHANGED)
    assert w.codes == [CHANGED]


def test_a_silent_server_that_is_gone():
    w = Sending()
    w.samples((START, 1))
    w.session.network = False
    w.go(GIVEN_UP * 2)
    assert w.counted() == (1, 1, 0) and w.session.registration.peer is None
    w.samples((START, 2))
    w.go(1000000)
    assert w.codes == []
    w.session.network = True
    w.session.registration.since -= 60000  # a minute after the latest trouble
    w.session.registration.recover(2, w.session.now)
    w.session.service()
    assert w.counted() == (1, 1, 1)
    w.session.accept("rd", "new")
    for value in (1, 2):
        assert b'"v":%d}' % value in w.latest()[1]
        w.reply(CHANGED)
        w.session.service()
    assert w.codes == [CHANGED] * 2 and w.counted() == (3, 1, 1)


def test_offline_in_the_midst_of_a_send():
    w = Sending()
    w.samples((START, 1))
    first = sent(w)
    w.session.registration.recover(2, w.session.now)
    w.session.service()
    w.session.accept("rd", "new")
    assert w.counted() == (2, 0, 1) and w.sender.repeated == 1
    # An answer to what was sent before comes over the new transport
    w.session.give(encode(ACK, CHANGED, first[2], first[3]))
    w.session.give(encode(CON, BAD, 99, first[3]))
    assert w.codes == [] and len(w.sender.waiting) == 1
    w.reply(CHANGED)
    assert w.codes == [CHANGED] and w.sender.waiting == []


def test_a_stale_answer_over_the_same_transport():
    w = Sending()
    w.samples((START, 1))
    first = sent(w)
    w.session.registration.recover(3, w.session.now)
    w.session.give(encode(ACK, CHANGED, first[2], first[3]))
    assert w.codes == []
    w.session.accept("rd", "new")
    assert w.counted() == (2, 0, 1)
    w.reply(CHANGED)
    assert w.codes == [CHANGED]


def test_offline_in_the_midst_of_blocks():
    w = Sending(szx=0)
    w.samples((START, 1), (START + 1, 2))
    w.reply(0x5F, [(27, b"\x08")])
    assert w.counted() == (2, 0, 0)
    w.session.registration.recover(2, w.session.now)
    w.session.service()
    w.session.accept("rd", "new")
    while not w.codes:
        options = dict(sent(w)[4])
        block = int.from_bytes(options[27], "big")
        w.reply(0x5F if block & 8 else CHANGED, [(27, options[27])])
        w.session.service()
    assert w.codes == [CHANGED] and w.session.registration.state == REGISTERED


def test_sent_before_the_first_registration():
    w = Sending()
    session = w.session
    session.registration.stop(session.now)
    session.service()
    w.reply(0x42)
    w.samples((START, 1))
    w.go(100000)
    assert w.codes == [] and w.counted()[0] == 0
    session.registration.start(session.now)
    session.service()
    session.accept("rd", "new")
    assert w.counted()[0] == 1
    w.reply(CHANGED)
    assert w.codes == [CHANGED]


def test_what_is_done_may_send_more():
    w = Sending()
    left = [3, 2]

    def again(code):
        w.codes.append(code)
        if left:
            w.sender.samples(HERE, [(START, left.pop())], 110, again)

    w.sender.samples(HERE, [(START, 1)], 110, again)
    w.session.service()
    for value in (1, 2, 3):
        assert b'"v":%d}' % value in w.latest()[1]
        w.reply(CHANGED)
        w.session.service()
    assert w.codes == [CHANGED] * 3


def test_sends_and_notifications_go_on_side_by_side():
    w = Sending()
    w.observe(path(NUMBER))
    w.samples((START, 1))
    assert w.change(NUMBER, 2) == []  # one message at a time
    w.samples((START, 2))
    (notified,) = w.reply(CHANGED)
    assert w.counted()[0] == 2  # not held up by a notification
    w.reply(CHANGED)
    w.acknowledge(notified)
    assert w.codes == [CHANGED] * 2 and w.go(100000) == []
    assert w.lab.instances[0][COUNT] == 7 and HERE[0] == OID
