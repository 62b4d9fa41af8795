"""The meter's application: out of a configuration and a board, a model and a client."""

import asyncio

from micropython import const

from config import OPTIONAL, RETRIES
from lwm2m.client import Client
from lwm2m.model import Model
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server
from metering.water_meter import WaterMeter

_NOSEC = const(3)
_DEVICE = {
    "manufacturer": 0,
    "model": 1,
    "serial": 2,
    "firmware": 3,
    "utc_offset": 14,
    "timezone": 15,
    "type": 17,
    "hardware": 18,
    "software": 19,
}
_TIME = const(13)
_MEMORY_TOTAL = const(21)


def accounts(servers: list) -> tuple:
    """Objects 0 and 1 for the configured servers, without security."""
    security = {}
    server = {}
    for iid, one in enumerate(servers):
        ssid = one["short_server_id"]
        security[iid] = {0: one["uri"], 1: False, 2: _NOSEC, 10: ssid}
        server[iid] = {0: ssid, 1: one["lifetime"], 2: 0, 3: 0, 5: 86400, 6: False, 7: "U"}
        for key, rid in RETRIES.items():
            if key in one:
                server[iid][rid] = one[key]
    return Security(security), Server(server)


def _device(given, board, log):
    # Nothing that a server writes is stored yet: for a factory reset the reboot does.
    resources = {_TIME: None, _MEMORY_TOTAL: None}
    resources.update(board.get("device", {}))
    for key, value in given.items():
        if key == "power":
            resources.update(value)
        else:
            resources[_DEVICE[key]] = value
    device = Device(
        resources,
        board.get("clock"),
        board.get("set_clock"),
        lambda: log(3, "factory reset"),
    )
    for code in board.get("errors", ()):
        device.error(code)
    return device


def build(config: dict, pulses, log, board=None) -> tuple:
    """The client and its Device object; `pulses()` is what the meter counts.

    `board` is what the board knows, all of it optional: `clock` and `set_clock` as Device has
    them, `errors` to show from the start (why it was reset), and by Resource ID the values, or
    functions that give them, of `device`, `connectivity`, `temperature` and `battery`; what the
    configuration says goes over them. May raise config.ConfigError.
    """
    board = board or {}
    security, server = accounts(config["servers"])
    device = _device(config["device"], board, log)
    water = config["water"]
    meter = WaterMeter(pulses, water["litres_a_pulse"], water["kind"])
    client = Client(
        Model([security, server, device, meter]),
        config["endpoint"],
        config["version"],
        log,
        config["coap"],
    )
    for key in OPTIONAL:
        if config[key] is not None:
            import optional

            optional.add(key, client, config[key], board.get(key, {}))
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
