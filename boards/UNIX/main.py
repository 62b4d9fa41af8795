"""The water meter on MicroPython's Unix port: pulses are simulated, Ctrl-C de-registers.

micropython boards/UNIX/main.py [--server URI | --bootstrap URI] [--endpoint NAME]
    [--config FILE] [--state FOLDER]

For coaps://... the environment has PSK_IDENTITY and PSK_KEY (hexadecimal): a command line is for
everybody to see. With --bootstrap the meter knows its bootstrap server only; KEYS_IN_CLEAR=1 lets
that write keys over coap://. In FOLDER is kept what is to outlive a restart; keys are among it.
"""

import asyncio
import os
import sys

from firmware import app
from firmware.config import settings as config

import board

_OPTIONS = ("--server", "--bootstrap", "--endpoint", "--config", "--state")


def options(words: list) -> dict:
    """Pairs of option and value, or ConfigError."""
    values = {}
    for i in range(0, len(words), 2):
        if words[i] not in _OPTIONS or i + 1 == len(words):
            raise config.ConfigError(
                "%s: must be one of %s, and a value" % (words[i], ", ".join(_OPTIONS))
            )
        values[words[i]] = words[i + 1]
    return values


def configuration(values: dict) -> dict:
    """The configuration of the file, with what the command line says over it."""
    path = values.get("--config")
    whole = config.load(path) if path else config.check({"connectivity": {}})
    if "--server" in values:
        first = {"uri": values["--server"]}
        for server in whole["servers"]:  # none where there is a bootstrap server
            for name in ("short_server_id", "lifetime"):
                first[name] = server[name]
        _credentials(first)
        try:
            whole["servers"] = config.check({"servers": [first]})["servers"]
        except config.ConfigError as error:
            raise config.ConfigError("--server: " + str(error))
    if "--bootstrap" in values:
        account = {"uri": values["--bootstrap"]}
        _credentials(account)
        if os.getenv("KEYS_IN_CLEAR", "0") != "0":
            account["keys_in_clear"] = True
        try:
            only = config.check({"bootstrap": account})
        except config.ConfigError as error:
            raise config.ConfigError("--bootstrap: " + str(error))
        whole["servers"], whole["bootstrap"] = only["servers"], only["bootstrap"]
    if "--endpoint" in values:
        try:
            whole["endpoint"] = config.check({"endpoint": values["--endpoint"]})["endpoint"]
        except config.ConfigError as error:
            raise config.ConfigError("--" + str(error))
    return whole


def _credentials(server):
    for name, variable in (("identity", "PSK_IDENTITY"), ("key", "PSK_KEY")):
        if os.getenv(variable):
            server[name] = os.getenv(variable)


def kept(values: dict, log):
    """What keeps the state in the folder of the command line; None without one."""
    if "--state" not in values:
        return None
    from firmware import state

    # The rest of what the configuration is made of
    more = [values.get(name) for name in ("--server", "--bootstrap", "--endpoint")]
    more += [os.getenv("PSK_IDENTITY"), os.getenv("PSK_KEY"), os.getenv("KEYS_IN_CLEAR")]
    checksum = state.checksum(values.get("--config", ""), repr(more).encode())
    return state.State(values["--state"], checksum, log)


async def serve(client, period: int, log, state) -> None:
    """Run the client; each second, keep what is to be kept."""

    async def keep():
        while state:
            await asyncio.sleep_ms(1000)
            state.poll(client.clock.now())

    keeper = asyncio.create_task(keep())
    await app.serve(client, period, log)
    keeper.cancel()


async def leave(client) -> None:
    """De-register, in an event loop of its own: Ctrl-C may have torn any task of the old one."""
    for link in client.links:
        if link.transport:
            link.attach(link.transport)
        link.task = asyncio.create_task(client.drive(link))
    await asyncio.sleep_ms(0)
    await client.stop()


def main(words: list) -> int:
    """Run the meter; returns the exit status."""
    try:
        values = options(words)
        settings = configuration(values)
    except config.ConfigError as error:
        print("meter:", error, file=sys.stderr)
        return 2
    known = {"pulses": board.pulses}
    log = app.start_log(settings, print, known)
    known["connectivity"] = board.network(settings, log).connectivity()
    while True:
        state = known["state"] = kept(values, log)
        try:
            client, _ = app.build(settings, log, known)
        except config.ConfigError as error:
            print("meter:", error, file=sys.stderr)
            return 2
        try:
            asyncio.run(serve(client, settings["sampling"], log, state))
            log(3, "rebooting")
            asyncio.new_event_loop()
        except KeyboardInterrupt:
            asyncio.new_event_loop()
            asyncio.run(leave(client))
            if state:
                state.end()
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
