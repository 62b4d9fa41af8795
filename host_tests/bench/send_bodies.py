"""Inside MicroPython: the body of one Send, as `Sender.samples` makes it.

What it reads is JSON: [[object, instance, resource], content format, [[seconds, value]...]], a
value an integer, or for a Float [mantissa, exponent of ten]. Prints the body in hexadecimal.
"""

import json
import sys

from lwm2m.account import Account
from lwm2m.management.dispatch import Management
from lwm2m.model import Model
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server
from lwm2m.registration import Registration
from metering.water_meter import WaterMeter


class Peer:
    """Takes a request, before it is cut into blocks."""

    body = None

    def request(self, code, options, payload, done, now):
        """One Send at most."""
        if self.body is not None or (code, options[0]) != (2, (11, "dp")):
            raise ValueError(options)
        self.body = payload


def body(path, number, samples):
    """Send the samples; what is in the message."""
    security = Security({0: {0: "coap://h", 10: 1}})
    server = Server({0: {0: 1, 1: 300, 23: False}})
    meter = WaterMeter(lambda: 0, (1, 0), "test")
    registration = Registration(Account(Model([security, server, meter]), 0), "urn:test")
    registration.location = ["rd", "1"]
    registration.peer = peer = Peer()
    sender = Management(registration.model, registration).sender()
    values = []
    for time, value in samples:
        values.append((time, tuple(value) if isinstance(value, list) else value))
    sender.samples(tuple(path), values, number, None)
    sender.poll(0)
    return peer.body


print(bytes(body(*json.load(sys.stdin))).hex())
