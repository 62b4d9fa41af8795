"""The water meter on METER_PPP: config.json beside it, pulses of GP20, PPP on UART0."""

import board


async def _run(settings, line, log):
    import asyncio

    import app

    while not line.isconnected():
        await asyncio.sleep_ms(20)
    known = {"connectivity": board.connectivity(line)}
    client, device = app.build(settings, board.Pulses().pulses, log, known)
    await app.serve(client, device, settings["sampling"], log)


def run() -> None:
    """Run the meter; a Reboot by the server, or a failure, resets the board."""
    line = board.dial()
    # Imported only now: the modem connects meanwhile.
    import asyncio
    import gc
    import time

    import machine

    import app
    import config

    # Collected early and often: what stays alive lies together, and large blocks stay free.
    gc.threshold(16384)
    try:
        settings = config.load("config.json")
        asyncio.run(_run(settings, line, app.logger(settings["log"], print)))
    except config.ConfigError as error:
        print("meter:", error)
        return
    except Exception as error:  # noqa: BLE001 nobody comes to restart a meter in a pit
        print("meter:", error)
        time.sleep(10)  # should it fail again at once, it does not hammer the network
    machine.reset()
