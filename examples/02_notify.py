"""A value that changes: a server that observes /3303/0/5700 is notified, nothing else is sent.

On the Unix port: MICROPYPATH=lib:.frozen micropython examples/02_notify.py [URI]
"""

import asyncio
import sys

from lwm2m.client import Client
from lwm2m.model import Model
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server
from lwm2m.objects.temperature import Temperature

SERVER = sys.argv[1] if len(sys.argv) > 1 else "coap://127.0.0.1:5683"
PERIOD_MS = 500


class Probe:
    """A made-up probe: each measurement is a tenth of a degree above the one before."""

    tenths = 200

    def __call__(self) -> tuple:
        """The temperature in degrees Celsius, as (mantissa, exponent of ten)."""
        self.tenths += 1
        return self.tenths, -1


async def main() -> None:
    """Serve, and measure every PERIOD_MS."""
    security = Security({0: {0: SERVER, 1: False, 2: 3, 10: 1}})
    server = Server({0: {0: 1, 1: 300, 7: "U"}})
    temperature = Temperature({0: {5700: Probe(), 5701: "Cel"}})
    model = Model([security, server, Device({0: "example"}), temperature])
    client = Client(model, "notify", log=print)
    asyncio.create_task(client.run())
    while True:
        await asyncio.sleep_ms(PERIOD_MS)
        temperature.sample()  # measures; where the value changed, it calls `changed`


asyncio.run(main())
