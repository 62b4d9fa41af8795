"""A sensor of one's own: Object 3323, Pressure, with a probe that is read when a server asks.

On the Unix port: MICROPYPATH=lib:.frozen micropython examples/01_own_sensor.py [URI]
On a board: copy lib/, set SERVER, connect to the network first.
"""

import asyncio
import sys

from lwm2m.client import Client
from lwm2m.model import Model, Object
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server

SERVER = sys.argv[1] if len(sys.argv) > 1 else "coap://127.0.0.1:5683"

SENSOR_VALUE = 5700
SENSOR_UNITS = 5701


class Pressure(Object):
    """Object 3323. `python -m tools.objgen table 3323` prints the whole table."""

    oid = 3323
    version = "1.1"
    table = (
        b"\x16\x44\x11\x03"  # 5700 Sensor Value
        b"\x16\x45\x01\x01"  # 5701 Sensor Units
    )

    def __init__(self, probe):
        super().__init__({0: {SENSOR_VALUE: None, SENSOR_UNITS: "Pa"}})
        self.probe = probe

    def read(self, iid: int, rid: int):
        """A Resource: the value comes from the probe, the units are kept."""
        if rid == SENSOR_VALUE:
            return self.probe()
        return super().read(iid, rid)


def probe() -> tuple:
    """101325.25 Pa, as (mantissa, exponent of ten): exact where floats have 24 bits."""
    return 10132525, -2


security = Security({0: {0: SERVER, 1: False, 2: 3, 10: 1}})  # URI, no bootstrap, NoSec, SSID
server = Server({0: {0: 1, 1: 300, 7: "U"}})  # SSID, lifetime in seconds, binding
device = Device({0: "example", 1: "sensor"})
client = Client(Model([security, server, device, Pressure(probe)]), "own-sensor", log=print)

asyncio.run(client.run())
