"""A backend in one file: UDP that loses every n-th datagram, to try a network out."""

from coap.endpoint import Transport, Udp
from config import wrong


class Lossy(Transport):
    """What goes through it is lost now and then."""

    def __init__(self, lower, every):
        self.lower = lower
        self.every = every
        self.sent = 0
        self.readable = lower.readable
        self.recv = lower.recv
        self.close = lower.close

    def send(self, datagram: bytes) -> None:
        """Send, or lose."""
        self.sent += 1
        if self.sent % self.every:
            self.lower.send(datagram)


def check(config: dict) -> None:
    """Called with the configuration before anything starts."""
    if config["dtls"]:
        wrong("transport", "lossy", "udp where there is DTLS")


def factory(scheme: str, client, config: dict, board, log):
    """What opens transports for a URI scheme, "coap" or "coaps"."""
    return lambda host, port, account=None: Lossy(Udp(host, port), 2)
