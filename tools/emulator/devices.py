"""What is wired to the emulated board's pins, for tests."""

NS_PER_MS = 1_000_000


class PulseOutput:
    """A water meter's contact to ground: one pulse a period, closed for half of it.

    `Board(devices=[output.attach])` wires it. `start_ms`: the guest time of its first period;
    `total`: after so many pulses it stays open; `bounce_ms`: for so long after it closes, and
    after it opens, it is open and closed by turns, 0.5 ms each. `held`: no pulse begins.
    """

    def __init__(
        self,
        gpio: int = 20,
        period_ms: float = 100,
        *,
        start_ms: float = 0,
        total: int | None = None,
        bounce_ms: float = 0,
    ):
        self.count = 0
        self.held = False
        self._gpio, self._half_ns = gpio, period_ms * NS_PER_MS / 2
        self._start_ns, self._total = start_ms * NS_PER_MS, total
        self._bounces = int(bounce_ms) * 2
        self._left = 0  # bounces of the edge that is under way
        self._closed = False

    @property
    def done(self) -> bool:
        """Have all pulses been given, and is the contact open again?"""
        return self.count == self._total and self.still

    @property
    def still(self) -> bool:
        """Is the contact open, and has it bounced for the last time?"""
        return not (self._closed or self._left)

    def attach(self, chip: object) -> None:
        """Wire it to a pin and start."""
        self._pin = chip.gpio[self._gpio]
        self._alarm = chip.clock.create_alarm(self._turn)
        self._pin.set_input_value(True)
        self._alarm.schedule(self._start_ns + self._half_ns)

    def _turn(self) -> None:
        if self.done:
            return
        if self.held and self.still:
            self._alarm.schedule(self._half_ns)
            return
        if not self._left:
            self._closed = not self._closed
            self.count += self._closed
            self._left = self._bounces + 1
        self._left -= 1
        self._pin.set_input_value(self._closed == bool(self._left % 2))
        self._alarm.schedule(self._wait_ns())

    def _wait_ns(self) -> float:
        if self._left:
            return NS_PER_MS / 2
        return self._half_ns - self._bounces * NS_PER_MS / 2
