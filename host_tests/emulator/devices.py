"""What is wired to the emulated board's pins, for tests."""

NS_PER_MS = 1_000_000


class PulseOutput:
    """A water meter's contact to ground: one pulse a period, closed for half of it.

    `Board(devices=[output.attach])` wires it.
    """

    def __init__(self, gpio: int = 20, period_ms: float = 100):
        self.count = 0
        self._gpio, self._half_ns = gpio, period_ms * NS_PER_MS / 2
        self._closed = False

    def attach(self, chip: object) -> None:
        """Wire it to a pin and start."""
        self._pin = chip.gpio[self._gpio]
        self._alarm = chip.clock.create_alarm(self._turn)
        self._pin.set_input_value(True)
        self._alarm.schedule(self._half_ns)

    def _turn(self) -> None:
        self._closed = not self._closed
        self.count += self._closed
        self._pin.set_input_value(not self._closed)
        self._alarm.schedule(self._half_ns)
