"""Inside MicroPython: the meter, whose pulses change once a change was acknowledged.

An acknowledgement of whatever mid, when nothing is under way, starts as many changes; each of
those acknowledgements that follow lets the next one happen, as soon as it has been dealt with.
/3/0/10 and /3/0/21 have the memory in use, as in `device_loop.py`.
"""

import asyncio
import sys

import device_loop
from counted import counting
from firmware import app
from firmware.config import settings as config

from coap.udp import Udp

_ACK = 0x60


class Acknowledged(Udp):
    """Sees acknowledgements pass: `readable` is called once what came has been dealt with."""

    def __init__(self, *address):
        super().__init__(*address)
        self.left = 0
        self.mid = 0
        self.seen = False

    def recv(self):
        datagram = super().recv()
        if datagram and datagram[0] == _ACK:
            self.seen = True
            self.mid = datagram[2] << 8 | datagram[3]
        return datagram

    def readable(self):
        if self.seen:
            self.seen = False
            self.left = self.left - 1 if self.left else self.mid
            if self.left:
                change()
        return super().readable()


pulses = 1000000
water = None


def change():
    """One pulse, and the application looks at its meter."""
    global pulses
    pulses += 1
    water.sample()


def main(uri):
    global water
    settings = config.check({"servers": [{"uri": uri, "lifetime": 86400}], "log": 0})
    client, device = app.build(settings, app.logger(0, print), counting(lambda: pulses))
    water = client.model.object(3424)
    client.transports["coap"] = Acknowledged
    device_loop.instrument(device)
    asyncio.run(app.serve(client))


main(sys.argv[1])
