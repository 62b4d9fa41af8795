"""A heap that is full for a moment: what it costs ends with it."""

from virtual import ACK, GET, POST, PUT, App, Chance, ask, budget_of, drain, parts, request

from coap import incoming
from coap.message import encode
from coap.peer import Peer

BLOCK1 = 27
LIFETIME = 247000


def full(*arguments):
    raise MemoryError


class Once:
    """A function that fails the first time."""

    def __init__(self, function):
        self.function = function
        self.failed = False

    def __call__(self, *arguments):
        if not self.failed:
            self.failed = True
            raise MemoryError
        return self.function(*arguments)


def fails(function, *arguments):
    try:
        function(*arguments)
    except MemoryError:
        return
    raise AssertionError("nothing raised")


def test_what_is_noted_of_a_request_is_noted_whole_or_not_at_all():
    app = App(0x44)
    peer = Peer(app, Chance(1))
    noted = peer.codes

    class Codes(bytearray):
        extend = full

    peer.codes = Codes()
    fails(peer.input, request(POST, 1, "a"), 0)
    assert peer.codes == b""
    peer.codes = noted
    assert peer.size == 0 and app.ran == []
    for mid in (1, 2):
        assert [sent[1] for sent in ask(peer, request(POST, mid, "a"))] == [0x44]
    for _ in range(9):  # so that its whole answer is no longer there
        ask(peer, request(GET, 100 + _, "a"))
    assert [sent[1] for sent in ask(peer, request(POST, 1, "a"))] == [0x44]
    assert len([ran for ran in app.ran if ran[0] == POST]) == 2


def test_a_block_that_there_is_no_heap_for_leaves_nothing_in_the_budget():
    app = App(0x44)
    peer = Peer(app, Chance(1))

    class Body:
        extend = full

    ask(peer, request(PUT, 1, "a", [(BLOCK1, 0 << 4 | 8 | 2)], b"x" * 64))
    peer.blocks.uploads[0].body = Body()
    before = peer.size - 64
    (answer,) = ask(peer, request(PUT, 2, "a", [(BLOCK1, 1 << 4 | 8 | 2)], b"x" * 64))
    assert answer[1] == 0xA3 and peer.blocks.uploads == []
    assert peer.size <= before + 5  # the request that failed is noted


def test_options_that_could_not_be_encoded_are_encoded_the_next_time():
    option = ((12, 60),)
    answers = [((12, 40),), option, option]
    app = App(lambda message, now: (0x45, answers.pop(0), b"v"))
    peer = Peer(app, Chance(1))
    ask(peer, request(GET, 1, "a"))
    second, third = request(GET, 2, "a"), request(GET, 3, "a")
    encoder = incoming.encode_options
    incoming.encode_options = Once(encoder)
    try:
        fails(peer.input, second, 0)
        (answer,) = ask(peer, third)
    finally:
        incoming.encode_options = encoder
    assert answer[4] == [(12, bytes((60,)))]


def test_a_peer_that_could_not_be_made_is_no_user_of_the_budget():
    app = App()
    app.budget = budget_of(100)
    fails(Peer, app, full)
    assert app.budget.users == []


def test_a_callback_that_fails_leaves_the_next_message_its_time():
    peer = Peer(App(), Chance(1))
    got = []
    peer.request(GET, [(11, "a")], b"", full, 0)
    peer.request(GET, [(11, "b")], b"", lambda message, now: got.append(message), 0)
    faults = []
    now = 0
    for now in range(0, 400000, 1000):
        try:
            peer.poll(now)
        except MemoryError as error:
            faults.append(error)
    sent = [datagram[4] for datagram in map(parts, peer.outbox)]
    assert sent.count([(11, b"a")]) == sent.count([(11, b"b")]) == 5
    assert len(faults) == 1 and got == [None]


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_poll():
    chance = Chance(1)
    peer = Peer(App(), chance)
    taken = []

    def random(size):
        taken.append(size)
        return full() if len(taken) > 1 else chance(size)  # behind the token's

    peer.random = random
    fails(peer.request, GET, [(11, "a")], b"", None, 0)
    assert drain(peer) == [] and peer.deadline <= 0
    peer.random = chance
    peer.poll(0)
    assert len(drain(peer)) == 1


def test_a_message_id_that_came_back_after_its_lifetime_is_remembered_anew():
    app = App(0x45)
    peer = Peer(app, Chance(1))
    first = encode(0, GET, 7, b"1", [(11, "a")])
    again = encode(0, GET, 7, b"2", [(11, "b")])
    for datagram, now in ((first, 0), (again, LIFETIME + 1), (again, LIFETIME + 2)):
        (answer,) = ask(peer, datagram, now)
        assert answer[0] == ACK
    assert [ran[1] for ran in app.ran] == [b"a", b"b"]
