"""A transport of one's own: it lies above UDP and counts what goes through it.

On the Unix port: MICROPYPATH=lib:.frozen micropython examples/05_own_transport.py [URI]
"""

import asyncio
import sys

from coap.udp import Transport, Udp
from lwm2m.client import Client
from lwm2m.model import Model
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server

SERVER = sys.argv[1] if len(sys.argv) > 1 else "coap://127.0.0.1:5683"


class Counted(Transport):
    """Counts datagrams and bytes in both directions."""

    def __init__(self, lower):
        self.lower = lower
        self.readable = lower.readable  # what to wait for is what UDP waits for
        self.close = lower.close
        self.sent = self.received = 0

    def send(self, datagram: bytes) -> None:
        """Send one datagram."""
        self.sent += len(datagram)
        print("sent", len(datagram), "of", self.sent)
        self.lower.send(datagram)

    def recv(self) -> bytes | None:
        """A datagram, or None."""
        datagram = self.lower.recv()
        if datagram:
            self.received += len(datagram)
            print("received", len(datagram), "of", self.received)
        return datagram


def dial(host: str, port: int, account: dict) -> Counted:
    """What the client calls to reach a coap:// server; may raise OSError."""
    return Counted(Udp(host, port, account))


security = Security({0: {0: SERVER, 1: False, 2: 3, 10: 1}})
server = Server({0: {0: 1, 1: 300, 7: "U"}})
client = Client(Model([security, server, Device({0: "example"})]), "own-transport", log=print)
client.transports["coap"] = dial

asyncio.run(client.run())
