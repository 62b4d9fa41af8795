"""The section "log", levels by name and by part. Imported where `log` is not a plain number."""

from .checks import ConfigError, integer, mapping

_NAMES = ("nothing", "error", "warning", "news", "detail")
_PARTS = ("dtls", "modem", "network", "wifi")  # first words of events


def check(value) -> dict:
    """Levels as integers 0 to 4: `level`, and of each part that has its own; or ConfigError."""
    mapping("log", value, ("level",) + _PARTS)
    levels = {"level": 3}
    for name in value:
        levels[name] = _level("log." + name, value[name])
    return levels


def _level(place, value):
    if not isinstance(value, str):
        return integer(place, value, 0, 4)
    if value not in _NAMES:
        raise ConfigError("%s: must be one of %s" % (place, ", ".join(_NAMES)))
    return _NAMES.index(value)
