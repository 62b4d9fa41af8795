"""OpenSSL's libssl as an echo server that shouts, for many clients and with timers that hurry.

`openssl_server.py PORT IDENTITY KEY SUITE FIRST COOKIES`: FIRST is its first retransmission timer
in ms instead of a second; `openssl s_server` has no such setting, and serves one client at a time.
With a session cache and extended master secret, without tickets; COOKIES is 0 for none. A context
an address.
"""

import ctypes
import ctypes.util
import hashlib
import os
import socket
import sys
import time

_LAST = 8  # times FIRST: the longest timer
_IDLE_S = 20  # what was not heard of for so long is forgotten
_NO_QUERY_MTU, _COOKIE_EXCHANGE, _NO_TICKET = 1 << 12, 1 << 13, 1 << 14
_SET_MTU, _HANDLE_TIMEOUT = 17, 74
_SET_MIN_VERSION, _SET_EOF_RETURN = 123, 130
_DTLS_1_2 = 0xFEFD
_WANT_READ = 2

_POINTER = ctypes.c_void_p
_BYTES = ctypes.POINTER(ctypes.c_ubyte)
_SIZE = ctypes.POINTER(ctypes.c_uint)
_PSK = ctypes.CFUNCTYPE(ctypes.c_uint, _POINTER, ctypes.c_char_p, _BYTES, ctypes.c_uint)
_MAKE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _BYTES, _SIZE)
_CHECK = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _BYTES, ctypes.c_uint)
_TIMER = ctypes.CFUNCTYPE(ctypes.c_uint, _POINTER, ctypes.c_uint)
_SIGNATURES = (  # name, result, arguments
    ("DTLS_server_method", _POINTER),
    ("SSL_CTX_new", _POINTER, _POINTER),
    ("SSL_CTX_ctrl", ctypes.c_long, _POINTER, ctypes.c_int, ctypes.c_long, _POINTER),
    ("SSL_CTX_set_options", ctypes.c_uint64, _POINTER, ctypes.c_uint64),
    ("SSL_CTX_set_cipher_list", ctypes.c_int, _POINTER, ctypes.c_char_p),
    ("SSL_CTX_set_psk_server_callback", None, _POINTER, _PSK),
    ("SSL_CTX_set_cookie_generate_cb", None, _POINTER, _MAKE),
    ("SSL_CTX_set_cookie_verify_cb", None, _POINTER, _CHECK),
    ("SSL_CTX_set_session_id_context", ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_uint),
    ("SSL_new", _POINTER, _POINTER),
    ("SSL_free", None, _POINTER),
    ("SSL_ctrl", ctypes.c_long, _POINTER, ctypes.c_int, ctypes.c_long, _POINTER),
    ("SSL_set_bio", None, _POINTER, _POINTER, _POINTER),
    ("SSL_set_accept_state", None, _POINTER),
    ("SSL_do_handshake", ctypes.c_int, _POINTER),
    ("SSL_is_init_finished", ctypes.c_int, _POINTER),
    ("SSL_read", ctypes.c_int, _POINTER, _POINTER, ctypes.c_int),
    ("SSL_write", ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_int),
    ("SSL_shutdown", ctypes.c_int, _POINTER),
    ("SSL_get_error", ctypes.c_int, _POINTER, ctypes.c_int),
    ("DTLS_set_timer_cb", None, _POINTER, _TIMER),
    ("BIO_s_mem", _POINTER),
    ("BIO_new", _POINTER, _POINTER),
    ("BIO_ctrl", ctypes.c_long, _POINTER, ctypes.c_int, ctypes.c_long, _POINTER),
    ("BIO_write", ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_int),
    ("BIO_read", ctypes.c_int, _POINTER, _POINTER, ctypes.c_int),
    ("ERR_clear_error", None),
)


def library():
    """libssl with its functions' types."""
    found = ctypes.CDLL(ctypes.util.find_library("ssl") or "libssl.so.3")
    for name, result, *arguments in _SIGNATURES:
        function = getattr(found, name)
        function.restype = result
        function.argtypes = arguments
    return found


class Settings:
    """An SSL_CTX and its callbacks."""

    def __init__(self, identity, key, suite, first, cookies):
        self.ssl = ssl = library()
        self.first = first * 1000

        def psk(_, name, buffer, room):
            if name != identity:
                return 0
            ctypes.memmove(buffer, key, len(key))
            return len(key)

        def make(ssl, buffer, size):
            ctypes.memmove(buffer, self.cookie, 20)
            size[0] = 20
            return 1

        def check(ssl, buffer, size):
            return ctypes.string_at(buffer, size) == self.cookie

        def timer(ssl, us):
            return min(us * 2, self.first * _LAST) if us else self.first

        self.kept = _PSK(psk), _MAKE(make), _CHECK(check), _TIMER(timer)
        self.context = context = ssl.SSL_CTX_new(ssl.DTLS_server_method())
        ssl.SSL_CTX_ctrl(context, _SET_MIN_VERSION, _DTLS_1_2, None)
        ssl.SSL_CTX_set_options(context, _NO_QUERY_MTU | _NO_TICKET | _COOKIE_EXCHANGE * cookies)
        assert ssl.SSL_CTX_set_cipher_list(context, suite + b":@SECLEVEL=0")
        assert ssl.SSL_CTX_set_session_id_context(context, b"many", 4)
        ssl.SSL_CTX_set_psk_server_callback(context, self.kept[0])
        ssl.SSL_CTX_set_cookie_generate_cb(context, self.kept[1])
        ssl.SSL_CTX_set_cookie_verify_cb(context, self.kept[2])
        self.secret = os.urandom(16)
        self.cookie = b""  # of the client that is being worked for

    def bind(self, address):
        """What follows is work for this client."""
        text = self.secret + repr(address).encode()
        self.cookie = hashlib.sha256(text).digest()[:20]


class Client:
    """One client's SSL between two buffers in memory."""

    buffer = ctypes.create_string_buffer(4096)

    def __init__(self, settings, udp, address):
        self.settings, self.udp, self.address = settings, udp, address
        lib = settings.ssl
        self.ssl = lib.SSL_new(settings.context)
        self.ends = [lib.BIO_new(lib.BIO_s_mem()) for _ in "io"]
        for end in self.ends:
            lib.BIO_ctrl(end, _SET_EOF_RETURN, -1, None)
        lib.SSL_set_bio(self.ssl, *self.ends)
        lib.SSL_ctrl(self.ssl, _SET_MTU, 1200, None)
        lib.DTLS_set_timer_cb(self.ssl, settings.kept[3])
        lib.SSL_set_accept_state(self.ssl)
        self.heard = time.monotonic()

    def input(self, datagram):
        """Take a datagram; False: there will be nothing more."""
        self.heard = time.monotonic()
        self.settings.ssl.BIO_write(self.ends[0], datagram, len(datagram))
        return self.work()

    def work(self):
        """Go on; False at the end, whichever."""
        lib, ssl = self.settings.ssl, self.ssl
        self.settings.bind(self.address)
        lib.ERR_clear_error()
        code = 1
        if not lib.SSL_is_init_finished(ssl):
            code = lib.SSL_do_handshake(ssl)
            self.flush()
        while code > 0:
            code = lib.SSL_read(ssl, self.buffer, 4096)
            self.flush()
            if code > 0:
                text = self.buffer.raw[:code]
                lib.SSL_write(ssl, text.upper(), len(text))
                self.flush()
        if lib.SSL_get_error(ssl, code) == _WANT_READ:
            return True
        lib.SSL_shutdown(ssl)
        self.flush()
        return False

    def flush(self):
        """Send what OpenSSL has written: between two readings one datagram."""
        size = self.settings.ssl.BIO_read(self.ends[1], self.buffer, 4096)
        if size > 0:
            self.udp.sendto(self.buffer.raw[:size], self.address)

    def tick(self):
        """Retransmit what is due; False at the end."""
        if time.monotonic() - self.heard > _IDLE_S:
            return False
        self.settings.bind(self.address)
        code = self.settings.ssl.SSL_ctrl(self.ssl, _HANDLE_TIMEOUT, 0, None)
        self.flush()
        return code >= 0

    def free(self):
        """Let OpenSSL forget it; its session stays in the cache."""
        self.settings.ssl.SSL_free(self.ssl)


def main(port, identity, key, suite, first, cookies):
    """Serve until killed."""
    settings = Settings(identity, key, suite, first, cookies)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    udp.settimeout(0.01)
    clients = {}
    print("ACCEPT", flush=True)
    due = 0
    while True:
        try:
            datagram, address = udp.recvfrom(4096)
        except TimeoutError:
            address = None
        if address:
            if address not in clients:
                clients[address] = Client(settings, udp, address)
            if not clients[address].input(datagram):
                clients.pop(address).free()
        if time.monotonic() >= due:
            due = time.monotonic() + 0.01
            for address in [one for one in clients if not clients[one].tick()]:
                clients.pop(address).free()


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        sys.argv[2].encode(),
        bytes.fromhex(sys.argv[3]),
        sys.argv[4].encode(),
        int(sys.argv[5]),
        int(sys.argv[6]),
    )
