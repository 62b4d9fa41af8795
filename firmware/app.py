"""The meter's application: out of a configuration and a board, a model and a client."""

import asyncio

from firmware.config.checks import LACKING, ConfigError, fields
from firmware.config.schema import OPTIONAL, SECTIONS
from firmware.config.settings import load_profile
from firmware.log import logger as logger
from micropython import const

from lwm2m.client import Client
from lwm2m.configured import objects
from lwm2m.model import Model
from lwm2m.objects.device import Device

_CURRENT_TIME = const(13)
_MEMORY_TOTAL = const(21)
_RESERVED_AHEAD = const(256)  # see state
_STARVED = const(10)  # measurements in a row without memory, then all begins anew
_SOURCES, _VOLTAGES = const(6), const(7)  # of Object 3
_RING_SIZE = const(-1)  # the setting `event_log.bytes`, which is no Resource
_RING_DEFAULT = const(2048)


def start_log(config: dict, write, board: dict):
    """The log hook of a configuration, whose lines go to `write`.

    Where it has `event_log`, they go to a ring, too, which is in `board` for `build`.
    """
    section = config["event_log"]
    if section is not None:
        from firmware.ring import Ring

        ring = Ring(section.get(_RING_SIZE, _RING_DEFAULT), write)
        board["event_log"] = {"ring": ring}
        write = ring.write
    return logger(config["log"], write)


def _device(settings, board, log, reboot):
    resources = {_CURRENT_TIME: None, _MEMORY_TOTAL: None}
    resources.update(board.get("device", {}))
    for field in fields(SECTIONS["device"]):
        if field[1] != "-" and field[0] in settings:
            resources[int(field[1])] = settings[field[0]]
    resources.update(settings.get("power", {}))
    measure = board.get("battery", {}).get(3)
    if measure and resources.get(_SOURCES) and _VOLTAGES not in resources:
        resources[_VOLTAGES] = lambda: _millivolts(min(resources[_SOURCES]), measure())
    device = Device(
        resources,
        board.get("clock"),
        board.get("set_clock"),
        lambda: _factory_reset(board, log),
        reboot,
    )
    for code in board.get("errors", ()):
        device.error(code)
    return device


def _millivolts(riid, value):
    # Of the first power source
    return None if value is None else {riid: value[0]}


def _factory_reset(board, log):
    # Of what servers have written, what is in memory goes with the reboot that follows
    log(3, "factory reset")
    state, folder = board.get("state"), board.get("storage")
    if folder:
        from firmware import erase

        erase.begin(folder, log, state)
    elif state:
        state.forget()


def build(config: dict, log, board: dict) -> tuple:
    """The client and its Device object, with the Objects of the configuration's profile.

    `board` is what the board knows, all of it optional but what the profile needs: `pulses`, which
    is given the profile's settings and starts the driver that counts; `pins`, by function;
    `clock` and `set_clock` as Device has them; `errors` to show from the start (why it was
    reset); by Resource ID the values, or functions that give them, of `device`, `connectivity`,
    `temperature` and `battery`, and what the configuration says goes over them; `event_log`, see
    `start_log`; and `modem`, which opens a cellular modem's stream; `storage`, the folder that a
    Factory Reset erases; `state`, a `state.State`, keeps what is to outlive a restart. `safe`:
    there are Security, Server and Device only. May raise config.ConfigError.
    """
    if "power" in config["device"]:
        from firmware.config.power import check

        check(config["device"]["power"].get(6, {}), board.get("power_class", "battery"))
    name = config["profile"]
    profile = None if board.get("safe") else load_profile(name)
    if profile and hasattr(profile, "start"):
        profile.start(config[name], board)
    security, server = objects(config["servers"], config["bootstrap"])
    state = board.get("state")
    device = _device(
        config["device"], board, log, lambda: asyncio.create_task(_leave(client, board))
    )
    model = Model([security, server, device])
    if state:
        state.accounts(model)
    try:
        client = _client(model, config, log, board)
        _dialers(client, config, board, log)
        if profile:
            if hasattr(profile, "power"):
                from firmware.config.power import check_profile

                check_profile(name, profile.power, board.get("power_class", "battery"))
            for made in profile.build(config[name], board, client, log):
                client.model.objects[made.oid] = made
            _extend(client, config, board)
            if state:
                state.objects()  # they are there only now
                state.links(client)
    except ImportError as error:
        raise ConfigError("%s: %s" % (error, LACKING))
    return client, device


def _client(model, config, log, board):
    if config["bootstrap"]:
        from firmware.bootstrap import made

        client = made(model, config, log, board)
        if client:
            return client
    return Client(
        model,
        config["endpoint"],
        config["version"],
        log,
        config["coap"],
        config["registration"],
    )


def _dialers(client, config, board, log):
    # What not every configuration needs, and so not every image has
    if config["transport"] or config["backend"]:
        from firmware import transports

        transports.add(client, config, board.get("modem"), log)
    bootstrap = config["bootstrap"]
    uris = [link.account.uri for link in client.links]
    for uri in uris + (["coaps:"] if bootstrap and bootstrap.get("keys_in_clear") else []):
        if uri.startswith("coaps:"):
            _secure(client, config, board, log)
            break


def _secure(client, config, board, log):
    backend = config["backend"]
    if not backend:
        from dtls.psk import PskDialer

        def store(account):
            # Where its session is kept; there may be a state later only
            state = not board.get("safe") and board.get("state")
            return state.session(account) if state else None

        settings = dict(config["dtls"])
        settings["reserve"] = _RESERVED_AHEAD
        client.transports["coaps"] = PskDialer(client, log, settings, store)
    if backend != "modem":  # which has random numbers of its own
        from firmware.entropy import guarded

        client.transports["coaps"] = guarded(client.transports["coaps"], log)


def _extend(client, config, board):
    for key in OPTIONAL:
        if config[key] is not None and key != config["profile"]:
            from firmware import objects as optional

            optional.add(key, client, config[key], board.get(key, {}))


def sample(model, log=None) -> int:
    """Have every Object that has `sample` measure; nothing else polls a value.

    Where one returns ms, its probe takes so long, and it is to be called again then: the least of
    them, 0 if there is none, -1 where memory did not suffice. A probe's fault ends nothing.
    """
    soonest = 0
    starved = False
    for obj in model.objects.values():
        measure = getattr(obj, "sample", None)
        if measure:
            try:
                wait = measure()
                if wait and (not soonest or wait < soonest):
                    soonest = wait
            except Exception as error:  # noqa: BLE001
                starved = starved or isinstance(error, MemoryError)
                if log:
                    log(1, "not measured", obj.oid, error)
    return -1 if starved else soonest


async def _sampling(model, log, period, measured=None):
    starved = 0
    while True:
        wait = sample(model, log)
        if wait < 0:
            starved += 1
            if starved == _STARVED:  # it will not get better by itself
                raise MemoryError
            wait = 0
        else:
            starved = 0
        if measured:
            measured()
        await asyncio.sleep_ms(wait or period * 1000)


async def _leave(client, board):
    await asyncio.sleep_ms(200)  # the answer to the Reboot goes out first
    if board.get("state"):
        board["state"].leave()
    client.end()


async def serve(client, period: int = 1, log=None, measured=None, ready=None) -> None:
    """Run the client until a server reboots it, then return; measure each `period` seconds.

    Raises what ended any task, unless somebody awaits it: a meter of which a part has ended is
    to be started anew. `measured()` is called after each measurement; the client begins once
    `ready()`, a coroutine, has ended.
    """

    def ended(loop, context):
        client.fault = client.fault or context["exception"]
        client.end()
        waiting.cancel()

    client.fault = None
    loop = asyncio.get_event_loop()
    loop.set_exception_handler(ended)
    sampling = asyncio.create_task(_sampling(client.model, log, period, measured))
    waiting = asyncio.create_task(_run(client, ready))
    try:
        await waiting
    except asyncio.CancelledError:
        if not client.fault:
            raise
    finally:
        sampling.cancel()
        loop.set_exception_handler(None)
    if client.fault:
        raise client.fault


async def _run(client, ready):
    if ready:
        await ready()
    await client.run()
