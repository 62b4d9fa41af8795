"""A water meter: its pulses in Object 3424."""

from firmware.config.checks import decimal, integer, wrong

from metering.water_meter import WaterMeter

section = (
    "litres_per_pulse - - 0 0;kind - s 1 64;flow - - 0 0;pin - i 0 48;debounce - i 0 1000;"
    "save_every - i 1 1000000;tamper_pin - i 0 48;battery_pin - i 0 48;"
    "battery_upper - i 0 100000000;battery_lower - i 1 100000000;valve - - 0 0"
)
defaults = {
    "litres_per_pulse": "0.1",
    "kind": "simulated",
    "flow": [[20, 720], [10, 0], [30, 1800]],
}


def check(settings: dict) -> None:
    """The rest of the checks of the section; or ConfigError."""
    litres = settings["litres_per_pulse"]
    try:
        number = decimal(litres)
    except ValueError:
        number = (0, 0)
    if number[0] <= 0 or not -6 <= number[1] <= 3:
        remedy = 'above 0, as a text like "0.1" (floats are not exact on boards)'
        wrong("water.litres_per_pulse", litres, remedy)
    settings["litres_per_pulse"] = number
    flow = settings["flow"]
    if not isinstance(flow, list) or not flow:
        wrong("water.flow", flow, "a list of [seconds, litres per hour]")
    for i, step in enumerate(flow):
        place = "water.flow[%d]" % i
        if not isinstance(step, list) or len(step) != 2:
            wrong(place, step, "[seconds, litres per hour]")
        integer(place + "[0]", step[0], 1, 86400)
        integer(place + "[1]", step[1], 0, 1000000)
    if "valve" in settings:
        from firmware.fittings import check as check_fittings

        check_fittings(settings)


def start(settings: dict, board: dict) -> None:
    """Begin to count, before what a start has to do besides: a pulse might come meanwhile."""
    driver = board["pulses"](settings)
    board["pulses"] = lambda _: driver


def build(settings: dict, board: dict, client, log) -> list:
    """The Objects of a checked section."""
    driver = board["pulses"](settings)
    if "tamper_pin" in settings or "battery_pin" in settings or "valve" in settings:
        from firmware import fittings

        return fittings.build(settings, driver.pulses, client, log)
    return [WaterMeter(driver.pulses, settings["litres_per_pulse"], settings["kind"])]
