"""A scripted stand-in for MicroPython 1.29's module `tls`: import it before what imports `tls`."""

import sys


class Clock:
    """A clock that is set."""

    at = 0

    def now(self):
        """The time."""
        return self.at


clock = Clock()


def record(kind, epoch, body):
    """A record."""
    head = bytes([kind, 0xFE, 0xFD]) + epoch.to_bytes(2, "big") + bytes(6)
    return head + len(body).to_bytes(2, "big") + body


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
