"""A relay between the meter and a real server, which records every datagram both ways."""

import select
import socket
import threading
import time
import urllib.parse

from .scripted import Datagram
from .wire import Heard


class Relay:
    """The meter speaks to `uri`, and what it says and hears is in `capture`."""

    def __init__(self, server: str):
        self.capture = []
        self.meter = None
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.uri = "coap://127.0.0.1:%d" % self.port
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        parts = urllib.parse.urlsplit(server)
        self.back.connect((parts.hostname, parts.port))
        self.open = True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.open:
            for ready in select.select((self.front, self.back), (), (), 0.1)[0]:
                try:
                    if ready is self.front:
                        data, self.meter = ready.recvfrom(65536)
                        self._note(data, True)
                        self.back.send(data)
                    else:
                        data = ready.recv(65536)
                        self._note(data, False)
                        self.front.sendto(data, self.meter)
                except ConnectionError:  # the server is gone
                    pass

    def _note(self, data, inbound):
        one = Datagram(time.time(), True, self.port, self.meter[1], inbound, data, True)
        self.capture.append(one)

    def close(self) -> None:
        self.open = False
        self.thread.join(5)
        self.front.close()
        self.back.close()

    def from_meter(self, start: int = 0) -> list:
        """What the meter has said since the datagram `start`."""
        return [Heard(one.data, one.at) for one in self.capture[start:] if one.inbound]

    def to_meter(self, start: int = 0) -> list:
        """What the server has said since the datagram `start`."""
        return [Heard(one.data, one.at) for one in self.capture[start:] if not one.inbound]
