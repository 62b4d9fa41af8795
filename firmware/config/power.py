"""What feeds the meter, against what its board can do. Imported where something asks for it."""

from .checks import ConfigError

_MAINS_SOURCES = (0, 4, 5, 6)  # of /3/0/6: DC, PoE, USB, AC


def check(sources: dict, can: str) -> None:
    """Refuse batteries alone where the board is of another class than "battery": a ConfigError.

    `sources` is Resource 6 by Instance, `can` the board's POWER_CLASS.
    """
    for source in sources.values():
        if source in _MAINS_SOURCES:
            return
    if sources and can != "battery":
        raise ConfigError(
            'device.power: a source of 0, 4, 5 or 6 must be there, for this board is of class "%s"'
            % can
        )


def check_profile(name: str, want: str, can: str) -> None:
    """Refuse a profile whose `power` is a class beyond the board's: a ConfigError."""
    classes = ("mains", "gated", "battery")
    if classes.index(want) > classes.index(can):
        raise ConfigError(
            'profile: "%s": wants a board of class "%s", and this one is of class "%s"'
            % (name, want, can)
        )
