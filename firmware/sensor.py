"""An IPSO sensor whose value a driver measures; for profiles."""

from firmware.config.checks import ConfigError
from micropython import const

from lwm2m.errors import Lwm2mError
from lwm2m.objects.temperature import Temperature

_UNAVAILABLE = const(0xA3)
_PERIPHERY = const(8)  # an error of Object 3
_SENSOR_VALUE = const(5700)


def pin(place: str, settings: dict, board: dict, function: str) -> int:
    """The section's `pin`, or the board's for a function; ConfigError where there is neither."""
    number = settings.get("pin", board.get("pins", {}).get(function))
    if number is None:
        raise ConfigError("%s.pin: must be given, for the board has no pin %s" % (place, function))
    return number


class Sensor(Temperature):
    """One Instance, of Object 3303, or of that of a subclass's `oid`.

    The driver has `read()` and perhaps `start()`, as lib/drivers/reading.py says. Without a value
    a server reads 5.03, and an error is in Object 3 until there is one again.
    """

    def __init__(self, driver, units: str, client, log):
        super().__init__({0: {_SENSOR_VALUE: self._value, 5701: units}})
        self.driver = driver
        self.device = client.model.object(3)
        self.log = log
        self.reading = None
        self._started = False
        self._faulty = False

    def _value(self):
        if self.reading is None:
            raise Lwm2mError(_UNAVAILABLE)
        return self.reading[:2]

    def sample(self) -> int | None:  # type: ignore[override]
        """Measure; in how many ms to call again, where the driver takes its time."""
        try:
            if hasattr(self.driver, "start") and not self._started:
                wait = self.driver.start()
                self._started = True
                return wait
            self._started = False
            self.reading = self.driver.read()
        except Exception as error:
            code = getattr(error, "code", None)
            if code is None:
                raise
            self._failed(code)
            return None
        if self._faulty:
            self._faulty = False
            self.device.clear(_PERIPHERY)
        super().sample()
        return None

    def _failed(self, code):
        # A DriverError: no value, and said once
        self.reading = None
        if not self._faulty:
            self._faulty = True
            self.log(1, "no value", self.oid, code)
            self.device.error(_PERIPHERY)
            self.changed(0, _SENSOR_VALUE)
