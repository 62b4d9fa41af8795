"""DTLS as a transport: what waits for a session, what is bounded, when it begins one."""

from dtls_peer import ESTABLISHED, SHAKING, Server, client
from virtual import NEVER, Fixed

from dtls.transport import DtlsTransport

CON, NON, ACK, RST = b"\x40con", b"\x50non", b"\x60ack", b"\x70rst"


class Clock:
    """A clock that is set."""

    def __init__(self):
        self.at = 0

    def now(self):
        """The time."""
        return self.at


class Lower:
    """A transport to a scripted server."""

    def __init__(self, server):
        self.server = server
        self.down = False
        self.sent = []
        self.asked = 0
        self.closed = False

    def send(self, datagram):
        """To the server, unless the network is down."""
        self.sent.append(bytes(datagram))
        if not self.down:
            self.server.input(datagram, 0)

    def recv(self):
        """The server's next datagram, or None."""
        return self.server.outbox.pop(0) if self.server.outbox else None

    def readable(self):
        """Note that somebody waits."""
        self.asked += 1
        return "lower"

    def close(self):
        """Note it."""
        self.closed = True


def made(core=None, **settings):
    """(transport, server)."""
    server = Server(**settings)
    return DtlsTransport(Lower(server), core or client(), Clock()), server


def received(transport):
    """All that it has."""
    texts = []
    for _ in range(20):
        text = transport.recv()
        if text is not None:
            texts.append(text)
    return texts


def test_the_first_datagram_begins_the_handshake_and_waits_for_it():
    transport, server = made()
    transport.send(b"one")
    transport.send(bytearray(b"two"))
    assert transport.core.state == SHAKING and 1000 <= transport.deadline < 1500
    assert received(transport) == []
    assert transport.established and server.got == [b"one", b"two"]
    assert transport.deadline == transport.expires and transport.failed is None


def test_what_waits_is_bounded():
    transport, server = made()
    transport.lower.down = True
    for i in range(20):
        transport.send(b"%d" % (i // 2))  # sent again, it does not wait twice
    assert len(transport.waiting) == 4
    assert len(transport.lower.sent) == 1
    transport.lower.down = False
    transport.poll(transport.deadline)
    received(transport)
    assert server.got == [b"0", b"1", b"2", b"3"]


def test_all_records_of_a_datagram_are_given_one_by_one():
    transport, server = made()
    transport.connect()
    received(transport)
    server.send(b"one", b"two", b"three")
    assert transport.recv() == b"one"
    assert transport.recv() == b"two"
    assert transport.recv() == b"three"
    assert transport.recv() is None


def test_nobody_waits_for_the_network_while_something_is_there():
    transport, server = made()
    transport.connect()
    received(transport)
    assert transport.readable() == "lower"
    assert transport.lower.asked == 1
    server.send(b"one", b"two")
    assert transport.recv() == b"one"
    assert transport.readable() is None and transport.lower.asked == 1


def test_after_a_failure_only_its_owner_begins_again():
    transport, server = made(refuse=40, cookie=b"")
    transport.send(b"one")
    while transport.deadline < NEVER:
        received(transport)
        transport.poll(transport.deadline)
    assert transport.failed == 40 and not transport.established
    assert not transport.waiting
    sent = len(transport.lower.sent)
    transport.send(b"two")
    assert len(transport.lower.sent) == sent and not transport.waiting
    server.refuse = None
    transport.connect()
    received(transport)
    assert transport.established
    transport.send(b"three")
    assert server.got == [b"three"]


def test_silence_ends_the_attempt_at_its_deadlines():
    transport, _ = made(client(random=Fixed()))
    transport.lower.down = True
    transport.send(b"one")
    times = []
    while transport.deadline < NEVER:
        times.append(transport.deadline)
        transport.clock.at = transport.deadline
        transport.poll(transport.deadline)
    assert times == [1000, 3000, 7000, 15000, 31000, 63000]
    assert transport.failed == -1 and not transport.waiting


def test_a_session_that_the_server_closed_is_begun_again():
    transport, server = made()
    transport.connect()
    received(transport)
    server.alert(0, 1)
    received(transport)
    assert transport.failed == 0
    transport.send(b"more")
    received(transport)
    assert transport.established and transport.core.resumed
    assert server.got == [b"more"]


def test_a_forgotten_session_is_begun_again_and_the_datagram_waits():
    transport, server = made()
    transport.connect()
    received(transport)
    core = transport.core
    core.unconfirmed = 0  # as after `restore`
    server.dumb()
    for _ in range(3):
        transport.send(CON)
    received(transport)
    assert core.state == ESTABLISHED and server.got == [CON]
    assert len(transport.lower.sent) == 3 + 2 + 3 + 1  # of them one handshake, and another


def test_unanswered_datagrams_that_demand_no_answer_force_no_handshake():
    transport, server = made()
    transport.connect()
    received(transport)
    transport.core.unconfirmed = 0  # as after `restore`
    transport.send(CON)
    for _ in range(5):
        for datagram in (NON, ACK, RST):
            transport.send(datagram)
    transport.send(CON)
    transport.send(NON)
    assert server.hellos == 3, "a needless handshake"


def test_after_forget_the_next_connection_is_a_full_handshake():
    transport, server = made()
    for full in (1, 2):
        transport.connect()
        received(transport)
        assert transport.established and transport.contexts == full
        transport.forget()
        transport.close()


def test_a_datagram_that_is_too_long_is_dropped():
    transport, server = made()
    transport.connect()
    received(transport)
    transport.send(bytes(1300))
    assert transport.established and server.got == []


def test_close_says_goodbye():
    transport, server = made()
    transport.connect()
    received(transport)
    transport.close()
    assert server.alerts == [0] and transport.lower.closed


def test_an_idle_transport_closes_silently():
    transport, _ = made()
    transport.close()
    assert transport.lower.sent == [] and transport.lower.closed
