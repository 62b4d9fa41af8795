"""DTLS by the firmware's tls: the timer that drives it, what it makes of losses and alerts.

The module `tls` is a scripted stand-in here; host_tests/modem has the real one.
"""

import sys

from virtual import NEVER


class Tls:
    """What MicroPython 1.29's `tls` has, as far as it is used; the latest socket is `wrapped`."""

    PROTOCOL_DTLS_CLIENT = 2
    CERT_NONE = 0
    wrapped = None
    offered = ["TLS-PSK-WITH-AES-128-GCM-SHA256", "TLS-PSK-WITH-AES-128-CBC-SHA256", "TLS-RSA-X"]

    class SSLContext:
        """With pre-shared keys."""

        psk_key = None
        psk_identity = None
        chosen = None

        def __init__(self, protocol):
            assert protocol == 2

        def get_ciphers(self):
            """The names of what the build has."""
            return Tls.offered

        def set_ciphers(self, names):
            """Those that are offered to the server."""
            self.chosen = names

        def wrap_socket(self, stream, do_handshake_on_connect):
            """A socket that is scripted."""
            assert not do_handshake_on_connect
            Tls.wrapped = Wrapped(self, stream)
            return Tls.wrapped


class Wrapped:
    """One connection: flights of the handshake, a timer of 1 s, doubled."""

    flights = 2

    def __init__(self, context, stream):
        self.context = context
        self.stream = stream
        self.at = 0  # flights so far
        self.due = None
        self.timeout = 1000
        self.texts = []
        self.error = None
        self.calls = 0
        self.closed = False

    def _flight(self):
        self.stream.write(record(22, 0, b"flight %d" % self.at))
        self.due = clock.at + self.timeout

    def recv(self, size):
        """As a stream: None where there is nothing yet."""
        self.calls += 1
        if self.error:
            raise OSError(self.error)
        buffer = bytearray(2000)
        if self.at == 0:
            self.at = 1
            self._flight()
        while True:
            count = self.stream.readinto(buffer)
            if not count:
                break
            kind = buffer[0]
            if kind == 21 and buffer[3:5] == b"\x00\x00":
                self.error = -0x7780
                raise OSError(self.error)
            if kind == 23:
                self.texts.append(bytes(buffer[13:count]))
            elif self.at < self.flights:
                self.at += 1
                self.timeout = 1000
                self._flight()
            else:
                self.due = None
                self.at = 99
        if self.texts:
            return self.texts.pop(0)
        if self.due is not None and clock.at >= self.due:
            self.timeout = min(self.timeout * 2, 60000)
            self._flight()
        return None

    def write(self, data):
        """Takes data only after the handshake."""
        if self.error:
            raise OSError(self.error)
        if self.at != 99:
            return None
        self.stream.write(record(23, 1, data))
        return len(data)

    def cipher(self):
        """mbedTLS crashes where there is none yet."""
        assert self.at == 99
        return ("TLS-PSK-WITH-AES-128-GCM-SHA256", "DTLSv1.2")

    def close(self):
        """Says nothing."""
        self.closed = True


sys.modules["tls"] = Tls

import transport_native as module  # noqa: E402 after the stand-in
from config import ConfigError  # noqa: E402


class Clock:
    """A clock that is set."""

    at = 0

    def now(self):
        """The time."""
        return self.at


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

    def close(self):
        """Note it."""
        self.closed = True


clock = Clock()


def record(kind, epoch, body):
    """A record."""
    head = bytes([kind, 0xFE, 0xFD]) + epoch.to_bytes(2, "big") + bytes(6)
    return head + len(body).to_bytes(2, "big") + body


def made(**settings):
    """(transport, its lower, its tls); the handshake has begun."""
    clock.at = 0
    lower = Lower()

    class Client:
        """As much of one as is needed."""

        transports = {"coap": lambda host, port, account: lower}

    Client.clock = clock
    lines = []
    dial = module.Dial(Client, lambda *event: lines.append(event), settings)
    transport = dial("198.51.100.7", 5684, {3: b"me", 5: bytes(16), 16: {0: 0xC0A8}})
    transport.lines = lines
    transport.dial = dial
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
    assert transport.dial("a", 1, {3: b"", 5: b"", 16: None}).contexts_then == 2


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
    assert transport.recv() == b"one" and transport.recv() == b"two"
    assert transport.recv() is None
    transport.readable()
    assert lower.asked == 1


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
    below = module.Lower(Lower())
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
    assert module.suites(None, Tls.offered) == [gcm, cbc]
    assert module.suites({0: 0xC0A8}, Tls.offered) == [gcm, cbc]
    ccm = "TLS-PSK-WITH-AES-128-CCM-8"
    assert module.suites({0: 0xC0A8}, [cbc, ccm]) == [ccm]
    assert module.suites({0: 0xAE, 1: 0xC0A4}, Tls.offered) == [cbc]
    for wanted in ({0: 0xC0A4}, {0: 0x1301}):
        try:
            module.suites(wanted, Tls.offered)
            raise AssertionError(wanted)
        except ValueError:
            pass


def refused(config):
    """The line that `check` says."""
    try:
        module.check(config)
    except ConfigError as error:
        return str(error)
    return ""


def test_a_build_without_shared_keys_is_refused_in_one_line():
    class Old:
        """The context of 1.28."""

        def __init__(self, protocol):
            pass

    kept = Tls.SSLContext
    Tls.SSLContext = Old
    try:
        line = refused({"dtls": {}, "servers": []})
    finally:
        Tls.SSLContext = kept
    assert line.startswith('dtls.backend: "native": must be own: ') and "1.29" in line


def test_what_native_cannot_do_is_refused():
    server = {"key": bytes(48), "suites": [0xAE]}
    assert refused({"dtls": {"max_retransmit": 3}, "servers": [server]}) == ""
    assert "first_timeout" in refused({"dtls": {"first_timeout": 9000}, "servers": []})
    line = refused({"dtls": {}, "servers": [{"key": b"secret" * 9}]})
    assert "servers[0].key" in line and "secret" not in line
    assert "suites" in refused({"dtls": {}, "servers": [{"key": b"", "suites": [0xC0A4]}]})
