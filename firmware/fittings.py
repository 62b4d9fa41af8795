"""What a water meter may have beside its pulses. Imported only where one of them is configured."""

from firmware.config.checks import ConfigError, checked
from micropython import const

from drivers.reading import NOT_READY, DriverError
from lwm2m.errors import Lwm2mError
from lwm2m.model import Object
from metering.water_meter import WaterMeter

_FRAUD = const(13)
_ON = const(5850)
_SOURCES, _VOLTAGE = const(6), const(7)  # of Object 3
_UNAVAILABLE = const(0xA3)
_PERIPHERY = const(8)  # an error of Object 3

_VALVE = (
    "open_pin - i 0 48;close_pin - i 0 48;is_open_pin - i 0 48;is_closed_pin - i 0 48;"
    "pulse_ms - i 1 1000;travel_ms - i 1 60000"
)


def check(settings: dict) -> None:
    """The section's `valve`; or ConfigError."""
    if "valve" in settings:
        valve = checked("water.valve", settings["valve"], _VALVE)
        for name in ("open_pin", "close_pin"):
            if name not in valve:
                raise ConfigError("water.valve.%s: must be given" % name)
        if valve["open_pin"] == valve["close_pin"]:
            raise ConfigError("water.valve.close_pin: must be another pin than open_pin")


class GuardedMeter(WaterMeter):
    """A water meter with a tamper contact: Fraud detected, until it starts anew."""

    def __init__(self, tamper, pulses, litres_per_pulse: tuple, kind: str):
        super().__init__(pulses, litres_per_pulse, kind)
        self.instances[0][_FRAUD] = False
        self.tamper = tamper

    def sample(self) -> None:
        """Look at the pulses and at the contact."""
        super().sample()
        self.set(0, _FRAUD, bool(self.tamper.read()[0]))


class Valve(Object):
    """Object 3306, Actuation: a latching valve. On is open, as its contacts show.

    A valve that does not follow is read as 5.03, and an error is in Object 3 until it does.
    """

    oid = 3306
    version = "1.1"
    table = (
        b"\x15\x8e\x01\x06"  # 5518 Timestamp
        b"\x16\x76\x03\x01"  # 5750 Application Type
        b"\x16\xda\x13\x04"  # 5850 On/Off
        b"\x16\xdb\x03\x02"  # 5851 Dimmer
        b"\x16\xdc\x03\x02"  # 5852 On time
        b"\x16\xdd\x03\x01"  # 5853 Multi-state Output
        b"\x17\xa2\x01\x03"  # 6050 Fractional Timestamp
    )

    def __init__(self, driver, device, log):
        super().__init__({0: {_ON: None}})
        self.driver = driver
        self.device = device
        self.log = log
        self._seen = -1
        self._faulty = False

    def read(self, iid: int, rid: int):
        """Is it open?"""
        try:
            return bool(self.driver.read()[0])
        except DriverError:
            raise Lwm2mError(_UNAVAILABLE)

    def write(self, iid: int, rid: int, value) -> None:
        """Open or close it; 5.03 while it moves."""
        try:
            self.driver.move(value)
        except DriverError:
            raise Lwm2mError(_UNAVAILABLE)

    def sample(self) -> None:
        """Look where it is."""
        try:
            position = self.driver.read()[0]
        except DriverError as error:
            if error.code != NOT_READY and not self._faulty:
                self._faulty = True
                self.log(1, "valve", error.code)
                self.device.error(_PERIPHERY)
            return
        if self._faulty:
            self._faulty = False
            self.device.clear(_PERIPHERY)
        if position != self._seen:
            self._seen = position
            self.changed(0, _ON)


def build(settings: dict, pulses, client, log) -> list:
    """The water meter and what is configured beside it."""
    now = client.clock.now
    device = client.model.object(3)
    litres, kind = settings["litres_per_pulse"], settings["kind"]
    if "tamper_pin" in settings:
        from drivers.tamper import Tamper

        tamper = Tamper(settings["tamper_pin"], now=now)
        made: list = [GuardedMeter(tamper, pulses, litres, kind)]
    else:
        made = [WaterMeter(pulses, litres, kind)]
    if "battery_pin" in settings:
        from drivers.battery import Battery

        upper, lower = settings.get("battery_upper", 0), settings.get("battery_lower", 1)
        battery = Battery(settings["battery_pin"], upper, lower, now=now)
        resources = device.instances[0]
        resources.setdefault(_SOURCES, {0: 1})  # an internal battery
        resources[_VOLTAGE] = lambda: {0: battery.read()[0]}
    if "valve" in settings:
        made.append(Valve(_latching(settings["valve"], now), device, log))
    return made


def _latching(valve, now):
    from machine import Timer

    from drivers.latching import Latching

    try:
        timer = Timer(-1)
    except ValueError:  # an ESP32 has those of the chip only
        timer = Timer(0)
    return Latching(
        valve["open_pin"],
        valve["close_pin"],
        valve.get("is_open_pin", -1),
        valve.get("is_closed_pin", -1),
        valve.get("pulse_ms", 50),
        valve.get("travel_ms", 200),
        timer,
        now,
    )
