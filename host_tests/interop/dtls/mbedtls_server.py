"""mbedTLS as an echo server that shouts: `mbedtls_server.py PORT IDENTITY KEY SUITE...`.

The library is the one in python-mbedtls's wheel, or else Debian's. It is used through ctypes,
because python-mbedtls itself has no session cache; this server can resume. A context an address.
"""

import ctypes
import ctypes.util
import importlib.util
import os
import socket
import sys
import time
from pathlib import Path

_BIG = 16384  # bytes for any of mbedTLS's structures
_WANT_READ = -0x6900
_HELLO_VERIFY = -0x6A80
_SENDS = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_ubyte), ctypes.c_size_t
)
_SETS = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)
_GETS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


def library():
    """mbedTLS 2.28 as a ctypes library."""
    spec = importlib.util.find_spec("mbedtls")
    if spec:
        beside = Path(spec.origin).parent.parent / "python_mbedtls.libs"
        for part in ("crypto", "x509", "tls"):  # in the order in which they need each other
            found = None
            for file in beside.glob("libmbed%s-*.so*" % part):
                found = ctypes.CDLL(str(file))
        if found:
            return found
    name = ctypes.util.find_library("mbedtls") or "libmbedtls.so.14"
    return ctypes.CDLL(name)


@_SENDS
def _random(_, buffer, size):
    ctypes.memmove(buffer, os.urandom(size), size)
    return 0


class Settings:
    """mbedTLS's configuration: suites, key, cookies, a cache of sessions."""

    def __init__(self, identity, key, suites):
        self.tls = tls = library()
        self.conf, self.cookies, self.cache = (ctypes.create_string_buffer(_BIG) for _ in "123")
        self.suites = (ctypes.c_int * (len(suites) + 1))(*suites, 0)
        tls.mbedtls_ssl_config_init(self.conf)
        assert not tls.mbedtls_ssl_config_defaults(self.conf, 1, 1, 0)  # a server, datagrams
        tls.mbedtls_ssl_conf_rng(self.conf, _random, None)
        assert not tls.mbedtls_ssl_conf_psk(self.conf, key, len(key), identity, len(identity))
        tls.mbedtls_ssl_conf_ciphersuites(self.conf, self.suites)
        tls.mbedtls_ssl_cookie_init(self.cookies)
        assert not tls.mbedtls_ssl_cookie_setup(self.cookies, _random, None)
        write, check = tls.mbedtls_ssl_cookie_write, tls.mbedtls_ssl_cookie_check
        tls.mbedtls_ssl_conf_dtls_cookies(self.conf, write, check, self.cookies)
        tls.mbedtls_ssl_cache_init(self.cache)
        get, put = tls.mbedtls_ssl_cache_get, tls.mbedtls_ssl_cache_set
        tls.mbedtls_ssl_conf_session_cache(self.conf, self.cache, get, put)


class Client:
    """One client's context."""

    def __init__(self, settings, udp, address):
        self.tls = settings.tls
        self.address = repr(address).encode()
        self.inbox = []
        self.due = self.middle = 0
        self.open = False

        def send(_, data, size):
            return udp.sendto(ctypes.string_at(data, size), address)

        def recv(_, data, size):
            if not self.inbox:
                return _WANT_READ
            datagram = self.inbox.pop(0)[:size]
            ctypes.memmove(data, datagram, len(datagram))
            return len(datagram)

        def timer(_, middle, due):
            now = time.monotonic()
            self.middle, self.due = now + middle / 1000, due and now + due / 1000

        def passed(_):
            now = time.monotonic()
            return -1 if not self.due else (now >= self.middle) + (now >= self.due)

        self.kept = _SENDS(send), _SENDS(recv), _SETS(timer), _GETS(passed)
        self.ssl = ctypes.create_string_buffer(_BIG)
        self.tls.mbedtls_ssl_init(self.ssl)
        assert not self.tls.mbedtls_ssl_setup(self.ssl, settings.conf)
        self.tls.mbedtls_ssl_set_bio(self.ssl, None, self.kept[0], self.kept[1], None)
        self.tls.mbedtls_ssl_set_timer_cb(self.ssl, None, self.kept[2], self.kept[3])
        self.reset()

    def reset(self):
        """Await a new handshake."""
        self.open = False
        self.tls.mbedtls_ssl_session_reset(self.ssl)
        size = len(self.address)
        assert not self.tls.mbedtls_ssl_set_client_transport_id(self.ssl, self.address, size)

    def work(self):
        """Do what can be done with what came."""
        code = 0
        if not self.open:
            code = self.tls.mbedtls_ssl_handshake(self.ssl)
            self.open = not code
        buffer = ctypes.create_string_buffer(2048)
        while self.open:
            code = self.tls.mbedtls_ssl_read(self.ssl, buffer, 2048)
            if code <= 0:
                break
            text = buffer.raw[:code]
            print("heard", text.decode(), flush=True)
            self.tls.mbedtls_ssl_write(self.ssl, text.upper(), len(text))
        if code != _WANT_READ:
            if code != _HELLO_VERIFY:
                print("ended %#x" % -code, flush=True)
            self.reset()


def main(port, identity, key, suites):
    """Serve until killed."""
    settings = Settings(identity, key, suites)
    version = ctypes.create_string_buffer(32)
    settings.tls.mbedtls_version_get_string_full(version)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    udp.settimeout(0.1)
    clients = {}
    print(version.value.decode() + "\nACCEPT", flush=True)
    while True:
        try:
            datagram, address = udp.recvfrom(2048)
        except TimeoutError:
            for client in clients.values():
                client.work()
            continue
        if address not in clients:
            clients[address] = Client(settings, udp, address)
        clients[address].inbox.append(datagram)
        clients[address].work()


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        sys.argv[2].encode(),
        bytes.fromhex(sys.argv[3]),
        [int(one) for one in sys.argv[4:]],
    )
