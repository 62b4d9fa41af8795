"""A thermometer: a DS18B20, and Object 3303."""

from firmware.sensor import Sensor, pin

section = "pin - i 0 48;application - s 1 64"
defaults: dict = {}


def build(settings: dict, board: dict, client, log) -> list:
    """The Objects of a checked section."""
    from drivers.ds18b20 import Ds18b20

    probe = Ds18b20(pin("temperature", settings, board, "one_wire"), None, client.clock.now)
    sensor = Sensor(probe, "Cel", client, log)
    if "application" in settings:
        sensor.instances[0][5750] = settings["application"]
    return [sensor]
