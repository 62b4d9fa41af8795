"""A series of values with their times, sent in one Send, kept until the server has them.

On the Unix port: MICROPYPATH=lib:.frozen micropython examples/03_send_series.py [URI]
"""

import asyncio
import sys

from lwm2m.client import Client
from lwm2m.model import Model
from lwm2m.objects.device import Device, unix_time
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server
from lwm2m.objects.temperature import Temperature

SERVER = sys.argv[1] if len(sys.argv) > 1 else "coap://127.0.0.1:5683"
PATH = (3303, 0, 5700)
SENML_CBOR = 112
COUNT = 10


async def main() -> None:
    """Measure COUNT times, send all of it at once, end when the server has it."""
    security = Security({0: {0: SERVER, 1: False, 2: 3, 10: 1}})
    # 23 Mute Send must be there and false: without it nothing is sent.
    server = Server({0: {0: 1, 1: 300, 7: "U", 23: False}})
    temperature = Temperature({0: {5700: (215, -1), 5701: "Cel"}})
    model = Model([security, server, Device({0: "example"}), temperature])
    client = Client(model, "send-series", log=print)
    running = asyncio.create_task(client.run())

    now = unix_time()
    samples = [(now - 900 * (COUNT - i), (215 + i, -1)) for i in range(COUNT)]
    sent = asyncio.Event()

    def done(code: int) -> None:
        print("Send ended", "%d.%02d" % (code >> 5, code & 31))
        sent.set()

    # It waits here until the client is registered.
    client.sender(1).samples(PATH, samples, SENML_CBOR, done)
    await sent.wait()
    await client.stop()
    await running


asyncio.run(main())
