"""DTLS by the firmware's tls: the timer that drives it, what it makes of losses and alerts.

The module `tls` is a scripted stand-in here; host_tests/interop/modem has the real one.
"""

from scripted_tls import Tls, clock, record
from virtual import NEVER

# isort: split
from dtls_native.dialer import NativeDialer, suites  # after the stand-in for `tls`
from dtls_native.transport import Lower as Below


class Lower:
    """The transport below."""

    def __init__(self, *where):
        self.sent = []
        self.came = []
        self.asked = 0
        self.closed = False

    def send(self, datagram):
        """Note it."""
        self.sent.append(datagram)

    def recv(self):
        """The next."""
        return self.came.pop(0) if self.came else None

    def readable(self):
        """Note it."""
        self.asked += 1
        return "lower"

    def close(self):
        """Note it."""
        self.closed = True


class Account:
    """As much of one as is needed."""

    def __init__(self, identity, key, suites):
        self.identity = identity
        self.key = key
        self.suites = suites


def made(**settings):
    """(transport, its lower, its tls); the handshake has begun."""
    clock.at = 0
    lower = Lower()

    class Client:
        """As much of one as is needed."""

        transports = {"coap": lambda host, port, account: lower}

    Client.clock = clock
    lines = []
    dialer = NativeDialer(Client, lambda *event: lines.append(event), settings)
    transport = dialer("198.51.100.7", 5684, Account(b"me", bytes(16), {0: 0xC0A8}))
    transport.lines = lines
    transport.dialer = dialer
    transport.poll(0)
    return transport, lower, Tls.wrapped


def shaken():
    """One whose handshake is over."""
    transport, lower, tls = made()
    lower.came.append(record(22, 0, b"hello"))
    transport.recv()
    lower.came.append(record(20, 0, b"\x01") + record(22, 1, b"finished"))
    assert transport.recv() is None
    return transport, lower, tls


def test_the_handshake():
    transport, lower, tls = made()
    assert len(lower.sent) == 1 and not transport.established
    assert tls.context.psk_identity == b"me" and tls.context.psk_key == bytes(16)
    assert tls.context.chosen == Tls.offered[:2]
    lower.came.append(record(22, 0, b"hello"))
    assert transport.recv() is None and len(lower.sent) == 2 and not transport.established
    lower.came.append(record(20, 0, b"\x01") + record(22, 1, b"finished"))
    assert transport.recv() is None
    assert transport.established and transport.contexts == 1 and transport.failed is None
    transport.send(b"text")
    assert lower.sent[-1] == record(23, 1, b"text") and transport.deadline >= NEVER
    assert transport.lines[-1] == (3, "dtls", "established", Tls.offered[0])


def test_every_handshake_is_another_context():
    transport, lower, tls = made()
    assert transport.dialer("a", 1, Account(b"", b"", None))._contexts == 2


def test_the_timer_drives_retransmission():
    transport, lower, tls = made(max_retransmit=3)
    times = []
    while transport.failed is None:
        clock.at = transport.deadline
        before = len(lower.sent)
        transport.poll(clock.at)
        if len(lower.sent) > before:
            times.append(clock.at)
    assert times == [1000, 3000, 7000, 15000]
    assert transport.failed == -1 and not transport.established and transport.deadline >= NEVER
    assert tls.calls < 12


def test_a_timer_that_runs_out_later_than_thought_is_asked_again():
    transport, lower, tls = made()
    tls.due += 600
    for _ in range(4):
        clock.at = transport.deadline
        transport.poll(clock.at)
    assert len(lower.sent) == 2 and clock.at == 1750


def test_another_flight_begins_anew():
    transport, lower, tls = made()
    for _ in range(3):
        clock.at = transport.deadline
        transport.poll(clock.at)
    lower.came.append(record(22, 0, b"hello"))
    transport.recv()
    assert transport.deadline == clock.at + 1000


def test_all_texts_are_given_one_by_one():
    transport, lower, tls = shaken()
    transport.send(b"q")
    lower.came += [record(23, 1, b"one"), record(23, 1, b"two"), record(23, 1, bytes(1300))]
    assert transport.recv() == b"one"
    assert transport.readable() is None and lower.asked == 0  # there is another one
    assert transport.recv() == b"two"
    assert transport.recv() is None
    assert transport.readable() == "lower" and lower.asked == 1


def test_an_alert_in_a_handshake_has_its_number():
    transport, lower, tls = made()
    lower.came.append(record(21, 0, b"\x02\x28"))
    assert transport.recv() is None
    assert transport.failed == 40 and not transport.established
    transport.send(b"text")
    assert len(lower.sent) == 1 and transport.recv() is None


def test_an_error_in_sending_ends_it():
    transport, lower, tls = shaken()
    tls.error = -0x7F00
    transport.send(b"text")
    assert transport.failed == -1


def test_a_forged_finish_loses_datagrams_but_keeps_the_timer():
    transport, lower, tls = made()
    tls.flights = 5
    lower.came.append(record(22, 1, b"forged"))
    transport.recv()
    assert transport.established  # it cannot know
    transport.send(b"lost")
    assert transport.deadline < NEVER and not transport.lines
    clock.at = transport.deadline
    transport.poll(clock.at)
    assert len(lower.sent) == 3


def test_truncated_records_are_looked_at_with_care():
    below = Below(Lower())
    for size in range(40):
        below.transport.came.append((record(22, 1, b"x" * 9) + record(21, 0, b"\x02\x28"))[:size])
        below.readinto(bytearray(100))
    assert below.finished and below.alert == 40
    below.transport.came.append(bytes(200))
    assert below.readinto(bytearray(100)) is None
    assert below.ioctl(3, 5) == 5 and below.ioctl(4, 0) == 0


def test_closing_closes_both():
    transport, lower, tls = shaken()
    transport.close()
    assert tls.closed and lower.closed


def test_suites():
    gcm, cbc = Tls.offered[:2]
    assert suites(None, Tls.offered) == [gcm, cbc]
    assert suites([0xC0A8], Tls.offered) == [gcm, cbc]
    ccm = "TLS-PSK-WITH-AES-128-CCM-8"
    assert suites([0xC0A8], [cbc, ccm]) == [ccm]
    assert suites([0xAE, 0xC0A4], Tls.offered) == [cbc]
    for wanted in ([0xC0A4], [0x1301]):
        try:
            suites(wanted, Tls.offered)
            raise AssertionError(wanted)
        except ValueError:
            pass


def test_what_fails_as_it_dials_costs_no_socket():
    transport, lower, tls = made()
    context = Tls.SSLContext
    wrap = context.wrap_socket
    for error in (OSError, MemoryError):

        def refuse(*arguments, error=error, **more):
            raise error

        context.wrap_socket = refuse
        lower.closed = False
        try:
            transport.dialer("198.51.100.7", 5684, Account(b"me", bytes(16), {0: 0xC0A8}))
            raise AssertionError("nothing raised")
        except error:
            assert lower.closed, error
        finally:
            context.wrap_socket = wrap
