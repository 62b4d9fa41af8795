"""OpenSSL as a load balancer that ends each session right after the Register: the meter backs off.

Before there was one recovery policy it registered 8,352 times in 15 s over loopback.
"""

import socket
import threading
import time

from ..meter import Meter, configuration
from ..wire import ACK, CREATED, LOCATION_PATH, Heard, encode
from .conftest import IDENTITY, KEY
from .openssl_server import Client, Settings

SECONDS = 5
LOCATION = [(LOCATION_PATH, "rd"), (LOCATION_PATH, "1")]


class HastyClient(Client):
    """One session: it answers one request, and says goodbye."""

    registers = 0

    def work(self):
        """Go on; False at the end."""
        lib = self.settings.ssl
        self.settings.bind(self.address)
        lib.ERR_clear_error()
        if not lib.SSL_is_init_finished(self.ssl):
            lib.SSL_do_handshake(self.ssl)
            self.flush()
        size = lib.SSL_read(self.ssl, self.buffer, 4096)
        if size <= 0:
            return True
        request = Heard(self.buffer.raw[:size], 0.0)
        if request.path == ["rd"]:
            HastyClient.registers += 1
        answer = encode(ACK, CREATED, request.mid, request.token, LOCATION)
        lib.SSL_write(self.ssl, answer, len(answer))
        self.flush()
        lib.SSL_shutdown(self.ssl)
        self.flush()
        return False


def serve(udp, ended):
    """Serve all clients until then."""
    settings = Settings(IDENTITY, KEY, b"PSK-AES128-CCM8", 1000, 0)
    clients = {}
    while not ended.is_set():
        try:
            datagram, address = udp.recvfrom(4096)
        except TimeoutError:
            continue
        if address not in clients:
            clients[address] = HastyClient(settings, udp, address)
        if not clients[address].input(datagram):
            clients.pop(address).free()


def test_a_server_that_ends_each_session_after_the_register_is_left_alone(tmp_path):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.settimeout(0.05)
    ended = threading.Event()
    thread = threading.Thread(target=serve, args=(udp, ended))
    thread.start()
    config = configuration("coaps://127.0.0.1:%d" % udp.getsockname()[1])
    config["servers"][0].update(identity=IDENTITY.decode(), key=KEY.hex())
    meter = Meter(tmp_path, config)
    try:
        meter.wait_log("LwM2M 1.1")
        time.sleep(SECONDS)
        assert meter.running()
        assert 1 <= HastyClient.registers <= 2, HastyClient.registers
        assert sum("session established" in line for line in meter.lines) == 1
        assert sum("session resumed" in line for line in meter.lines) <= 1
    finally:
        meter.kill()
        ended.set()
        thread.join()
        udp.close()
