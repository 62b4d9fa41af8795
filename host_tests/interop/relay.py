"""A relay between the meter and a real server, which records every datagram both ways."""

import select
import socket
import threading
import time
import urllib.parse

from .scripted import Datagram
from .wire import Heard


class Relay:
    """The meter speaks to `uri`, and what it says and hears is in `capture`.

    Where `lose(datagram, inbound)` is true the datagram ends here; inbound is from the meter.
    """

    def __init__(self, server: str):
        self.capture = []
        self.meter = None
        self.lose = None
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.uri = "coap://127.0.0.1:%d" % self.port
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        parts = urllib.parse.urlsplit(server)
        self.back.connect((parts.hostname, parts.port))
        self.end, self.ended = socket.socketpair()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            ready = select.select((self.front, self.back, self.ended), (), ())[0]
            if self.ended in ready:
                return
            for one in ready:
                try:
                    self._pass_on(one)
                except ConnectionError:  # the server is gone
                    pass

    def _pass_on(self, ready):
        inbound = ready is self.front
        if inbound:
            data, self.meter = ready.recvfrom(65536)
        else:
            data = ready.recv(65536)
        one = Datagram(time.time(), True, self.port, self.meter[1], inbound, data, True)
        self.capture.append(one)
        if self.lose and self.lose(data, inbound):
            return
        if inbound:
            self.back.send(data)
        else:
            self.front.sendto(data, self.meter)

    def close(self) -> None:
        self.end.send(b".")
        self.thread.join(5)
        for one in (self.front, self.back, self.end, self.ended):
            one.close()

    def from_meter(self, start: int = 0) -> list:
        """What the meter has said since the datagram `start`."""
        return [Heard(one.data, one.at) for one in self.capture[start:] if one.inbound]

    def to_meter(self, start: int = 0) -> list:
        """What the server has said since the datagram `start`."""
        return [Heard(one.data, one.at) for one in self.capture[start:] if not one.inbound]
