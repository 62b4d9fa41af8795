"""The meter's application: out of a configuration and a board, a model and a client."""

import asyncio

from micropython import const

from lwm2m.client import Client
from lwm2m.model import Model
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server
from metering.water_meter import WaterMeter

_NOSEC = const(3)
_DEVICE = {"manufacturer": 0, "model": 1, "serial": 2, "firmware": 3, "type": 17, "hardware": 18}


def accounts(servers: list) -> tuple:
    """Objects 0 and 1 for the configured servers, without security."""
    security = {}
    server = {}
    for iid, one in enumerate(servers):
        ssid = one["short_server_id"]
        security[iid] = {0: one["uri"], 1: False, 2: _NOSEC, 10: ssid}
        server[iid] = {0: ssid, 1: one["lifetime"], 2: 0, 3: 0, 5: 86400, 6: False, 7: "U"}
    return Security(security), Server(server)


def build(config: dict, pulses, log) -> tuple:
    """The client and its Device object; `pulses()` is what the meter counts."""
    security, server = accounts(config["servers"])
    device = Device({_DEVICE[key]: value for key, value in config["device"].items()})
    water = config["water"]
    meter = WaterMeter(pulses, water["litres_a_pulse"], water["kind"])
    client = Client(
        Model([security, server, device, meter]),
        config["endpoint"],
        config["version"],
        log,
        config["coap"],
    )
    return client, device


async def serve(client, device) -> None:
    """Run the client until it is told to reboot, then return."""
    task = asyncio.create_task(client.run())
    while not device.rebooting:
        await asyncio.sleep_ms(200)
    await asyncio.sleep_ms(200)  # the answer to the Reboot goes out first
    for link in client.links:
        link.stop()
    await task


def logger(level: int, write):
    """A log hook that writes what is at most `level` as one line."""

    def log(severity, *event):
        if severity <= level:
            write("EWIDx"[severity - 1] + " " + " ".join(str(part) for part in event))

    return log
