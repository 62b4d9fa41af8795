"""The water meter on MicroPython's Unix port: pulses are simulated, Ctrl-C de-registers.

micropython boards/UNIX/main.py [--server URI] [--endpoint NAME] [--config FILE]

For --server coaps://... the environment has PSK_IDENTITY and PSK_KEY (hexadecimal): a command
line is for everybody to see.
"""

import asyncio
import os
import sys

import app
import config
import linux
from coap.endpoint import Clock
from meter_io.flow import Flow

_OPTIONS = ("--server", "--endpoint", "--config")


def arguments(given: list) -> dict:
    """Pairs of option and value, or ConfigError."""
    found = {}
    for i in range(0, len(given), 2):
        if given[i] not in _OPTIONS or i + 1 == len(given):
            raise config.ConfigError(
                "%s: must be one of %s, and a value" % (given[i], ", ".join(_OPTIONS))
            )
        found[given[i]] = given[i + 1]
    return found


def configuration(given: dict) -> dict:
    """The configuration of the file, with what the command line says over it."""
    path = given.get("--config")
    whole = config.load(path) if path else config.check({"connectivity": {}})
    if "--server" in given:
        first = {"uri": given["--server"]}
        for name in ("short_server_id", "lifetime"):
            first[name] = whole["servers"][0][name]
        for name, variable in (("identity", "PSK_IDENTITY"), ("key", "PSK_KEY")):
            if os.getenv(variable):
                first[name] = os.getenv(variable)
        try:
            whole["servers"] = config.check({"servers": [first]})["servers"]
        except config.ConfigError as error:
            raise config.ConfigError("--server: " + str(error))
    if "--endpoint" in given:
        try:
            whole["endpoint"] = config.check({"endpoint": given["--endpoint"]})["endpoint"]
        except config.ConfigError as error:
            raise config.ConfigError("--" + str(error))
    return whole


async def leave(client) -> None:
    """De-register, in an event loop of its own: Ctrl-C may have torn any task of the old one."""
    for link in client.links:
        if link.transport:
            link.attach(link.transport)
        asyncio.create_task(link.run())
    await asyncio.sleep_ms(0)
    await client.stop()


def main(given: list) -> int:
    """Run the meter; returns the exit status."""
    try:
        settings = configuration(arguments(given))
    except config.ConfigError as error:
        print("meter:", error, file=sys.stderr)
        return 2
    log = app.logger(settings["log"], print)
    water = settings["water"]
    flow = Flow(water["flow"], water["litres_a_pulse"], Clock().now)
    board = {"connectivity": linux.facts(settings["servers"][0]["uri"])}
    while True:
        try:
            client, device = app.build(settings, flow.pulses, log, board)
        except config.ConfigError as error:
            print("meter:", error, file=sys.stderr)
            return 2
        try:
            asyncio.run(app.serve(client, device, settings["sampling"], log))
            log(3, "rebooting")
            asyncio.new_event_loop()
        except KeyboardInterrupt:
            asyncio.new_event_loop()
            asyncio.run(leave(client))
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
