"""DTLS as a transport: what waits for a session, what is bounded, when it begins one."""

from dtls_peer import ESTABLISHED, SHAKING, Server, client
from virtual import NEVER

from dtls import transport as module
from dtls.transport import DtlsTransport


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
        self.lost = False
        self.sent = []
        self.asked = 0
        self.closed = False

    def send(self, datagram):
        """To the server, unless the network is down."""
        self.sent.append(bytes(datagram))
        if not self.lost:
            self.server.input(datagram, 0)

    def recv(self):
        """The server's next datagram, or None."""
        return self.server.outbox.pop(0) if self.server.outbox else None

    def readable(self):
        """Note that somebody waits."""
        self.asked += 1

    def close(self):
        """Note it."""
        self.closed = True


def made(core=None, **settings):
    """(transport, server)."""
    server = Server(**settings)
    return DtlsTransport(Lower(server), core or client(), Clock()), server


def received(transport):
    """All that it has."""
    found = []
    for _ in range(20):
        text = transport.recv()
        if text is not None:
            found.append(text)
    return found


def test_the_first_datagram_begins_the_handshake_and_waits_for_it():
    transport, server = made()
    transport.send(b"one")
    transport.send(bytearray(b"two"))
    assert transport.core.state == SHAKING and transport.deadline == 1000
    assert received(transport) == []
    assert transport.established and server.got == [b"one", b"two"]
    assert transport.deadline >= NEVER and transport.failed is None


def test_what_waits_is_bounded():
    transport, server = made()
    transport.lower.lost = True
    for i in range(20):
        transport.send(b"%d" % (i // 2))  # sent again, it does not wait twice
    assert len(transport.waiting) == 4
    assert len(transport.lower.sent) == 1
    transport.lower.lost = False
    transport.poll(1000)
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
    transport.readable()
    assert transport.lower.asked == 1
    server.send(b"one", b"two")
    assert transport.recv() == b"one"
    pushed = []

    class Core:
        cur_task = "task"

        class _task_queue:  # noqa: N801 as asyncio has it
            push = pushed.append

    kept = module._core
    module._core = Core
    try:
        transport.readable()
    finally:
        module._core = kept
    assert pushed == ["task"] and transport.lower.asked == 1


def test_after_a_failure_only_its_owner_begins_again():
    transport, server = made(refuse=40, cookie=b"")
    transport.send(b"one")
    received(transport)
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
    transport, _ = made()
    transport.lower.lost = True
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
    core.unheard = 0  # as after `restore`
    server.dumb()
    for _ in range(3):
        transport.send(b"request")
    received(transport)
    assert core.state == ESTABLISHED and server.got == [b"request"]
    assert len(transport.lower.sent) == 3 + 2 + 3 + 1  # of them one handshake, and another


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
