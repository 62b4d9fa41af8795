"""A probe that takes its time: `read` is a coroutine, its answer follows, nothing else waits.

On the Unix port: MICROPYPATH=lib:.frozen micropython examples/04_slow_probe.py [URI]
"""

import asyncio
import sys

from lwm2m.client import Client
from lwm2m.errors import Lwm2mError
from lwm2m.model import Model, Object
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server

SERVER = sys.argv[1] if len(sys.argv) > 1 else "coap://127.0.0.1:5683"
CONVERSION_MS = 750  # what a DS18B20 takes for 12 bits

SENSOR_VALUE = 5700
SENSOR_UNITS = 5701
SERVICE_UNAVAILABLE = 0xA3  # 5.03


class SlowProbe(Object):
    """Object 3303 with a probe that converts for CONVERSION_MS."""

    oid = 3303
    version = "1.1"
    table = (
        b"\x16\x44\x11\x03"  # 5700 Sensor Value
        b"\x16\x45\x01\x01"  # 5701 Sensor Units
    )

    def __init__(self):
        super().__init__({0: {SENSOR_VALUE: None, SENSOR_UNITS: "Cel"}})
        self.broken = False

    def read(self, iid: int, rid: int):
        """A value, or a coroutine that gives it."""
        return self.convert() if rid == SENSOR_VALUE else super().read(iid, rid)

    async def convert(self):
        """The temperature; an Lwm2mError becomes the answer's code."""
        await asyncio.sleep_ms(CONVERSION_MS)
        if self.broken:
            raise Lwm2mError(SERVICE_UNAVAILABLE)
        return 2150, -2


security = Security({0: {0: SERVER, 1: False, 2: 3, 10: 1}})
server = Server({0: {0: 1, 1: 300, 7: "U"}})
model = Model([security, server, Device({0: "example"}), SlowProbe()])
client = Client(model, "slow-probe", log=print)

asyncio.run(client.run())
