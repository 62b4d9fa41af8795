"""The water meter on METER_PPP: config.json beside it, pulses of GP20, PPP on UART0."""

import board


async def _run(settings, line, log):
    import asyncio

    import app

    while not line.isconnected():
        await asyncio.sleep_ms(20)
    known = {"connectivity": board.connectivity(line)}
    client, device = app.build(settings, board.Pulses().pulses, log, known)
    await app.serve(client, device)


def run() -> None:
    """Run the meter; a Reboot by the server, or a failure, resets the board."""
    line = board.dial()
    # Imported only now: the modem connects meanwhile.
    import asyncio

    import machine

    import app
    import config

    try:
        settings = config.load("config.json")
        asyncio.run(_run(settings, line, app.logger(settings["log"], print)))
    except config.ConfigError as error:
        print("meter:", error)
        return
    machine.reset()
