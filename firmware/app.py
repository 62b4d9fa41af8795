"""The meter's application: out of a configuration and a board, a model and a client."""

import asyncio

from micropython import const

from config import FLAGS, OPTIONAL, SETTINGS
from lwm2m.client import Client
from lwm2m.model import Model
from lwm2m.objects.device import Device
from lwm2m.objects.security import Security
from lwm2m.objects.server import Server
from metering.water_meter import WaterMeter

_PSK = const(0)
_NOSEC = const(3)
_SAMPLED = (3424, 3303)  # Objects that measure by `sample`
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
_MUTE_SEND = const(23)
_MEMORY_TOTAL = const(21)


def accounts(servers: list) -> tuple:
    """Objects 0 and 1 for the configured servers."""
    security = {}
    server = {}
    for iid, one in enumerate(servers):
        ssid = one["short_server_id"]
        security[iid] = account = {0: one["uri"], 1: False, 2: _NOSEC, 10: ssid}
        if one["uri"].startswith("coaps:"):
            account[2] = _PSK
            account[3] = one["identity"]
            account[4] = b""
            account[5] = one["key"]
            account[16] = dict(enumerate(one["suites"]))
        server[iid] = {0: ssid, 1: one["lifetime"], 2: 0, 3: 0, 5: 86400, 6: False, 7: "U"}
        server[iid][_MUTE_SEND] = False
        for settings in (SETTINGS, FLAGS):
            for key, rid in settings.items():
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
    configuration says goes over them; and `modem`, which opens a cellular modem's stream. May
    raise config.ConfigError.
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
    if config["transport"] or config["backend"]:
        import transports

        transports.add(client, config, board.get("modem"), log)
    for one in config["servers"]:
        if one["uri"].startswith("coaps:") and not config["backend"]:
            from secure import Psk

            client.transports["coaps"] = Psk(client, log, config["dtls"])
            break
    for key in OPTIONAL:
        if config[key] is not None:
            import optional

            optional.add(key, client, config[key], board.get(key, {}))
    return client, device


async def _sample(client, log, period) -> None:
    # What is measured marks what changed; nothing else polls a value
    model = client.model
    while True:
        for oid in _SAMPLED:
            if oid in model.objects:
                try:
                    model.objects[oid].sample()
                except Exception as error:  # noqa: BLE001 a probe's fault ends nothing
                    if log:
                        log(1, "not measured", oid, error)
        await asyncio.sleep_ms(period * 1000)


async def _leave(client):
    await asyncio.sleep_ms(200)  # the answer to the Reboot goes out first
    for link in client.links:
        link.stop()


async def serve(client, device, period: int = 1, log=None) -> None:
    """Run the client until it is told to reboot, then return; measure each `period` seconds."""
    device.reboot = lambda: asyncio.create_task(_leave(client))
    sampling = asyncio.create_task(_sample(client, log, period))
    await client.run()
    sampling.cancel()


def logger(level: int, write):
    """A log hook that writes what is at most `level` as one line."""

    def log(severity, *event):
        if severity <= level:
            write("EWIDx"[severity - 1] + " " + " ".join(str(part) for part in event))

    return log
