"""A simulated pulse output: what a meter would count while water flows by a repeating profile."""

from micropython import const

_HOUR_MS = const(3600000)


class Flow:
    """Pulses of a flow profile, a list of (seconds, litres an hour), exact in integers."""

    def __init__(self, profile: list, litres_per_pulse: tuple, now):
        """`litres_per_pulse` is (mantissa, exponent of ten), `now()` the time in ms."""
        self.profile = [(seconds * 1000, rate) for seconds, rate in profile]
        self.now = now
        self.start = now()
        mantissa, exponent = litres_per_pulse
        # A pulse in the unit of the sums below: (litres an hour) * ms / 10 ** places
        self.places = max(-exponent, 0)
        self.pulse = mantissa * 10 ** max(exponent, 0) * _HOUR_MS
        self.period = sum(ms for ms, _ in self.profile)
        self.sum = sum(ms * rate for ms, rate in self.profile)

    def pulses(self) -> int:
        """The count since the start."""
        cycles, rest = divmod(self.now() - self.start, self.period)
        total = cycles * self.sum
        for ms, rate in self.profile:
            total += min(rest, ms) * rate
            rest -= min(rest, ms)
        return total * 10**self.places // self.pulse
